package fhirxml

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// Before a text is handed to an XML parser it is read here for what no FHIR
// resource has and no parser need see: other encodings, document type and entity
// declarations (external entities, "billion laughs"), elements nested too deep.
// That tags are closed in order is seen on the way, with exact places.

// maxXMLDepth is how deep elements may nest. The limit of the JSON form holds
// for FHIR's elements, and once more for those of a narrative in them.
const maxXMLDepth = 2 * fhirjson.MaxDepth

// xmlDeclaration is the one that may begin a text: XML 1.0 in UTF-8.
var xmlDeclaration = regexp.MustCompile(`^<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["'](?i:utf-8)["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>$`)

type markupKind uint8

const (
	noMarkup markupKind = iota // the end of the text
	startTag
	emptyTag // start and end in one
	endTag
	cdata
	comment
	instruction
)

// markup is one piece of markup, src[start:end].
type markup struct {
	kind       markupKind
	start, end int
	// wrapped: a value of an attribute has a line end or a tab in it.
	wrapped bool
}

// name returns the name in a tag.
func (m markup) name(src []byte) []byte {
	tag := bytes.Trim(src[m.start:m.end], "</>")
	if end := bytes.IndexAny(tag, " \t\r\n/"); end >= 0 {
		tag = tag[:end]
	}
	return tag
}

// nextMarkup finds the first markup from src[i] on.
func nextMarkup(src []byte, i int, f *fhirjson.Fault) (m markup, ok bool) {
	n := bytes.IndexByte(src[i:], '<')
	if n < 0 {
		return markup{start: len(src), end: len(src)}, true
	}
	m.start = i + n
	rest := src[m.start:]
	until := func(kind markupKind, opening, closing string) (markup, bool) {
		end := bytes.Index(rest[len(opening):], []byte(closing))
		if end < 0 {
			fhirjson.Fail(f, m.start, "markup is not closed")
			return m, false
		}
		m.kind, m.end = kind, m.start+len(opening)+end+len(closing)
		return m, true
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return until(comment, "<!--", "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return until(cdata, "<![CDATA[", "]]>")
	case bytes.HasPrefix(rest, []byte("<!")):
		fhirjson.Fail(f, m.start, "document type and entity declarations are refused")
		return m, false
	case bytes.HasPrefix(rest, []byte("<?")):
		return until(instruction, "<?", "?>")
	case bytes.HasPrefix(rest, []byte("</")):
		return until(endTag, "</", ">")
	}
	for k := m.start + 1; k < len(src); k++ {
		switch c := src[k]; c {
		case '>':
			m.kind, m.end = startTag, k+1
			if src[k-1] == '/' {
				m.kind = emptyTag
			}
			return m, true
		case '"', '\'':
			n := bytes.IndexByte(src[k+1:], c)
			if n < 0 {
				fhirjson.Fail(f, k, "value of an attribute is not closed")
				return m, false
			}
			m.wrapped = m.wrapped || bytes.ContainsAny(src[k+1:k+1+n], "\t\r\n")
			k += 1 + n
		}
	}
	fhirjson.Fail(f, m.start, "markup is not closed")
	return m, false
}

// local returns the name in a tag without its prefix.
func (m markup) local(src []byte) string {
	name := m.name(src)
	return string(name[bytes.IndexByte(name, ':')+1:])
}

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
	x = &xmlText{src: src}
	var open [][]byte // names of the open elements
	rooted, bundle, entry := false, false, -1
	for i := 0; ; {
		m, ok := nextMarkup(src, i, f)
		if !ok {
			return nil, false
		}
		outside := len(open) == 0
		what, at := "", m.start
		switch text := fhirjson.SkipSpace(src, i); {
		case outside && text < m.start:
			what, at = outsideText(rooted), text
		case m.kind == noMarkup && !outside:
			what = "unexpected end of input inside an element"
		case m.kind == noMarkup && !rooted:
			what = outsideText(false)
		case m.kind == noMarkup:
			return x, true
		case outside && (m.kind == cdata || m.kind == endTag || rooted && (m.kind == startTag || m.kind == emptyTag)):
			what = outsideText(rooted)
		case (m.kind == startTag || m.kind == emptyTag) && len(open) == maxXMLDepth:
			what = "nested too deep"
		case m.kind == endTag && !bytes.Equal(m.name(src), open[len(open)-1]):
			what = "end tag is not that of the open element"
		case m.kind == instruction && isDeclaration(src[m.start:m.end]) && (m.start > 0 || !xmlDeclaration.Match(src[:m.end])):
			what = "expected an XML declaration of version 1.0 in UTF-8, and only at the start"
		}
		if what != "" {
			fhirjson.Fail(f, at, what)
			return nil, false
		}
		refs := m.end
		if m.kind != startTag && m.kind != emptyTag { // what is between the marks alone
			refs = m.start
		}
		if at := badReference(src[i:refs]); at >= 0 {
			fhirjson.Fail(f, i+at, notWellFormed+": a reference to a character that XML cannot have")
			return nil, false
		}
		switch m.kind {
		case startTag, emptyTag:
			if outside {
				rooted, x.root = true, m
				bundle = m.local(src) == "Bundle" && m.end-m.start < maxRootTag
			}
			if bundle && len(open) == 1 && m.local(src) == "entry" {
				entry = m.start
			}
			open = append(open, m.name(src))
		}
		if m.kind == endTag || m.kind == emptyTag {
			open = open[:len(open)-1]
			if entry >= 0 && len(open) == 1 {
				x.entries = append(x.entries, span{entry, m.end})
				entry = -1
			}
		}
		x.wrapped = x.wrapped || m.wrapped
		i = m.end
	}
}

// badReference returns where a reference to a character begins that no XML has (XML
// 1.0, 2.2), or -1. Surrogates are left to the parser, which replaces them.
func badReference(text []byte) int {
	for at := 0; ; at += 2 {
		n := bytes.Index(text[at:], []byte("&#"))
		if n < 0 {
			return -1
		}
		at += n
		digits, base := text[at+2:], 10
		if len(digits) > 0 && digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		end := bytes.IndexByte(digits[:min(len(digits), 12)], ';')
		if end < 0 {
			return at
		}
		c, err := strconv.ParseUint(string(digits[:end]), base, 32)
		if err != nil || c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff || c > unicode.MaxRune {
			return at
		}
	}
}

func outsideText(rooted bool) string {
	if rooted {
		return "unexpected data after the resource"
	}
	return "expected an XML element, a FHIR resource"
}

// isDeclaration reports whether an instruction's target is "xml" in any case,
// which XML reserves.
func isDeclaration(instruction []byte) bool {
	return len(instruction) >= 6 && bytes.EqualFold(instruction[2:5], []byte("xml")) && bytes.IndexByte([]byte(" \t\r\n?"), instruction[5]) >= 0
}

// unwrap returns a copy of a checked text in which line ends and tabs in values
// of attributes are spaces (XML 1.0, 3.3.3). The parser leaves them as they are,
// and later they could not be told from character references.
func unwrap(src []byte) []byte {
	out := make([]byte, 0, len(src))
	var f fhirjson.Fault
	for i := 0; i < len(src); {
		m, _ := nextMarkup(src, i, &f)
		out = append(out, src[i:m.start]...)
		i = m.end
		if !m.wrapped {
			out = append(out, src[m.start:m.end]...)
			continue
		}
		quote := byte(0)
		for k, c := range src[m.start:m.end] {
			switch {
			case c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == '\r' && src[m.start+k+1] == '\n':
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
		m, ok := nextMarkup(src, i, &f)
		if !ok || m.kind == noMarkup {
			return 0
		}
		if m.kind == startTag || m.kind == emptyTag {
			if n == 0 {
				return m.start
			}
			n--
		}
		i = m.end
	}
}
