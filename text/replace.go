package text

// A Replacer provides the replacements of spans.
type Replacer interface {
	// AppendReplacement appends the replacement of a span, whose text is original, to dst.
	// It must not keep original.
	AppendReplacement(dst []byte, span Span, original []byte) []byte
}

// ReplacerFunc is a function that implements Replacer.
type ReplacerFunc func(dst []byte, span Span, original []byte) []byte

// AppendReplacement calls f.
func (f ReplacerFunc) AppendReplacement(dst []byte, span Span, original []byte) []byte {
	return f(dst, span, original)
}

// Labels replaces a span with its label in brackets: [NAME].
var Labels Replacer = ReplacerFunc(func(dst []byte, span Span, _ []byte) []byte {
	dst = append(dst, '[')
	dst = append(dst, span.Label.String()...)
	return append(dst, ']')
})

// Replace appends a text with its spans replaced to dst. The spans must be sorted and
// disjoint, as Find returns them. Line ends inside a span are kept, so that the text
// keeps its lines.
func Replace(dst, text []byte, spans []Span, r Replacer) []byte {
	at := 0
	for _, span := range spans {
		dst = append(dst, text[at:span.Start]...)
		original := text[span.Start:span.End]
		dst = r.AppendReplacement(dst, span, original)
		for _, c := range original {
			if c == '\n' {
				dst = append(dst, c)
			}
		}
		at = span.End
	}
	return append(dst, text[at:]...)
}
