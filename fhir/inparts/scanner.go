package inparts

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/edit"
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

// appendFullURLs appends to a Bundle entries that have the full URLs of entries, and nothing
// else.
func appendFullURLs(dst, entries []byte) []byte {
	var f fhirjson.Fault
	for i := 0; i < len(entries); {
		if i = fhirjson.SkipSpace(entries, i); i < len(entries) && entries[i] == ',' {
			i = fhirjson.SkipSpace(entries, i+1)
		}
		if i >= len(entries) {
			break
		}
		end := fhirjson.SkimValue(entries, i, &f)
		if end < 0 {
			break // it was masked, so it is valid
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if from, to, ok := fullURL(entries[i:end]); ok {
			dst = append(append(dst, `"fullUrl":`...), entries[i+from:i+to]...)
		}
		dst = append(dst, '}')
		i = end
	}
	return dst
}

var fullURLHead = []byte(`{"fullUrl":`)

// fullURL returns where the full URL of an entry stands.
func fullURL(entry []byte) (from, to int, ok bool) {
	if bytes.HasPrefix(entry, fullURLHead) { // as most servers write it
		var f fhirjson.Fault
		to = fhirjson.SkipValue(entry, len(fullURLHead), 3, &f)
		return len(fullURLHead), to, to > 0
	}
	return edit.Member(entry, "fullUrl")
}
