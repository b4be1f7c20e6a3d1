package text

// findOptional finds what Safe Harbor does not require, if an option asks for it: times of
// day, years that stand alone, professions.
func (s *Scanner) findOptional() {
	o := &s.f.options
	if !o.Times && !o.Years && !o.Professions {
		return
	}
	for i := range s.toks {
		if s.taken[i] != 0 {
			continue
		}
		t := &s.toks[i]
		switch {
		case t.kind == number && o.Times && s.timeOfDay(i):
		case o.Years && isYear(t) && s.yearAlone(i):
			s.add(i, i+1, Date, "year")
		case t.kind == word && o.Professions && t.phraseIs&fProfession != 0:
			s.add(i, i+int(t.phrase), Profession, "profession")
		case t.kind == word && o.Professions && t.flags&fProfession != 0:
			s.add(i, i+1, Profession, "profession")
		}
	}
}

// timeOfDay finds 14:30, 2:30 pm, 14:30:05, 7 pm, 14.30 Uhr, 1430 hrs.
func (s *Scanner) timeOfDay(i int) bool {
	t := s.at(i)
	if t.len() > 2 && t.len() != 4 || t.value > 2400 || t.gap == joined && (s.is(i-1, ':') || s.is(i-1, '.') || s.is(i-1, '/')) && s.isNumber(i-2) {
		return false
	}
	to, clock := i+1, false
	if t.len() <= 2 && t.value <= 24 {
		for (s.is(to, ':') || s.is(to, '.') && s.at(to+2).hash == hashUhr) && s.isNumber(to+1) && s.at(to+1).gap == joined && s.at(to+1).len() == 2 && s.at(to+1).value < 60 {
			clock = clock || s.is(to, ':') || s.at(to+2).hash == hashUhr
			to += 2
		}
	}
	if end := s.timeWord(to); end > to && (clock || t.len() <= 2 && t.value <= 24 || t.len() == 4 && t.value%100 < 60) {
		to, clock = end, true
	}
	// 1:80 is a dilution, as is 1:10000; 14:30% is a percentage.
	if !clock || s.at(to).gap == joined && (s.at(to).kind == number || s.at(to).char == '%' || s.is(to, ':')) {
		return false
	}
	s.add(i, to, Date, "time")
	return true
}

var (
	hashUhr   = hashOf("uhr")
	timeWords = hashSet("am", "pm", "a", "p", "h", "hrs", "uhr", "hours", "horas", "heures", "uur", "o'clock")
)

// timeWord returns the end of the words that make a number a time: pm, p.m., Uhr.
func (s *Scanner) timeWord(i int) int {
	t := s.at(i)
	if t.kind != word || t.gap > space || !timeWords.has(t.hash) {
		return i
	}
	if t.len() > 1 {
		if t.hash == hashOf("hours") && s.at(i-1).len() != 4 {
			return i // 6 hours
		}
		return i + 1
	}
	if s.is(i+1, '.') && s.at(i+2).hash == hashOf("m") && s.at(i+2).gap == joined {
		if s.is(i+3, '.') {
			return i + 4
		}
		return i + 3
	}
	return i
}

// yearAlone reports whether a number is a year and not a measure.
func (s *Scanner) yearAlone(i int) bool {
	t, next := s.at(i), s.at(i+1)
	return t.value >= 1900 && !s.decimalAfter(i) && (t.gap != joined || s.at(i-1).kind == mark && s.at(i-1).char != '.' && s.at(i-1).char != ',') &&
		!(next.kind == word && next.gap <= space && next.flags&fUnit != 0)
}
