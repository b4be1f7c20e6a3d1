package fhir

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"

	"github.com/beevik/etree"
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

// parseXML checks and parses a text. The parser's own errors quote the text, so
// that only their place is told.
func parseXML(src []byte) (*etree.Element, *fault) {
	var f fault
	wrapped, ok := checkXML(src, &f)
	if !ok {
		return nil, &f
	}
	text := src
	if wrapped {
		text = unwrap(src)
	}
	doc := etree.NewDocument()
	doc.ReadSettings = readSettings
	if _, err := doc.ReadFrom(bytes.NewReader(text)); err != nil || doc.Root() == nil {
		return nil, &fault{parserStop(src), "not well-formed XML"}
	}
	return doc.Root(), nil
}

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
