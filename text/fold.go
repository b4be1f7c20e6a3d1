package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Texts are compared folded: lower case, without diacritics, with compatible forms such
// as full-width letters and digits replaced. A word is known by the hash of its folded
// form, which is computed while the text is split into tokens.

const (
	hashStart = 0xcbf29ce484222325
	hashPrime = 0x9e3779b97f4a7c15
)

// hashChunk extends a hash by eight bytes.
func hashChunk(h, x uint64) uint64 {
	h = (h ^ x) * hashPrime
	return h ^ h>>32
}

// hashEnd completes a hash with the remaining n bytes, at most seven.
func hashEnd(h, x uint64, n int) uint64 {
	h = (h ^ x ^ uint64(n)<<56) * hashPrime
	return h ^ h>>32
}

// mix combines a state of a trie and a hash into a key that is not 0.
func mix(state uint32, h uint64) uint64 {
	h ^= uint64(state) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return h | 1
}

// foldLimit is the number of characters whose folded forms are in foldTable.
const foldLimit = 0x2000

// foldTable has the folded form of characters that fold to at most one; 0 for an empty
// form, and foldSlow for those that fold to more than one.
var foldTable = func() (t [foldLimit]uint16) {
	for r := rune(0x80); r < foldLimit; r++ {
		var buf [utf8.UTFMax * 8]byte
		switch out := foldSlowly(buf[:0], r); {
		case len(out) == 0:
		case utf8.RuneCount(out) == 1:
			f, _ := utf8.DecodeRune(out)
			t[r] = uint16(f)
		default:
			t[r] = foldSlow
		}
	}
	return t
}()

const foldSlow = 0xffff

// foldSlowly appends the folded form of one character.
func foldSlowly(dst []byte, r rune) []byte {
	switch r {
	case 'ß', 'ẞ':
		return append(dst, "ss"...)
	case 'ø', 'Ø':
		return append(dst, 'o')
	case 'ł', 'Ł':
		return append(dst, 'l')
	case 'đ', 'Đ', 'ð', 'Ð':
		return append(dst, 'd')
	case 'æ', 'Æ':
		return append(dst, "ae"...)
	case 'œ', 'Œ':
		return append(dst, "oe"...)
	case 'þ', 'Þ':
		return append(dst, "th"...)
	case 'ı':
		return append(dst, 'i')
	}
	if r >= 0xac00 && r <= 0xd7a3 { // a Hangul syllable: its letters, which the tables of norm do not have
		const vowels, ends = 21, 28
		n := r - 0xac00
		dst = utf8.AppendRune(dst, 0x1100+n/(vowels*ends))
		dst = utf8.AppendRune(dst, 0x1161+n/ends%vowels)
		if n%ends > 0 {
			dst = utf8.AppendRune(dst, 0x11a7+n%ends)
		}
		return dst
	}
	var src [utf8.UTFMax]byte
	n := utf8.EncodeRune(src[:], r)
	decomposed := norm.NFKD.Properties(src[:n]).Decomposition()
	if decomposed == nil {
		decomposed = src[:n]
	}
	for len(decomposed) > 0 {
		c, size := utf8.DecodeRune(decomposed)
		decomposed = decomposed[size:]
		if unicode.Is(unicode.Mn, c) {
			continue
		}
		if c = unicode.ToLower(c); digitOf(c) >= 0 {
			c = '0' + rune(digitOf(c))
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// digitOf returns the value of a decimal digit of any script, or -1.
func digitOf(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	if r < 0x80 || !unicode.IsDigit(r) {
		return -1
	}
	// The digits of a script are in consecutive blocks that begin with zero.
	zero := r
	for zero > r-9 && unicode.IsDigit(zero-1) {
		zero--
	}
	// Mathematical digits are in five blocks without a gap.
	if r >= 0x1d7ce && r <= 0x1d7ff {
		return int(r-0x1d7ce) % 10
	}
	return int(r-zero) % 10
}

// appendFold appends the folded form of a character.
func appendFold(dst []byte, r rune) []byte {
	switch {
	case r < 0x80:
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(dst, byte(r))
	case r < foldLimit && foldTable[r] != foldSlow:
		if f := foldTable[r]; f != 0 {
			dst = utf8.AppendRune(dst, rune(f))
		}
		return dst
	}
	return foldSlowly(dst, r)
}

// fold returns a text in the form in which texts are compared: lower case, without
// diacritics, with compatible forms replaced.
func fold(s string) string {
	dst := make([]byte, 0, len(s))
	for _, r := range s {
		dst = appendFold(dst, r)
	}
	return string(dst)
}

// hashOf returns the hash of a folded text.
func hashOf[T string | []byte](folded T) uint64 {
	h := uint64(hashStart)
	n := len(folded)
	for ; n >= 8; n -= 8 {
		h = hashChunk(h, littleEndian(folded, len(folded)-n, 8))
	}
	return hashEnd(h, littleEndian(folded, len(folded)-n, n), n)
}

// littleEndian returns n bytes as a little-endian number.
func littleEndian[T string | []byte](s T, from, n int) (x uint64) {
	for i := range n {
		x |= uint64(s[from+i]) << (8 * i)
	}
	return x
}
