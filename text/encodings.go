package text

import (
	"slices"

	"github.com/veil-proxy/veil/text/encoded"
)

// deepest is the maximum nesting depth of encodings.
const deepest = 2

// inner has the state for reading one encoded part of a text.
type inner struct {
	Scanner
	view   encoded.View
	found  []Span
	ranges []encoded.Range
	alike  []encoded.Alike
	parts  int // the number of spans in the parts before
}

// findViews finds identifiers in other encodings: each encoding gives a view of the text,
// in which known values are searched, and everything else if the view is certainly right.
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
		in.findView(s, text, known)
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

// findView finds identifiers in the view of a text that outer has read. It reads only the
// parts with or near encoded content, if the other parts read the same as in the text.
func (in *inner) findView(outer *Scanner, text []byte, known *Known) {
	view := in.view.Text
	if in.alike = in.view.Alike(in.alike[:0], text, in.near); len(in.alike) == 0 || !in.readsAs(outer, text) {
		in.found = in.Find(in.found[:0], view, known)
		return
	}
	in.told, in.lang = true, outer.lang
	in.spans, in.runs, in.dates, in.parts = in.spans[:0], in.runs[:0], in.dates[:0], 0
	from := 0
	for _, a := range in.alike {
		in.findPart(view[:a.Start], from, known)
		in.leaveEdges(from, a.Start)
		in.copy(outer, a)
		from = a.End
	}
	in.findPart(view, from, known)
	in.leaveEdges(from, len(view))
	in.told = false
	in.found = in.findInside(in.found[:0], view, known)
}

// leaveEdges drops what detectors find at the edges of a part of the view, where they lack
// the context: the text has it too.
func (in *inner) leaveEdges(from, to int) {
	if in.knownOnly {
		return
	}
	if from > 0 {
		from += in.near / 2
	}
	if to < len(in.view.Text) {
		to -= in.near / 2
	}
	kept := in.spans[:in.parts]
	for _, s := range in.spans[in.parts:] {
		if s.End > from && s.Start < to {
			kept = append(kept, s)
		}
	}
	in.spans, in.parts = kept, len(kept)
}

// readsAs reports whether a view has the language of the text. Known values are found in
// any language. A view without capitals is read as a whole.
func (in *inner) readsAs(outer *Scanner, text []byte) bool {
	view, from := in.view.Text, 0
	for _, a := range in.alike {
		if from < a.Start && !encoded.HasCapital(view[from:a.Start]) {
			return false
		}
		from = a.End
	}
	if from < len(view) && !encoded.HasCapital(view[from:]) {
		return false
	}
	if in.knownOnly {
		return true
	}
	if len(text) > blockSize || len(view) > blockSize {
		return false // each block has its own language
	}
	counts := outer.counts
	from, source := 0, 0
	for _, a := range in.alike {
		in.countWords(&counts, text[source:a.Source], -1)
		in.countWords(&counts, view[from:a.Start], 1)
		from, source = a.End, a.Source+a.End-a.Start
	}
	in.countWords(&counts, text[source:], -1)
	in.countWords(&counts, view[from:], 1)
	return counts.most() == outer.lang
}

// countWords counts the function words in a part of a text n times.
func (in *inner) countWords(counts *languageCounts, text []byte, n int) {
	in.cut(text)
	for i := range in.toks {
		if t := &in.toks[i]; t.kind == word {
			counts.add(in.words.get(in.f.dict, t.hash), n)
		}
	}
}

// copy notes what outer has found in a part of the text that the view also has: words that
// can be part of base64, and known dates, which detectors leave out.
func (in *inner) copy(outer *Scanner, a encoded.Alike) {
	by, end := a.Start-a.Source, a.Source+a.End-a.Start
	i, _ := slices.BinarySearch(outer.runs, a.Source)
	for ; i < len(outer.runs) && outer.runs[i] < end; i++ {
		in.runs = append(in.runs, outer.runs[i]+by)
	}
	i, _ = slices.BinarySearchFunc(outer.dates, a.Source, func(d Span, at int) int { return d.End - at - 1 })
	n := len(in.dates)
	for ; i < len(outer.dates) && outer.dates[i].Start < end; i++ {
		in.dates = append(in.dates, outer.dates[i])
	}
	move(in.dates[n:], by)
	if in.knownOnly {
		in.spans = append(in.spans, in.dates[n:]...)
	}
}

// trimBlanks leaves out blanks at both ends of a part of a text.
func trimBlanks(text []byte, start, end int) (from, to int) {
	for start < end && text[start] <= ' ' {
		start++
	}
	for start < end && text[end-1] <= ' ' {
		end--
	}
	return start, end
}

// innerScanner returns the scanner for encoded content in the text of s.
func (s *Scanner) innerScanner() *inner {
	if s.in == nil {
		s.in = &inner{Scanner: Scanner{f: s.f, words: s.words, depth: s.depth + 1, near: s.near}}
	}
	return s.in
}

// findBase64 takes runs of base64 in which something is found; long ones are removed
// whatever they contain (findEncoded).
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

// addRuns notes the words of a block that can be part of base64: they have capitals inside,
// or numbers between them.
func (s *Scanner) addRuns(from int) {
	for i := s.broken.next(0); i < len(s.toks); i = s.broken.next(i + 1) {
		t := &s.toks[i]
		if t.shape == mixed || i > 1 && s.toks[i-1].gap == joined && s.toks[i-2].kind == word {
			if at := from + int(t.start); len(s.runs) == 0 || at > s.runs[len(s.runs)-1] { // not found in the previous block
				s.runs = append(s.runs, at)
			}
		}
	}
}
