package analysis

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Options are the parts of a consumer's policy that a ruleset does not have.
type Options struct {
	// Relations limits the consumer to the relations whose schema.table one of
	// these globs matches. Empty: all that the ruleset lets exist.
	Relations []string
	// Functions are functions of the database, as schema.name, that the operator
	// vouches for: they may be called with values that are not sealed.
	Functions []string
	// Explain permits EXPLAIN without ANALYZE. It shows the nodes of the plan alone:
	// no condition and no estimate.
	Explain bool
	// Document is the method "fhir": it masks a JSON, JSONB or XML value that is a
	// FHIR resource. Without it such columns are removed.
	Document mask.Method
}

// Policy is a ruleset's tables section that runs, for one consumer. It is
// immutable but for what it remembers, and safe for concurrent use.
type Policy struct {
	masks     *ruleset.Policy
	options   Options
	functions map[string]bool
	matches   []ruleMatch

	mu   sync.Mutex
	over *overlay
	keys sync.Pool
}

// ruleMatch is one match of one rule, its class resolved.
type ruleMatch struct {
	ruleset.TableMatch
	rule int
}

// Methods are the methods that only columns can have.
func Methods() []mask.Definition {
	removed := func(mask.Env, mask.Args) (mask.Method, error) { return removeAll{}, nil }
	return []mask.Definition{
		{Name: "hide", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Hide{} }, Label: mask.LabelRedacted, Summary: "takes the column itself away: neither its name nor its values are there", New: removed},
		{
			Name: "json", Kind: mask.ColumnMethod, Form: func(args mask.Args) mask.Form { return forms.Members{Paths: args.List("keep")} }, Label: mask.LabelRedacted, Summary: "keeps listed members of a JSON or JSONB object and takes out all others",
			Params: []mask.Param{{Name: "keep", Type: mask.ListParam, Required: true, Doc: "paths of names, such as status or code.text"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				for _, path := range args.List("keep") {
					if slices.Contains(strings.Split(path, "."), "") {
						return nil, fmt.Errorf("keep: %q has an empty name", path)
					}
				}
				return removeAll{}, nil
			},
		},
		{Name: "fhir", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Document{} }, Label: mask.LabelMasked, Summary: "masks a JSON, JSONB or XML value that is a FHIR resource by the FHIR rules", New: removed},
	}
}

// removeAll stands for methods that the rewriter does itself.
type removeAll struct{}

// Append implements mask.Method.
func (removeAll) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Removed, nil
}

// NewPolicy lays the options over a ruleset's policy. The error says which option
// is wrong. A ruleset without a tables section lets no relation exist.
func NewPolicy(p *ruleset.Policy, o Options) (*Policy, error) {
	for _, g := range o.Relations {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("relations: %q is no glob of *, ?, [a-z]", g)
		}
	}
	out := &Policy{masks: p, options: o, functions: map[string]bool{}}
	for _, f := range o.Functions {
		if schema, name, ok := strings.Cut(f, "."); !ok || schema == "" || name == "" || catalog.IsSystem(schema) {
			return nil, fmt.Errorf("functions: %q is not the schema.name of a function of the database", f)
		}
		out.functions[f] = true
	}
	if p.Ruleset.Tables == nil {
		rs := *p.Ruleset
		rs.Tables = &ruleset.TablesSection{Default: "refuse"}
		q := *p
		q.Ruleset = &rs
		out.masks = &q
	}
	t := out.masks.Ruleset.Tables
	for i, r := range t.Rules {
		for _, m := range r.Match {
			if m.Class == "" {
				out.matches = append(out.matches, ruleMatch{m, i})
				continue
			}
			for _, c := range t.Classes {
				for _, cm := range c.Match {
					if c.Name == m.Class && (or(m.Schema, "") == "" || or(cm.Schema, "") == "") && (or(m.Table, "") == "" || or(cm.Table, "") == "") {
						cm.Schema, cm.Table = or(m.Schema, cm.Schema), or(m.Table, cm.Table)
						out.matches = append(out.matches, ruleMatch{cm, i})
					}
				}
			}
		}
	}
	out.keys.New = func() any { return p.Keys.NewPseudonymizer() }
	return out, nil
}

func or(a, b string) string {
	if a == "" || a == "*" {
		return b
	}
	return a
}

// permits reports whether the consumer may see a relation at all.
func (p *Policy) permits(r *catalog.Relation) bool {
	if len(p.options.Relations) == 0 {
		return true
	}
	for _, g := range p.options.Relations {
		if ok, err := path.Match(g, r.Schema+"."+r.Name); ok && err == nil {
			return true
		}
	}
	return false
}

// names reports whether a rule names the relation itself, with its schema: a rule that
// was written for one table must not be taken for one about a view of that name that
// somebody makes elsewhere.
func (p *Policy) names(r *catalog.Relation) bool {
	for _, m := range p.matches {
		if m.Table != r.Name || m.Schema != r.Schema {
			continue
		}
		m.Table, m.Column = "", ""
		if m.Matches(r.Schema, r.Name, "") {
			return true
		}
	}
	return false
}

// hasFields reports whether a rule names a field of the composite column.
func (p *Policy) hasFields(r *catalog.Relation, column string) bool {
	for _, m := range p.matches {
		if base, _, ok := strings.Cut(m.Column, "."); ok && base == column && m.Matches(r.Schema, r.Name, m.Column) {
			return true
		}
	}
	return false
}

// overlay returns the policy over a catalog. The last one is remembered.
func (p *Policy) overlay(c *catalog.Catalog) *overlay {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over == nil || p.over.catalog != c {
		p.over = newOverlay(p, c)
	}
	return p.over
}

// ColumnTreatment is one line of a report.
type ColumnTreatment struct {
	Schema, Relation, Column string
	Treatment                Treatment
	// Rule and Method are empty where the default acts.
	Rule, Method string
	// Note says why a column or relation is hidden.
	Note string
}

// Treatments lists every relation and column of a catalog with what happens to it,
// in order. A relation that does not exist for the consumer, and a view that is
// expanded through its definition, has one line without a column.
func (p *Policy) Treatments(c *catalog.Catalog) []ColumnTreatment {
	o := p.overlay(c)
	var out []ColumnTreatment
	for _, r := range c.Relations() {
		if catalog.IsSystem(r.Schema) {
			continue
		}
		s := o.shapes[r.OID]
		if s.unlisted && s.refused == "" {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Note: "not in the consumer's relations"})
			continue
		}
		if s.expand {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Treatment: Clear, Note: "view: the treatments of what it reads"})
			continue
		}
		if s.refused != "" {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Note: s.refused})
			continue
		}
		for _, col := range s.columns {
			t := ColumnTreatment{Schema: r.Schema, Relation: r.Name, Column: col.Name, Treatment: col.treatment, Note: col.why}
			if col.action != nil {
				t.Rule, t.Method = col.action.Rule, col.action.Method
			}
			out = append(out, t)
		}
	}
	return out
}
