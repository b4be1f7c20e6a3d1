package xml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
)

// maxDepth bounds the nesting of elements.
const maxDepth = fhirjson.MaxDepth

// node is an element, or a run of text. Nodes are reused for the next document.
type node struct {
	isText bool
	// first, next: the first child and the next sibling, or -1.
	parent, first, next int
	// start and end are where it lies in the source. A start tag ends at tagEnd, and an end
	// tag begins at endTag; both are the same for an empty tag.
	start, tagEnd, endTag, end int
	prefix, name, space        string
	attributes                 []attribute
	// text is the text of a run, decoded, without comments and instructions. raw: the source
	// of the run can be copied unchanged.
	text []byte
	raw  bool
}

// attribute is an attribute of an element. source is how it is written, with the space
// before it: source[:value] is all but its value, which has its quotes.
type attribute struct {
	prefix, name, space string
	text                string
	source              []byte
	value               int
}

// isDeclaration reports whether the attribute declares a namespace, and for which prefix.
func (a *attribute) isDeclaration() (prefix string, ok bool) {
	switch {
	case a.prefix == "xmlns":
		return a.name, true
	case a.prefix == "" && a.name == "xmlns":
		return "", true
	}
	return "", false
}

// tree is a parsed document.
type tree struct {
	src   []byte
	nodes []node
	root  int
	// declaration is the XML declaration with the space after it, and after is the space
	// after the root.
	declaration, after []byte
	// bindings are the namespaces in scope, by prefix, the innermost last.
	bindings []binding
}

type binding struct{ prefix, space string }

// syntaxError says where a text is not a document of XML that can be masked. It contains
// no value.
type syntaxError struct {
	Offset int
	What   string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.What) }

func bad(offset int, format string, args ...any) error {
	return &syntaxError{offset, fmt.Sprintf(format, args...)}
}

// parse reads a document. It accepts only well-formed documents with namespaces:
// encoding/xml reads the tokens, and what it does not check is checked here.
func (t *tree) parse(src []byte) error {
	t.src, t.nodes, t.root = src, t.nodes[:0], -1
	t.declaration, t.after = nil, nil
	t.bindings = append(t.bindings[:0], binding{"xml", xmlSpace}, binding{"", ""})
	if err := checkMarkup(src); err != nil {
		return err
	}
	d := xml.NewDecoder(bytes.NewReader(src))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errNotUTF8 }
	var open []opened
	last := -1 // the last child of the open element, or -1
	for {
		start := int(d.InputOffset())
		token, err := d.RawToken()
		end := int(d.InputOffset())
		switch {
		case errors.Is(err, io.EOF):
			return t.end(len(open) > 0)
		case errors.Is(err, errNotUTF8):
			return bad(0, "the text is not UTF-8: convert it first")
		case err != nil:
			return bad(start, "not well-formed XML")
		}
		switch k := token.(type) {
		case xml.StartElement:
			switch {
			case len(open) == 0 && t.root >= 0:
				return bad(start, "unexpected data after the root element")
			case len(open) == maxDepth:
				return bad(start, "nested too deep")
			}
			n, err := t.element(k, start, end)
			if err != nil {
				return err
			}
			i := t.add(n, open, last)
			if len(open) == 0 {
				t.root = i
			}
			open = append(open, opened{i, len(t.bindings) - n.declares()})
			last = -1
		case xml.EndElement:
			if len(open) == 0 {
				return bad(start, "end tag without an element")
			}
			o := open[len(open)-1]
			n := &t.nodes[o.node]
			if k.Name.Space != n.prefix || k.Name.Local != n.name {
				return bad(start, "end tag is not that of the open element")
			}
			n.endTag, n.end = start, end
			t.bindings = t.bindings[:o.bindings]
			open, last = open[:len(open)-1], o.node
		case xml.CharData:
			if len(open) == 0 {
				if err := t.outside(start, end); err != nil {
					return err
				}
				continue
			}
			last = t.addText(k, open, last, start, end)
		case xml.Comment, xml.ProcInst:
			if p, ok := k.(xml.ProcInst); ok && p.Target == "xml" {
				t.declaration = bytes.Clone(src[start:end])
				continue
			}
			if last >= 0 && t.nodes[last].isText {
				t.nodes[last].raw = false // the run continues after it
			}
		default:
			return bad(start, "document type and entity declarations are refused")
		}
	}
}

// end checks the end of the text.
func (t *tree) end(inside bool) error {
	switch {
	case inside:
		return bad(len(t.src), "unexpected end of input inside an element")
	case t.root < 0:
		return bad(len(t.src), "expected an element")
	}
	return nil
}

// outside handles text outside the root element, which must be space.
func (t *tree) outside(start, end int) error {
	text := t.src[start:end]
	switch {
	case len(bytes.Trim(text, " \t\r\n")) > 0:
		return bad(start, "unexpected text outside of the root element")
	case t.root >= 0:
		t.after = append(t.after, text...)
	case t.declaration != nil:
		t.declaration = append(t.declaration, text...)
	}
	return nil
}

var errNotUTF8 = errors.New("not UTF-8")

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// opened is an open element, and how many namespaces were in scope before it.
type opened struct{ node, bindings int }

// checkMarkup refuses what a parser should never see: declarations of types and entities,
// other encodings, and a second XML declaration.
func checkMarkup(src []byte) error {
	if !utf8.Valid(src) || bytes.IndexByte(src, 0) >= 0 {
		return bad(0, "the text is not UTF-8: convert it first")
	}
	var f fhirjson.Fault
	for i := 0; ; {
		m, ok := markup.Next(src, i, &f)
		if !ok {
			return bad(f.Offset, "%s", f.What)
		}
		if m.Kind == markup.None {
			return nil
		}
		if m.Kind == markup.Instruction && markup.IsDeclaration(src[m.Start:m.End]) && (m.Start > 0 || !markup.IsPlainDeclaration(src[:m.End])) {
			return bad(m.Start, "expected an XML declaration of version 1.0 in UTF-8, and only at the start")
		}
		i = m.End
	}
}

// add adds a node after the last child of the open element.
func (t *tree) add(n node, open []opened, last int) int {
	i := len(t.nodes)
	n.parent, n.first, n.next = -1, -1, -1
	if len(open) > 0 {
		n.parent = open[len(open)-1].node
	}
	t.nodes = append(t.nodes, n)
	switch {
	case last >= 0:
		t.nodes[last].next = i
	case n.parent >= 0:
		t.nodes[n.parent].first = i
	}
	return i
}

// addText adds text to the run that it continues, or begins one. The text between two
// elements is one run, even with comments in it.
func (t *tree) addText(text []byte, open []opened, last, start, end int) int {
	source := t.src[start:end]
	// The decoder replaces invalid characters; such text must not be copied unchanged.
	exact := !bytes.Contains(source, []byte("&#")) || markup.BadReference(source) < 0 && !bytes.ContainsRune(text, utf8.RuneError)
	if last >= 0 && t.nodes[last].isText {
		n := &t.nodes[last]
		n.text = append(n.text, text...)
		n.raw, n.end = n.raw && exact && n.end == start, end
		return last
	}
	return t.add(node{isText: true, start: start, end: end, text: bytes.Clone(text), raw: exact}, open, last)
}

// element makes a node from a start tag, with the namespaces of its names.
func (t *tree) element(k xml.StartElement, start, end int) (node, error) {
	n := node{start: start, tagEnd: end, prefix: k.Name.Space, name: k.Name.Local}
	sources, ok := attributeSources(t.src[start:end])
	if !ok || len(sources) != len(k.Attr) {
		return n, bad(start, "not well-formed XML")
	}
	for i, a := range k.Attr {
		one := attribute{prefix: a.Name.Space, name: a.Name.Local, text: a.Value, source: sources[i].source, value: sources[i].value}
		if prefix, ok := one.isDeclaration(); ok {
			if prefix == "xmlns" || (prefix == "xml") != (a.Value == xmlSpace) || prefix != "" && a.Value == "" || a.Value == xmlnsSpace {
				return n, bad(start, "a namespace cannot be declared in this way")
			}
			t.bindings = append(t.bindings, binding{prefix, a.Value})
		}
		n.attributes = append(n.attributes, one)
	}
	if n.space, ok = t.spaceOf(n.prefix); !ok || !isName(n.name) || n.prefix == "xmlns" {
		return n, bad(start, "the prefix of an element is not declared, or its name is invalid")
	}
	for i := range n.attributes {
		a := &n.attributes[i]
		if a.prefix != "" && a.prefix != "xmlns" {
			if a.space, ok = t.spaceOf(a.prefix); !ok {
				return n, bad(start, "the prefix of an attribute is not declared")
			}
		}
		if !isName(a.name) {
			return n, bad(start, "the name of an attribute is invalid")
		}
		for _, b := range n.attributes[:i] {
			if a.name == b.name && (a.prefix == b.prefix || a.space == b.space && a.space != "") {
				return n, bad(start, "an attribute is given twice")
			}
		}
	}
	return n, nil
}

const xmlnsSpace = "http://www.w3.org/2000/xmlns/"

// isName reports whether a local name that the decoder accepted has no colon.
func isName(s string) bool {
	return s != "" && !bytes.ContainsRune([]byte(s), ':')
}

// declares is the number of namespaces that an element declares.
func (n *node) declares() (count int) {
	for i := range n.attributes {
		if _, ok := n.attributes[i].isDeclaration(); ok {
			count++
		}
	}
	return count
}

// spaceOf returns the namespace of a prefix.
func (t *tree) spaceOf(prefix string) (string, bool) {
	for i := len(t.bindings) - 1; i >= 0; i-- {
		if t.bindings[i].prefix == prefix {
			return t.bindings[i].space, true
		}
	}
	return "", false
}

// attributeSource is how an attribute is written: see attribute.
type attributeSource struct {
	source []byte
	value  int
}

// attributeSources finds the attributes in a start tag that the decoder accepted.
func attributeSources(tag []byte) (out []attributeSource, ok bool) {
	i := 1
	for i < len(tag) && bytes.IndexByte([]byte(" \t\r\n/>"), tag[i]) < 0 {
		i++
	}
	for {
		from := i
		i = fhirjson.SkipSpace(tag, i)
		if i < len(tag) && (tag[i] == '>' || tag[i] == '/') {
			return out, true
		}
		n := bytes.IndexAny(tag[i:], `"'`)
		if n < 0 {
			return nil, false
		}
		end := bytes.IndexByte(tag[i+n+1:], tag[i+n])
		if end < 0 {
			return nil, false
		}
		quote := i + n
		i = quote + 1 + end + 1
		out = append(out, attributeSource{tag[from:i], quote - from})
	}
}
