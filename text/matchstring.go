package text

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// appendFolded appends the folded text of a token.
func (s *Scanner) appendFolded(dst []byte, t *token) []byte {
	for i := t.start; i < t.end; {
		if c := s.text[i]; c < 0x80 {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(s.text[i:t.end])
		if !isInvisible(r) {
			dst = appendFold(dst, r)
		}
		i += size
	}
	return dst
}

// matchStrings finds values whose letters and digits follow each other, whatever the
// grouping: 555-01 23 is 5550123.
func (s *Scanner) matchStrings(k *Known) {
	if len(k.strings) == 0 {
		return
	}
	covered := 0
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind == mark {
			continue
		}
		for at := max(t.start, covered); at < t.end; {
			r, size := rune(s.text[at]), 1
			if r >= 0x80 {
				r, size = utf8.DecodeRune(s.text[at:t.end])
			}
			// Most places end here: no string begins with these two characters.
			if r < 0x80 && at+1 < t.end && s.text[at+1] < 0x80 && k.pairs[lowered(s.text[at])&63]&(1<<(lowered(s.text[at+1])&63)) == 0 {
				at++
				continue
			}
			if end, v := s.stringAt(k, i, at); v != nil {
				start := at
				if v.kind == KnownPhone && at == t.start {
					start = s.toks[s.countryCode(i)].start
				}
				s.spans = append(s.spans, Span{Start: start, End: end, Label: kindLabels[v.kind], Rule: kindRules[v.kind], Value: int(v.value)})
				at, covered = end, end
				continue
			}
			at += size
		}
	}
}

// countryCode returns the token from which a telephone number goes on before a known
// one: 1-503-555-0142, +49 221 12345.
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

func lowered(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// stringAt returns the longest known string that begins at an offset in a token.
func (s *Scanner) stringAt(k *Known, tok, at int) (end int, found *knownString) {
	s.folded = s.folded[:0]
	i, from := tok, at
	// The head first: most places end here.
	h := uint32(0)
	n := 0
	var ok bool
	for n < 3 {
		if s.folded, i, from, ok = s.readFolded(s.folded, i, from); !ok {
			break
		}
		for ; n < min(3, len(s.folded)); n++ {
			h = h*37 + uint32(s.folded[n])
		}
	}
	h &= 0xffff
	if n < 3 || k.heads[h>>6%1024]&(1<<(h&63)) == 0 {
		return 0, nil
	}
	for _, c := range k.byHead[h] {
		v := &k.strings[c]
		if found != nil && len(v.folded) <= len(found.folded) {
			continue
		}
		if e, ok := s.compare(v, tok, at); ok {
			end, found = e, v
		}
	}
	return end, found
}

// readFolded appends the folded form of the next character that counts, at most a few
// separators further on.
func (s *Scanner) readFolded(dst []byte, tok, at int) ([]byte, int, int, bool) {
	for {
		if at >= s.toks[tok].end {
			next, near := s.nextWord(tok)
			if !near {
				return dst, tok, at, false
			}
			tok, at = next, s.toks[next].start
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

// compare reports whether a known string stands at an offset, and where it ends.
func (s *Scanner) compare(v *knownString, tok, at int) (end int, ok bool) {
	if v.whole && at > s.toks[tok].start || v.whole && at == s.toks[tok].start && s.joinedBefore(tok) {
		return 0, false
	}
	i, from := tok, at
	s.folded = s.folded[:0]
	for len(s.folded) < len(v.folded) {
		n := len(s.folded)
		if s.folded, i, from, ok = s.readFolded(s.folded, i, from); !ok {
			return 0, false
		}
		if len(s.folded) > len(v.folded) || v.folded[n:len(s.folded)] != string(s.folded[n:]) {
			return 0, false
		}
	}
	if v.whole && (from < s.toks[i].end || i+1 < len(s.toks) && s.toks[i+1].gap == joined && s.toks[i+1].kind == number) {
		return 0, false
	}
	return from, true
}

// joinedBefore reports whether a number goes on before a token.
func (s *Scanner) joinedBefore(tok int) bool {
	return tok > 0 && s.toks[tok].gap == joined && s.toks[tok-1].kind == number && s.toks[tok].kind == number
}

// matchDates finds known dates as three numbers in any order, whatever stands between,
// so that a date is found in any language.
func (s *Scanner) matchDates(k *Known) {
	if len(k.dates) == 0 {
		return
	}
	for i := range s.toks {
		if s.toks[i].kind != number || s.toks[i].value < 0 {
			continue
		}
		b, near := s.nextNumber(i)
		if !near {
			continue
		}
		c, near := s.nextNumber(b)
		if !near {
			continue
		}
		x, y, z := s.toks[i].value, s.toks[b].value, s.toks[c].value
		for _, d := range k.dates {
			if x == d.year && (y == d.month && z == d.day || y == d.day && z == d.month) ||
				z == d.year && (x == d.month && y == d.day || x == d.day && y == d.month) {
				to := c + 1
				if h := s.at(to).hash; h == hashDayHan || h == hashDayHangul {
					to++
				}
				s.hits = append(s.hits, hit{from: i, to: to, label: Date, rule: "known-date", value: int(d.value)})
				break
			}
		}
	}
}

// nextNumber returns the next number, if only a little stands between: separators, or
// one character as in 1946年8月16日.
func (s *Scanner) nextNumber(i int) (int, bool) {
	for j := i + 1; j < len(s.toks) && j <= i+4; j++ {
		switch t := &s.toks[j]; {
		case t.kind == number:
			return j, adjacent(&s.toks[i], t)
		case t.kind == word && t.shape != uncased:
			return 0, false
		}
	}
	return 0, false
}

// matchLiterals finds values that have neither letters nor digits.
func (s *Scanner) matchLiterals(k *Known) {
	for _, l := range k.literal {
		for at := s.from; at < s.to; {
			n := bytes.Index(s.text[at:s.to], []byte(l.text))
			if n < 0 {
				break
			}
			at += n
			s.spans = append(s.spans, Span{Start: at, End: at + len(l.text), Label: kindLabels[l.kind], Rule: kindRules[l.kind], Value: int(l.value)})
			at += len(l.text)
		}
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
