package fhirxml

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// plain writes the values of primitive elements that have nothing but a value, which is
// the same text in JSON. The first one has been read up to it. Others are left to
// primitives, from the first one on.
func (r *stream) plain(m *schema.ShapeMember) bool {
	before, start := r.i-len(m.Start), len(r.dst)
	r.key(m)
	for {
		from := r.i
		end := plainEnd(r.src, from)
		if r.i = end; end < 0 || !r.follows(`"/>`) {
			break
		}
		if m.Kind == schema.JSONString {
			r.dst = append(append(append(r.dst, '"'), r.src[from:end]...), '"')
		} else {
			r.literal(m.Kind, r.src[from:end])
		}
		if !m.Array {
			return true
		}
		r.i = fhirjson.SkipSpace(r.src, r.i)
		if r.follows(m.Start) {
			r.dst = append(r.dst, ',')
			continue
		}
		if r.again(m.Name) {
			break
		}
		r.dst = append(r.dst, ']')
		return true
	}
	r.i, r.dst = before, r.dst[:start]
	return r.primitives(m)
}

const (
	everyByte = 0x0101010101010101
	topBits   = 0x8080808080808080
)

// plainEnd returns the index of the quote that ends a text which begins at src[i] and is
// the same in XML and in JSON, or -1.
func plainEnd(src []byte, i int) int {
	for {
		for i+8 <= len(src) {
			x := binary.LittleEndian.Uint64(src[i:])
			// The first bit that is set is to be trusted, as in the scanner of JSON.
			stop := (((x ^ everyByte*'"') - everyByte) | ((x ^ everyByte*'&') - everyByte) | ((x ^ everyByte*'<') - everyByte) | ((x ^ everyByte*'\\') - everyByte) | (x - everyByte*0x20) | x) & topBits
			if stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				break
			}
			i += 8
		}
		if i >= len(src) {
			return -1
		}
		switch c := src[i]; {
		case c == '"':
			return i
		case c == '&' || c == '<' || c == '\\' || c < 0x20:
			return -1
		case c < utf8.RuneSelf:
			i++
		default:
			n := character(src[i:])
			if n == 0 {
				return -1
			}
			i += n
		}
	}
}

// character returns the length of the character at the start of a text, or 0 for one that
// XML does not allow and what is not UTF-8.
func character(text []byte) int {
	c, n := utf8.DecodeRune(text)
	if c == utf8.RuneError && n <= 1 || c == 0xfffe || c == 0xffff {
		return 0
	}
	return n
}

// primitives writes the values of primitive elements of one name and, as "_name", their
// ids and extensions.
func (r *stream) primitives(m *schema.ShapeMember) bool {
	start, sideFrom := len(r.dst), len(r.side)
	r.key(m)
	items, written, values := 0, 0, false // written: items of the siblings
	for r.again(m.Name) {
		a, ok := r.attributes()
		if !ok || a.url != nil {
			return false
		}
		more := false
		if !a.empty {
			if more, ok = r.more(); !ok || !more && !r.end(m.Name) {
				return false
			}
			a.empty = !more
		}
		more = more || a.id != nil
		if a.value == nil && !more {
			continue
		}
		if items++; items > 1 {
			if !m.Array {
				return false
			}
			r.dst = append(r.dst, ',')
		}
		if a.value != nil {
			values = true
			r.literal(m.Kind, a.value)
		} else {
			r.dst = append(r.dst, "null"...)
		}
		if !more {
			continue
		}
		// Elements before without id and extensions have a null each.
		for ; written < items-1; written++ {
			r.sibling(sideFrom, []byte("null"))
		}
		written++
		at := len(r.dst)
		a.value = nil
		if !r.object(m.Shape, m.Name, a) {
			return false
		}
		r.sibling(sideFrom, r.dst[at:])
		r.dst = r.dst[:at]
	}
	if m.Array {
		r.dst = append(r.dst, ']')
	}
	if !values {
		r.dst = r.dst[:start]
	}
	if written > 0 {
		for ; written < items; written++ {
			r.sibling(sideFrom, []byte("null"))
		}
		r.name("_", m.Name)
		if m.Array {
			r.dst = append(append(append(r.dst, '['), r.side[sideFrom:]...), ']')
		} else {
			r.dst = append(r.dst, r.side[sideFrom:]...)
		}
		r.side = r.side[:sideFrom]
	}
	return true
}

// sibling writes one more item to the siblings that begin at an index of side.
func (r *stream) sibling(from int, text []byte) {
	if len(r.side) > from {
		r.side = append(r.side, ',')
	}
	r.side = append(r.side, text...)
}

// narrative reads a div, in its one form.
func (r *stream) narrative() bool {
	end := 0
	if r.value, end = r.div.append(r.value[:0], r.src[r.i:], false); end == 0 {
		return false
	}
	r.string(r.value)
	r.i += end
	return true
}
