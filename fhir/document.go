package fhir

import (
	"bytes"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// Documents masks values of columns that are FHIR resources, JSON or XML, by the
// FHIR rules. It implements the method "fhir" of the tables section: a resource gets
// the same masked bytes in a table as over HTTP. A value that is not a FHIR resource
// is removed. Documents can be used from concurrent goroutines.
type Documents struct {
	walkers sync.Pool // *documentWalker
}

type documentWalker struct {
	walker *Walker
	pass   *mask.Pass
}

// NewDocuments returns the method for a compiled ruleset.
func NewDocuments(a *Automaton) *Documents {
	return &Documents{sync.Pool{New: func() any {
		return &documentWalker{NewWalker(a, RememberNothing), mask.NewPass(a.Plan)}
	}}}
}

// Append implements mask.Method. The rules that it applies are counted as one
// application of the column's rule.
func (d *Documents) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	w := d.walkers.Get().(*documentWalker)
	w.pass.Begin(mask.Origin{})
	site := &Site{Base: DefaultBase}
	var out []byte
	var err error
	if text := bytes.TrimLeft(src, " \t\r\n\ufeff"); len(text) > 0 && text[0] == '<' {
		out, err = w.walker.AppendXML(dst, src, w.pass, site)
	} else {
		out, err = w.walker.AppendJSON(dst, src, w.pass, site)
	}
	in.Found.Merge(&w.pass.Found)
	d.walkers.Put(w) // not after a panic: its state is unknown then
	if err != nil {
		return dst, mask.Removed, nil //nolint:nilerr // what is no FHIR resource goes
	}
	return out, mask.Replaced, nil
}
