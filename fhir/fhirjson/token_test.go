package fhirjson

import (
	"strings"
	"testing"
)

// TestToken: a token is found where its text is and nowhere else, at any size and at the
// end of the text.
func TestToken(t *testing.T) {
	t.Parallel()
	const letters = `"abcdefghijklmnopqrstuvwxyzABCDEFGHIJK":`
	for n := 1; n <= len(letters); n++ {
		text := letters[:n]
		tok := NewToken(text)
		for _, behind := range []string{"", "x", strings.Repeat("y", 40)} {
			src := []byte("zz" + text + behind)
			if tok.Len() != n || !tok.At(src, 2) || tok.At(src, 1) || tok.At(src[:len(src)-len(behind)-1], 2) {
				t.Fatalf("%q in %q is not found where it is", text, src)
			}
			for k := range n {
				src[2+k] ^= 0x20
				if tok.At(src, 2) {
					t.Fatalf("%q is found in %q", text, src)
				}
				src[2+k] ^= 0x20
			}
		}
	}
}
