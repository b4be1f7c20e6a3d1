package text

// Union returns the spans of both lists, sorted and disjoint: spans that overlap are
// merged. It may change a.
func Union(a, b []Span) []Span {
	if len(b) == 0 {
		return a
	}
	all := append(a, b...)
	sortSpans(all)
	return merge(nil, all)
}

// merge appends sorted spans, and merges those that overlap.
func merge(dst, spans []Span) []Span {
	base := len(dst)
	longest := 0
	for _, span := range spans {
		if span.End <= span.Start {
			continue
		}
		if len(dst) == base || span.Start >= dst[len(dst)-1].End {
			dst = append(dst, span)
			longest = span.End - span.Start
			continue
		}
		last := &dst[len(dst)-1]
		if n := span.End - span.Start; better(&span, last, n, longest) {
			last.Label, last.Rule, last.Value = span.Label, span.Rule, span.Value
			longest = n
		}
		last.Encoded = last.Encoded || span.Encoded
		last.End = max(last.End, span.End)
	}
	return dst
}

// better reports whether a span determines the label when it overlaps with another: the
// longer span does, and of two of equal length the known value.
func better(a, b *Span, lenA, lenB int) bool {
	if lenA != lenB {
		return lenA > lenB
	}
	return a.Value > 0 && b.Value == 0
}
