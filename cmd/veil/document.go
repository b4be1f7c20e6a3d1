package main

import (
	"bytes"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// documents masks values of columns that are FHIR resources, JSON or XML, by the
// FHIR rules. It is the method "fhir" of the tables section: the same resource gets
// the same masked bytes at both doors. What is no resource is removed.
type documents struct {
	walkers sync.Pool // *documentWalker
}

type documentWalker struct {
	walker *fhir.Walker
	pass   *mask.Pass
}

func newDocuments(a *fhir.Automaton) *documents {
	return &documents{sync.Pool{New: func() any {
		return &documentWalker{fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)}
	}}}
}

// Append implements mask.Method. The rules that it applies are counted as one
// application of the column's rule.
func (d *documents) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	w := d.walkers.Get().(*documentWalker)
	w.pass.Begin(mask.Origin{})
	site := &fhir.Site{Base: fhir.DefaultBase}
	var out []byte
	var err error
	if text := bytes.TrimLeft(src, " \t\r\n\ufeff"); len(text) > 0 && text[0] == '<' {
		out, err = w.walker.AppendXML(dst, src, w.pass, site)
	} else {
		out, err = w.walker.AppendJSON(dst, src, w.pass, site)
	}
	d.walkers.Put(w) // not after a panic: then its state is not known
	if err != nil {
		return dst, mask.Removed, nil
	}
	return out, mask.Replaced, nil
}
