// Package termhash computes the hashes by which the table of package terminology stores
// systems, codes and displays: 64-bit xxHash over length-prefixed parts. With them, a
// table of a hundred thousand facts takes less than two megabytes.
//
// The table holds public facts, and the hash has no key. A text that is not in the
// table is mistaken for one that is with odds of n/2^64, about 10^-14 for the size of
// the table, unless somebody constructs collisions. Whoever can write chosen displays
// into the source could do so, but can also write true displays there.
package termhash

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// hashable is what can be hashed.
type hashable interface{ ~string | ~[]byte }

// System returns the hash of a code system.
func System[T hashable](system T) uint64 { return sum('s', system, "", "") }

// Code returns the hash of a code of a system.
func Code[T, U hashable](system T, code U) uint64 { return sum('c', system, code, "") }

// Display returns the hash of a display of a code. It ignores case and spacing.
func Display[T, U, V hashable](system T, code U, display V) uint64 {
	if h, ok := plainDisplay(system, code, display); ok {
		return h
	}
	var buf [256]byte
	return sum('d', system, code, fold(buf[:0], display))
}

// Same reports whether two texts are equal, ignoring case and spacing.
func Same[T, U hashable](a T, b U) bool {
	if len(a) > 2*len(b)+16 || len(b) > 2*len(a)+16 || beginApart(a, b) {
		return false
	}
	var x, y [256]byte
	return bytes.Equal(fold(x[:0], a), fold(y[:0], b))
}

// beginApart reports whether two texts begin with different letters, digits or signs of
// ASCII, which most that differ do.
func beginApart[T, U hashable](a T, b U) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, y := lowerASCII(a[0]), lowerASCII(b[0])
	return x != y && x > ' ' && x < utf8.RuneSelf && y > ' ' && y < utf8.RuneSelf
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// fold appends text in lower case, with one space for any run of them and none
// around.
func fold[T hashable](dst []byte, text T) []byte {
	if folded, ok := foldPlain(dst, text); ok {
		return folded
	}
	space := false
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case r >= utf8.RuneSelf:
			r, n = utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
			r = unicode.ToLower(r)
		}
		i += n
		if r == ' ' || r >= '\t' && r <= '\r' || r >= utf8.RuneSelf && unicode.IsSpace(r) {
			space = len(dst) > 0
			continue
		}
		if space {
			dst, space = append(dst, ' '), false
		}
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// plain has what becomes of a byte that is ASCII and neither a control character nor a
// space, and the space; others are zero.
var plain = func() (to [256]byte) {
	for c := byte(' '); c < 0x7f; c++ {
		to[c] = lowerASCII(c)
	}
	return to
}()

// foldPlain is fold for a text that has only plain characters and single spaces between
// them, as most have, and dst room for it.
func foldPlain[T hashable](dst []byte, text T) (folded []byte, ok bool) {
	from := len(dst)
	if len(text) == 0 || cap(dst)-from < len(text) || text[0] == ' ' || text[len(text)-1] == ' ' {
		return dst, false
	}
	out := dst[from : from+len(text)]
	before := byte(0)
	for i := range out {
		c := plain[text[i]]
		if c == 0 || c == ' ' && before == ' ' {
			return dst, false
		}
		out[i], before = c, c
	}
	return dst[:from+len(text)], true
}

// longestAtOnce is how many bytes of a name are hashed in one go.
const longestAtOnce = 512

// plainDisplay is Display for a display that foldPlain takes: it is folded where it is hashed.
func plainDisplay[T, U, V hashable](system T, code U, display V) (h uint64, ok bool) {
	const head = 13
	var buf [longestAtOnce]byte
	n := head + len(system) + len(code)
	if n+len(display) > len(buf) {
		return 0, false
	}
	buf[0] = 'd'
	binary.LittleEndian.PutUint32(buf[1:], uint32(len(system)))
	binary.LittleEndian.PutUint32(buf[5:], uint32(len(code)))
	binary.LittleEndian.PutUint32(buf[9:], uint32(len(display)))
	copy(buf[head:], system)
	copy(buf[head+len(system):], code)
	text, ok := foldPlain(buf[:n], display)
	if !ok {
		return 0, false
	}
	return xxhash.Sum64(text), true
}

func sum[T, U, V hashable](kind byte, system T, code U, display V) uint64 {
	var head [13]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(system)))
	binary.LittleEndian.PutUint32(head[5:], uint32(len(code)))
	binary.LittleEndian.PutUint32(head[9:], uint32(len(display)))
	if len(head)+len(system)+len(code)+len(display) <= longestAtOnce {
		var buf [longestAtOnce]byte
		return xxhash.Sum64(append(append(append(append(buf[:0], head[:]...), system...), code...), display...))
	}
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(head[:])
	write(&d, system)
	write(&d, code)
	write(&d, display)
	return d.Sum64()
}

func write[T hashable](d *xxhash.Digest, text T) {
	switch t := any(text).(type) {
	case string:
		_, _ = d.WriteString(t)
	case []byte:
		_, _ = d.Write(t)
	}
}
