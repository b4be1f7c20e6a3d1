package fhirjson

import "encoding/binary"

// Token is a text of a few bytes, such as a member's name with its quotes and its colon, that
// is looked for by words: at most three are compared where it has up to 24 bytes.
type Token struct {
	size             int
	head, mask       uint64 // its first eight bytes, and which of them count
	middle, lastWord uint64 // bytes 8 to 16, and the last eight
	text             string
}

// NewToken returns the token of a text of at least one byte.
func NewToken(text string) Token {
	t := Token{size: len(text), mask: 1<<(8*min(len(text), 8)) - 1, text: text}
	if len(text) >= 8 {
		t.mask = ^uint64(0)
	}
	var b [24]byte
	copy(b[:], text)
	t.head, t.middle = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	if len(text) > 8 {
		t.lastWord = binary.LittleEndian.Uint64([]byte(text[len(text)-8:]))
	}
	return t
}

// Len is the size of the text.
func (t *Token) Len() int { return t.size }

// At reports whether the text is at src[i].
func (t *Token) At(src []byte, i int) bool {
	if i+max(t.size, 8) > len(src) {
		return i+t.size <= len(src) && string(src[i:i+t.size]) == t.text
	}
	differ := (binary.LittleEndian.Uint64(src[i:]) ^ t.head) & t.mask
	if t.size > 8 {
		differ |= binary.LittleEndian.Uint64(src[i+t.size-8:]) ^ t.lastWord
		if t.size > 16 {
			differ |= binary.LittleEndian.Uint64(src[i+8:]) ^ t.middle
			if t.size > 24 {
				return differ == 0 && string(src[i:i+t.size]) == t.text
			}
		}
	}
	return differ == 0
}
