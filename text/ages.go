package text

// findAges finds ages over 89, in numbers and words; with the option, all ages.
func (s *Scanner) findAges() {
	for i := s.dated.next(0); i < len(s.toks); i = s.dated.next(i + 1) {
		t := &s.toks[i]
		switch {
		case s.taken[i] != 0:
		case t.kind == number && t.len() <= 3 && t.value <= 125 && (t.value >= 90 || s.f.options.Ages && t.value > 0):
			if s.isAge(i) {
				s.addAge(i, i+1, "age")
			}
		case t.kind == word && t.flags&fNumberWord != 0 && s.f.dict.numbers[t.hash] >= 90:
			s.wordedAge(i)
		case t.flags&fAnchor != 0 && oldWords.has(t.hash):
			s.add(i, i+1, Age, "age-word")
		}
	}
}

var (
	oldWords = hashSet("nineties", "nonagenarian", "centenarian", "supercentenarian")
	people   = hashSet("m", "f", "male", "female", "man", "woman", "lady", "gentleman", "boy", "girl", "varon", "mujer", "hombre", "patient", "resident", "veteran")
	ageVerbs = hashSet("is", "was", "now", "turned", "turning", "turns", "at", "and", "with", "who", "he", "she")
	ageWords = hashSet("anni", "lat", "wiek", "anys", "age", "aged", "ages", "edad", "alter", "âge", "leeftijd", "età", "idade", "wiek", "věk", "ålder", "alder")
)

// addAge adds an age with its unit: 92 años, 93-year-old, a 94 y/o.
func (s *Scanner) addAge(from, to int, rule string) {
	for range 4 {
		j := to
		if s.at(j).char == '-' && s.at(j).gap == joined {
			j++
		}
		t := s.at(j)
		if t.kind != word || t.gap > space || !s.free(j) {
			break
		}
		switch {
		case t.phraseIs&fAgeWord != 0:
			to = j + int(t.phrase)
		case t.flags&fAgeWord != 0 && !(t.len() == 1 && t.gap == space && s.lang != german && s.lang != spanish), t.hash == hashOld && to > from+1:
			to = j + 1
		default:
			s.add(from, to, Age, rule)
			return
		}
	}
	s.add(from, to, Age, rule)
}

var hashOld = hashOf("old")

// isAge reports whether a number is an age, judged by its context.
func (s *Scanner) isAge(i int) bool {
	if s.at(i).gap == joined && (s.is(i-1, '.') || s.is(i-1, ',') || s.is(i-1, '/') && s.isNumber(i-2) || s.is(i-1, '-') && s.isNumber(i-2)) {
		return false
	}
	j := i + 1
	if (s.is(j, '.') || s.is(j, ':') || s.is(j, ',')) && s.isNumber(j+1) && s.at(j+1).gap == joined {
		return false
	}
	if s.at(j).char == '-' && s.at(j).gap == joined {
		j++
	}
	next := s.at(j)
	if next.kind == word && next.gap <= space {
		switch {
		case next.flags&fAgeWord != 0 && !(next.len() == 1 && next.gap == joined && s.at(j+1).kind == mark && s.at(j+1).char != '.' && s.at(j+1).char != '/'):
			return s.ageUnit(i, j)
		case people.has(next.hash) && (next.gap == space || next.shape == initial) && s.at(j).len() > 0:
			return true
		case s.phraseAge(j):
			return true
		}
	}
	return s.ageBefore(i)
}

// ageUnit distinguishes "95 years old" and "95 years" from "90 days" and "for 95 years".
func (s *Scanner) ageUnit(i, j int) bool {
	p := s.at(i - 1)
	return !(p.kind == word && s.at(i).gap <= space && spans.has(p.hash)) || s.at(j+1).flags&fAgeWord != 0
}

var spans = hashSet("for", "over", "since", "last", "past", "within", "x", "durante", "seit", "hace", "desde", "every")

func (s *Scanner) phraseAge(j int) bool { return s.at(j).phraseIs&fAgeWord != 0 }

// ageBefore reports whether the words before a number make it an age: "age 95", "Smith,
// 95,", "Smith / 95 / F".
func (s *Scanner) ageBefore(i int) bool {
	j := i - 1
	for n := 0; n < 2 && (s.at(j).char == ':' || s.at(j).char == '=' || s.at(j).hash == hashOf2[0] || between.has(s.at(j).hash)); n++ {
		j--
	}
	if p := s.at(j); p.kind == word && ageWords.has(p.hash) && s.at(j+1).gap <= wide {
		return true
	}
	p, next := s.at(i-1), s.at(i+1)
	if p.kind == word && s.at(i).gap == space && ageVerbs.has(p.hash) && s.at(i).value <= 110 && (next.kind == mark && next.char != '%' && next.char != '/' && next.char != '.' && next.char != '-' || ageVerbs.has(next.hash) || next.char == '.' && next.gap == joined && !s.isNumber(i+2)) {
		return !(s.at(i-2).kind == word && s.at(i-2).flags&(fMedical|fUnit) != 0 || s.at(i-2).shape == upper)
	}
	switch p.char {
	case ',':
		return (next.char == ',' || next.char == '.' && s.at(i+2).kind != number && s.isName(i-2)) && (s.taken[max(0, i-2)] != 0 || s.at(i-2).shape == title || s.at(i-2).shape == upper)
	case '/', '|':
		return next.char == p.char && next.gap <= space && p.gap == space && s.at(i).gap == space
	case '(':
		return next.char == ')' && s.at(i-2).kind == word && s.at(i-2).shape == title
	}
	return false
}

// wordedAge finds ninety-two-year-old.
func (s *Scanner) wordedAge(i int) {
	to := i + 1
	for range 2 {
		j := to
		if s.is(j, '-') || numberAnd.has(s.at(j).hash) && s.at(j).gap == space {
			j++
		}
		if s.at(j).gap > space || s.at(j).flags&fNumberWord == 0 {
			break
		}
		to = j + 1
	}
	j := to
	if s.at(j).char == '-' {
		j++
	}
	p, t := s.at(i-1), s.at(j)
	switch {
	case p.kind == word && ageWords.has(p.hash) && s.at(i).gap == space,
		t.gap <= space && (t.flags&fAgeWord != 0 && t.len() > 1 || t.phraseIs&fAgeWord != 0):
		s.addAge(i, to, "age-word")
	case to == i+1 && s.f.dict.numbers[s.at(i).hash] >= 100: // a hundred
	case p.char == ',' && t.char == ',' && s.at(i).gap == space && s.isCapital(i-2), s.at(i).gap == space && isVerbs.has(p.hash) && (t.kind == mark && t.char != '-' && t.char != '%' || ageVerbs.has(t.hash)):
		s.add(i, to, Age, "age-word") // Anna Berg, ninety-one, of; she is ninety-four and
	}
}

var (
	numberAnd = hashSet("y", "e", "und", "en", "et")
	isVerbs   = hashSet("is", "was", "turned", "turning", "turns", "nearly", "almost")
)
