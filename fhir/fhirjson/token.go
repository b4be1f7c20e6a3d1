package fhirjson

import "encoding/binary"

// Token is a text of a few bytes, such as a member's name with its quotes and its colon, that
// is looked for by words: three are compared, and more only where it has over 24 bytes.
type Token struct {
	size  int
	words [tokenWords]uint64
	masks [tokenWords]uint64 // which of their bytes count
	text  string
}

const tokenWords = 3

// NewToken returns the token of a text.
func NewToken(text string) Token {
	t := Token{size: len(text), text: text}
	var b, m [8 * tokenWords]byte
	for i := range min(len(text), len(b)) {
		b[i], m[i] = text[i], 0xff
	}
	for i := range t.words {
		t.words[i], t.masks[i] = binary.LittleEndian.Uint64(b[8*i:]), binary.LittleEndian.Uint64(m[8*i:])
	}
	return t
}

// Len is the size of the text.
func (t *Token) Len() int { return t.size }

// At reports whether the text is at src[i].
func (t *Token) At(src []byte, i int) bool {
	if len(src)-i < 8*tokenWords {
		return t.whole(src, i)
	}
	b := src[i:][:8*tokenWords]
	differ := (binary.LittleEndian.Uint64(b)^t.words[0])&t.masks[0] |
		(binary.LittleEndian.Uint64(b[8:])^t.words[1])&t.masks[1] |
		(binary.LittleEndian.Uint64(b[16:])^t.words[2])&t.masks[2]
	return differ == 0 && (t.size <= 8*tokenWords || t.whole(src, i))
}

// whole compares a text that is longer than its words.
func (t *Token) whole(src []byte, i int) bool {
	return len(src)-i >= t.size && string(src[i:i+t.size]) == t.text
}
