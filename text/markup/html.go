package markup

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// AppendHTML appends an HTML document or fragment, or XHTML, with its identifiers
// replaced.
func (s *Scrubber) AppendHTML(dst, src []byte) ([]byte, error) {
	s.reset()
	z := html.NewTokenizer(bytes.NewReader(src))
	skipped := atom.Atom(0) // the element whose content is removed
	depth := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return dst, errors.New("the HTML cannot be read")
			}
			break
		}
		if kind == html.TextToken {
			if skipped == 0 {
				s.text(z.Text(), 0)
			}
			continue
		}
		if kind != html.StartTagToken && kind != html.EndTagToken && kind != html.SelfClosingTagToken {
			continue // comments, declarations
		}
		name, attributes := z.TagName()
		a := atom.Lookup(name)
		if skipped != 0 {
			switch {
			case a == skipped && kind == html.StartTagToken:
				depth++
			case a == skipped && kind == html.EndTagToken:
				if depth--; depth == 0 {
					skipped = 0
				}
			}
			continue
		}
		switch a {
		case atom.Script, atom.Style, atom.Object, atom.Iframe, atom.Svg, atom.Math, atom.Template, atom.Noscript, atom.Noembed, atom.Noframes, atom.Xmp, atom.Plaintext:
			if kind == html.StartTagToken {
				skipped, depth = a, 1
			}
			continue
		case atom.Img, atom.Embed, atom.Meta, atom.Link, atom.Base, atom.Input, atom.Source, atom.Track, atom.Param, atom.Area:
			continue
		}
		s.separateTag(a)
		s.copy(tag(kind, name, attributes, z))
	}
	return s.append(dst, func(dst, plain []byte, _ int) []byte { return append(dst, html.EscapeString(string(plain))...) })
}

// separateTag ends a line or a cell at elements that do so.
func (s *Scrubber) separateTag(a atom.Atom) {
	switch a {
	case atom.B, atom.I, atom.U, atom.Em, atom.Strong, atom.Span, atom.A, atom.Font, atom.Small, atom.Big, atom.Sub, atom.Sup, atom.Tt, atom.Code, atom.S, atom.Strike, atom.Mark, atom.Abbr, atom.Acronym,
		atom.Cite, atom.Dfn, atom.Kbd, atom.Samp, atom.Var, atom.Q, atom.Del, atom.Ins, atom.Bdo, atom.Bdi, atom.Wbr, atom.Label, atom.Time, atom.Data:
	case atom.Td, atom.Th:
		s.separate('\t')
	default:
		s.separate('\n')
	}
}

// tag returns a tag with only the attributes that cannot contain text.
func tag(kind html.TokenType, name []byte, attributes bool, z *html.Tokenizer) []byte {
	out := []byte{'<'}
	if kind == html.EndTagToken {
		out = append(out, '/')
	}
	out = append(out, name...)
	for attributes {
		var key, value []byte
		key, value, attributes = z.TagAttr()
		if kind != html.EndTagToken && harmless(string(key), string(value)) {
			out = append(out, ' ')
			out = append(out, key...)
			out = append(out, `="`...)
			out = append(out, html.EscapeString(string(value))...)
			out = append(out, '"')
		}
	}
	if kind == html.SelfClosingTagToken {
		out = append(out, '/')
	}
	return append(out, '>')
}

// harmless reports whether the form of an attribute rules out any text.
func harmless(key, value string) bool {
	switch key {
	case "xmlns":
		return value == "http://www.w3.org/1999/xhtml"
	case "align", "valign", "dir", "scope", "type":
		switch strings.ToLower(value) {
		case "left", "right", "center", "justify", "top", "middle", "bottom", "baseline", "ltr", "rtl", "auto", "row", "col", "rowgroup", "colgroup", "1", "a", "i", "disc", "circle", "square":
			return true
		}
	case "colspan", "rowspan", "span", "border", "cellpadding", "cellspacing", "width", "height", "start":
		digits := strings.TrimSuffix(strings.TrimSuffix(value, "%"), "px")
		return len(digits) > 0 && len(digits) <= 4 && strings.Trim(digits, "0123456789") == ""
	case "lang", "xml:lang":
		return len(value) <= 5 && (len(value) == 2 || len(value) == 5 && value[2] == '-') && strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
	}
	return false
}
