package rules

import (
	"bytes"
	"sync"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/document/json"
	"github.com/veil-proxy/veil/document/xml"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// checkDocuments reads a policy's rules for documents, and looks for columns whose
// document no rule covers.
func checkDocuments(p *ruleset.Policy) error {
	docs, err := document.Compile(p)
	if err != nil || p.Ruleset.Tables == nil {
		return err
	}
	var problems strictyaml.Problems
	for _, rule := range p.Ruleset.Tables.Rules {
		if f, ok := rule.Form.(forms.Document); ok && f.Name != "" && !docs.Covers(f.Name) {
			problems.Add(rule.At, "rule %q: no rule of the documents section covers document %q%s", rule.ID, f.Name, docs.Nearest(f.Name))
		}
	}
	return problems.Err()
}

// Documents returns the method for columns that hold documents of a name. Without rules
// for the document, there is none.
func Documents(p *ruleset.Policy) func(name string) mask.Method {
	return func(name string) mask.Method {
		docs, err := document.Compile(p)
		if err != nil || !docs.Covers(name) {
			return nil
		}
		plan, err := docs.Plan(name)
		if err != nil {
			return nil
		}
		return &documents{sync.Pool{New: func() any { return newWalkers(plan) }}}
	}
}

// documents masks values that are documents of JSON or XML. Other values are removed.
type documents struct{ pool sync.Pool }

type walkers struct {
	json *json.Walker
	xml  *xml.Walker
}

func newWalkers(p *document.Plan) *walkers {
	pass := mask.NewPass(p.Actions)
	return &walkers{json.NewWalker(p, pass), xml.NewWalker(p, pass)}
}

// Append implements mask.Method. The rules that it applies are counted as one application
// of the column's rule.
func (d *documents) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	w := d.pool.Get().(*walkers)
	apply := w.json.Append
	if text := bytes.TrimLeft(src, " \t\r\n"); len(text) > 0 && text[0] == '<' {
		apply = w.xml.Append
	}
	out, err := apply(dst, src)
	d.pool.Put(w) // not after a panic: then its state is not known
	if err != nil {
		return dst, mask.Removed, nil //nolint:nilerr // what is no document goes
	}
	return out, mask.Replaced, nil
}
