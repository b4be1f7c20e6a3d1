package general

import (
	"errors"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
)

// substring keeps length characters (Unicode code points) of a text from a
// position on. A text that is not longer than the position is Removed.
type substring struct{ from, length int }

// Append implements mask.Method.
func (m substring) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	start := skipRunes(src, m.from)
	if start == len(src) {
		return dst, mask.Removed, nil
	}
	end := start + skipRunes(src[start:], m.length)
	return append(dst, src[start:end]...), mask.Replaced, nil
}

// skipRunes returns the index after the first n code points of s.
func skipRunes(s []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return i
}

// characters keeps the first and last code points of a text and writes the fill
// for each other one. A text of which nothing would be hidden, or less than half
// of it, is Removed: the last four of five digits name a person.
type characters struct {
	first, last int
	fill        string
}

func newCharacters(_ mask.Env, args mask.Args) (mask.Method, error) {
	c := &characters{int(args.Int("keepFirst", 0)), int(args.Int("keepLast", 0)), args.String("fill", "*")}
	if c.first+c.last == 0 {
		return nil, errors.New("expected keepFirst or keepLast")
	}
	return c, nil
}

// Append implements mask.Method.
func (c *characters) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	n := utf8.RuneCount(src)
	if hidden := n - c.first - c.last; hidden*2 < n || n == 0 {
		return dst, mask.Removed, nil
	}
	head, tail := skipRunes(src, c.first), skipRunes(src, n-c.last)
	dst = append(dst, src[:head]...)
	for range n - c.first - c.last {
		dst = append(dst, c.fill...)
	}
	return append(dst, src[tail:]...), mask.Replaced, nil
}
