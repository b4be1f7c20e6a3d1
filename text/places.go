package text

// findPlaces finds streets, post office boxes, places, postal codes.
func (s *Scanner) findPlaces() {
	for i := s.streets.next(0); i < len(s.toks); i = s.streets.next(i + 1) {
		if s.taken[i] != 0 {
			continue
		}
		t := &s.toks[i]
		switch {
		case t.kind == word:
			if s.cornerOf(i) || t.ends&fStreetBefore != 0 && s.streetFirst(i) || s.compoundStreet(i) || t.flags&fUnitNo != 0 && s.unitNumber(i) {
				continue
			}
			if t.flags&fStreetAfter != 0 {
				s.streetLast(i)
			}
		case t.kind == number:
			s.numberedStreet(i)
		}
	}
	for i := s.heads.next(0); i < len(s.toks); i = s.heads.next(i + 1) {
		if s.toks[i].char == ':' {
			s.addressLine(i)
			continue
		}
		if s.taken[i] == 0 && s.toks[i].flags&fAnchor != 0 && s.military(i) {
			continue
		}
		if s.taken[i] == 0 && (s.toks[i].kind == number && !s.codedStreet(i) || s.isCapital(i) && s.at(i-1).kind != number) {
			s.plainStreet(i)
		}
	}
	for i := s.capitals.next(0); i < len(s.toks); i = s.capitals.next(i + 1) {
		if s.taken[i] == 0 {
			s.place(i)
		}
	}
	for i := s.numbers.next(0); i < len(s.toks); i = s.numbers.next(i + 1) {
		if s.taken[i] == 0 {
			s.zip(i)
		}
	}
}

// isCapital reports whether a token is a word that begins with a capital.
func (s *Scanner) isCapital(i int) bool {
	t := s.at(i)
	return t.kind == word && (t.shape == title || t.shape == upper || t.shape == mixed || t.shape == initial)
}

// strongStreets has words for streets with hardly any other use.
var strongStreets = hashSet("street", "st", "avenue", "ave", "av", "road", "rd", "lane", "ln", "boulevard", "blvd", "drive", "parkway", "pkwy", "highway", "hwy", "terrace", "turnpike",
	"straat", "laan", "gracht", "kade", "utca", "ulice", "gatan", "gata", "vägen", "veien", "katu", "caddesi", "sokak", "strasse", "allee", "gasse")

// streetLast finds a street whose type is its last word: 12 Old Post Rd, Mill Street.
func (s *Scanner) streetLast(i int) {
	t := s.at(i)
	if n := s.at(i + 1); n.kind == word && n.gap == space && n.flags&fStreetAfter != 0 && s.isCapital(i+1) && n.flags&fUnitNo == 0 && s.isCapital(i) {
		return // Fox Run Rd
	}
	from, words := i, 0
	for from > 0 && words < 4 {
		p := from - 1
		if s.at(p).char == '.' && s.at(from).gap <= space || s.at(p).char == '\'' || s.at(p).char == '-' && s.at(from).gap == joined {
			p--
		}
		w := s.at(p)
		if s.at(from).gap > space || w.kind != word || s.taken[max(p, 0)] != 0 || !s.isCapital(p) && !(w.flags&fParticle != 0 && words > 0) || w.flags&fKeyword&^(fStreetAfter|fStreetBefore|fOrgHead|fWeekday|fMonth|fParticle|fTitle|fUnit|fEponymHead|fNameVerb|fRelation|fProfession) != 0 && !directions.has(w.hash) && w.flags&(fGiven|fFamily|fCity) == 0 {
			break
		}
		if w.flags&fTitle != 0 && s.at(p+1).char == '.' && w.hash != hashDr {
			break
		}
		from = p
		words++
	}
	if words == 0 && !(s.isOrdinal(i-1) || s.isNumber(i-1) && s.at(i).gap == space && strongStreets.has(t.hash) && s.isNumber(i-2)) {
		return
	}
	from, numbered := s.houseBefore(from)
	lowerKind := t.shape == lower
	switch {
	case words > 0 && !lowerKind && (s.lang == german || s.lang == dutch || strongStreets.has(t.hash)) && t.flags&fEponym == 0 && s.houseNumber(i+1) > i+1 && s.endsPhrase(s.houseNumber(i+1)):
	case numbered && (!lowerKind || s.isCapital(from+1) || strongStreets.has(t.hash)) && !(lowerKind && t.flags&fUnit != 0):
	case lowerKind || !strongStreets.has(t.hash) && !s.labelBefore(from, fPlaceLabel):
		return
	case s.at(i).shape == upper && s.at(i).len() > 2 && s.at(from).flags&(fCommon|fMedical) != 0:
		return
	case s.at(i+1).gap <= space && s.at(i+1).flags&fEponymHead != 0 && !numbered:
		return // Madison Avenue criteria
	case t.flags&fTitle != 0 && s.isCapital(i+1), t.hash == hashSt && s.isCapital(i+1) && s.at(i+1).gap == space:
		return // Dr. Smith, St. Mary
	}
	s.addStreet(from, i+1)
}

// houseBefore returns the start of the house number before a street, or of the number of
// the street itself: 12 5th Avenue.
func (s *Scanner) houseBefore(from int) (start int, numbered bool) {
	for range 2 {
		j := from - 1
		if s.isOrdinal(j) {
			j--
		}
		if s.at(j).char == ',' && s.isNumber(j-1) {
			j--
		}
		if !s.isNumber(j) || s.at(j+1).gap > space || s.at(j).len() > 6 || s.taken[j] != 0 {
			break
		}
		if s.is(j-1, '-') && s.isNumber(j-2) && s.at(j).gap == joined {
			j -= 2
		}
		from, numbered = j, true
	}
	return from, numbered
}

var (
	hashDr     = hashOf("dr")
	hashSt     = hashOf("st")
	directions = hashSet("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west")
)

// isOrdinal reports whether a token is the ending of an ordinal number: 5th.
func (s *Scanner) isOrdinal(i int) bool {
	t := s.at(i)
	return t.kind == word && t.gap == joined && ordinals.has(t.hash) && s.isNumber(i-1)
}

// addStreet adds a street and its continuation: a direction, a flat, a house number.
func (s *Scanner) addStreet(from, to int) {
	if s.is(to, '.') && s.at(to+1).gap <= space && s.at(to+1).shape != title || s.is(to, '.') && s.at(to+1).char == ',' {
		to++
	}
	if t := s.at(to); t.kind == word && t.gap == space && directions.has(t.hash) && s.isCapital(to) {
		to++
	} else if end := s.houseNumber(to); end > to && !(s.is(to, ',') && s.isNumber(to+1) && s.floorWord(to+1) > 0) && (s.endsPhrase(end) || s.at(end).flags&fUnitNo != 0) {
		to = end // Lange Str. 20
		if s.is(to, '.') && s.at(to+1).gap <= line && s.at(to+1).flags&fUnitNo != 0 {
			to++
		}
	}
	for range 3 {
		j := to
		if s.at(j).char == ',' && s.at(j).gap == joined {
			j++
		}
		t := s.at(j)
		switch {
		case t.char == '#' && s.at(j+1).gap <= space && s.at(j+1).kind != mark && t.gap <= space:
			to = j + 2
		case t.kind == word && t.flags&fUnitNo != 0 && t.gap <= line && s.unitEnd(j) > 0:
			to = s.unitEnd(j)
		default:
			s.addPlace(from, to, "street")
			return
		}
	}
	s.addPlace(from, to, "street")
}

// unitEnd returns the end of a flat, or 0: Apt. 4, Unit B, Suite #12.
func (s *Scanner) unitEnd(i int) int {
	j := i + 1
	for s.at(j).gap <= space && (s.at(j).char == '.' || s.at(j).char == '#' || s.at(j).char == ':') {
		j++
	}
	t := s.at(j)
	if t.gap > space || !(t.kind == number || t.shape == initial) {
		return 0
	}
	j++
	for s.at(j).gap == joined && (s.at(j).kind != mark || (s.is(j, '-') || s.is(j, '/')) && s.at(j+1).gap == joined && s.at(j+1).kind != mark) {
		j++
	}
	return j
}

// units has words that precede the number of a flat even without a street.
var units = hashSet("casilla", "postbus", "boîte", "apt", "apartment", "suite", "ste", "box", "postfach", "psc", "apartado", "apdo", "postbox")

// unitNumber finds a flat or box without a street: PO Box 12, Suite 300.
func (s *Scanner) unitNumber(i int) bool {
	t := s.at(i)
	if !units.has(t.hash) || t.shape == lower && t.hash != hashOf("apt") {
		return false
	}
	to := s.unitEnd(i)
	if to == 0 {
		return false
	}
	from := i
	if t.phraseIs == 0 && t.ends&fUnitNo != 0 {
		for from > 0 && i-from < 4 && s.at(from).gap <= space && (s.at(from-1).char == '.' || s.at(from-1).hash == hashPO || s.at(from-1).len() == 1 && s.at(from-1).shape == initial) {
			from--
		}
	}
	s.addPlace(s.unitHead(from), to, "box")
	return true
}

var hashPO = hashOf("po")

// streetFirst finds a street whose type is its first word: Calle Mayor, 12, 3º B; 12 rue de
// la Paix.
func (s *Scanner) streetFirst(i int) bool {
	t := s.at(i)
	if t.len() == 2 && timeWords.has(t.hash) && s.isNumber(i-1) && s.lang == english {
		return false // 7:15 AM
	}
	to := i + 1
	for s.is(to, '.') || s.is(to, '/') || s.is(to, 'º') || s.at(to).hash == 'º' {
		to++
	}
	words, capitals := 0, 0
	for words < 7 && s.at(to).gap <= space {
		w := s.at(to)
		switch {
		case w.kind == word && s.isCapital(to):
			capitals++
		case w.kind == word && w.flags&(fParticle|fSpanish|fFrench) != 0 && w.len() <= 5, w.len() == 1 && w.shape == lower && s.is(to+1, '\'') && s.at(to+2).gap == joined:
		case w.char == '.' && w.gap == joined && s.isCapital(to+1) && s.at(to-1).len() <= 4:
			to++
			continue
		case (w.char == '-' || w.char == '\'' || w.char == '/') && w.gap == joined && s.at(to+1).gap == joined:
			to++
			continue
		default:
			words = 100
			continue
		}
		words++
		to++
	}
	for to > i+1 && !s.isCapital(to-1) && s.at(to-1).kind == word {
		to--
	}
	numbered := false
	from := i
	if s.isNumber(i-1) && t.gap == space && s.at(i-1).len() <= 4 && s.taken[i-1] == 0 {
		from, numbered = i-1, true
	} else if s.at(i-1).char == ',' && s.isNumber(i-2) && s.at(i-2).len() <= 4 && t.gap == space && s.taken[i-2] == 0 && t.shape == lower {
		from, numbered = i-2, true
	}
	if !numbered {
		from, numbered = s.houseBis(i)
	}
	end := s.houseNumber(to)
	if t.shape == lower && s.lang == english && !numbered && !(end > to && s.codeFollows(end)) {
		return false
	}
	numbered = numbered || end > to || s.lang != english && t.len() > 2 && capitals > 0 && s.codeFollows(to)
	if named := s.lang != english && s.lang != german && capitals > 0 && t.shape == lower && sureStreets.has(t.hash) && !weakStreets.has(t.hash); named {
		numbered = true // rue du Sabot
	}
	weakKind := t.len() <= 2 || weakStreets.has(t.hash) || t.shape == lower || s.lang == english || s.lang == german
	if capitals == 0 && !(numbered && end > to && t.len() > 3 && t.shape != lower) || weakKind && !numbered {
		return false
	}
	s.addPlace(from, end, "street")
	return true
}

// sureStreets has words in lower case that only precede the name of a street.
var sureStreets = hashSet("lieu-dit", "venelle", "sentier", "hameau", "travesía", "camino", "paseo", "calleja", "callejón", "praceta", "alameda", "beco", "ladeira", "lungomare", "vico", "caserío", "masseria", "cascina", "buurtschap", "contrà", "boerderij", "località", "frazione", "contrada", "fondamenta", "cortijo", "podere", "rue", "quai", "impasse", "allée", "chemin", "viale", "piazza", "corso", "vicolo", "piazzale", "calle", "avda", "avenida", "plaza", "rúa", "carrer", "rua", "travessa", "praça")

// houseBis returns the start of a house number with a word before a street: 12 bis, rue.
func (s *Scanner) houseBis(i int) (from int, ok bool) {
	j := i - 1
	if s.at(j).char == ',' {
		j--
	}
	if w := s.at(j); bises.has(w.hash) && s.isNumber(j-1) && s.at(j-1).len() <= 4 && s.free(j) && s.free(j-1) {
		return j - 1, true
	}
	return i, false
}

var bises = hashSet("bis", "ter", "quater")

// weakStreets has words for streets that also begin other names.
var weakStreets = hashSet("place", "route", "avenue", "boulevard", "plaza", "cour", "square", "voie", "passage", "cité", "residence", "résidence", "promenade", "mail", "estación", "vivienda", "borgo", "esplanade", "hameau", "alameda", "salita", "rotonda")

// houseNumber returns the end of a house number with floor and door: , 12, 3º B; nº 5; s/n.
func (s *Scanner) houseNumber(to int) int {
	j := to
	if s.at(j).char == ',' || s.at(j).char == '.' && s.at(j+1).gap <= space && s.at(j).gap == joined && s.isNumber(j+1) && s.at(j-1).len() <= 4 {
		j++
	}
	sign := false
	if w := s.at(j); w.kind == word && w.gap <= space && numberSigns.has(w.hash) || w.char == '#' && w.gap <= space {
		sign = true
		if j++; s.is(j, '.') && s.at(j+1).hash == hashO && s.at(j+1).gap == joined {
			j += 2 // n.o 119
		}
		for s.at(j).gap == joined && (s.at(j).hash == 'º' || s.at(j).hash == '°' || s.at(j).char == '.') {
			j++
		}
	}
	if s.at(j).hash == hashS && s.is(j+1, '/') && s.at(j+2).hash == hashN {
		return j + 3
	}
	if !s.isNumber(j) || s.at(j).gap > space || s.at(j).len() > 4 || s.decimalAfter(j) && !sign {
		return to
	}
	if to = j + 1; sign && s.decimalAfter(j) {
		return to + 2 // km 9,100
	}
	if t := s.at(to); t.gap == joined && t.kind == word && t.len() == 1 && !s.is(to+1, '/') {
		to++
	} else if t.gap == joined && (t.char == '-' || t.char == '/' && s.lang != english && s.isNumber(to+1)) && s.at(to+1).gap == joined && s.at(to+1).kind != mark && s.at(to+1).len() <= 4 {
		to += 2
	} else if t.gap == space && t.kind == word && t.len() == 1 && t.shape == lower && s.lang == german && s.at(to+1).kind == mark {
		to++
	}
	return s.floor(to)
}

// floor returns the end of a floor and door: , 3º B; 2-1ª; 4 izq.
func (s *Scanner) floor(to int) int {
	for range 5 {
		k := to
		if c := s.at(k).char; c == ',' || c == '-' || c == '.' && s.at(k).gap == joined && s.at(k+1).gap <= space {
			k++
		}
		t := s.at(k)
		switch {
		case t.gap > space || k < len(s.taken) && s.taken[k] != 0:
			return to
		case t.hash == 'º' || t.hash == 'ª' || t.hash == '°':
			to = k + 1
		case t.gap == joined && ordinals.has(t.hash) && t.len() == 1 && (s.at(k-1).kind == number || s.is(k-1, '.')):
			to = k + 1 // 3.o
		case t.kind == number && t.len() <= 2 && !s.polishCode(k) && (k > to || s.at(k+1).gap == joined) && s.at(k+1).kind != number && !s.decimalAfter(k):
			to = k + 1
		case t.kind == word && t.flags&fUnitNo != 0 && s.unitEnd(k) > 0:
			to = s.unitEnd(k)
		case t.shape == initial && s.at(k+1).kind == mark && s.at(k+1).char != '/' && !s.is(k+1, '\''), t.gap == joined && t.kind == word && t.len() <= 2 && s.at(k-1).kind != word && k == to:
			to = k + 1
		case t.kind == word && doors.has(t.hash):
			if to = k + 1; s.is(to, '.') && s.at(to+1).char == ',' {
				to++ // Esq.,
			}
		default:
			return to
		}
	}
	return to
}

var (
	numberSigns  = hashSet("n", "no", "nº", "num", "número", "nr", "núm", "nro", "km")
	doors        = hashSet("izq", "izda", "der", "drcha", "ext", "int", "centro", "izquierda", "dcha", "derecha", "esq", "dto", "frente", "fte", "dcho", "bajo", "ático", "bis", "puerta", "piso", "planta")
	hashS, hashN = hashOf("s"), hashOf("n")
)

// compoundStreet finds a street in one word: Hauptstraße 12, Lindenallee 3, Kerkstraat 5;
// and Am Markt 3.
func (s *Scanner) compoundStreet(i int) bool {
	t := s.at(i)
	if !s.isCapital(i) || t.len() < 5 || t.len() > 48 {
		return false
	}
	end, sure := s.f.dict.streetEnd(s.foldOf(i))
	if !end {
		return false
	}
	to := i + 1
	if s.is(to, '.') {
		to++
	}
	house := s.houseNumber(to)
	if house == to && (!sure || t.flags&(fCommon|fWord) != 0) {
		return false
	}
	from := i
	for s.at(from).gap <= space && (s.is(from-1, '-') && s.isCapital(from-2) && s.at(from).gap == joined) {
		from -= 2
	}
	s.addPlace(from, max(house, to), "street")
	return true
}

// numberedStreet finds a number that begins an address of another kind: 35 phố Trần.
func (s *Scanner) numberedStreet(i int) {
	j := i + 1
	if t := s.at(j); t.kind == word && t.gap == space && s.at(i).len() <= 5 && t.ends&fStreetBefore != 0 && t.shape == lower {
		s.streetFirst(j)
	}
}
