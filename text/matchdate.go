package text

import "slices"

// matchDates finds known dates as three numbers in any order, whatever is between them, so
// that a date is found in any language.
func (s *Scanner) matchDates(k *Known) {
	if len(k.dates) == 0 {
		return
	}
	for i := s.numbers.next(0); i < len(s.toks); i = s.numbers.next(i + 1) {
		if n := s.toks[i].value; n < 0 || k.days[n%100>>6]&(1<<(n%100&63)) == 0 {
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
		x, y, z := int(s.toks[i].value), int(s.toks[b].value), int(s.toks[c].value)
		for _, d := range k.dates {
			if (x == d.year || x == d.year%100 && s.sameMarks(i, b, c)) && (y == d.month && z == d.day || y == d.day && z == d.month) ||
				(z == d.year || z == d.year%100 && s.sameMarks(i, b, c)) && (x == d.month && y == d.day || x == d.day && y == d.month) {
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

// matchMonths notes the known dates whose month is a word.
func (s *Scanner) matchMonths(k *Known) {
	if len(k.dates) == 0 {
		return
	}
	for i := s.anchored.next(0); i < len(s.toks); i = s.anchored.next(i + 1) {
		if t := &s.toks[i]; t.kind == word && t.flags&fMonth != 0 {
			s.matchMonth(k, i, s.f.dict.months[t.hash])
		}
	}
}

// matchMonth notes a known date whose month is a word: 29. Februar 88, Feb 29, 1988.
func (s *Scanner) matchMonth(k *Known, i, month int) {
	before, after, last := s.numberNear(i, -1), s.numberNear(i, 1), 0
	if after > 0 {
		last = s.numberNear(after, 1)
	}
	for _, d := range k.dates {
		if d.month != month {
			continue
		}
		isYear := func(j int) bool {
			return j >= 0 && s.toks[j].kind == number && (int(s.toks[j].value) == d.year || int(s.toks[j].value) == d.year%100 && s.toks[j].len() == 2)
		}
		isDay := func(j int) bool {
			return j >= 0 && s.toks[j].kind == number && int(s.toks[j].value) == d.day && s.toks[j].len() <= 2
		}
		from, to := before, after
		switch {
		case isDay(before) && isYear(after), isYear(before) && isDay(after):
		case isDay(after) && isYear(last):
			from, to = i, last
		default:
			continue
		}
		s.months = append(s.months, hit{from: from, to: to + 1, label: Date, rule: "known-date", value: int(d.value)})
		return
	}
}

// addMonths adds the known dates whose month is a word, if the detectors have found no date
// there.
func (s *Scanner) addMonths() {
	for _, h := range s.months {
		if slices.Contains(s.taken[h.from:h.to], None) {
			s.hits = append(s.hits, h)
			s.take(h.from, h.to, Date)
		}
		s.dates = append(s.dates, s.spanOf(&h))
	}
}

// numberNear returns the number next to a token, before or after it, or -1: marks and a
// short word may be in between.
func (s *Scanner) numberNear(i, step int) int {
	for j := i + step; j >= 0 && j < len(s.toks) && j >= i-4 && j <= i+4; j += step {
		switch t := &s.toks[j]; {
		case t.kind == number:
			return j
		case t.kind == word && !(t.gap == joined && ordinals.has(t.hash)) && !ofWords.has(t.hash):
			return -1
		}
	}
	return -1
}

// sameMarks reports whether three numbers, of at most two digits each, have the same mark
// between them, as in 29.2.88, or just one blank, as in 29 02 88. An apostrophe may precede
// the last.
func (s *Scanner) sameMarks(a, b, c int) bool {
	if s.toks[a].len() > 2 || s.toks[b].len() > 2 || s.toks[c].len() > 2 || s.decimalAfter(c) {
		return false
	}
	if s.at(c-1).char == '\'' && s.at(c).gap == joined {
		c--
	}
	if b == a+1 && c == b+1 {
		return s.toks[b].gap == space && s.toks[c].gap == space && s.toks[a].len() == 2 && s.toks[b].len() == 2
	}
	return b == a+2 && c == b+2 && s.toks[a+1].hash == s.toks[b+1].hash
}

// nextNumber returns the next number, if there is only a little in between: separators, or
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

// ofWords has words between the parts of a date: 3rd of May, 3 de mayo de 1988.
var ofWords = hashSet("of", "de", "del", "the")
