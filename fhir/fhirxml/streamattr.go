package fhirxml

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// The attributes of an element that are read; nil for those that are missing.
type attributes struct {
	value, id, url []byte
	prefixed       [4][]byte // names with a prefix, whose values mean nothing here
	urlFirst       bool
	spaced         bool // the namespace of FHIR is declared
	empty          bool // the element ends with its tag
}

// attributes reads the rest of a start tag.
func (r *stream) attributes() (a attributes, ok bool) {
	for {
		start := r.i
		r.i = fhirjson.SkipSpace(r.src, r.i)
		rest := r.src[r.i:]
		switch {
		case len(rest) > 0 && rest[0] == '>':
			r.i++
			return a, true
		case len(rest) > 1 && rest[0] == '/' && rest[1] == '>':
			r.i += 2
			a.empty = true
			return a, true
		case start == r.i:
			return a, false
		}
		n := bytes.IndexByte(rest[:min(len(rest), 64)], '=')
		if n < 0 {
			return a, false
		}
		name := rest[:n]
		r.i += n + 1
		value, ok := r.quoted()
		if !ok {
			return a, false
		}
		into := (*[]byte)(nil)
		switch string(name) {
		case "value":
			into = &a.value
		case "id":
			into = &a.id
		case "url":
			into = &a.url
			a.urlFirst = a.id == nil
		case "xmlns":
			if a.spaced || string(value) != fhirNamespace {
				return a, false
			}
			a.spaced = true
			continue
		default:
			if !a.prefix(name) {
				return a, false
			}
			continue
		}
		if *into != nil {
			return a, false
		}
		*into = value
	}
}

// prefix notes the name of an attribute with a prefix, such as the declaration of one. If
// they are few, duplicates can be ruled out.
func (a *attributes) prefix(name []byte) bool {
	before, after, found := bytes.Cut(name, []byte(":"))
	if !found || !isName(before) || !isName(after) {
		return false
	}
	for k := range a.prefixed {
		if a.prefixed[k] == nil {
			a.prefixed[k] = name
			return true
		}
		if bytes.Equal(a.prefixed[k], name) {
			return false
		}
	}
	return false
}

// isName reports whether a text is a name of letters and digits.
func isName(text []byte) bool {
	for _, c := range text {
		if !isNameByte(c) {
			return false
		}
	}
	return len(text) > 0 && text[0] > '9'
}

// quoted reads the value of an attribute. The result is not nil, and stays valid.
func (r *stream) quoted() (value []byte, ok bool) {
	if r.i >= len(r.src) || r.src[r.i] != '"' && r.src[r.i] != '\'' {
		return nil, false
	}
	src, quote := r.src, r.src[r.i]
	i := r.i + 1
	from := i
	quotes := everyByte * uint64(quote)
	for i < len(src) {
		for i+8 <= len(src) {
			x := binary.LittleEndian.Uint64(src[i:])
			// Only the first set bit is reliable, as in the scanner of JSON.
			stop := (((x ^ quotes) - everyByte) | ((x ^ everyByte*'&') - everyByte) | ((x ^ everyByte*'<') - everyByte) | (x - everyByte*0x20) | x) & topBits
			if stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				break
			}
			i += 8
		}
		if i >= len(src) {
			break
		}
		switch c := src[i]; {
		case c == quote:
			r.i = i + 1
			return src[from:i:i], true
		case c == '&':
			return r.unescaped(from, quote)
		case c < 0x20 || c == '<':
			return nil, false
		case c < utf8.RuneSelf:
			i++
		default:
			n := character(src[i:])
			if n == 0 {
				return nil, false
			}
			i += n
		}
	}
	return nil, false
}

// unescaped reads the value of an attribute with references, from its first byte on.
func (r *stream) unescaped(from int, quote byte) (value []byte, ok bool) {
	n := bytes.IndexByte(r.src[from:], quote)
	if n < 0 {
		return nil, false
	}
	inside := r.src[from : from+n]
	if bytes.ContainsAny(inside, "<\t\n\r") || !isPlainText(inside) {
		return nil, false
	}
	r.i = from + n + 1
	return appendUnescaped(make([]byte, 0, n), inside)
}

// appendUnescaped appends text with its references resolved.
func appendUnescaped(dst, text []byte) ([]byte, bool) {
	for {
		n := bytes.IndexByte(text, '&')
		if n < 0 {
			return append(dst, text...), true
		}
		dst = append(dst, text[:n]...)
		text = text[n+1:]
		end := bytes.IndexByte(text[:min(len(text), 10)], ';')
		if end < 0 {
			return dst, false
		}
		name := string(text[:end])
		text = text[end+1:]
		switch name {
		case "lt":
			dst = append(dst, '<')
		case "gt":
			dst = append(dst, '>')
		case "amp":
			dst = append(dst, '&')
		case "quot":
			dst = append(dst, '"')
		case "apos":
			dst = append(dst, '\'')
		default:
			c, ok := characterOf(name)
			if !ok {
				return dst, false
			}
			dst = utf8.AppendRune(dst, c)
		}
	}
}

// characterOf reads "#65" and "#x41".
func characterOf(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	c, err := strconv.ParseUint(digits, base, 32)
	ok := err == nil && (c >= 0x20 || c == '\t' || c == '\n' || c == '\r') && c != 0xfffe && c != 0xffff && utf8.ValidRune(rune(c))
	return rune(c), ok
}
