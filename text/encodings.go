package text

import "github.com/veil-proxy/veil/text/encoded"

// deepest is how many encodings may be inside each other.
const deepest = 2

// inner is what reading one encoded part of a text needs.
type inner struct {
	Scanner
	view   encoded.View
	found  []Span
	ranges []encoded.Range
}

// findViews finds what is in a text in another encoding: each encoding gives a view of the
// text, in which known values are looked for, and all else where the view is surely right.
func (s *Scanner) findViews(text []byte, known *Known) {
	for e := range encoded.Count {
		if s.knownOnly && known.Len() == 0 {
			return
		}
		in := s.innerScanner()
		if !in.view.Read(e, text) {
			continue
		}
		in.knownOnly = s.knownOnly || s.depth > 0 || !in.view.Sure
		in.found = in.Find(in.found[:0], in.view.Text, known)
		for _, span := range in.found {
			in.ranges = in.view.Source(in.ranges[:0], span.Start, span.End)
			for _, r := range in.ranges {
				span.Start, span.End = trimBlanks(text, r.Start, r.End)
				if span.Encoded = span.Encoded || r.Decoded || len(in.ranges) > 1; span.Encoded {
					span.Value = 0
				}
				s.spans = append(s.spans, span)
			}
		}
	}
}

// trimBlanks leaves out blanks at the ends of a part of a text.
func trimBlanks(text []byte, start, end int) (from, to int) {
	for start < end && text[start] <= ' ' {
		start++
	}
	for start < end && text[end-1] <= ' ' {
		end--
	}
	return start, end
}

// innerScanner is the scanner of what is encoded in this one's text.
func (s *Scanner) innerScanner() *inner {
	if s.in == nil {
		s.in = &inner{Scanner: Scanner{f: s.f, depth: s.depth + 1}}
	}
	return s.in
}

// findBase64 takes runs of base64 in which something is found; long ones go whatever they are
// (findEncoded).
func (s *Scanner) findBase64(text []byte, known *Known) {
	end := 0
	for _, at := range s.runs {
		if at < end {
			continue
		}
		in := s.innerScanner()
		b, to, ok := in.view.Block(text, end, at)
		if end = to; !ok {
			continue
		}
		end = b.End
		in.knownOnly = s.knownOnly || s.depth > 0 || b.End-b.Start < leastEncoded
		if in.knownOnly && known.Len() == 0 {
			continue
		}
		if in.found = in.Find(in.found[:0], b.Text, known); len(in.found) == 0 {
			continue
		}
		s.spans = append(s.spans, Span{Start: b.Start, End: b.End, Label: ID, Rule: "encoded", Encoded: true})
	}
}

// addRuns notes the words of a block that can be a part of base64: capitals stand inside
// them, or numbers between them.
func (s *Scanner) addRuns(from int) {
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind == word && (t.shape == mixed || t.gap == joined && i > 1 && s.toks[i-1].kind == number && s.toks[i-1].gap == joined && s.toks[i-2].kind == word) {
			s.runs = append(s.runs, from+int(t.start))
		}
	}
}
