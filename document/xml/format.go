package xml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// maxDocument is the size of the largest document, or element of a root, that is masked.
// Its tree takes several times its size in memory.
const maxDocument = 64 << 20

// NewFormat returns the format of XML files, masked by rules for documents.
func NewFormat(f document.Files) file.Format { return &format{f} }

type format struct{ document.Files }

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "XML", Unit: "element", Extension: ".xml", Empty: "the file contains no elements"}
}

// Detect implements file.Format.
func (f *format) Detect(name string, beginning []byte) bool {
	text := bytes.TrimPrefix(beginning, fhirjson.ByteOrderMark)
	i := fhirjson.SkipSpace(text, 0)
	return i < len(text) && text[i] == '<' && f.Takes(name, beginning)
}

// Open implements file.Format. What is wrong with a file shows when it is masked.
func (f *format) Open(in file.Source) (file.Document, error) {
	plan, err := f.Files.Plan(in.Name)
	if err != nil {
		return nil, err
	}
	return &xmlFile{plan: plan, in: in, names: f.Names}, nil
}

// xmlFile is a file of a document.
type xmlFile struct {
	plan  *document.Plan
	in    io.Reader
	names bool   // Shapes have them
	bom   []byte // a byte order mark, if Split finds one
}

// Plan implements file.Document.
func (d *xmlFile) Plan() *mask.Plan { return d.plan.Actions }

// block describes a block. root is the start tag of the document's root: the elements in
// it are masked separately, unless a rule prevents that.
type block struct {
	part part
	root []byte
	// column is how many bytes of its line stand before the block.
	column int
}

// Split implements file.Document.
func (d *xmlFile) Split(buffer func() []byte, emit func(file.Block) error) error {
	s := &splitter{in: d.in, line: 1}
	if err := s.more(); err != nil {
		return err
	}
	if rest, ok := bytes.CutPrefix(s.buf, fhirjson.ByteOrderMark); ok {
		d.bom, s.buf = fhirjson.ByteOrderMark, rest
	}
	if d.plan.XML.ReachesRoot() {
		for !s.last {
			if err := s.more(); err != nil {
				return fmt.Errorf("%w: rules use values outside the child elements of the root, so the document is masked as a whole", err)
			}
		}
		return emit(file.Block{Text: s.buf, Line: 1, Head: block{part: wholeDocument}})
	}
	empty, err := s.toRoot()
	if err != nil {
		return err
	}
	if empty { // or there is none: the walk reports the error
		for !s.last {
			if err := s.more(); err != nil {
				return err
			}
		}
		return emit(file.Block{Text: s.buf, Line: 1, Head: block{part: wholeDocument}})
	}
	root := bytes.Clone(s.buf[s.rootAt:s.at])
	if _, err := NewWalker(d.plan, mask.NewPass(d.plan.Actions)).append(nil, enclosed(s.buf[:s.at], nil, root), opening); err != nil {
		return s.fault(err)
	}
	if err := s.emit(buffer, emit, s.at, block{part: opening, root: root}); err != nil {
		return err
	}
	return d.elements(s, root, buffer, emit)
}

// elements sends the elements of the root in blocks.
func (d *xmlFile) elements(s *splitter, root []byte, buffer func() []byte, emit func(file.Block) error) error {
	depth := 0
	for {
		m, err := s.next()
		if err != nil {
			return err
		}
		switch m.Kind {
		case markup.None:
			return s.bad(len(s.buf), "unexpected end of input inside an element")
		case markup.StartTag:
			depth++
		case markup.EndTag:
			depth--
		}
		if depth < 0 {
			if err := s.emit(buffer, emit, m.Start, block{part: content, root: root}); err != nil {
				return err
			}
			return d.close(s, root, buffer, emit)
		}
		if depth == 0 && (m.Kind == markup.EndTag || m.Kind == markup.EmptyTag) {
			if m.End >= file.BlockBytes {
				if err := s.emit(buffer, emit, m.End, block{part: content, root: root}); err != nil {
					return err
				}
			}
		}
		if depth > maxDepth {
			return s.bad(m.Start, "nested too deep")
		}
	}
}

// close sends the end tag of the root with what follows it.
func (d *xmlFile) close(s *splitter, root []byte, buffer func() []byte, emit func(file.Block) error) error {
	for !s.last {
		if err := s.more(); err != nil {
			return err
		}
	}
	// A file with an invalid end must have no output.
	var t tree
	var syntax *syntaxError
	if err := t.parse(append(bytes.Clone(root), s.buf...)); errors.As(err, &syntax) {
		return s.bad(max(0, syntax.Offset-len(root)), syntax.What)
	}
	return s.emit(buffer, emit, len(s.buf), block{part: closing, root: root})
}

// splitter reads markup.
type splitter struct {
	in     io.Reader
	buf    []byte
	last   bool // in is at its end
	at     int  // up to where markup is read
	rootAt int  // of the root's start tag
	line   int  // of buf[0]
	// before is how many bytes of its line stand before buf[0].
	before int
}

// more reads more text.
func (s *splitter) more() error {
	if s.last {
		return nil
	}
	n := max(file.BlockBytes, len(s.buf)/2)
	if len(s.buf)+n > maxDocument+file.BlockBytes {
		return s.bad(0, fmt.Sprintf("the element is larger than %d bytes", maxDocument))
	}
	s.buf = slices.Grow(s.buf, n)
	read, err := io.ReadFull(s.in, s.buf[len(s.buf):len(s.buf)+n])
	s.buf = s.buf[:len(s.buf)+read]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.last = true
		return nil
	}
	return err
}

// longestOpening is the length of the longest text that opens markup.
const longestOpening = len("<![CDATA[")

// next finds the next markup.
func (s *splitter) next() (markup.Markup, error) {
	for {
		var f fhirjson.Fault
		m, ok := markup.Next(s.buf, s.at, &f)
		short := ok && m.Kind == markup.None || !ok && (f.What == "markup is not closed" || len(s.buf)-f.Offset < longestOpening || f.What == "value of an attribute is not closed")
		switch {
		case short && !s.last:
			if err := s.more(); err != nil {
				return m, err
			}
		case !ok:
			return m, s.bad(f.Offset, f.What)
		default:
			s.at = m.End
			return m, nil
		}
	}
}

// toRoot reads up to the root's start tag, and reports whether that ends the root, too.
func (s *splitter) toRoot() (empty bool, err error) {
	for {
		m, err := s.next()
		if err != nil {
			return false, err
		}
		switch m.Kind {
		case markup.Comment, markup.Instruction:
			continue
		case markup.StartTag:
			s.rootAt = m.Start
			return false, nil
		}
		return true, nil
	}
}

// emit sends buf[:end] as a block, and continues after it.
func (s *splitter) emit(buffer func() []byte, emit func(file.Block) error, end int, b block) error {
	if end > 0 {
		b.column = s.before
		text := append(buffer()[:0], s.buf[:end]...)
		if err := emit(file.Block{Text: text, Line: s.line, Head: b}); err != nil {
			return err
		}
	}
	if n := bytes.LastIndexByte(s.buf[:end], '\n'); n >= 0 {
		s.before = end - n - 1
	} else {
		s.before += end
	}
	s.line += bytes.Count(s.buf[:end], []byte("\n"))
	s.buf = append(s.buf[:0], s.buf[end:]...)
	s.at -= end
	return nil
}

// fault is an error at the beginning of buf.
func (s *splitter) fault(err error) error {
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return s.bad(syntax.Offset, syntax.What)
	}
	return err
}

// bad is an error at buf[i], after which the file cannot be read.
func (s *splitter) bad(i int, what string) error {
	return fmt.Errorf("line %d: %s", s.line+bytes.Count(s.buf[:min(i, len(s.buf))], []byte("\n")), what)
}
