package text

// findDates finds dates in any form: numbers in both orders, months by name, partial dates.
// Relative days ("last Tuesday") and years alone stay.
func (s *Scanner) findDates() {
	for i := s.dated.next(0); i < len(s.toks); i = s.dated.next(i + 1) {
		if s.taken[i] != 0 {
			continue
		}
		t := &s.toks[i]
		switch {
		case t.kind == number:
			if !s.numericDate(i) && !s.dayFirst(i) && !s.wordedDate(i) && !s.romanDate(i) && !s.weekOfYear(i) && !s.quarter(i) && !s.weekdayNumber(i) && !s.dayAlone(i) {
				s.partialDate(i)
			}
		case t.flags&fMonth != 0:
			s.monthFirst(i)
		case t.flags&fAnchor != 0 && !s.feast(i):
			s.spokenNumber(i)
		}
	}
}

// dateFrom returns the start of a date, including a weekday and "the" before it.
func (s *Scanner) dateFrom(i int) int {
	from := i
	if s.at(from-1).hash == hashThe && s.at(from).gap == space {
		from--
	}
	j := from - 1
	if s.at(j).char == ',' || s.at(j).char == '.' || s.at(j).hash == hashDen {
		j--
	}
	if s.at(j).char == '.' || s.at(j).char == ',' {
		j--
	}
	if w := s.at(j); w.kind == word && (w.flags&fWeekday != 0 && (w.len() > 3 || w.shape != lower) || s.shortWeekday(w)) && s.taken[j] == 0 && s.at(j+1).gap <= space {
		return j
	}
	return s.rangeFrom(from)
}

// rangeFrom returns the start of a range of days that ends with the date at a token: vom
// 12. bis 19.2.2024, dal 2 all'11 febbraio.
func (s *Scanner) rangeFrom(i int) int {
	j := i - 1
	if s.at(j).char == '\'' && s.at(i).gap == joined {
		j--
	}
	between := s.at(j).kind == word && rangeWords.has(s.at(j).hash) || s.at(j).char == '-' || s.at(j).hash == '–'
	if j--; s.is(j, '.') {
		j--
	}
	t := s.at(j)
	if !between || s.at(i).gap > space || t.kind != number || t.len() > 2 || !isDay(t.value) || t.gap != space || !s.free(j) || s.at(j-1).kind != word || !rangeLeads.has(s.at(j-1).hash) {
		return i
	}
	return j
}

var (
	rangeWords = hashSet("bis", "to", "through", "al", "all", "au", "tot", "m", "and", "und", "y", "e", "et", "en")
	rangeLeads = hashSet("vom", "am", "from", "between", "zwischen", "del", "dal", "dall", "du", "van", "entre", "desde")
)

var (
	hashThe = hashOf("the")
	hashDen = hashOf("den")
)

func (s *Scanner) addDate(from, to int, rule string) {
	s.add(s.dateFrom(from), s.withTime(to), Date, rule)
}

// withTime returns the end of a time of day that belongs to a date: T10:30:00Z. A time
// after a blank belongs to it only if times are found.
func (s *Scanner) withTime(to int) int {
	i := to
	switch {
	case s.at(i).hash == hashT && s.at(i).gap == joined && s.isNumber(i+1) && s.at(i+1).gap == joined:
		i++
	case s.f.options.Times && s.isNumber(i) && s.at(i).gap == space && s.is(i+1, ':'):
	default:
		return to
	}
	if s.at(i).value < 0 || s.at(i).value > 24 {
		return to
	}
	i++
	for s.is(i, ':') && s.isNumber(i+1) && s.at(i+1).gap == joined {
		i += 2
	}
	if s.is(i, '.') && s.isNumber(i+1) && s.at(i+1).gap == joined {
		i += 2
	}
	if s.at(i).hash == hashZ && s.at(i).gap == joined {
		i++
	} else if (s.is(i, '+') || s.is(i, '-')) && s.isNumber(i+1) && s.at(i+1).gap == joined {
		if i += 2; s.is(i, ':') && s.isNumber(i+1) {
			i += 2
		}
	}
	return i
}

var (
	hashT = hashOf("t")
	hashZ = hashOf("z")
)

func isDay(n int32) bool   { return n >= 1 && n <= 31 }
func isMonth(n int32) bool { return n >= 1 && n <= 12 }

// isYear reports whether a token is a year of four digits.
func isYear(t *token) bool {
	return t.kind == number && t.len() == 4 && t.value >= 1850 && t.value <= 2150
}

// isShortYear reports whether a token is a year of two digits.
func isShortYear(t *token) bool { return t.kind == number && t.len() == 2 }

// numericDate finds three numbers: 3/14/2020, 2020-03-14, 14.3.20.
func (s *Scanner) numericDate(i int) bool {
	if p := s.at(i - 1); s.at(i).gap == joined && (p.kind == number || p.char == '/' || p.char == '.' && s.isNumber(i-2) || p.char == '-' && s.at(i-1).gap == joined && s.isNumber(i-2) && s.labelAt(i-2) != Date) {
		return false
	}
	sep := s.at(i + 1).char
	if sep != '/' && sep != '-' && sep != '.' {
		return false
	}
	loose := s.at(i+1).gap == space && s.at(i+2).gap == space || sep == '.' && s.at(i+2).gap == space
	if !loose && (s.at(i+1).gap != joined || s.at(i+2).gap != joined) || !s.isNumber(i+2) || s.at(i+3).char != sep {
		return false
	}
	if g := s.at(i + 3).gap; g != joined && !(loose && g == space) {
		return false
	}
	year := s.shortened(i + 4)
	c := s.at(year)
	if c.kind != number || c.gap > space || c.gap == space && !loose {
		return false
	}
	a, b := s.at(i), s.at(i+2)
	ok := false
	switch {
	case isYear(a):
		ok = b.len() <= 2 && c.len() <= 2 && (isMonth(b.value) && isDay(c.value) || isDay(b.value) && isMonth(c.value))
	case a.len() > 2 || b.len() > 2 || !(isDay(a.value) && isMonth(b.value) || isMonth(a.value) && isDay(b.value)):
	case isYear(c):
		ok = true
	case isShortYear(c):
		ok = !loose && (sep == '/' || a.len() == 2 && b.len() == 2 || sep == '-' && c.value > 0 || s.lang != english || s.dateContext(i))
	}
	if !ok || s.at(year+1).gap == joined && (s.at(year+1).kind == number || s.at(year+1).char == sep && s.isNumber(year+2) && s.at(year+2).gap == joined) {
		return false
	}
	to := year + 1
	if isYear(a) {
		to = s.clock(to)
	}
	s.addDate(i, to, "date-numeric")
	return true
}

// clock returns the end of a time with seconds after a date with the year first: such a
// machine-generated timestamp is one value.
func (s *Scanner) clock(to int) int {
	for n := range 3 {
		i := to + 2*n
		if t := s.at(i); t.kind != number || t.len() != 2 || t.value > 60 || t.gap != space && n == 0 || t.gap != joined && n > 0 || n < 2 && !s.is(i+1, ':') {
			return to
		}
	}
	if to += 5; s.is(to, '.') && s.isNumber(to+1) && s.at(to+1).gap == joined {
		to += 2
	}
	return to
}

// ordinalEnd returns the token after an ordinal's ending: 3rd, 3º.
func (s *Scanner) ordinalEnd(i int) int {
	t := s.at(i + 1)
	if t.gap == joined && (ordinals.has(t.hash) || t.kind == mark && (t.hash == 'º' || t.hash == 'ª' || t.hash == '°')) {
		return i + 2
	}
	return i + 1
}

var ordinals = hashSet("st", "nd", "rd", "th", "er", "e", "ste", "de", "o", "º")

// monthOf returns the month that a token names. Short or ambiguous names must be written
// like names.
func (s *Scanner) monthOf(i int) int {
	t := s.at(i)
	if t.flags&fMonth == 0 {
		return 0
	}
	return s.f.dict.months[t.hash]
}

// of skips "of", "de", a full stop, a comma or a hyphen inside a date.
func (s *Scanner) skipOf(i int) int {
	t := s.at(i)
	switch {
	case t.gap > line:
	case t.char == '.' || t.char == ',' || t.char == '-' || t.char == '/':
		if next := s.at(i + 1); next.hash == hashOf2[1] || next.hash == hashOf2[2] {
			return i + 2
		}
		return i + 1
	case t.kind == word && (t.hash == hashOf2[0] || t.hash == hashOf2[1] || t.hash == hashOf2[2]):
		return i + 1
	}
	return i
}

var hashOf2 = [3]uint64{hashOf("of"), hashOf("de"), hashOf("del")}

// yearAt returns the end of a year that begins at a token: 2020, '20, 20 if short.
func (s *Scanner) yearAt(i int, short bool) (to int, ok bool) {
	t := s.at(i)
	switch {
	case t.gap >= blank:
	case isYear(t) && !s.decimalAfter(i):
		return i + 1, true
	case t.char == '\'' && isShortYear(s.at(i+1)) && s.at(i+1).gap == joined:
		return i + 2, true
	case short && isShortYear(t) && !s.decimalAfter(i):
		return i + 1, true
	}
	return i, false
}

// decimalAfter reports whether a number continues: 20.5, 20%.
func (s *Scanner) decimalAfter(i int) bool {
	n := s.at(i + 1)
	if n.gap != joined {
		return false
	}
	return n.kind == number || (n.char == '.' || n.char == ',' || n.char == ':') && s.isNumber(i+2) && s.at(i+2).gap == joined || n.char == '%'
}

// dayFirst finds a day before the name of a month: 3 March 2020, 3rd of March,
// 14. März, 3 de marzo de 2020, 03Mar2020, 03-Mar-20.
func (s *Scanner) dayFirst(i int) bool {
	t := s.at(i)
	if t.len() > 2 || !isDay(t.value) || s.at(i).gap == joined && (s.at(i-1).char == '.' || s.at(i-1).char == '/') && s.isNumber(i-2) {
		return false
	}
	from := i
	j := s.ordinalEnd(i)
	// Two days of one month: 3-5 March, 3 and 4 March, del 3 al 5 de marzo.
	j = s.secondDay(j)
	joinedMonth := s.at(j).gap == joined
	j = s.skipOf(j)
	m := s.at(j)
	if s.monthOf(j) == 0 || m.gap > line || m.gap == line && s.at(i).gap == line {
		return false
	}
	// "3 mar" is a month only before a year.
	if m.len() <= 3 && m.shape == lower && !joinedMonth && !shortMonths.has(m.hash) && !(s.lang != english && foreignMonths.has(m.hash)) {
		if _, ok := s.yearAt(s.skipOf(j+1), true); !ok {
			return false
		}
	}
	// The number before belongs to something else if a day follows: 12, July 27.
	if d := s.at(j + 1); d.kind == number && d.gap == space && d.len() <= 2 && isDay(d.value) && m.gap == space && !s.decimalAfter(j+1) && !(j == i+1 && s.shortYearAt(i, j+1)) {
		return false
	}
	if m.hash == hashMay && m.shape == lower && s.lang == english || s.at(j+1).kind == number && s.at(j+1).gap == joined && s.at(j+1).len() == 1 {
		return false // FEV1
	}
	to := j + 1
	k := s.skipOf(to)
	short := joinedMonth || s.at(to).char == '-' || s.at(to).char == '/'
	if end, ok := s.yearAt(k, short || s.at(k).gap == joined); ok {
		to = end
	} else if k > to && s.at(to).hash == hashOf2[2] && isShortYear(s.at(k)) && s.at(k).gap == space && s.endsPhrase(k+1) {
		to = k + 1 // 3 de mayo del 71
	} else if y := s.at(to); isShortYear(y) && (y.value > 31 || t.len() == 2 && j == i+1) && y.gap == space && !s.decimalAfter(to) && (s.endsPhrase(to+1) || s.at(to+1).gap == wide) {
		to++ // 14 Jul 88
	} else if s.at(to).char == '.' && m.len() <= 4 && s.at(to).gap == joined && s.at(to+1).gap <= space && s.at(to+1).shape == lower {
		to++
	}
	s.addDate(from, to, "date-day-month")
	return true
}

// shortMonths has short names of months that are not words.
var shortMonths = hashSet("dec", "dic", "déc", "dez", "oct", "okt", "ott", "nov", "sep", "aug", "jul", "jun", "avr", "apr", "feb", "fév", "fev", "giu", "lug")

// secondDay returns the end of the second of two days of a month, the first of which ends
// before a token: 3-5 March, 2.–11. Januar, 12 t/m 18 april.
func (s *Scanner) secondDay(first int) int {
	j := first
	if n := s.at(j + 1); s.is(j, '.') && (n.char == '-' || n.hash == '–' || n.kind == word && isAnd.has(n.hash)) && n.gap <= space {
		j++
	}
	c := s.at(j)
	switch {
	case c.gap > space:
		return first
	case c.hash == hashT && s.is(j+1, '/') && s.at(j+2).hash == hashM:
		j += 2
	case c.char == '-' || c.hash == '–' || c.char == '/' || c.char == ',' || c.kind == word && (isAnd.has(c.hash) || isOr.has(c.hash) && s.lang != english):
	default:
		return first
	}
	if d := s.at(j + 1); d.kind == number && isDay(d.value) && d.len() <= 2 {
		return s.ordinalEnd(j + 1)
	}
	return first
}

var (
	hashM   = hashOf("m")
	hashMay = hashOf("may")
	isAnd   = hashSet("and", "to", "und", "bis", "y", "al", "a", "et", "au", "en", "tot", "or", "e", "through")
)

// monthFirst finds dates that begin with the name of a month: March 3rd, 2020, Mar 3, March
// 2020, in March, febrero y abril de 2002.
func (s *Scanner) monthFirst(i int) {
	t := s.at(i)
	if !s.namesMonth(i) {
		return
	}
	to, found := i+1, false
	j := to
	if s.at(j).char == '.' && s.at(j).gap == joined {
		j++
	}
	// Two months of one year.
	if c := s.at(j); (c.char == '-' || c.char == '/' || c.kind == word && isAnd.has(c.hash)) && c.gap <= space && s.monthOf(j+1) != 0 && s.at(j+1).gap <= space {
		j += 2
		to = j
	}
	d := s.at(j)
	if d.char == '-' && d.gap == joined && s.at(j+1).gap == joined {
		j++
		d = s.at(j)
	}
	if d.kind == number && d.gap <= line && d.len() <= 2 && isDay(d.value) && !s.decimalAfter(j) && !(d.gap == line && t.len() <= 3) {
		end := s.ordinalEnd(j)
		// Several days: March 3-5, March 3 and 4.
		if c := s.at(end); (c.char == '-' || c.char == '/' || c.char == ',' || c.kind == word && isAnd.has(c.hash)) && c.gap <= space && s.isNumber(end+1) && s.at(end+1).gap <= space && s.at(end+1).len() <= 2 && isDay(s.at(end+1).value) && !s.decimalAfter(end+1) {
			if c.char != ',' {
				end = s.ordinalEnd(end + 1)
			}
		}
		to, found = end, true
		k := s.skipOf(end)
		if e, ok := s.yearAt(k, s.is(end, '-') || s.is(end, '/')); ok && s.at(k).gap <= line {
			to = e
		}
	} else if e, ok := s.yearAt(s.skipOf(j), s.at(j-1).char == '-' || s.is(j, '/') && s.at(j+1).gap == joined); ok && s.at(s.skipOf(j)).gap <= line {
		to, found = e, true
	}
	if y := s.at(j + 1); !found && s.at(j).hash == hashOf2[2] && isShortYear(y) && y.gap == space && s.endsPhrase(j+2) {
		to, found = j+2, true // agosto del 21
	}
	from := i
	if !found {
		if end := s.spokenDate(i, j); end > j {
			to, found = end, true
		}
		if from = s.spokenBefore(i); from < i {
			to, found = s.spokenYear(to), true
		}
	}
	// May, march, mar and the like are also words.
	if t.shape == lower && t.len() <= 5 && s.lang == english && t.flags&(fCommon|fWord) != 0 && !found {
		return
	}
	if from == i {
		from = s.wordedDay(i)
	}
	if !found && from == i && !s.monthAlone(i) {
		return
	}
	if part := s.partOfMonth(from); from == i && part < i {
		s.add(part, to, Date, "date-month")
		return
	}
	s.addDate(from, to, "date-month")
}

// dayAlone finds a day of a month that is not named: until the 9th, Friday the 16th.
func (s *Scanner) dayAlone(i int) bool {
	t, end := s.at(i), s.at(i+1)
	if t.len() <= 2 && isDay(t.value) && t.gap == space && s.lang != english && s.lang != spanish && s.lang != portuguese && s.lang != otherLanguage {
		return s.dayBehindArticle(i)
	}
	if s.bareOrdinal(i) {
		return true
	}
	if t.len() > 2 || !isDay(t.value) || t.gap != space || s.at(i-1).hash != hashThe || end.gap != joined || !ordinals.has(end.hash) || end.len() != 2 || s.lang != english {
		return false
	}
	p, next := s.at(i-2), s.at(i+2)
	if p.kind != word || !(dayBefore.has(p.hash) || p.flags&fWeekday != 0) || next.kind == word && next.gap <= space && !dayAfter.has(next.hash) || next.gap == joined && next.char == '-' {
		return false
	}
	from, to := i-1, i+2
	if p.flags&fWeekday != 0 {
		from = i - 2
	}
	if next.hash == hashInst {
		to++
	}
	s.add(from, to, Date, "date-day")
	return true
}

// dayBehindArticle finds a day of a month that is not named, in languages other than
// English: le 12, il 3, am 12., de 30e. A thing counted or measured would follow the
// number.
func (s *Scanner) dayBehindArticle(i int) bool {
	p, to := s.at(i-1), i+1
	// In Spanish, days of a treatment are counted in the same way.
	if p.kind != word || !dayArticles[s.lang].has(p.hash) {
		return false
	}
	switch end := s.at(to); {
	case s.lang == german:
		if !s.is(to, '.') {
			return false
		}
		to++
		if s.at(to).hash == hashD && s.is(to+1, '.') && s.at(to+2).hash == hashM {
			to += 3 // am 9. d. M.
		}
	case s.lang == dutch:
		if end.gap != joined || !ordinals.has(end.hash) {
			return false
		}
		to++
	}
	next := s.at(to)
	ends := next.gap >= line || next.kind == mark && (next.gap == joined && next.char != '-' && next.char != '/' && next.char != '%' && next.char != '\'' || next.char == '(') && !(s.at(to+1).kind == number && s.at(to+1).gap == joined)
	if !ends && !(next.kind == word && next.gap == space && next.shape == lower && next.flags&fFunction != 0 && next.flags&fUnit == 0 && next.hash != hashPer && !(isAnd.has(next.hash) && s.isNumber(to+1))) {
		return false
	}
	s.add(i, to, Date, "date-day")
	return true
}

var (
	hashD, hashPer = hashOf("d"), hashOf("per")
	// dayArticles has words that may precede the day of a month.
	dayArticles = [...]wordSet{
		german: hashSet("am", "den", "vom", "zum"), french: hashSet("le", "dès"), dutch: hashSet("de", "op"), italian: hashSet("il", "dal"),
	}
)

// romanDate finds a date whose month is a Roman numeral: 10.X.23, 14.iii.1951.
func (s *Scanner) romanDate(i int) bool {
	a, sep, m, y := s.at(i), s.at(i+1), s.at(i+2), s.at(i+4)
	if m.kind != word || a.len() > 2 || !isDay(a.value) || sep.gap != joined || sep.char != '.' && sep.char != '-' && sep.char != '/' || m.gap != joined || !romanMonths.has(m.hash) {
		return false
	}
	if sep.char == '-' && m.len() > 1 && m.shape == upper && a.gap != joined && s.endsDay(i+3) {
		s.addDate(i, i+3, "date-roman") // 15-VIII
		return true
	}
	if s.at(i+3).char != sep.char || s.at(i+3).gap != joined ||
		y.gap != joined || !isYear(y) && !isShortYear(y) || s.at(i+5).gap == joined && s.at(i+5).kind != mark || a.gap == joined && s.at(i-1).kind != mark {
		return false
	}
	s.addDate(i, i+5, "date-roman")
	return true
}

var romanMonths = hashSet("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")

var (
	dayBefore = hashSet("until", "til", "till", "on", "by", "from", "since", "before", "after", "to", "through", "thru")
	dayAfter  = hashSet("inst", "at", "and", "or", "to", "for", "with", "if", "when", "because", "but", "after", "before", "by", "w", "will", "she", "he", "pt")
	hashInst  = hashOf("inst")
)

// monthAlone reports whether a month without day and year is a date: "in March",
// "since last October".
func (s *Scanner) monthAlone(i int) bool {
	t := s.at(i)
	if t.len() < 4 && t.hash != hashMay && !(t.len() == 3 && t.shape == title && s.is(i+1, '.') && s.at(i-1).hash == hashIn) || t.gap > space {
		return false
	}
	if t.shape == lower && (s.lang == english || s.lang == german || s.lang == dutch) || t.shape == upper && s.at(i-1).shape != upper {
		return false
	}
	p := s.at(i - 1)
	return p.kind == word && monthBefore.has(p.hash) || s.partOfMonth(i) < i
}

var monthBefore = hashSet("in", "due", "since", "until", "till", "during", "last", "early", "late", "mid", "by", "this", "through",
	"seit", "im", "ende", "anfang", "mitte", "bis", "en", "desde", "hasta", "depuis", "sinds", "tot")
