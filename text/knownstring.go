package text

import "bytes"

// knownString is a value whose letters and digits are compared, whatever stands between.
type knownString struct {
	folded string
	kind   Kind
	value  int32
	// whole means that no digit or letter may stand beside it.
	whole bool
	next  int32 // number of the next string with the same head, or 0
}

// stringSet finds strings in the folded text of a block. Those that may stand anywhere are
// found by the Wu-Manber algorithm: the last three characters of a window that is as long
// as the shortest string say how far the window can move.
type stringSet struct {
	all    []knownString
	heads  [1 << headBits]int32 // number of the first string by the hash of its first characters
	starts [1 << startBits / 64]uint64
	shifts []byte // by the hash of three characters; nil if there are no such strings
	window int
}

const (
	gramSize  = 3
	headBits  = 8
	startBits = 10
	shiftBits = 11
	// maxWindow bounds what one look at a text can skip.
	maxWindow = 12
)

// gram is a hash of the first three bytes of a text.
func gram[T string | []byte](s T) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16) * 0x9e3779b1
}

// build makes the set of strings, which are parts of a text.
func (set *stringSet) build(folded string, pieces []stringPiece) {
	set.all = make([]knownString, len(pieces))
	set.window = maxWindow
	anywhere := false
	for i := len(pieces) - 1; i >= 0; i-- {
		p := &pieces[i]
		s := folded[p.from:p.to]
		h := gram(s)
		set.all[i] = knownString{s, p.kind, p.value, p.whole, set.heads[h>>(32-headBits)]}
		set.heads[h>>(32-headBits)] = int32(i + 1)
		if p.whole {
			start := h >> (32 - startBits)
			set.starts[start>>6] |= 1 << (start & 63)
		} else {
			anywhere = true
			set.window = min(set.window, len(s))
		}
	}
	if !anywhere {
		return
	}
	last := set.window - gramSize
	set.shifts = bytes.Repeat([]byte{byte(last + 1)}, 1<<shiftBits)
	for i := range set.all {
		if v := &set.all[i]; !v.whole {
			for j := range last + 1 {
				shift := &set.shifts[gram(v.folded[j:])>>(32-shiftBits)]
				*shift = min(*shift, byte(last-j))
			}
		}
	}
}

// startsAt reports whether a string that no letter or digit may stand before can begin at
// an offset in a folded text.
func (set *stringSet) startsAt(folded []byte, at int) bool {
	if at+gramSize > len(folded) {
		return false
	}
	start := gram(folded[at:]) >> (32 - startBits)
	return set.starts[start>>6]&(1<<(start&63)) != 0
}

// next returns the next offset in a folded text at which another string may begin, or its
// length or more.
func (set *stringSet) next(folded []byte, at int) int {
	if set.shifts == nil {
		return len(folded)
	}
	for at+set.window <= len(folded) {
		shift := set.shifts[gram(folded[at+set.window-gramSize:])>>(32-shiftBits)]
		if shift == 0 {
			return at
		}
		at += int(shift)
	}
	return len(folded)
}
