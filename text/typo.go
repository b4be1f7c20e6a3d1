package text

import (
	"bytes"
	"math/bits"
)

// part is a word of a name.
type part struct {
	piece
	letters uint32 // the set of its letters
	value   int32
	given   bool
}

// letterSet returns the set of letters in a folded word.
func letterSet[T string | []byte](s T) uint32 {
	set := uint32(0)
	for i := range len(s) {
		set |= 1 << (s[i] & 31)
	}
	return set
}

// typoFilter determines which words may differ from a part of a name by one typing error:
// then the first two, the last two, or the first and last characters are the same.
type typoFilter [3]pairSet

// pairSet is a set of pairs of characters, by a few bits of each.
type pairSet [16]uint64

func (p *pairSet) bit(a, b byte) (int, uint64) {
	h := uint32(a&31)<<5 | uint32(b&31)
	return int(h >> 6), 1 << (h & 63)
}

func (p *pairSet) add(a, b byte) { i, bit := p.bit(a, b); p[i] |= bit }

func (p *pairSet) has(a, b byte) bool { i, bit := p.bit(a, b); return p[i]&bit != 0 }

func (f *typoFilter) add(s string) {
	last := len(s) - 1
	f[0].add(s[0], s[1])
	f[1].add(s[last-1], s[last])
	f[2].add(s[0], s[last])
}

func (f *typoFilter) has(s []byte) bool {
	last := len(s) - 1
	return last < 3 || f[0].has(s[0], s[1]) || f[1].has(s[last-1], s[last]) || f[2].has(s[0], s[last])
}

// near returns a part of a name that differs from a folded word by one typing error: an
// extra letter, a missing one, a wrong one, or two swapped.
func (k *Known) near(folded []byte) *part {
	if !k.typos.has(folded) {
		return nil
	}
	set := letterSet(folded)
	for i := range k.parts {
		p := &k.parts[i]
		if d := p.len() - len(folded); d < -1 || d > 1 || bits.OnesCount32(p.letters^set) > 2 {
			continue
		}
		if oneTypo(folded, k.folded[p.from:p.to]) {
			return p
		}
	}
	return nil
}

// oneTypo reports whether two texts differ by one edit.
func oneTypo(a []byte, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch {
	case len(ra) == len(rb)+1:
		return string(ra[1:]) == rb
	case len(rb) == len(ra)+1:
		return bytes.Equal(ra, []byte(rb[1:]))
	case len(ra) != len(rb) || len(ra) == 0:
		return len(ra) == len(rb)
	case string(ra[1:]) == rb[1:]:
		return true
	}
	return len(ra) >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && string(ra[2:]) == rb[2:]
}
