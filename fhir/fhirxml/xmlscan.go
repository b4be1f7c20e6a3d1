package fhirxml

import (
	"bytes"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
)

// Before a text is handed to an XML parser it is read here for what no FHIR
// resource has and no parser need see: other encodings, document type and entity
// declarations (external entities, "billion laughs"), elements nested too deep.
// That tags are closed in order is seen on the way, with exact places.

// maxXMLDepth is how deep elements may nest. The limit of the JSON form holds
// for FHIR's elements, and once more for those of a narrative in them.
const maxXMLDepth = 2 * fhirjson.MaxDepth

// checkXML reads a text that may go to the parser: one root element with every
// element closed in order, in UTF-8, with nothing but comments and instructions
// around it.
func checkXML(src []byte, f *fhirjson.Fault) (x *xmlText, ok bool) {
	if !utf8.Valid(src) {
		at := 0
		for r, n := utf8.DecodeRune(src); r != utf8.RuneError || n > 1; r, n = utf8.DecodeRune(src[at:]) {
			at += n
		}
		fhirjson.Fail(f, at, "invalid UTF-8")
		return nil, false
	}
	if at := bytes.IndexByte(src, 0); at >= 0 {
		fhirjson.Fail(f, at, "control character")
		return nil, false
	}
	c := xmlChecker{text: &xmlText{src: src}, entry: -1}
	for i := 0; ; {
		m, ok := markup.Next(src, i, f)
		if !ok {
			return nil, false
		}
		if at, what := c.wrong(i, m); what != "" {
			fhirjson.Fail(f, at, what)
			return nil, false
		}
		if m.Kind == markup.None {
			return c.text, true
		}
		refs := m.End
		if m.Kind != markup.StartTag && m.Kind != markup.EmptyTag { // what is between the marks alone
			refs = m.Start
		}
		if at := markup.BadReference(src[i:refs]); at >= 0 {
			fhirjson.Fail(f, i+at, notWellFormed+": a reference to a character that XML cannot have")
			return nil, false
		}
		c.take(m)
		i = m.End
	}
}

// xmlChecker is the state of a check between two markups.
type xmlChecker struct {
	text   *xmlText
	open   [][]byte // names of the open elements
	rooted bool     // the root element began
	bundle bool     // it is a Bundle, whose entries are noted
	entry  int      // where the open entry begins, or -1
}

// wrong says what is wrong with a markup after the text from src[i], and where; nothing
// if it may stand there.
func (c *xmlChecker) wrong(i int, m markup.Markup) (at int, what string) {
	src := c.text.src
	outside, isStart := len(c.open) == 0, m.Kind == markup.StartTag || m.Kind == markup.EmptyTag
	switch text := fhirjson.SkipSpace(src, i); {
	case outside && text < m.Start:
		return text, outsideText(c.rooted)
	case m.Kind == markup.None && !outside:
		what = "unexpected end of input inside an element"
	case m.Kind == markup.None && !c.rooted:
		what = outsideText(false)
	case m.Kind == markup.None:
	case outside && (m.Kind == markup.CDATA || m.Kind == markup.EndTag || c.rooted && isStart):
		what = outsideText(c.rooted)
	case isStart && len(c.open) == maxXMLDepth:
		what = "nested too deep"
	case m.Kind == markup.EndTag && !bytes.Equal(m.Name(src), c.open[len(c.open)-1]):
		what = "end tag is not that of the open element"
	case m.Kind == markup.Instruction && markup.IsDeclaration(src[m.Start:m.End]) && (m.Start > 0 || !markup.IsPlainDeclaration(src[:m.End])):
		what = "expected an XML declaration of version 1.0 in UTF-8, and only at the start"
	}
	return m.Start, what
}

// take goes past a markup, and notes the root and where entries of a Bundle are.
func (c *xmlChecker) take(m markup.Markup) {
	x := c.text
	x.wrapped = x.wrapped || m.Wrapped
	if m.Kind == markup.StartTag || m.Kind == markup.EmptyTag {
		if len(c.open) == 0 {
			c.rooted, x.root = true, m
			c.bundle = m.Local(x.src) == "Bundle" && m.End-m.Start < maxRootTag
		}
		if c.bundle && len(c.open) == 1 && m.Local(x.src) == "entry" {
			c.entry = m.Start
		}
		c.open = append(c.open, m.Name(x.src))
	}
	if m.Kind == markup.EndTag || m.Kind == markup.EmptyTag {
		c.open = c.open[:len(c.open)-1]
		if c.entry >= 0 && len(c.open) == 1 {
			x.entries = append(x.entries, span{c.entry, m.End})
			c.entry = -1
		}
	}
}

func outsideText(rooted bool) string {
	if rooted {
		return "unexpected data after the resource"
	}
	return "expected an XML element, a FHIR resource"
}

// unwrap returns a copy of a checked text in which line ends and tabs in values
// of attributes are spaces (XML 1.0, 3.3.3). The parser leaves them as they are,
// and later they could not be told from character references.
func unwrap(src []byte) []byte {
	out := make([]byte, 0, len(src))
	var f fhirjson.Fault
	for i := 0; i < len(src); {
		m, _ := markup.Next(src, i, &f)
		out = append(out, src[i:m.Start]...)
		i = m.End
		if !m.Wrapped {
			out = append(out, src[m.Start:m.End]...)
			continue
		}
		quote := byte(0)
		for k, c := range src[m.Start:m.End] {
			switch {
			case c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == '\r' && src[m.Start+k+1] == '\n':
				continue
			case quote != 0 && (c == '\r' || c == '\n' || c == '\t'):
				c = ' '
			}
			out = append(out, c)
		}
	}
	return out
}

// elementAt returns the index of the nth start tag of a checked text, from 0.
func elementAt(src []byte, n int) int {
	var f fhirjson.Fault
	for i := 0; ; {
		m, ok := markup.Next(src, i, &f)
		if !ok || m.Kind == markup.None {
			return 0
		}
		if m.Kind == markup.StartTag || m.Kind == markup.EmptyTag {
			if n == 0 {
				return m.Start
			}
			n--
		}
		i = m.End
	}
}
