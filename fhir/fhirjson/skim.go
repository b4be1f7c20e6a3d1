package fhirjson

import (
	"encoding/binary"
	"math/bits"
)

// sameBytes marks, in the top bit of its byte, each byte of x that is c.
func sameBytes(x uint64, c byte) uint64 {
	x ^= ones * uint64(c)
	return ^((x &^ highs) + ^uint64(highs) | x) & highs
}

// SkimObject returns the index behind the object at src[i], or -1 where it has no
// end. It checks nothing and takes eight bytes at a time, so it is for look-ups over
// text that the walk reads strictly as well. Of valid JSON it tells what skipValue
// does: a brace counts unless an odd number of quotes stands before it.
func SkimObject(src []byte, i int) int {
	depth, inside := 0, uint64(0) // all ones within a string
	for i < len(src) {
		if i+8 <= len(src) {
			x := binary.LittleEndian.Uint64(src[i:])
			in := sameBytes(x, '"')
			in ^= in << 8
			in ^= in << 16
			in ^= in << 32
			in ^= inside & highs
			closing := bits.OnesCount64(sameBytes(x, '}') &^ in)
			if sameBytes(x, '\\') == 0 && closing < depth {
				depth += bits.OnesCount64(sameBytes(x, '{')&^in) - closing
				inside = uint64(int64(in) >> 63)
				i += 8
				continue
			}
		}
		for end := min(i+8, len(src)); i < end; i++ {
			switch c := src[i]; {
			case c == '"':
				inside = ^inside
			case c == '\\':
				i++ // what it escapes
			case inside != 0:
			case c == '{':
				depth++
			case c == '}':
				if depth--; depth <= 0 {
					return i + 1
				}
			}
		}
	}
	return -1
}
