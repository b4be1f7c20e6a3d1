package text

// weekdayNumber finds the day of a month after a day of the week or a word such as
// tomorrow: Fri 5th, vendredi 5, viernes, día 5, vrijdag de 5e, domani 22.
func (s *Scanner) weekdayNumber(i int) bool {
	t := s.at(i)
	if t.len() > 2 || !isDay(t.value) || t.gap != space {
		return false
	}
	j := i - 1
	if dayWords.has(s.at(j).hash) && s.at(j).gap == space {
		j--
	}
	if s.at(j).char == ',' || s.at(j).char == '.' {
		j--
	}
	w := s.at(j)
	if w.kind != word || !s.free(j) || s.at(j+1).gap > space {
		return false
	}
	to := s.ordinalEnd(i)
	if s.lang == german && s.is(to, '.') && s.at(to+1).shape != title {
		to++
	}
	weekday := w.flags&fWeekday != 0 && (w.len() > 3 || w.shape != lower) || s.shortWeekday(w) && (w.shape != upper || w.len() > 2 && s.at(j-1).shape == upper)
	tomorrow := s.lang != english && nextDays.has(w.hash) && w.shape == lower
	if !weekday && !tomorrow || !s.endsDay(to) {
		return false
	}
	s.add(j, to, Date, "date-day")
	return true
}

// endsDay reports whether a token leaves the number before it a day, not an hour or a
// measure.
func (s *Scanner) endsDay(to int) bool {
	t := s.at(to)
	switch {
	case t.gap >= line:
		return true
	case t.kind == number:
		return false
	case t.kind == word:
		return t.gap == space && t.flags&(fUnit|fAgeWord|fMonth) == 0 && !timeWords.has(t.hash) && !clockWords.has(t.hash)
	}
	return t.char == '(' || (t.char == '.' || t.char == ',' || t.char == ';' || t.char == ')' || t.char == ':') && !(s.isNumber(to+1) && s.at(to+1).gap == joined)
}

var (
	dayWords   = hashSet("the", "de", "den", "dem", "der", "le", "il", "el", "día", "dia")
	nextDays   = hashSet("mañana", "demain", "domani", "morgen", "amanhã", "übermorgen", "overmorgen", "dopodomani")
	clockWords = hashSet("uhr", "uur", "u", "h", "hs", "heures", "o", "clock", "am", "pm", "a", "p", "x", "times", "mal", "keer", "fois", "veces", "volte")
)

// weekOfYear finds a week of a year: KW 14/2024, 2024-W23-2.
func (s *Scanner) weekOfYear(i int) bool {
	t := s.at(i)
	if t.kind != number {
		return false
	}
	if p := s.at(i - 1); s.lang == german && p.hash == hashKW && t.gap <= space && t.value <= 53 && t.len() <= 2 && s.free(i-1) {
		to := i + 1
		if (s.is(to, '/') || s.is(to, '-')) && s.isNumber(to+1) && s.at(to+1).gap == joined {
			to += 2
		} else if isYear(s.at(to)) && s.at(to).gap == space {
			to++
		}
		s.add(i-1, to, Date, "date-week")
		return true
	}
	w := s.at(i + 2)
	if !isYear(t) || !s.is(i+1, '-') || w.gap != joined || w.hash != hashW || !s.isNumber(i+3) || s.at(i+3).gap != joined || s.at(i+3).value > 53 {
		return false
	}
	to := i + 4
	if s.is(to, '-') && s.isNumber(to+1) && s.at(to+1).gap == joined {
		to += 2
	}
	s.add(i, to, Date, "date-week")
	return true
}

var hashKW = hashOf("kw")

// lateDates finds a month and a day after a name, a place or an organisation, which are
// known only now: with Prof. Quaife 12/8, back from Kisumu 28/12.
func (s *Scanner) lateDates() {
	for n, count := 0, len(s.hits); n < count; n++ {
		h := s.hits[n]
		if h.label != Name && h.label != Location && h.label != Org || h.to == 0 {
			continue
		}
		i := h.to
		a, b, after := s.at(i), s.at(i+2), s.at(i+3)
		if a.kind != number || a.gap != space || a.len() > 2 || s.at(i+1).char != '/' || !s.is(i+1, '/') || b.kind != number || b.gap != joined || b.len() > 2 || !s.free(i) || !s.free(i+2) ||
			!(isMonth(a.value) && isDay(b.value) || isDay(a.value) && isMonth(b.value)) || s.at(h.to-1).flags&(fEponym|fMedical) != 0 || s.measured(i, i+3) {
			continue
		}
		if after.gap < line && !(after.kind == mark && s.endsDay(i+3)) && !(after.kind == word && after.gap == space && after.shape == lower && after.flags&fFunction != 0) {
			continue
		}
		s.add(i, i+3, Date, "date-partial")
	}
}

// shortYearAt reports whether a number after a day and a month is a year of two digits, not
// the day of a date that begins with the month: 27 Jul 23.
func (s *Scanner) shortYearAt(day, year int) bool {
	if s.at(day).len() != 2 || s.at(year).len() != 2 {
		return false
	}
	next := s.at(year + 1)
	return next.kind != number && next.gap != joined || s.endsDay(year+1) && !s.isNumber(year+2)
}

var (
	// foreignMonths has short names of months that are words or measures in English.
	foreignMonths = hashSet("ago", "ene", "abr", "gen", "mag", "mrt", "mei", "mai", "jan")
	// italianMonths has short names of months that are also names of tests.
	italianMonths = hashSet("ott", "mag", "gen")
	// isOr has words between two days, one of which is meant.
	isOr = hashSet("o", "ou", "of", "oder", "u")
)

// shortWeekday reports whether a word is an abbreviated day of the week in German, Dutch or
// French, before a date.
func (s *Scanner) shortWeekday(t *token) bool {
	switch {
	case t.kind != word || t.len() > 4:
		return false
	case t.len() == 2:
		return (s.lang == german || s.lang == otherLanguage) && t.shape == title && germanDays.has(t.hash) || (s.lang == dutch || s.lang == otherLanguage) && dutchDays.has(t.hash)
	case sureDays.has(t.hash):
		return true
	}
	return s.lang == french && frenchDays.has(t.hash) || s.lang == italian && italianDays.has(t.hash) || s.lang == spanish && spanishDays.has(t.hash) || (s.lang == otherLanguage || s.lang == portuguese) && (frenchDays.has(t.hash) || italianDays.has(t.hash) || spanishDays.has(t.hash))
}

// sureDays has abbreviated days of the week that are not words of another language.
var sureDays = hashSet("mié", "miér", "jue", "sáb", "jeu", "gio")

var (
	germanDays  = hashSet("mo", "di", "mi", "do", "fr", "sa", "so")
	frenchDays  = hashSet("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
	dutchDays   = hashSet("ma", "di", "wo", "do", "vr", "za", "zo")
	italianDays = hashSet("lun", "mar", "mer", "gio", "ven", "sab", "dom")
	spanishDays = hashSet("lun", "mar", "mié", "miér", "jue", "vie", "sáb", "dom")
)

// shortened returns the start of the digits of a year, with or without an apostrophe before
// them: 12-8-'61.
func (s *Scanner) shortened(year int) int {
	if s.is(year, '\'') && isShortYear(s.at(year+1)) {
		return year + 1
	}
	return year
}

// namesMonth reports whether a token is the name of a month, not of a test: Ott 30/31,
// FEV1.
func (s *Scanner) namesMonth(i int) bool {
	t := s.at(i)
	if s.monthOf(i) == 0 || italianMonths.has(t.hash) && s.is(i+2, '/') && s.lang != italian && s.lang != otherLanguage && s.lang != portuguese {
		return false
	}
	return t.shape != upper || !s.isNumber(i+1) || s.at(i+1).gap != joined || s.at(i+1).len() != 1
}
