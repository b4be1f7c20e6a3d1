package text

// feast finds a feast day by its name, with its year: Christmas Eve 2019, an Heiligabend. A
// name that is also that of a season is a date only with a year: Easter 2018. In English a
// day of several words without a year requires a word that leads to a date: on Boxing Day.
func (s *Scanner) feast(i int) bool {
	t := s.at(i)
	if !s.isCapital(i) && !s.caseless && !(s.lang != english && feastDays.has(t.hash)) {
		return false
	}
	to := s.feastEnd(i)
	one := feastDays.has(t.hash)
	day := to > i || one
	if to == i {
		to = i + 1
	}
	k := to
	if c := s.at(k); c.char == ',' && c.gap == joined || c.hash == hashOf2[0] || c.hash == hashOf2[1] {
		k++
	}
	year, dated := s.yearAt(k, false)
	switch {
	case dated && (day || seasons.has(t.hash)) && s.at(k).gap == space:
		to = year
	case !day, !one && s.lang == english && !s.happensOn(i):
		return false
	}
	s.addDate(s.feastFrom(i), to, "date-feast")
	return true
}

// happensOn reports whether a word before a token says that something happened on a day:
// on, since, died.
func (s *Scanner) happensOn(i int) bool {
	p := s.at(i - 1)
	return p.kind == word && s.at(i).gap <= line && (feastBefore.has(p.hash) || p.flags&fWeekday != 0 || p.shape == lower && p.len() >= 5 && s.text[p.end-1] == 'd' && s.text[p.end-2] == 'e')
}

// feastEnd returns the end of a feast day of several words that begins at a token, or the
// token: New Year's Eve, St. David's Day, Good Friday, Nouvel An.
func (s *Scanner) feastEnd(i int) int {
	first, to := s.at(i), i+1
	switch {
	case feastSaints.has(first.hash):
		if s.is(to, '.') {
			to++
		}
		if !s.isCapital(to) || s.at(to).gap != space || !s.is(to+1, '\'') {
			return i
		}
		to++
	case !feastStems.has(first.hash):
		return i
	case s.at(to).kind == word && feastMiddles.has(s.at(to).hash):
		to++ // New Year's, All Souls'
	case first.hash == hashNew || first.hash == hashAll:
		return i
	}
	if s.is(to, '\'') {
		if to++; s.at(to).hash == hashS && s.at(to).gap == joined {
			to++
		}
	}
	t := s.at(to)
	if t.kind != word || t.gap != space || !feastHeads.has(t.hash) || t.shape == lower && s.lang == english && !s.caseless {
		return i
	}
	if n := s.at(to + 1); n.gap == space && (n.ends&(fOrgHead|fEponymHead) != 0 || s.isCapital(to+1) && n.flags&(fCommon|fMedical) != 0) {
		return i // Memorial Day Clinic
	}
	return to + 1
}

// feastFrom returns the start of a numbered feast: 1. Weihnachtstag, Tweede paasdag.
func (s *Scanner) feastFrom(i int) int {
	p := s.at(i - 1)
	switch {
	case s.at(i).gap > space || !s.free(i-1):
	case p.kind == word && feastCounts.has(p.hash):
		return i - 1
	case p.char == '.' && p.gap == joined && s.isNumber(i-2) && s.at(i-2).len() == 1 && s.free(i-2):
		return i - 2
	}
	return i
}

var (
	// feastDays has feasts of one day.
	feastDays = hashSet("heiligabend", "silvester", "silvesterabend", "dreikönigstag", "karfreitag", "gründonnerstag", "karsamstag", "ostersonntag", "ostermontag", "pfingstsonntag", "pfingstmontag", "rosenmontag", "aschermittwoch",
		"allerheiligen", "allerseelen", "fronleichnam", "nikolaustag", "neujahr", "neujahrstag", "weihnachtstag", "weihnachtsfeiertag", "christtag", "stefanitag", "nochebuena", "nochevieja", "toussaint", "ferragosto", "epifania",
		"capodanno", "pasquetta", "kerstavond", "oudjaarsavond", "oudejaarsavond", "paasdag", "paasmaandag", "paaszondag", "pinksterdag", "kerstdag", "koningsdag", "hogmanay", "juneteenth", "wigilia", "sylwester", "midsommarafton", "julafton", "juleaften")
	// seasons has feasts that are also a season.
	seasons = hashSet("christmas", "xmas", "easter", "thanksgiving", "halloween", "ramadan", "eid", "diwali", "hanukkah", "passover", "pentecost", "ostern", "weihnachten", "pfingsten", "noël", "pâques", "pentecôte", "navidad", "pascua", "reyes", "natale", "pasqua", "natal",
		"páscoa", "kerst", "kerstmis", "pasen", "pinksteren", "wielkanoc", "boże", "jul", "påske", "påsk")
	// feastStems, feastMiddles and feastHeads combine to days of two or three words.
	feastStems = hashSet("christmas", "xmas", "easter", "good", "palm", "ash", "boxing", "new", "valentine", "valentines", "mother", "mothers", "father", "fathers", "memorial", "labor", "labour", "independence", "veterans", "columbus", "canada",
		"anzac", "presidents", "groundhog", "thanksgiving", "whit", "all", "bastille", "australia", "waitangi", "nouvel", "vendredi", "lundi", "viernes", "domingo", "jueves", "santo", "goede", "heiliger", "mlk", "día", "jour")
	feastMiddles = hashSet("year", "years", "saints", "souls", "hallows", "de")
	feastHeads   = hashSet("eve", "day", "monday", "sunday", "friday", "wednesday", "an", "saint", "pâques", "santo", "santa", "stefano", "vrijdag", "abend", "reyes", "noël")
	feastSaints  = hashSet("st", "saint")
	feastBefore  = hashSet("on", "since", "until", "till", "from", "by", "died", "born", "fell", "dated", "seen", "came")
	feastCounts  = hashSet("erster", "zweiter", "ersten", "zweiten", "eerste", "tweede")

	hashNew, hashAll = hashOf("new"), hashOf("all")
)
