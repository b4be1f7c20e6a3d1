package text

import (
	"encoding/binary"
	"math/bits"
)

// knownString is a value whose letters and digits are compared, whatever is between them.
type knownString struct {
	piece // of the text of the set
	value int32
	next  int32 // index of the next string with the same head, or 0
	kind  Kind
	// whole means that no digit or letter may be next to it.
	whole bool
}

// stringSet finds strings in the folded text of a block. Those that may occur anywhere have
// at least wholeBelow characters, so that one of the first four groups of three of each is
// at an offset that is a multiple of four: only these offsets are searched.
type stringSet struct {
	text    string
	all     []knownString
	heads   []int32 // index of the first string by the hash of its first characters
	starts  [1 << startBits / 64]uint64
	samples []uint64 // hashes of the groups; nil if no string may occur anywhere
	// headShift and sampleShift shift a hash to the bits that index heads and samples.
	headShift, sampleShift uint
}

const (
	gramSize  = 3
	startBits = 10
	// stride is the distance between the offsets that are searched.
	stride = wholeBelow - gramSize + 1
)

// gram returns a hash of the first three bytes of a text.
func gram[T string | []byte](s T) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16) * gramPrime
}

const (
	gramPrime = 0x9e3779b1
	gramMask  = 1<<(8*gramSize) - 1
)

// build creates the set of strings, which are parts of a text.
func (set *stringSet) build(text string, strings []knownString) {
	if len(strings) == 0 {
		return
	}
	set.text, set.all = text, append([]knownString(nil), strings...)
	size := max(6, bits.Len(uint(len(strings))))
	set.heads, set.headShift = make([]int32, 1<<size), 32-uint(size)
	size = max(11, bits.Len(uint(len(strings)))+6)
	set.sampleShift = 32 - uint(size)
	for i := len(set.all) - 1; i >= 0; i-- {
		v := &set.all[i]
		s := text[v.from:v.to]
		h := gram(s)
		head := &set.heads[h>>set.headShift]
		v.next, *head = *head, int32(i+1)
		if v.whole {
			start := h >> (32 - startBits)
			set.starts[start>>6] |= 1 << (start & 63)
			continue
		}
		if set.samples == nil {
			set.samples = make([]uint64, 1<<size/64)
		}
		x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40
		for range stride {
			sample := uint32(x) & gramMask * gramPrime >> set.sampleShift
			set.samples[sample>>6] |= 1 << (sample & 63)
			x >>= 8
		}
	}
}

// startsAt reports whether a string that must not follow a letter or digit can begin at an
// offset in a folded text.
func (set *stringSet) startsAt(folded []byte, at int) bool {
	var start uint32
	switch {
	case at+4 <= len(folded):
		start = binary.LittleEndian.Uint32(folded[at:]) & gramMask * gramPrime >> (32 - startBits)
	case at+gramSize <= len(folded):
		start = gram(folded[at:]) >> (32 - startBits)
	default:
		return false
	}
	return set.starts[start>>6]&(1<<(start&63)) != 0
}

// places appends the offsets in a folded text at which a string that may occur anywhere may
// begin.
func (set *stringSet) places(dst []int32, folded []byte) []int32 {
	if set.samples == nil {
		return dst
	}
	samples, shift := set.samples, set.sampleShift&31
	p := 0
	for ; p+4 <= len(folded); p += stride {
		sample := binary.LittleEndian.Uint32(folded[p:]) & gramMask * gramPrime >> shift
		if samples[sample>>6]&(1<<(sample&63)) != 0 {
			dst = set.placesAt(dst, folded, p)
		}
	}
	if p+gramSize <= len(folded) {
		dst = set.placesAt(dst, folded, p)
	}
	return dst
}

// placesAt appends the offsets at which such a string may begin that has offset p among its
// first characters.
func (set *stringSet) placesAt(dst []int32, folded []byte, p int) []int32 {
	for at := max(0, p-stride+1); at <= p && at+wholeBelow <= len(folded); at++ {
		if set.heads[gram(folded[at:])>>set.headShift] != 0 {
			dst = append(dst, int32(at))
		}
	}
	return dst
}
