package text

// findLooseDays finds days and months in short forms that only their context distinguishes
// from measures: Internada de 5/3 a 12/3, am 5. und 19., 12th inst, dia 20.
func (s *Scanner) findLooseDays() {
	for i := s.numbers.next(0); i < len(s.toks); i = s.numbers.next(i + 1) {
		if s.taken[i] != 0 || s.at(i).len() > 2 || !isDay(s.at(i).value) || s.at(i).gap == joined && s.at(i-1).kind != mark {
			continue
		}
		if s.dayOfThisMonth(i) || s.dayWord(i) || s.pairRange(i) || s.spacedDate(i) {
			continue
		}
		s.loosePair(i)
	}
}

// dayOfThisMonth finds a day followed by a reference to a month: 12th inst, 20 c.m., 9 de
// los corrientes, 4 d. M., 12 jl.
func (s *Scanner) dayOfThisMonth(i int) bool {
	to := s.ordinalEnd(i)
	if s.is(to, '.') {
		to++
	}
	for n := 0; n < 3 && s.at(to).kind == word && s.at(to).gap == space && monthLeads.has(s.at(to).hash); n++ {
		to++
	}
	t := s.at(to)
	if t.kind != word || t.gap != space {
		return false
	}
	end := to + 1
	switch {
	case t.len() == 1 && s.is(to+1, '.') && s.at(to+2).len() == 1 && s.at(to+2).gap <= space && s.at(to+2).kind == word:
		var letters [2]byte
		letters[0], letters[1] = s.foldOf(to)[0], s.foldOf(to + 2)[0]
		if p := string(letters[:]); p != "cm" && p != "pv" && p != "us" && p != "dm" && p != "dj" {
			return false
		}
		if end = to + 3; s.is(end, '.') {
			end++
		}
	case thisMonth.has(t.hash) && s.endsDay(end):
	default:
		return false
	}
	s.add(i, end, Date, "date-day")
	return true
}

var (
	monthLeads = hashSet("de", "del", "do", "du", "of", "los", "the", "van", "deze", "mois", "mes", "mês", "month")
	thisMonth  = hashSet("inst", "instant", "ult", "ultimo", "prox", "proximo", "corriente", "corrientes", "corrente", "actual", "courant", "mois", "mes", "mês", "jl", "jongstleden", "aanstaande", "month", "ds", "dieses", "ejusdem")
)

// bareOrdinal finds the day of a month without "the" or after a word that says little:
// clips 14th; not the 17th. Low ordinals count other things unless a preposition of time
// precedes them.
func (s *Scanner) bareOrdinal(i int) bool {
	t, end, p := s.at(i), s.at(i+1), s.at(i-1)
	if s.lang != english || t.len() > 2 || !isDay(t.value) || t.gap != space || end.gap != joined || !ordinals.has(end.hash) || end.len() != 2 || p.kind != word || p.shape == upper && !s.at(i+1).plain {
		return false
	}
	next := s.at(i + 2)
	if next.gap < line && !(next.kind == mark && next.gap == joined && (next.char == '.' || next.char == ',' || next.char == ';' || next.char == ')') && !(s.isNumber(i+3) && s.at(i+3).gap == joined)) {
		return false
	}
	from := i
	if p.hash == hashThe {
		if p = s.at(i - 2); p.kind != word {
			return false
		}
		from--
	}
	if t.value < 13 && !dayBefore.has(p.hash) && !dayLinks.has(p.hash) {
		return false
	}
	s.add(from, i+2, Date, "date-day")
	return true
}

// dayLinks has words between days, or before one.
var dayLinks = hashSet("or", "not", "and", "due", "for", "back", "starting", "beginning", "ending", "effective")

// dayWord finds the day after a word for a day: dia 20, el día 12, giorno 4, el 14.
func (s *Scanner) dayWord(i int) bool {
	p, to := s.at(i-1), s.ordinalEnd(i)
	if p.kind != word || s.at(i).gap != space {
		return false
	}
	ends := s.at(to).gap >= line || s.at(to).kind == mark && s.endsDay(to) || s.at(to).kind == word && s.at(to).gap == space && s.at(to).shape == lower && dayFollows.has(s.at(to).hash)
	from := i
	switch {
	case !ends || s.lang == english || s.lang == german:
		return false
	case dayNouns.has(p.hash) && (s.at(i-3).hash == hashEn || s.at(i-2).hash == hashAl):
		return false // days of a treatment are counted this way
	case dayNouns.has(p.hash) && (p.shape == lower || s.startsSentence(i-1)):
		if s.at(i).value < 2 || s.at(i).value < 3 && s.startsSentence(i-1) {
			return false
		}
		from--
	case (s.lang == spanish || s.lang == portuguese) && dayEl.has(p.hash) && dayEvents(s.at(i-2)):
	default:
		return false
	}
	s.add(from, to, Date, "date-day")
	return true
}

var (
	hashEn, hashAl = hashOf("en"), hashOf("al")
	dayNouns       = hashSet("día", "dia", "giorno", "gg", "dag", "jour", "dd")
	dayEl          = hashSet("el", "o", "no", "ao", "al", "del")
	dayFollows     = hashSet("a", "y", "e", "à", "às", "por", "para", "con", "com", "en", "em", "na", "no", "se", "pela", "alle", "con", "per", "om", "met")
)

// dayEvents reports whether a word before an article leads to a day rather than to a thing:
// a verb or a preposition in lower case.
func dayEvents(t *token) bool {
	return t.kind == word && t.shape == lower && t.flags&(fMedical|fUnit|fDrug) == 0
}

// slashDay reports whether a day and a month with a slash begin at a token, with nothing
// joined.
func (s *Scanner) slashDay(i int) bool {
	a, b := s.at(i), s.at(i+2)
	if a.kind != number || a.len() > 2 || !s.is(i+1, '/') || b.kind != number || b.gap != joined || b.len() > 2 || !s.free(i) || !s.free(i+2) || !(isMonth(a.value) && isDay(b.value) || isDay(a.value) && isMonth(b.value)) {
		return false
	}
	after := s.at(i + 3)
	return after.gap != joined || after.kind == mark && after.char != '/' && after.char != '-' && after.char != '%' && !(s.isNumber(i+4) && s.at(i+4).gap == joined)
}

// pairRange finds two days with a slash between words for the beginning and end of a
// period.
func (s *Scanner) pairRange(i int) bool {
	if !s.slashDay(i) || !s.slashDay(i+4) || s.at(i+3).gap != space || s.at(i+4).gap != space {
		return false
	}
	lead, between := s.at(i-1), s.at(i+3)
	if between.kind != word || !rangeWords.has(between.hash) && !untilWords.has(between.hash) || lead.kind != word || !rangeLeads.has(lead.hash) && !sinceLeads.has(lead.hash) || s.at(i).gap != space || s.measured(i, i+7) || s.at(i-2).kind == word && measures[s.at(i-2).hash] {
		return false
	}
	s.add(i, i+3, Date, "date-partial")
	s.add(i+4, i+7, Date, "date-partial")
	return true
}

var (
	untilWords = hashSet("a", "à", "até", "hasta", "jusqu", "t", "until", "till", "al", "ao", "fino", "tot")
	sinceLeads = hashSet("de", "du", "da", "do", "desde", "depuis", "od", "ab", "seit", "van", "dal")
)

// loosePair finds a day and a month with a slash after a name, an organisation or a heading
// in capitals.
func (s *Scanner) loosePair(i int) {
	if !s.slashDay(i) || s.at(i).gap > wide || s.at(i).gap == joined || s.measured(i, i+3) {
		return
	}
	a, b, p, after := s.at(i), s.at(i+2), s.at(i-1), s.at(i+3)
	if p.hash == hashOf2[0] && weekWords.has(s.at(i-2).hash) || weekWords.has(p.hash) || s.lang == portuguese && p.char == ',' && s.at(i-2).hash == hashFeira {
		s.add(i, i+3, Date, "date-partial") // wk of 22/4
		return
	}
	ends := after.gap >= line || after.kind == mark && s.endsDay(i+3) || after.kind == number && after.gap == space && s.clockAt(i+3) || after.gap == space && after.kind == word && after.shape == lower && after.flags&(fFunction|fNameVerb) != 0
	if !ends {
		return
	}
	label := s.labelAt(i - 1)
	switch {
	case label == Name || label == Org || label == Location:
	case max(a.value, b.value) > 12 && a.value > 1 && b.value != 15 && b.value != 30 && p.kind == word && p.shape == upper && p.flags&(fUnit|fDrug) == 0 && !measures[p.hash] && (after.kind == number || s.at(i-2).shape == upper && p.gap == space):
	default:
		return
	}
	s.add(i, i+3, Date, "date-partial")
}

var (
	weekWords = hashSet("week", "wk", "w/c", "w/e", "weekend", "commencing", "ending", "beginning")
	hashFeira = hashOf("feira")
)

// clockAt reports whether a time of day begins at a token: 16:10, 16.10, 1610.
func (s *Scanner) clockAt(i int) bool {
	t, n := s.at(i), s.at(i+2)
	if t.kind != number || t.value < 0 {
		return false
	}
	if t.len() == 4 {
		return t.value < 2400 && t.value%100 < 60 && s.at(i+1).gap != joined
	}
	return t.len() <= 2 && t.value < 24 && (s.is(i+1, '.') || s.is(i+1, ':')) && n.kind == number && n.gap == joined && n.len() == 2 && n.value < 60
}

// spacedDate finds a day, a month and a year with blanks between: 01 01 1959.
func (s *Scanner) spacedDate(i int) bool {
	a, b, c := s.at(i), s.at(i+1), s.at(i+2)
	if a.len() != 2 || b.kind != number || b.len() != 2 || b.gap != space || c.gap != space || !isYear(c) || !s.free(i+1) || !s.free(i+2) || s.at(i-1).kind == number || s.at(i+3).kind == number && s.at(i+3).gap == space ||
		!(isDay(a.value) && isMonth(b.value) || isMonth(a.value) && isDay(b.value)) || s.at(i+3).gap == joined && s.at(i+3).kind != mark {
		return false
	}
	s.add(i, i+3, Date, "date-numeric")
	return true
}
