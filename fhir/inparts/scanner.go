package inparts

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// scanner finds where entries end, in a text that grows. What is no JSON it leaves for the
// walk to find.
type scanner struct {
	at    int // how far it has come
	depth int // of objects and arrays around at, below the array of entries
	// inString and escaped: at is in a string, and behind a backslash in it.
	inString, escaped bool
	// cut is the index of the last comma between entries, or of the bracket that ends them.
	cut   int
	ended bool
}

// run goes on to the end of the text, or of the array.
func (s *scanner) run(text []byte) {
	for i := s.at; i < len(text); i++ {
		if s.inString {
			if i = s.endString(text, i); i == len(text) {
				break
			}
			continue
		}
		switch text[i] {
		case '"':
			s.inString = true
		case '{', '[':
			if s.depth == 0 {
				if end := fhirjson.SkimContainer(text, i); end > 0 { // all of the entry is there
					i = end - 1
					continue
				}
			}
			s.depth++
		case '}':
			s.depth--
		case ']':
			if s.depth--; s.depth < 0 {
				s.at, s.cut, s.ended = i, i, true
				return
			}
		case ',':
			if s.depth == 0 {
				s.cut = i
			}
		}
	}
	s.at = len(text)
}

// endString returns the index of the quote that ends the string that text[i] is in, or the
// length of the text.
func (s *scanner) endString(text []byte, i int) int {
	for ; i < len(text); i++ {
		if s.escaped {
			s.escaped = false
			continue
		}
		n := bytes.IndexByte(text[i:], '"')
		end := len(text)
		if n >= 0 {
			end = i + n
		}
		if k := bytes.IndexByte(text[i:end], '\\'); k >= 0 {
			i += k
			s.escaped = true
			continue
		}
		if n >= 0 {
			s.inString = false
		}
		return end
	}
	return i
}
