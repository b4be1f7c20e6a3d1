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

// insideStrings marks, in the top bit of its byte, each byte of x behind an odd
// number of quotes in it, and quotes that open.
func insideStrings(x uint64) uint64 {
	in := sameBytes(x, '"')
	in ^= in << 8
	in ^= in << 16
	return in ^ in<<32
}

// braces marks c outside of strings.
func braces(x uint64, c byte, inside uint64) uint64 { return sameBytes(x, c) &^ inside }

// carry is all marks if the last byte of a word is inside a string.
func carry(inside uint64) uint64 { return uint64(int64(inside)>>63) & highs }

// SkimObject returns the index behind the object at src[i], or -1 where it has no
// end. It checks nothing and takes 32 bytes at a time, so it is for look-ups over
// text that the walk reads strictly as well. Of valid JSON it tells what SkipValue
// does: a brace counts unless an odd number of quotes stands before it.
func SkimObject(src []byte, i int) int {
	depth, inside := 0, uint64(0) // inside is all marks within a string
	for i < len(src) {
		if i+32 <= len(src) {
			b := src[i : i+32]
			x0, x1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			x2, x3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
			in0 := insideStrings(x0) ^ inside
			in1 := insideStrings(x1) ^ carry(in0)
			in2 := insideStrings(x2) ^ carry(in1)
			in3 := insideStrings(x3) ^ carry(in2)
			// The marks of four words, side by side.
			closing := bits.OnesCount64(braces(x0, '}', in0) | braces(x1, '}', in1)>>1 | braces(x2, '}', in2)>>2 | braces(x3, '}', in3)>>3)
			escapes := sameBytes(x0, '\\') | sameBytes(x1, '\\') | sameBytes(x2, '\\') | sameBytes(x3, '\\')
			if escapes == 0 && closing < depth {
				depth += bits.OnesCount64(braces(x0, '{', in0)|braces(x1, '{', in1)>>1|braces(x2, '{', in2)>>2|braces(x3, '{', in3)>>3) - closing
				inside = carry(in3)
				i += 32
				continue
			}
		}
		for end := min(i+32, len(src)); i < end; i++ {
			switch c := src[i]; {
			case c == '"':
				inside ^= highs
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
