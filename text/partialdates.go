package text

import "bytes"

// partialDate finds a month and a day, or a month and a year, as numbers: 3/14, 03-14,
// 14.3., 03/2020. Measures and scores look the same, so it needs the context.
func (s *Scanner) partialDate(i int) {
	a, sep, b := s.at(i), s.at(i+1), s.at(i+2)
	if a.len() > 2 || sep.gap != joined || b.kind != number || b.gap != joined || s.at(i).gap == joined && s.at(i-1).char != '(' && s.at(i-1).char != '~' && s.at(i-1).char != ':' && s.at(i-1).char != '[' {
		return
	}
	c := sep.char
	if c != '/' && c != '-' && c != '.' {
		return
	}
	after := s.at(i + 3)
	if after.gap == joined && (after.kind != mark || (after.char == c || after.char == '/' || after.char == '-' || after.char == ':') && s.at(i+4).gap == joined && s.at(i+4).kind != mark || after.char == '%') {
		return
	}
	switch {
	case isYear(b):
		if isMonth(a.value) && (c == '/' || a.len() == 2 || s.dateContext(i)) && (c != '.' || s.lang != english || s.dateContext(i)) {
			s.addDate(i, i+3, "date-month-year")
		}
		return
	case b.len() > 2 || !(isMonth(a.value) && isDay(b.value) || isDay(a.value) && isMonth(b.value)):
		return
	}
	if c == '.' {
		if to, ok := s.dottedDay(i); ok {
			s.addDate(i, to, "date-day-month-numeric")
		}
		return
	}
	if a.value == 24 && b.value == 7 && !s.dateContext(i) {
		return // around the clock
	}
	if s.timeBehind(i, c) || s.inCell(i, i+3) {
		s.addDate(i, i+3, "date-partial")
		return
	}
	padded := a.len() == 2 && b.len() == 2 && (s.at(i).value < 10 || s.at(i+2).value < 10)
	if s.measured(i, i+3) || !s.dateContext(i) && !s.behindEvent(i) && !(padded && c == '/') && !(c == '/' && (s.looksLikeDay(i) || s.dayBeforeMonth(i))) {
		return
	}
	s.addDate(i, i+3, "date-partial")
}

// timeBehind reports whether a time of day follows a day and month that begin at a token:
// 9/9 14:30, 9/9 1430.
func (s *Scanner) timeBehind(i int, sep byte) bool {
	t := s.at(i + 3)
	if t.kind != number || t.gap != space {
		return false
	}
	return s.is(i+4, ':') || t.len() == 4 && sep == '/' && (s.at(i).gap != space || t.value < 2400 && t.value%100 < 60 && !isYear(t) && s.at(i+4).flags&fUnit == 0)
}

// looksLikeDay distinguishes a month and a day from a fraction or a score, without words
// that lead to a date: one of the two is too high for a month, or the two are a heading.
func (s *Scanner) looksLikeDay(i int) bool {
	a, b, after, p := s.at(i), s.at(i+2), s.at(i+3), s.at(i-1)
	if after.char == ':' && after.gap == joined && a.gap <= line && p.kind == word {
		return true // Bed huddle 1/30:
	}
	if days.has(p.hash) && a.gap == space || p.char == ',' && days.has(s.at(i-2).hash) {
		return true // tomorrow, 9/14
	}
	if s.at(i-2).kind == number && s.at(i-2).gap != joined && p.char == '-' {
		return false
	}
	high := max(a.value, b.value)
	return high > 12 && a.value > 1 && !(a.value == 6 && (high == 18 || high == 24 || high == 36)) && b.value != 15 && b.value != 30 && a.value != high-1 &&
		(p.kind == mark || p.shape == lower && p.flags&(fMedical|fDrug|fEponymHead) == 0 || s.at(i).gap >= line) && (after.kind == mark && after.char != '%' || after.gap >= line || after.shape == lower && after.flags&fFunction != 0)
}

// days has words for days that may be next to the number of a day.
var days = hashSet("today", "tomorrow", "yesterday", "tonight", "hoy", "ayer", "mañana", "heute", "gestern", "morgen", "hier", "demain", "vandaag", "gisteren", "oggi", "ieri", "domani", "hoje", "ontem", "til", "till", "until", "wk", "dc", "appt", "f/u", "fu", "cambiada")

// dateContext reports whether the words before a token lead to a date: on, since, DOB:.
func (s *Scanner) dateContext(i int) bool {
	for j, n := i-1, 0; j >= 0 && n < 3; j, n = j-1, n+1 {
		t := s.at(j)
		if s.at(j+1).gap > line {
			return false
		}
		switch {
		case n == 0 && t.kind == word && (t.shape == lower || t.shape == title && t.flags&(fGiven|fFamily) == 0) && t.len() >= 5 && s.lang == english && s.text[t.end-1] == 'd' && s.text[t.end-2] == 'e', n == 0 && t.len() == 1 && s.is(j-1, '\'') && s.at(i).gap == space:
			return true // extubated 3/9, dc'd 4/1
		case t.ends&fDateLabel != 0:
			return t.hash != hashOf2[0] || n == 0 && s.at(i).len() > 2
		case t.kind == word && (t.flags&fWeekday != 0 || n <= 1 && (s.shortWeekday(t) || s.lang != english && t.len() == 2 && (germanDays.has(t.hash) && t.shape == title || dutchDays.has(t.hash)))):
			return true
		case n == 0 && t.kind == word && (s.lang != english && dayLeads.has(t.hash) || s.at(j).gap <= space && nextTo.has(s.at(j-1).hash) || s.isParticiple(j)):
			return true
		case n == 0 && (t.char == '&' || t.kind == word && isAnd.has(t.hash)) && s.labelAt(j-1) == Date:
			return true
		case n == 0 && s.lang == english && s.at(i).gap == space && happened.has(t.hash):
			b := s.at(i + 2).value
			return s.at(i).value > b || b > 6 && b != 10 // done 8/8, that was 10/3; not 2/5
		case t.kind == mark && (t.char == ':' || t.char == '.' || t.char == '(' || t.char == '~' || t.char == ','):
		case t.kind == word && t.flags&fFunction != 0 && t.hash == hashThe:
		default:
			return s.taken[j] != 0 && n == 0 && s.followsDate(j)
		}
	}
	return false
}

// isParticiple reports whether a word in a language other than English can be a past
// participle: ricevuto, reçu, recibida.
func (s *Scanner) isParticiple(i int) bool {
	var ends []string
	switch s.lang {
	case spanish, italian:
		ends = []string{"ado", "ada", "ido", "ida", "ato", "ata", "uto", "uta", "ito", "ita"}
	case french:
		ends = []string{"e", "ee", "u", "ue"}
	}
	folded := s.foldOf(i)
	if len(folded) < 4 || s.lang == french && s.text[s.at(i).end-1] == 'e' && !bytes.Contains(s.text[s.at(i).start:s.at(i).end], []byte("é")) {
		return false
	}
	for _, end := range ends {
		if bytes.HasSuffix(folded, []byte(end)) {
			return true
		}
	}
	return false
}

var (
	// dayLeads has words before a day and month in languages other than English.
	dayLeads = hashSet("del", "dal", "al", "il", "el", "le", "du", "au", "den", "op", "naar", "per", "entro", "rdv", "rv", "cita", "arrivo", "referto", "controllo", "afspraak", "controle", "contrôle", "zitting", "verslag", "ontv", "eingang", "ausgang", "audience", "udienza", "juicio", "prossimo", "próximo", "volgende", "nächster")
	// nextTo has words that distinguish one of several events: next visit 3/14, last BM
	// 6/2.
	nextTo = hashSet("next", "last", "prior", "previous")
)

// happened has verbs that may precede a day.
var happened = hashSet("ends", "expires", "begins", "starts", "stops", "resumes", "missed", "done", "was", "were", "given", "drawn", "sent", "held", "began", "begun", "left", "came", "went", "fell", "cut", "put", "set", "repeat", "class", "course", "mtg", "meeting", "visit")

// followsDate reports whether the last hit is a date that ends at a token.
func (s *Scanner) followsDate(j int) bool {
	if len(s.hits) == 0 {
		return false
	}
	h := s.hits[len(s.hits)-1]
	return h.label == Date && h.to == j+1
}

// measured reports whether the words next to two numbers show that they are a measure or a
// score: pain 2/10, 5/5 strength, 1-2 cm.
func (s *Scanner) measured(i, to int) bool {
	for j := i - 1; j >= i-3 && j >= 0; j-- {
		t := s.at(j)
		if s.at(j+1).gap >= line || j == i-1 && (sinceWords.has(t.hash) || events.has(t.hash) && !measures[t.hash]) {
			break
		}
		if t.kind == word && measures[t.hash] {
			return true
		}
	}
	t := s.at(to)
	if t.gap >= line {
		return false
	}
	if t.kind == mark && t.char == '-' {
		t = s.at(to + 1)
	}
	return t.kind == word && (t.flags&fUnit != 0 && t.len() <= 8 || measures[t.hash])
}

// sinceWords has words that precede a date, whatever is measured before them: pain since
// 6/1.
var sinceWords = hashSet("since", "until", "till", "dated", "seit", "desde", "depuis", "sinds", "dal")

var measures = func() map[uint64]bool {
	m := map[uint64]bool{}
	for _, w := range []string{"pain", "strength", "murmur", "systolic", "diastolic", "motor", "power", "reflexes", "dtr", "dtrs", "score", "scale", "apgar", "apgars",
		"grade", "ratio", "gcs", "berg", "morse", "moca", "mmse", "monofilament", "vision", "acuity", "od", "os", "ou", "va", "bp", "of", "out", "rating", "severity",
		"positive", "negative", "correct", "stage", "pulses", "edema", "intact", "level", "levels", "dilution", "titer", "lot", "tanner", "bishop", "rated", "muscle",
		"schmerz", "schmerzen", "kraft", "dolor", "fuerza", "score", "phq", "gad", "nrs", "vas", "wk", "weeks", "doses", "fraction", "dose", "cycle", "station", "ta", "pa", "rr", "tas", "tension", "cpap", "bipap", "niv", "ipap", "epap", "peep", "ps", "ratio", "kraftgrad", "janda", "fev", "sehschärfe", "visus", "agudeza", "visión", "vue"} {
		m[hashOf(w)] = true
	}
	delete(m, hashOf("of"))
	return m
}()

// wordedDate finds dates whose numbers are followed by words for year, month and day:
// 1946年8月16日, ngày 8 tháng 12 năm 1970.
func (s *Scanner) wordedDate(i int) bool {
	t := s.at(i)
	next := s.at(i + 1)
	if next.kind != word || next.gap > space {
		return false
	}
	switch next.hash {
	case hashYearHan, hashYearHangul:
		to := i + 2
		if !(t.value >= 1 && s.isNumber(to) && isMonth(s.at(to).value) && (s.at(to+1).hash == hashMonthHan || s.at(to+1).hash == hashMonthHangul)) {
			return false
		}
		to += 2
		if s.isNumber(to) && isDay(s.at(to).value) && s.at(to).gap <= space && (s.at(to+1).hash == hashDayHan || s.at(to+1).hash == hashDayHangul) {
			to += 2
		}
		s.addDate(i, to, "date-worded")
		return true
	case hashThang:
		if !isDay(t.value) || !s.isNumber(i+2) || !isMonth(s.at(i+2).value) {
			return false
		}
		from, to := i, i+3
		if s.at(i-1).hash == hashNgay {
			from--
		}
		if s.at(to).hash == hashNam && s.isNumber(to+1) {
			to += 2
		}
		s.add(from, to, Date, "date-worded")
		return true
	}
	return false
}

var (
	hashYearHan, hashMonthHan, hashDayHan          = hashOf("年"), hashOf("月"), hashOf("日")
	hashYearHangul, hashMonthHangul, hashDayHangul = hashOf(fold("년")), hashOf(fold("월")), hashOf(fold("일"))
	hashThang, hashNgay, hashNam                   = hashOf("thang"), hashOf("ngay"), hashOf("nam")
)
