package fhirfile

import (
	"bytes"
	"errors"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
)

// masker masks blocks of resources.
type masker struct {
	*format
	walker *fhir.Walker
	pass   *mask.Pass
	tally  tally
}

func newMasker(f *format, detail bool) *masker {
	m := &masker{format: f, pass: mask.NewPass(f.automaton.Plan)}
	m.pass.Detail = detail
	m.tally = tally{f.losses, make([]uint64, len(f.losses))}
	m.renew()
	return m
}

func (m *masker) renew() { m.walker = fhir.NewWalker(m.automaton, fhir.RememberAlways) }

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	m.tally.add(m.pass, nil) // a new file begins with counts of 0
	switch m.form {
	case fhirjson.OneResource:
		return m.one(dst, b.Text, b.Line, r, (*fhir.Walker).AppendJSON)
	case fhirjson.OneXMLResource:
		return m.one(dst, b.Text, b.Line, r, (*fhir.Walker).AppendXML)
	}
	for line, block := b.Line, b.Text; len(block) > 0; line++ {
		text, rest, _ := bytes.Cut(block, []byte("\n"))
		block = rest
		if len(bytes.TrimSpace(text)) > 0 {
			dst = m.one(dst, text, line, r, (*fhir.Walker).AppendJSON)
		}
	}
	return dst
}

// one masks one resource; line is its first line in the file.
func (m *masker) one(dst, text []byte, line int, r *file.Result, mask appendMasked) []byte {
	out, err := m.try(dst, text, mask)
	if err == nil {
		r.Masked++
		m.tally.add(m.pass, r)
		return append(out, '\n')
	}
	var withheld *fhir.WithheldError
	what := err.Error()
	if errors.As(err, &withheld) {
		if withheld.Path != fhir.UnknownResource {
			r.Withheld++
			m.tally.add(m.pass, r)
			return dst
		}
		// Nothing was removed by a rule: this is not data that Veil knows.
		what = "expected a FHIR " + m.automaton.Schema().Version + " resource: resourceType is missing or is not a type of that version (rules for other JSON and XML are in the documents section of a ruleset)"
	}
	m.tally.add(m.pass, nil)
	bad := file.Bad{Line: line, Column: 1, What: what, Text: bytes.Clone(text)}
	var syntax *fhirjson.SyntaxError
	if errors.As(err, &syntax) {
		before := text[:min(syntax.Offset, len(text))]
		bad.Line += bytes.Count(before, []byte("\n"))
		bad.Column = len(before) - bytes.LastIndexByte(before, '\n')
		bad.What = syntax.What
		if syntax.Path != "" {
			bad.What = syntax.Path + ": " + syntax.What
		}
	}
	r.Bad = append(r.Bad, bad)
	return dst
}

// appendMasked is Walker.AppendJSON or Walker.AppendXML.
type appendMasked func(w *fhir.Walker, dst, src []byte, pass *mask.Pass, site *fhir.Site) ([]byte, error)

// try masks one resource. A panic is an error of that resource alone: the walker,
// whose state is unknown then, is replaced.
func (m *masker) try(dst, text []byte, mask appendMasked) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text can contain a value
			m.renew()
			err = errors.New("masking failed: internal error in " + stack.OfPanic())
		}
	}()
	return mask(m.walker, dst, text, m.pass, m.site)
}
