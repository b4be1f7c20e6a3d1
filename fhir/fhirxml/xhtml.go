package fhirxml

import (
	"github.com/beevik/etree"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// narrative writes the XHTML of Narrative.div in one form, which stands in JSON
// as a string and in XML as an element: XHTML's elements without a prefix, their
// text and attributes; no comments, instructions, elements of other namespaces
// or attributes with a prefix other than "xml".
type narrative struct {
	dst   []byte
	depth int
	// what says what is wrong with the element at, where something is.
	what string
	at   *etree.Element
}

// IsXHTML reports whether text is a well-formed XHTML div.
func IsXHTML(text []byte) bool {
	var f fhirjson.Fault
	x, ok := checkXML(text, &f)
	if !ok {
		return false
	}
	div := x.parse(text)
	if div == nil || div.Tag != "div" {
		return false
	}
	own, inner, what := openElement(div, scope{own: xhtmlSpace})
	var n narrative
	return what == "" && own == xhtmlSpace && n.append(nil, div, inner)
}

// append writes the div and reports whether it could.
func (n *narrative) append(dst []byte, div *etree.Element, inner scope) bool {
	n.dst, n.depth, n.what = dst, 0, ""
	return n.element(div, inner, true)
}

func (n *narrative) fail(e *etree.Element, what string) bool {
	n.at, n.what = e, what
	return false
}

func (n *narrative) element(e *etree.Element, inner scope, root bool) bool {
	if n.depth++; n.depth > fhirjson.MaxDepth {
		return n.fail(e, "nested too deep")
	}
	n.dst = append(append(n.dst, '<'), e.Tag...)
	if root {
		n.dst = append(n.dst, ` xmlns="`+xhtmlNamespace+`"`...)
	}
	for _, a := range e.Attr {
		switch {
		case a.Space == "xml":
			n.dst = append(n.dst, ` xml:`...)
		case a.Space == "" && a.Key != "xmlns":
			n.dst = append(n.dst, ' ')
		default:
			continue
		}
		n.dst = append(append(n.dst, a.Key...), `="`...)
		n.dst = append(appendAttribute(n.dst, a.Value), '"')
	}
	n.dst = append(n.dst, '>')
	content := len(n.dst)
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			n.dst = appendText(n.dst, t.Data)
		case *etree.Directive:
			return n.fail(e, "document type and entity declarations are refused")
		case *etree.Element:
			own, in, what := openElement(t, inner)
			if what != "" {
				return n.fail(t, what)
			}
			if own == xhtmlSpace && !n.element(t, in, false) {
				return false
			}
		}
	}
	if len(n.dst) == content {
		n.dst = append(n.dst[:content-1], "/>"...)
	} else {
		n.dst = append(append(append(n.dst, "</"...), e.Tag...), '>')
	}
	n.depth--
	return true
}

// appendAttribute appends text as the inside of an attribute in double quotes.
func appendAttribute[T string | []byte](dst []byte, text T) []byte {
	return appendMarkup(dst, text, true)
}

// appendText appends text as what stands between tags.
func appendText[T string | []byte](dst []byte, text T) []byte {
	return appendMarkup(dst, text, false)
}

// appendMarkup escapes text for XML 1.0. Characters that XML cannot hold become
// U+FFFD.
func appendMarkup[T string | []byte](dst []byte, text T, attribute bool) []byte {
	last := 0
	for i := 0; i < len(text); i++ {
		escape, width := "", 1
		switch c := text[i]; {
		case c == '&':
			escape = "&amp;"
		case c == '<':
			escape = "&lt;"
		case c == '>' && !attribute:
			escape = "&gt;"
		case c == '"' && attribute:
			escape = "&quot;"
		case c == '\t' && attribute:
			escape = "&#9;"
		case c == '\n' && attribute:
			escape = "&#10;"
		case c == '\r': // alone it would be read as a line feed
			escape = "&#13;"
		case c < 0x20 && c != '\t' && c != '\n':
			escape = "\ufffd"
		case c == 0xef && i+2 < len(text) && text[i+1] == 0xbf && text[i+2] >= 0xbe:
			escape, width = "\ufffd", 3 // U+FFFE and U+FFFF
		}
		if escape != "" {
			dst = append(append(dst, text[last:i]...), escape...)
			i += width - 1
			last = i + 1
		}
	}
	return append(dst, text[last:]...)
}
