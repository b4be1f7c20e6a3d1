package fhirjson

import (
	"encoding/binary"
	"math/bits"
)

// vectors: the processor has instructions for many bytes at a time. Tests switch it off,
// and the build tag purego does.
var vectors = haveVectors()

// SkimContainer returns the index after the object or array at src[i], or -1 if it has
// no end. It checks nothing and reads many bytes at a time, so it is only for look-ups
// in text that is also read strictly. On valid JSON it returns what SkipValue does: a
// brace or bracket counts unless an odd number of quotes precedes it.
func SkimContainer(src []byte, i int) int {
	s := skimState{depth: 1}
	for i++; i < len(src); {
		if !vectors {
			i = skimWords(src, i, &s)
		} else if next, ended := skimVectors(src, i, &s); ended {
			return next
		} else {
			i = next
		}
		if s.escaped != 0 && i < len(src) && (src[i] == '"' || src[i] == '\\') {
			i++
		}
		s.escaped = 0
		// It may end here.
		for end := min(i+32, len(src)); i < end; i++ {
			switch c := src[i]; {
			case c == '"':
				s.inside = ^s.inside
			case c == '\\':
				if i+1 < len(src) && (src[i+1] == '"' || src[i+1] == '\\') {
					i++
				}
			case s.inside != 0:
			case c|0x20 == '{':
				s.depth++
			case c|0x20 == '}':
				if s.depth--; s.depth == 0 {
					return i + 1
				}
			}
		}
	}
	return -1
}

// SkimValue is SkimContainer for a value of any kind; a value that is neither an object
// nor an array is read strictly.
func SkimValue(src []byte, i int, f *Fault) int {
	if i < len(src) && (src[i] == '{' || src[i] == '[') {
		return SkimContainer(src, i)
	}
	return ScanScalar(src, i, f)
}

// skimState is the state after the bytes that were skimmed.
type skimState struct {
	depth   int    // number of open containers
	inside  uint64 // all ones within a string
	escaped uint64 // 1 if the next byte is escaped
	// What opens and closes in the block in which the container may end, one bit for each
	// byte.
	opening, closing uint64
}

// sameBytes marks, in the top bit of its byte, each byte of x that is c.
func sameBytes(x uint64, c byte) uint64 {
	x ^= ones * uint64(c)
	return ^((x &^ highs) + ^uint64(highs) | x) & highs
}

// insideStrings marks, in the top bit of its byte, each byte of x that follows an odd
// number of quotes in it, and opening quotes.
func insideStrings(x uint64) uint64 {
	in := sameBytes(x, '"')
	in ^= in << 8
	in ^= in << 16
	return in ^ in<<32
}

// brackets marks c, which has the bit 0x20, and its partner without it, outside of
// strings.
func brackets(x uint64, c byte, inside uint64) uint64 { return sameBytes(x|ones*0x20, c) &^ inside }

// carry has all marks set if the last byte of a word is inside a string.
func carry(inside uint64) uint64 { return uint64(int64(inside)>>63) & highs }

// skimWords advances by 32 bytes as long as nothing in them is escaped and the container
// cannot end. It is the portable version of the vector code.
func skimWords(src []byte, i int, s *skimState) int {
	for ; i+32 <= len(src) && s.escaped == 0; i += 32 {
		b := src[i : i+32]
		x0, x1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		x2, x3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		in0 := insideStrings(x0) ^ s.inside&highs
		in1 := insideStrings(x1) ^ carry(in0)
		in2 := insideStrings(x2) ^ carry(in1)
		in3 := insideStrings(x3) ^ carry(in2)
		// The marks of four words, side by side.
		closing := bits.OnesCount64(brackets(x0, '}', in0) | brackets(x1, '}', in1)>>1 | brackets(x2, '}', in2)>>2 | brackets(x3, '}', in3)>>3)
		escapes := sameBytes(x0, '\\') | sameBytes(x1, '\\') | sameBytes(x2, '\\') | sameBytes(x3, '\\')
		if escapes != 0 || closing >= s.depth {
			break
		}
		s.depth += bits.OnesCount64(brackets(x0, '{', in0)|brackets(x1, '{', in1)>>1|brackets(x2, '{', in2)>>2|brackets(x3, '{', in3)>>3) - closing
		s.inside = uint64(int64(in3) >> 63)
	}
	return i
}
