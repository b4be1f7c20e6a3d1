package text

// findWritten appends what is found in a text as it is read once escapes are decoded and
// joined words are apart: "John&nbsp;Smith", "John%20Smith", "John_Smith.pdf". Spans of the
// text as it is are kept, so that no decoding can hide anything.
func (s *Scanner) findWritten(dst []Span, base int, text []byte, known *Known) []Span {
	plain, ok := s.decoded.Decode(text)
	if !ok {
		return dst
	}
	more := s.findIn(nil, plain, known)
	for i := range more {
		more[i].Start, more[i].End = s.decoded.Source(more[i].Start), s.decoded.Source(more[i].End)
	}
	return append(dst[:base], Union(dst[base:], more)...)
}
