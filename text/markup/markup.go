// Package markup finds and replaces identifiers in texts with markup: XHTML, HTML, RTF.
//
// A text with markup is read as a reader sees it: text continues across inline tags, so
// that a name is found even if a part of it is bold, and ends at the end of a paragraph,
// a cell or a line. Everything that a reader does not see is removed: comments, scripts,
// hidden destinations, pictures, and attributes that can contain text. The result is
// markup, as valid as the input was.
package markup

import (
	"github.com/veil-proxy/veil/text"
)

// A Scrubber replaces identifiers. It is not safe for concurrent use.
type Scrubber struct {
	Scanner  *text.Scanner
	Known    *text.Known   // or nil
	Replacer text.Replacer // text.Labels if nil
	// More, if set, returns further spans of a plain text. If it fails, so does the call.
	More func(plain []byte) ([]text.Span, error)
	// Found, if set, is called with each span that is replaced.
	Found func(text.Span)

	spans []text.Span
	plain []byte
	items []item
}

// item is a part of the output: a piece of markup to copy, or a piece of the plain text.
type item struct {
	markup     []byte // copied if not nil
	start, end int    // otherwise a part of the plain text
	// pad is the number of characters that follow a Unicode escape of RTF.
	pad int
}

// Find returns the spans of a plain text. They are valid until the next call.
func (s *Scrubber) Find(plain []byte) ([]text.Span, error) {
	if err := s.find(plain); err != nil {
		return nil, err
	}
	return s.spans, nil
}

// AppendText appends a plain text with its identifiers replaced.
func (s *Scrubber) AppendText(dst, src []byte) ([]byte, error) {
	if err := s.find(src); err != nil {
		return dst, err
	}
	return text.Replace(dst, src, s.spans, s.replacer()), nil
}

func (s *Scrubber) replacer() text.Replacer {
	if s.Replacer == nil {
		return text.Labels
	}
	return s.Replacer
}

// find finds the spans of a plain text.
func (s *Scrubber) find(plain []byte) error {
	s.spans = s.Scanner.Find(s.spans[:0], plain, s.Known)
	if s.More != nil {
		more, err := s.More(plain)
		if err != nil {
			return err
		}
		s.spans = text.Union(s.spans, more)
	}
	if s.Found != nil {
		for _, span := range s.spans {
			s.Found(span)
		}
	}
	return nil
}

func (s *Scrubber) reset() {
	s.plain, s.items = s.plain[:0], s.items[:0]
}

// copy adds markup to the output.
func (s *Scrubber) copy(markup []byte) { s.items = append(s.items, item{markup: markup}) }

// text adds a piece of text to the output.
func (s *Scrubber) text(piece []byte, pad int) {
	start := len(s.plain)
	s.plain = append(s.plain, piece...)
	s.items = append(s.items, item{start: start, end: len(s.plain), pad: pad})
}

// separate keeps the texts before and after apart without changing the output.
func (s *Scrubber) separate(by byte) { s.plain = append(s.plain, by) }

// append finds the spans of the plain text and appends the items: the replacement of a span
// at its beginning, and nothing for the rest of it.
func (s *Scrubber) append(dst []byte, encode func(dst, plain []byte, pad int) []byte) ([]byte, error) {
	if err := s.find(s.plain); err != nil {
		return dst, err
	}
	var buf []byte
	next := 0
	for i := range s.items {
		it := &s.items[i]
		if it.markup != nil {
			dst = append(dst, it.markup...)
			continue
		}
		at := it.start
		for at < it.end {
			for next < len(s.spans) && s.spans[next].End <= at {
				next++
			}
			if next == len(s.spans) || s.spans[next].Start >= it.end {
				dst = encode(dst, s.plain[at:it.end], it.pad)
				break
			}
			span := s.spans[next]
			if span.Start >= at {
				dst = encode(dst, s.plain[at:span.Start], it.pad)
				buf = s.replacer().AppendReplacement(buf[:0], span, s.plain[span.Start:span.End])
				dst = encode(dst, buf, it.pad)
			}
			at = min(span.End, it.end)
		}
	}
	return dst, nil
}
