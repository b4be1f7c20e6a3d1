package xml

import (
	"bytes"
	"errors"
	"io"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// NewMasker implements file.Document.
func (d *xmlFile) NewMasker(detail bool) file.Masker {
	m := &masker{plan: d.plan, pass: mask.NewPass(d.plan.Actions)}
	m.pass.Detail = detail
	m.walker = NewWalker(m.plan, m.pass)
	return m
}

// NewMerger implements file.Document.
func (d *xmlFile) NewMerger(out io.Writer) file.Merger { return &merger{d: d, out: out} }

type merger struct {
	d     *xmlFile
	out   io.Writer
	begun bool
}

// Append implements file.Merger.
func (m *merger) Append(masked []byte) error {
	if !m.begun && len(masked) > 0 {
		m.begun = true
		if _, err := m.out.Write(m.d.bom); err != nil {
			return err
		}
	}
	_, err := m.out.Write(masked)
	return err
}

// Close implements file.Merger.
func (m *merger) Close() error { return nil }

// masker masks blocks of elements.
type masker struct {
	plan   *document.Plan
	pass   *mask.Pass
	walker *Walker
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker. The root counts, and the elements in it.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	h := b.Head.(block)
	whole := r.Masked
	dst, err := m.try(dst, b.Text, h, r)
	if err != nil && h.part == content {
		// An invalid element must not affect the others.
		dst = m.apart(dst, b, h, r)
	} else if err != nil {
		r.Bad = append(r.Bad, fault(err, b.Text, h, b.Line))
	}
	m.pass.CountResources(m.plan.Document, r.Masked-whole)
	return dst
}

// apart masks the elements of a block one by one.
func (m *masker) apart(dst []byte, b file.Block, h block, r *file.Result) []byte {
	text, line := b.Text, b.Line
	for len(text) > 0 {
		n := elementEnd(text)
		one := text[:n]
		text = text[n:]
		out, err := m.try(dst, one, h, r)
		if err != nil {
			r.Bad = append(r.Bad, fault(err, one, h, line))
		}
		dst = out
		if at := bytes.LastIndexByte(one, '\n'); at >= 0 {
			h.column = len(one) - at - 1
		} else {
			h.column += len(one)
		}
		line += bytes.Count(one, []byte("\n"))
	}
	return dst
}

// elementEnd returns the end of the first element in text, including what precedes it.
func elementEnd(text []byte) int {
	var f fhirjson.Fault
	for i, depth := 0, 0; ; {
		m, ok := markup.Next(text, i, &f)
		if !ok || m.Kind == markup.None {
			return len(text)
		}
		i = m.End
		switch m.Kind {
		case markup.StartTag:
			depth++
			continue
		case markup.EndTag:
			depth--
		case markup.EmptyTag:
		default:
			continue
		}
		if depth <= 0 {
			return i
		}
	}
}

// fault describes a block, or an element of one, that cannot be masked.
func fault(err error, text []byte, h block, line int) file.Bad {
	out := file.Bad{Line: line, Column: h.column + 1, What: err.Error(), Text: bytes.Clone(text)}
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		at := syntax.Offset
		if h.part == content || h.part == closing {
			at -= len(h.root)
		}
		before := text[:max(0, min(at, len(text)))]
		out.What = syntax.What
		if lines := bytes.Count(before, []byte("\n")); lines > 0 {
			out.Line, out.Column = out.Line+lines, len(before)-bytes.LastIndexByte(before, '\n')
		} else {
			out.Column += len(before)
		}
	}
	return out
}

// enclosed turns a part of a document into a document, with the root's start tag before
// it and its end tag after it.
func enclosed(text, before, root []byte) []byte {
	name := markup.Markup{End: len(root)}.Name(root)
	out := append(append([]byte(nil), before...), text...)
	return append(append(append(out, "</"...), name...), '>')
}

// try masks a block. A panic is an error of that block alone: the walker, whose state is
// unknown then, is replaced.
func (m *masker) try(dst, text []byte, h block, r *file.Result) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text may contain a value
			m.walker = NewWalker(m.plan, m.pass)
			out, err = dst, errors.New("masking failed: internal error")
		}
	}()
	switch h.part {
	case opening:
		text = enclosed(text, nil, h.root)
	case content:
		text = enclosed(text, h.root, h.root)
	case closing:
		text = append(bytes.Clone(h.root), text...)
	}
	if out, err = m.walker.append(dst, text, h.part); err != nil {
		return dst, err
	}
	switch h.part {
	case wholeDocument:
		r.Masked += 1 + m.walker.elements()
	case opening:
		r.Masked++
	case content:
		r.Masked += m.walker.elements()
	}
	return out, nil
}

// elements is the number of elements in the root of the document that was masked.
func (w *Walker) elements() (n uint64) {
	for c := w.tree.nodes[w.tree.root].first; c >= 0; c = w.tree.nodes[c].next {
		if !w.tree.nodes[c].isText {
			n++
		}
	}
	return n
}
