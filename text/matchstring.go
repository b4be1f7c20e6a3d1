package text

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// matchStrings finds values by their letters and digits, whatever their grouping: 555-01 23
// is 5550123.
func (s *Scanner) matchStrings(k *Known) {
	set := &k.strings
	if len(set.all) == 0 {
		return
	}
	covered := 0 // bytes
	s.places = set.places(s.places[:0], s.fold)
	places := s.places // in the folded text
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind == mark || covered >= int(t.end) {
			continue
		}
		if !t.plain {
			covered = s.matchForeign(set, i, covered)
			continue
		}
		next := int32(len(s.fold))
		if len(places) > 0 {
			next = places[0]
		}
		if next >= t.fold+t.end-t.start && covered <= int(t.start) && !set.startsAt(s.fold, int(t.fold)) {
			continue // most tokens
		}
		shift := int(t.start - t.fold) // from offsets in the folded text
		from, to := max(int(t.start), covered)-shift, int(t.end)-shift
		if from == int(t.fold) && set.startsAt(s.fold, from) {
			if end := s.stringAt(set, i, from+shift, from); end > 0 {
				covered = end
				from = min(end-shift, to)
			}
		}
		for len(places) > 0 && int(places[0]) < to {
			at := int(places[0])
			places = places[1:]
			if at < from {
				continue
			}
			if end := s.stringAt(set, i, at+shift, at); end > 0 {
				covered = end
				from = min(end-shift, to)
			}
		}
	}
}

// matchForeign does the same in a word or number that is not all ASCII, and returns the end
// of the last string.
func (s *Scanner) matchForeign(set *stringSet, i, covered int) int {
	t := &s.toks[i]
	for at := max(int(t.start), covered); at < int(t.end); {
		if end := s.stringAt(set, i, at, -1); end > 0 {
			at, covered = end, end
			continue
		}
		_, size := utf8.DecodeRune(s.text[at:t.end])
		at += size
	}
	return covered
}

// countryCode returns the first token of the country code before a known telephone number:
// 1-503-555-0142, +49 221 12345.
func (s *Scanner) countryCode(i int) int {
	j := i - 1
	if c := s.at(j).char; c == '-' || c == '.' || c == '(' {
		j--
	}
	if t := s.at(j); t.kind == number && t.len() <= 3 && s.at(j+1).gap <= space && s.at(i).gap <= space && (s.is(j+1, '-') || s.is(j+1, '.') || s.at(j-1).char == '+') {
		if s.at(j-1).char == '+' {
			j--
		}
		return j
	}
	return i
}

// stringAt adds the longest known string that begins at an offset in a token, and returns
// its end, or 0. folded is the offset in the folded text, or -1 if the token is not plain.
func (s *Scanner) stringAt(set *stringSet, tok, at, folded int) int {
	var head []byte
	if folded >= 0 {
		head = s.fold[folded:]
	} else {
		s.folded = s.folded[:0]
		i, from, ok := tok, at, true
		for len(s.folded) < gramSize && ok {
			s.folded, i, from, ok = s.readFolded(s.folded, i, from)
		}
		head = s.folded
	}
	if len(head) < gramSize {
		return 0
	}
	end := 0
	var found *knownString
	for n := set.heads[gram(head)>>set.headShift]; n > 0; n = set.all[n-1].next {
		v := &set.all[n-1]
		want := set.text[v.from:v.to]
		if found != nil && len(want) <= found.len() || folded >= 0 && (len(head) < len(want) || string(head[:len(want)]) != want) {
			continue
		}
		if e, ok := s.compare(v, want, tok, at); ok {
			end, found = e, v
		}
	}
	if found == nil {
		return 0
	}
	if found.kind == KnownPhone && at == int(s.toks[tok].start) {
		at = int(s.toks[s.countryCode(tok)].start)
	}
	s.spans = append(s.spans, Span{Start: at, End: end, Label: kindLabels[found.kind], Rule: kindRules[found.kind], Value: int(found.value)})
	return end
}

// readFolded appends the folded form of the next significant character, skipping at most a
// few separators.
func (s *Scanner) readFolded(dst []byte, tok, at int) ([]byte, int, int, bool) {
	for {
		if at >= int(s.toks[tok].end) {
			next, near := s.nextWord(tok)
			if !near {
				return dst, tok, at, false
			}
			tok, at = next, int(s.toks[next].start)
		}
		r, size := rune(s.text[at]), 1
		if r >= 0x80 {
			r, size = utf8.DecodeRune(s.text[at:s.toks[tok].end])
		}
		at += size
		if n := len(dst); !isInvisible(r) {
			if dst = appendFold(dst, r); len(dst) > n {
				return dst, tok, at, true
			}
		}
	}
}

// compare reports whether a known string begins at an offset, and returns its end. want is
// its text.
func (s *Scanner) compare(v *knownString, want string, tok, at int) (end int, ok bool) {
	if v.whole && (at > int(s.toks[tok].start) || s.joinedBefore(tok)) {
		return 0, false
	}
	i, from, ok := s.read(want, tok, at)
	if !ok {
		return 0, false
	}
	if v.whole && v.kind == KnownName && bytes.ContainsAny(s.text[at:from], "<>") {
		return 0, false // a tag does not join an initial and a name: <b>Smith
	}
	if v.whole && (from < int(s.toks[i].end) || i+1 < len(s.toks) && s.toks[i+1].gap == joined && s.toks[i+1].kind == number) {
		return 0, false
	}
	return from, true
}

// read reads a folded text that begins at an offset, and returns the token and offset where
// it ends. The folded text of plain tokens is contiguous.
func (s *Scanner) read(want string, tok, at int) (i, from int, ok bool) {
	if end := at - int(s.toks[tok].start-s.toks[tok].fold) + len(want); s.toks[tok].plain {
		for i = tok; s.toks[i].plain; {
			t := &s.toks[i]
			if by := end - int(t.fold); by <= t.len() {
				return i, int(t.start) + by, string(s.fold[end-len(want):end]) == want
			}
			if i, ok = s.nextWord(i); !ok {
				return 0, 0, false
			}
		}
	}
	i, from = tok, at
	s.folded = s.folded[:0]
	for len(s.folded) < len(want) {
		n := len(s.folded)
		if s.folded, i, from, ok = s.readFolded(s.folded, i, from); !ok {
			return 0, 0, false
		}
		if len(s.folded) > len(want) || want[n:len(s.folded)] != string(s.folded[n:]) {
			return 0, 0, false
		}
	}
	return i, from, true
}

// joinedBefore reports whether a token continues a number.
func (s *Scanner) joinedBefore(tok int) bool {
	return tok > 0 && s.toks[tok].gap == joined && s.toks[tok-1].kind == number && s.toks[tok].kind == number
}

// matchLiterals finds values that have neither letters nor digits.
func (s *Scanner) matchLiterals(k *Known) {
	for _, l := range k.literal {
		for at := 0; at < len(s.text); {
			n := bytes.Index(s.text[at:], []byte(l.text))
			if n < 0 {
				break
			}
			at += n
			s.spans = append(s.spans, Span{Start: at, End: at + len(l.text), Label: kindLabels[l.kind], Rule: kindRules[l.kind], Value: int(l.value)})
			at += len(l.text)
		}
	}
}

// sortBlock sorts the spans of a block, from index from on. Like sortSpans, but it compares
// one number for each span.
func (s *Scanner) sortBlock(from int) {
	spans := s.spans[from:]
	if len(spans) > 1<<16 {
		sortSpans(spans)
		return
	}
	s.order = s.order[:0]
	inOrder := true
	for i := range spans {
		p := &spans[i]
		key := uint64(p.Start)<<32 | uint64(1<<16-1-min(p.End-p.Start, 1<<16-1))<<16 | uint64(i)
		inOrder = inOrder && (i == 0 || s.order[i-1] < key)
		s.order = append(s.order, key)
	}
	if inOrder {
		return
	}
	slices.Sort(s.order)
	s.sorted = append(s.sorted[:0], spans...)
	for i, key := range s.order {
		spans[i] = s.sorted[key&(1<<16-1)]
	}
}

// sortSpans sorts spans by their start, longer ones first.
func sortSpans(spans []Span) {
	slices.SortStableFunc(spans, func(a, b Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
}
