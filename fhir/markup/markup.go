// Package markup finds the tags, comments and other markup of XML in place. It knows
// nothing of what elements mean, and refuses document type and entity declarations, which
// no text here needs and which can grow without end.
package markup

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// declaration is the one that may begin a text: XML 1.0 in UTF-8.
var declaration = regexp.MustCompile(`^<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["'](?i:utf-8)["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>$`)

// What is wrong with markup that has no end.
const (
	notClosed      = "markup is not closed"
	valueNotClosed = "value of an attribute is not closed"
)

// IsCut reports whether a fault of Next may only mean that more text follows.
func IsCut(src []byte, f *fhirjson.Fault) bool {
	return f.What == notClosed || f.What == valueNotClosed || len(src)-f.Offset < len("<![CDATA[")
}

// Kind is the kind of a piece of markup.
type Kind uint8

// The kinds of markup.
const (
	None Kind = iota // the end of the text
	StartTag
	EmptyTag // start and end in one
	EndTag
	CDATA
	Comment
	Instruction
)

// Markup is one piece of markup, src[start:end].
type Markup struct {
	Kind       Kind
	Start, End int
	// Wrapped reports that an attribute's value contains a line end or a tab.
	Wrapped bool
}

// Name returns the name in a tag.
func (m Markup) Name(src []byte) []byte {
	tag := bytes.Trim(src[m.Start:m.End], "</>")
	if end := bytes.IndexAny(tag, " \t\r\n/"); end >= 0 {
		tag = tag[:end]
	}
	return tag
}

// Next finds the first markup from src[i] on.
func Next(src []byte, i int, f *fhirjson.Fault) (m Markup, ok bool) {
	n := bytes.IndexByte(src[i:], '<')
	if n < 0 {
		return Markup{Start: len(src), End: len(src)}, true
	}
	m.Start = i + n
	rest := src[m.Start:]
	until := func(kind Kind, opening, closing string) (Markup, bool) {
		end := bytes.Index(rest[len(opening):], []byte(closing))
		if end < 0 {
			fhirjson.Fail(f, m.Start, notClosed)
			return m, false
		}
		m.Kind, m.End = kind, m.Start+len(opening)+end+len(closing)
		return m, true
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return until(Comment, "<!--", "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return until(CDATA, "<![CDATA[", "]]>")
	case bytes.HasPrefix(rest, []byte("<!")):
		fhirjson.Fail(f, m.Start, "document type and entity declarations are refused")
		return m, false
	case bytes.HasPrefix(rest, []byte("<?")):
		return until(Instruction, "<?", "?>")
	case bytes.HasPrefix(rest, []byte("</")):
		return until(EndTag, "</", ">")
	}
	for k := m.Start + 1; k < len(src); k++ {
		switch c := src[k]; c {
		case '>':
			m.Kind, m.End = StartTag, k+1
			if src[k-1] == '/' {
				m.Kind = EmptyTag
			}
			return m, true
		case '"', '\'':
			n := bytes.IndexByte(src[k+1:], c)
			if n < 0 {
				fhirjson.Fail(f, k, valueNotClosed)
				return m, false
			}
			m.Wrapped = m.Wrapped || bytes.ContainsAny(src[k+1:k+1+n], "\t\r\n")
			k += 1 + n
		}
	}
	fhirjson.Fail(f, m.Start, notClosed)
	return m, false
}

// Local returns the name in a tag without its prefix.
func (m Markup) Local(src []byte) string {
	name := m.Name(src)
	return string(name[bytes.IndexByte(name, ':')+1:])
}

// BadReference returns the index of the first reference to a character that XML does
// not allow (XML 1.0, 2.2), or -1. Surrogates are left to the parser, which replaces
// them.
func BadReference(text []byte) int {
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

// IsDeclaration reports whether an instruction's target is "xml" in any case,
// which XML reserves.
func IsDeclaration(Instruction []byte) bool {
	return len(Instruction) >= 6 && bytes.EqualFold(Instruction[2:5], []byte("xml")) && bytes.IndexByte([]byte(" \t\r\n?"), Instruction[5]) >= 0
}

// IsPlainDeclaration reports whether text is the declaration of XML 1.0 in UTF-8 and
// nothing else.
func IsPlainDeclaration(text []byte) bool { return declaration.Match(text) }
