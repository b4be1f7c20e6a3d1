package fhirxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"

	"github.com/beevik/etree"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
)

// Namespaces of the XML form.
const (
	fhirNamespace  = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
)

// namespace is what the namespace of an element tells: only FHIR's own elements
// are read, and XHTML's in a narrative.
type namespace uint8

const (
	foreignSpace namespace = iota
	fhirSpace
	xhtmlSpace
)

func namespaceOf(uri string) namespace {
	switch uri {
	case fhirNamespace:
		return fhirSpace
	case xhtmlNamespace:
		return xhtmlSpace
	}
	return foreignSpace
}

var errEncoding = errors.New("encoding is not UTF-8")

// readSettings are etree's: strict, no entities but XML's own five, no other
// encoding. Attributes that come twice are kept, to be refused.
var readSettings = etree.ReadSettings{
	CharsetReader:          func(string, io.Reader) (io.Reader, error) { return nil, errEncoding },
	PreserveDuplicateAttrs: true,
	MaxDepth:               maxXMLDepth,
}

// xmlText is a checked text. It is parsed in parts, the entries of a Bundle some
// at a time and apart from the rest, so that the tree stays small.
type xmlText struct {
	src     []byte
	root    markup.Markup // its start tag
	wrapped bool          // values of attributes need unwrap
	// entries are the children of a Bundle that are called "entry", in whatever
	// namespace.
	entries []span
	part    []byte
}

// span is src[start:end].
type span struct{ start, end int }

const (
	// partSize is about how much text is parsed at a time.
	partSize = 64 << 10
	// maxRootTag is how long a root's tag may be, to be repeated in every part.
	maxRootTag = 4 << 10
)

// skeleton returns the text without its entries.
func (x *xmlText) skeleton() []byte {
	if len(x.entries) == 0 {
		return x.src
	}
	x.part = x.part[:0]
	last := 0
	for _, s := range x.entries {
		x.part = append(x.part, x.src[last:s.start]...)
		last = s.end
	}
	x.part = append(x.part, x.src[last:]...)
	return x.part
}

// inText returns the index in the text of an index in its skeleton.
func (x *xmlText) inText(i int) int {
	for _, s := range x.entries {
		if i < s.start {
			break
		}
		i += s.end - s.start
	}
	return i
}

// some parses the entries from the nth on that stand together, about partSize of
// them, as the children of the root. It returns how many they are.
func (x *xmlText) some(n int) (root *etree.Element, count int) {
	first, last := x.entries[n], x.entries[n]
	count = 1
	for _, s := range x.entries[n+1:] {
		if s.end-first.start > partSize || fhirjson.SkipSpace(x.src, last.end) != s.start {
			break
		}
		last = s
		count++
	}
	x.part = append(x.part[:0], x.src[x.root.Start:x.root.End]...)
	x.part = append(x.part, x.src[first.start:last.end]...)
	x.part = append(append(append(x.part, "</"...), x.root.Name(x.src)...), '>')
	return x.parse(x.part), count
}

// parse returns the root element of a part, nil if it is not well-formed.
func (x *xmlText) parse(part []byte) *etree.Element {
	if x.wrapped {
		part = unwrap(part)
	}
	doc := etree.NewDocument()
	doc.ReadSettings = readSettings
	if _, err := doc.ReadFrom(bytes.NewReader(part)); err != nil {
		return nil
	}
	return doc.Root()
}

// The parser's own errors quote the text, so that only their place is reported.
const notWellFormed = "not well-formed XML"

// parserStop returns how far the parser comes.
func parserStop(src []byte) int {
	d := xml.NewDecoder(bytes.NewReader(src))
	for {
		if _, err := d.RawToken(); err != nil {
			return int(d.InputOffset())
		}
	}
}

// How many attributes an element may have beside namespaces, and how many prefixes
// may be in scope. FHIR's own elements have two.
const (
	maxAttributes = 64
	maxPrefixes   = 32
)

// scope is what names mean inside an element.
type scope struct {
	own      namespace // of names without a prefix
	prefixes []prefix  // the innermost last; never written to
}

type prefix struct {
	name string
	of   namespace
}

// openElement checks an element's attributes and returns its namespace and what
// names mean in it. what says what is wrong, or nothing.
func openElement(e *etree.Element, outer scope) (own namespace, inner scope, what string) {
	inner = outer
	named := 0
	for i := range e.Attr {
		a := &e.Attr[i]
		for k := range e.Attr[:i] {
			if e.Attr[k].Key == a.Key && e.Attr[k].Space == a.Space {
				return 0, outer, "an attribute appears twice"
			}
		}
		switch {
		case a.Space == "" && a.Key == "xmlns":
			inner.own = namespaceOf(a.Value)
		case a.Space == "xmlns" && len(inner.prefixes) == maxPrefixes:
			return 0, outer, "too many namespaces"
		case a.Space == "xmlns":
			inner.prefixes = append(inner.prefixes[:len(inner.prefixes):len(inner.prefixes)], prefix{a.Key, namespaceOf(a.Value)})
		case named == maxAttributes:
			return 0, outer, "too many attributes"
		default:
			named++
		}
	}
	if e.Space == "" {
		return inner.own, inner, ""
	}
	for _, p := range slices.Backward(inner.prefixes) {
		if p.name == e.Space {
			return p.of, inner, ""
		}
	}
	return foreignSpace, inner, ""
}

// attribute returns the value of an attribute that has no prefix.
func attribute(e *etree.Element, name string) (string, bool) {
	for i := range e.Attr {
		if e.Attr[i].Space == "" && e.Attr[i].Key == name {
			return e.Attr[i].Value, true
		}
	}
	return "", false
}

// ordinal returns how many elements of the tree begin before e.
func ordinal(root, e *etree.Element) int {
	n := 0
	var walk func(at *etree.Element) bool
	walk = func(at *etree.Element) bool {
		if at == e {
			return true
		}
		n++
		for _, t := range at.Child {
			if c, ok := t.(*etree.Element); ok && walk(c) {
				return true
			}
		}
		return false
	}
	walk(root)
	return n
}
