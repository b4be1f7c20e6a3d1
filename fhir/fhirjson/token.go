package fhirjson

import "encoding/binary"

// Token is a text of a few bytes, such as a member's name with its quotes and colon, that can
// be compared in machine words: its first sixteen bytes, and its last eight if it is longer.
// It is small because tables have many tokens.
type Token struct {
	head, next, tail uint64
	text             string
}

// tokenMasks are, by the size of a text, which bytes of its first words count.
var tokenMasks = func() (masks [17][2]uint64) {
	for n := range masks {
		for k := range n {
			masks[n][k/8] |= 0xff << (k % 8 * 8)
		}
	}
	return masks
}()

// NewToken returns the token of a text.
func NewToken(text string) Token {
	t := Token{text: text}
	var b [16]byte
	copy(b[:], text)
	t.head, t.next = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	if n := len(text); n > 16 {
		t.tail = binary.LittleEndian.Uint64([]byte(text[n-8:]))
	}
	return t
}

// Len returns the length of the text in bytes.
func (t *Token) Len() int { return len(t.text) }

// At reports whether the text is at src[i].
func (t *Token) At(src []byte, i int) bool {
	n := len(t.text)
	if len(src)-i < 32 || n > 24 {
		return len(src)-i >= n && string(src[i:i+n]) == t.text
	}
	b := src[i:][:32]
	m := &tokenMasks[min(n, 16)]
	differ := (binary.LittleEndian.Uint64(b)^t.head)&m[0] | (binary.LittleEndian.Uint64(b[8:])^t.next)&m[1]
	if n > 16 {
		differ |= binary.LittleEndian.Uint64(b[n-8:]) ^ t.tail
	}
	return differ == 0
}
