package json

import (
	"bytes"
	"errors"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// NewMasker implements file.Document.
func (d *jsonFile) NewMasker(detail bool) file.Masker {
	m := &masker{plan: d.plan, pass: mask.NewPass(d.plan.Actions)}
	m.pass.Detail = detail
	m.walker = NewWalker(m.plan, m.pass)
	return m
}

// masker masks blocks of records.
type masker struct {
	plan   *document.Plan
	pass   *mask.Pass
	walker *Walker
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	before := r.Masked
	switch p := b.Head.(part); p.form {
	case lines:
		dst = m.lines(dst, b, r)
	case array:
		dst = m.elements(dst, b, p, r)
	default:
		dst, _ = m.one(dst, b.Text, b.Line, 0, r, func(dst []byte) ([]byte, error) { return m.walker.Append(dst, b.Text) })
	}
	m.pass.CountResources(m.plan.Document, r.Masked-before)
	return dst
}

// lines masks a block of one record per line.
func (m *masker) lines(dst []byte, b file.Block, r *file.Result) []byte {
	for line, text := b.Line, b.Text; len(text) > 0; line++ {
		record, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if fhirjson.SkipSpace(record, 0) == len(record) {
			continue
		}
		var ok bool
		dst, ok = m.one(dst, record, line, 0, r, func(dst []byte) ([]byte, error) { return m.walker.Append(dst, record) })
		if ok && ended {
			dst = append(dst, '\n')
		}
	}
	return dst
}

// elements masks a block of elements of an array.
func (m *masker) elements(dst []byte, b file.Block, p part, r *file.Result) []byte {
	some := false
	text, place := b.Text, p.place
	line, counted := b.Line, 0       // lines up to text[counted]
	for i := 0; i < len(text); i++ { // i is after a comma
		at := fhirjson.SkipSpace(text, i)
		var f fhirjson.Fault
		end := elementEnd(text, at, &f)
		if end < 0 {
			end = len(text)
		}
		end = fhirjson.SkipSpace(text, end)
		element := text[i:end]
		mark := len(dst)
		if some {
			dst = append(dst, ',')
		}
		line, counted = line+bytes.Count(text[counted:i], []byte("\n")), i
		column := i - bytes.LastIndexByte(text[:i], '\n') - 1
		if line == b.Line {
			column += p.column
		}
		var ok bool
		dst, ok = m.one(dst, element, line, column, r, func(dst []byte) ([]byte, error) { return m.walker.appendElement(dst, element, place) })
		if ok {
			some = true
		} else {
			dst = dst[:mark]
		}
		i = end
		place++
	}
	return dst
}

// one masks one record, given its line in the file and the number of bytes before it on
// that line.
func (m *masker) one(dst, text []byte, line, column int, r *file.Result, mask func(dst []byte) ([]byte, error)) (out []byte, ok bool) {
	out, err := m.try(dst, mask)
	if err == nil {
		r.Masked++
		return out, true
	}
	bad := file.Bad{Line: line, Column: 1, What: err.Error(), Text: bytes.Clone(text)}
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		before := text[:min(syntax.Offset, len(text))]
		lines := bytes.Count(before, []byte("\n"))
		bad.Column = len(before) - bytes.LastIndexByte(before, '\n')
		if bad.Line += lines; lines == 0 {
			bad.Column += column
		}
		bad.What = syntax.What
	}
	r.Bad = append(r.Bad, bad)
	return dst, false
}

// try masks one record. A panic is an error of that record alone: the walker, whose state
// is unknown then, is replaced.
func (m *masker) try(dst []byte, mask func(dst []byte) ([]byte, error)) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text may contain a value
			m.walker = NewWalker(m.plan, m.pass)
			out, err = dst, errors.New("masking failed: internal error")
		}
	}()
	return mask(dst)
}
