package rows

import (
	"bytes"
	"regexp"
	"strings"
)

// ParseArray reads a one-dimensional array literal (array_out); nil elements are NULL.
func ParseArray(src []byte) (elements [][]byte, ok bool) {
	if len(src) < 2 || src[0] != '{' || src[len(src)-1] != '}' {
		return nil, false
	}
	src = src[1 : len(src)-1]
	if len(src) == 0 {
		return [][]byte{}, true
	}
	for {
		var e []byte
		switch {
		case len(src) > 0 && src[0] == '"':
			e = []byte{}
			i := 1
			for ; i < len(src) && src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
				if i < len(src) {
					e = append(e, src[i])
				}
			}
			if i >= len(src) {
				return nil, false
			}
			src = src[i+1:]
		default:
			i := bytes.IndexByte(src, ',')
			if i < 0 {
				i = len(src)
			}
			e = bytes.TrimSpace(src[:i])
			if len(e) == 0 || bytes.ContainsAny(e, `{}"\`) {
				return nil, false
			}
			if bytes.EqualFold(e, []byte("NULL")) {
				e = nil
			}
			src = src[i:]
		}
		elements = append(elements, e)
		if len(src) == 0 {
			return elements, true
		}
		if src[0] != ',' {
			return nil, false
		}
		src = src[1:]
	}
}

// AppendArray writes an array literal.
func AppendArray(dst []byte, elements [][]byte) []byte {
	dst = append(dst, '{')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e == nil {
			dst = append(dst, "NULL"...)
			continue
		}
		dst = appendElement(dst, e)
	}
	return append(dst, '}')
}

// appendArrayOut writes an array as array_out does: an element is quoted where it must be.
func appendArrayOut(dst []byte, elements []*string) []byte {
	dst = append(dst, '{')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case e == nil:
			dst = append(dst, "NULL"...)
		case *e == "" || strings.ContainsAny(*e, "{},\"\\ \t\n\r\v\f") || strings.EqualFold(*e, "NULL"):
			dst = appendElement(dst, []byte(*e))
		default:
			dst = append(dst, *e...)
		}
	}
	return append(dst, '}')
}

// appendElement writes an element of an array that is not NULL.
func appendElement(dst, e []byte) []byte {
	dst = append(dst, '"')
	for _, c := range e {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// bounds matches the beginning of an array literal in which a dimension does not begin at
// 1.
var bounds = regexp.MustCompile(`^(\[[+-]?[0-9]+:[+-]?[0-9]+\])+=`)

// MapArray appends an array literal of any dimensions and bounds, with each element replaced
// by the result of f. f appends an element's new form to dst; ok is false if the element
// becomes NULL. NULL elements stay and are not passed to f. valid is false if src is not an
// array literal.
func MapArray(dst, src []byte, f func(dst, element []byte) (out []byte, ok bool, err error)) (out []byte, valid bool, err error) {
	from := len(dst)
	at := len(bounds.Find(src))
	dst = append(dst, src[:at]...)
	var element, masked []byte
	depth, expects, opened := 0, true, false // a value must come next; a brace was just opened
	for at < len(src) {
		c := src[at]
		switch {
		case c == '{' && expects:
			depth++
		case c == '}' && depth > 0 && (opened || !expects):
			depth--
			expects = false
		case c == ',' && depth > 0 && !expects:
			expects = true
		case depth > 0 && expects:
			var null, ok bool
			n := 0
			if element, n, null, ok = arrayElement(element[:0], src[at:]); !ok {
				return dst[:from], false, nil
			}
			at += n
			expects, opened = false, false
			if !null {
				if masked, ok, err = f(masked[:0], element); err != nil {
					return dst[:from], false, err
				}
				null = !ok
			}
			if null {
				dst = append(dst, "NULL"...)
			} else {
				dst = appendElement(dst, masked)
			}
			continue
		default:
			return dst[:from], false, nil
		}
		dst = append(dst, c)
		at++
		if opened = c == '{'; depth == 0 {
			break
		}
	}
	if depth > 0 || expects || at < len(src) {
		return dst[:from], false, nil
	}
	return dst, true, nil
}

// arrayElement reads the element that the rest of an array literal begins with, and its
// length there.
func arrayElement(dst, src []byte) (element []byte, n int, null, ok bool) {
	if src[0] != '"' {
		n = bytes.IndexAny(src, `,{}"\`)
		if n <= 0 || src[n] != ',' && src[n] != '}' {
			return dst, 0, false, false
		}
		return append(dst, src[:n]...), n, bytes.EqualFold(src[:n], []byte("NULL")), true
	}
	for n = 1; n < len(src) && src[n] != '"'; n++ {
		if src[n] == '\\' {
			n++
		}
		if n < len(src) {
			dst = append(dst, src[n])
		}
	}
	return dst, n + 1, false, n < len(src)
}
