package fhirjson

import (
	"math/bits"
	"unicode/utf8"
)

// Stops marks the bytes that end a plain run of a string (a quote, a backslash, a control
// character, a byte over 0x7f) in a window of a text. It makes the marks for many bytes at a
// time, so that a string is read by looking up its end instead of its bytes. The zero value
// may be used with any text. A nil *Stops, or any on a processor that cannot make marks,
// reads the bytes, with the same result.
type Stops struct {
	from, upto int // the window
	size       int // of the window
	// marks are those of the window, and a word without any.
	marks [stopsWindow/64 + 1]uint64
}

const (
	stopsWindow = 4096
	stopsFirst  = 512 // the size of a window that does not begin where the last one ends
)

// Forget discards the marks. It must be called before another text is read.
func (s *Stops) Forget() { s.from, s.upto = 0, 0 }

// ScanString reads the string whose opening quote is at src[i], as the function
// ScanString does.
func (s *Stops) ScanString(src []byte, i int, f *Fault) (end int, escaped bool) {
	if s == nil || !vectors {
		return ScanString(src, i, f)
	}
	if uint(i+1-s.from) >= uint(s.upto-s.from) {
		s.fill(src, i+1)
	}
	// The marks of the next 64 bytes, which lie in two words.
	at := uint(i + 1 - s.from)
	word := (*[2]uint64)(s.marks[at/64%(stopsWindow/64):])
	if m := word[0]>>(at%64) | word[1]<<1<<(^at%64); m != 0 {
		if end = i + 1 + bits.TrailingZeros64(m); end < len(src) && src[end] == '"' {
			return end + 1, false
		}
		return s.scanOn(src, i, end, f)
	}
	return s.scanOn(src, i, s.next(src, i+1), f)
}

// Peek is ScanString for look-ups, which may be far from the current position: it does not
// move the window.
func (s *Stops) Peek(src []byte, i int, f *Fault) (end int, escaped bool) {
	if s == nil || uint(i+1-s.from) >= uint(s.upto-s.from) {
		return ScanString(src, i, f)
	}
	return s.ScanString(src, i, f)
}

// scanOn reads on at the stop at src[i] in the string that begins at src[start].
func (s *Stops) scanOn(src []byte, start, i int, f *Fault) (end int, escaped bool) {
	for i < len(src) {
		switch c := src[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = scanEscape(src, i, f); i < 0 {
				return -1, false
			}
		case c < 0x20:
			return Fail(f, i, inString), false
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n <= 1 {
				return Fail(f, i, noUTF8), false
			}
			i += n
		}
		i = s.next(src, i)
	}
	return Fail(f, start, notClosed), false
}

// next returns the index of the next stop from src[i] on, or one past the text.
func (s *Stops) next(src []byte, i int) int {
	for i < len(src) {
		if uint(i-s.from) >= uint(s.upto-s.from) {
			s.fill(src, i)
		}
		at := uint(i - s.from)
		if m := s.marks[at/64%(stopsWindow/64)] >> (at % 64); m != 0 {
			return i + bits.TrailingZeros64(m)
		}
		i += 64 - int(at%64)
	}
	return i
}

// fill moves the window to src[at]. One that goes on where the last one ended is twice as
// large.
func (s *Stops) fill(src []byte, at int) {
	if s.upto > 0 && uint(at-s.upto) < 64 {
		s.size = min(2*s.size, stopsWindow)
	} else {
		s.size = stopsFirst
	}
	s.from = at
	blocks := min(len(src)-at, s.size) / 64
	if blocks > 0 {
		markStops(&src[at], blocks, &s.marks[0])
	} else {
		var last [64]byte // the text is followed by zeros, which are stops
		copy(last[:], src[at:])
		markStops(&last[0], 1, &s.marks[0])
		blocks = 1
	}
	s.marks[blocks%len(s.marks)] = 0
	s.upto = at + 64*blocks
}
