package text

// addPlace adds a street or box with the lines that follow it: flat, place, state,
// postal code, country.
func (s *Scanner) addPlace(from, to int, rule string) {
	from = s.addressHead(from)
	s.add(from, s.addressTail(to), Location, rule)
	s.addressee(from)
}

// addressTail returns the end of an address whose street ends at a token. It reads at
// most a few parts, each after a comma, a full stop or the end of a line.
func (s *Scanner) addressTail(to int) int {
	zip := false
	for range 8 {
		i, comma := s.lineHead(to), false
		for n := 0; n < 2 && (s.at(i).char == ',' || s.at(i).char == '^' || s.at(i).char == '.' && s.at(i).gap == joined); n++ {
			comma = true
			i++
		}
		i = s.lineHead(i)
		t := s.at(i)
		if i >= len(s.toks) || t.gap >= blank && !comma {
			return to
		}
		if s.taken[i] != 0 {
			if s.labelAt(i) != Location {
				return to
			}
			to = s.placesEnd(i)
			continue
		}
		newLine := t.gap == line || i > to && (comma && s.at(i-1).gap == line || s.leads(i-1))
		switch {
		case t.kind == word && (t.flags&fUnitNo != 0 || comma && houseParts.has(t.hash)) && s.unitEnd(i) > 0:
			to = s.unitEnd(i)
		case t.kind == number && s.floorWord(i) > 0:
			to = s.floorWord(i)
		case i == to && s.district(i):
			to = i + 1
		case t.kind == number && s.tailStreet(i) > 0:
			to = s.tailStreet(i)
		case t.kind == number:
			end := s.tailZip(i, comma || newLine)
			if end == 0 || zip {
				return to
			}
			to, zip = end, true
		case !zip && s.regionAndCode(i) > 0:
			to, zip = s.regionAndCode(i), true
		case comma && s.regionLine(i), s.regionEnd(to, i):
			to = i + 1
		case s.isCapital(i) && (comma || newLine || s.afterPlaceCode(to)):
			end := s.tailPlace(i, newLine, zip)
			if end == 0 || s.beginsSentence(i, zip) {
				return to
			}
			to = end
		default:
			return to
		}
	}
	return to
}

// beginsSentence reports whether a capital after a full stop begins a sentence, and not a
// place: it is an eponym, or follows the postal code.
func (s *Scanner) beginsSentence(i int, zip bool) bool {
	t := s.at(i)
	return s.at(i-1).char == '.' && (t.flags&(fEponym|fCommon) != 0 || zip && t.flags&fPlace == 0 && t.phraseIs&fPlace == 0)
}

// placesEnd returns the end of the places that were found from a token on.
func (s *Scanner) placesEnd(i int) int {
	i++
	for i < len(s.toks) && s.taken[i] != 0 && s.labelAt(i) == Location {
		i++
	}
	return i
}

// regionAndCode returns the end of the short name of a region and a postal code, or 0.
func (s *Scanner) regionAndCode(i int) int {
	t := s.at(i)
	if t.kind != word || t.len() > 3 || !s.isNumber(i+1) || s.at(i+1).gap > line || s.at(i+1).len() < 4 || t.shape != upper && t.flags&(fEnglish|fGerman|fSpanish|fFrench) != 0 || t.flags&(fUnit|fMonth|fUnitNo|fPhoneLabel|fIDLabel) != 0 {
		return 0
	}
	return s.tailZip(i+1, true)
}

// district reports whether a number is that of a district of the place before it: Karlovy
// Vary 17, Japan.
func (s *Scanner) district(i int) bool {
	t := s.at(i)
	return t.kind == number && t.gap == space && t.len() <= 2 && s.at(i+1).char == ',' && s.isCapital(i+2)
}

// regionLine reports whether the short name of a region ends a line of an address.
func (s *Scanner) regionLine(i int) bool {
	t := s.at(i)
	return t.kind == word && t.len() <= 3 && s.at(i+1).gap == line && s.isCapital(i+1) && t.flags&(fEnglish|fGerman|fSpanish|fFrench|fPhoneLabel|fIDLabel) == 0
}

// noRegion has words that an address contains instead of a missing region.
var noRegion = hashSet("nan", "null", "none")

// regionEnd reports whether the short name of a region, or a word for a missing one, ends
// an address after a place.
func (s *Scanner) regionEnd(to, i int) bool {
	t := s.at(i)
	if t.kind != word || t.gap > line || !s.free(i) || !s.isCapital(to-1) && !s.caseless {
		return false
	}
	return noRegion.has(t.hash) || t.shape == upper && t.len() <= 3 && s.at(i+1).gap != joined && s.endsPhrase(i+1) || t.shape == upper && t.len() <= 3 && s.at(i+1).kind == mark && s.at(i+1).char != '-' && s.at(i+1).char != '/'
}

// lineHead skips the marks at the beginning of lines in a quoted text or a list.
func (s *Scanner) lineHead(i int) int {
	for n := 0; n < 4 && s.leads(i); n++ {
		i++
	}
	return i
}

// leads reports whether a token is one of the marks that begin a line: > or ??.
func (s *Scanner) leads(i int) bool {
	for n := range 4 {
		switch t := s.at(i - n); {
		case t.char != '>' && t.char != '?' && t.char != '*' && t.char != '|':
			return false
		case t.gap >= line:
			return true
		case t.gap > space:
			return false
		}
	}
	return false
}

// afterPlaceCode reports whether a part may follow without a comma: after a flat, a place
// or a postal code, capitalised words are also a place.
func (s *Scanner) afterPlaceCode(to int) bool { return s.isNumber(to-1) || s.at(to-1).shape == upper }

// tailZip returns the end of a postal code in an address.
func (s *Scanner) tailZip(i int, own bool) int {
	t := s.at(i)
	to := i + 1
	switch {
	case s.decimalAfter(i), t.len() < 2 || t.len() > 6:
		return 0
	case s.is(to, '-') && s.isNumber(to+1) && s.at(to+1).gap == joined && s.at(to+1).len() <= 4:
		to += 2 // 31-147 Kraków
	case t.len() == 3 && s.isNumber(to) && s.at(to).gap == space && s.at(to).len() <= 3:
		to++ // 110 00
	case t.len() < 4 || isYear(t) && !own:
		return 0
	case s.dutchCode(i):
		to++ // 9711 AB Groningen
	}
	if n := s.at(to); n.gap == joined && (n.char == '/' || n.char == '-' || n.kind != mark || n.char == ':') || n.gap <= space && n.flags&fUnit != 0 && n.flags&fEnglish == 0 && n.shape == lower {
		return 0
	}
	return to
}

// tailStreet returns the end of a street after a flat, or 0: Apt. 3, 12 Elm 4.
func (s *Scanner) tailStreet(i int) int {
	to, words := i+1, 0
	for words < 4 && s.at(to).gap == space && s.isCapital(to) && s.free(to) {
		words++
		to++
	}
	if words == 0 || !s.isNumber(to) || s.at(to).gap != space || s.at(to).len() > 4 || s.decimalAfter(to) || s.at(i).len() > 6 || s.decimalAfter(i) {
		return 0
	}
	return to + 1
}

// codeFollows reports whether a postal code follows on the next line or after a comma, with
// or without the short name of a region.
func (s *Scanner) codeFollows(i int) bool {
	for n := 0; n < 3 && s.at(i).char == ','; n++ {
		i++
	}
	if t := s.at(i); t.kind == word && t.len() <= 3 && t.gap <= line {
		i++
	}
	t := s.at(i)
	return t.kind == number && t.gap <= line && t.len() >= 4 && s.tailZip(i, true) > 0
}

// placeWord reports whether a capitalised word can be part of a place name: it is not a
// label or title.
func (s *Scanner) placeWord(j int) bool {
	t := s.at(j)
	return s.isCapital(j) && s.free(j) && (t.flags&(fTitle|fSuffix|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fMonth|fWeekday|fRelation|fEnglish|fGerman) == 0 || t.flags&(fPlace|fParticle) != 0) &&
		t.phraseIs&(fIDLabel|fPhoneLabel|fDateLabel|fNameLabel) == 0 && !s.is(j+1, ':') && !(t.len() == 1 && s.is(j+1, '-')) // E-mail
}

// tailPlace returns the end of a place in an address: up to four capitalised words that are
// not labels. On a line of its own it must end the line, except for a code.
func (s *Scanner) tailPlace(i int, newLine, zip bool) int {
	to, named := i, false
	if s.at(i).phraseIs&fPlace != 0 {
		to, named = i+int(s.at(i).phrase), true
	}
	for n := range 5 {
		j := to
		if p := s.at(j); j > i && p.gap == space && p.phraseIs&fPlace != 0 && s.isCapital(j) {
			to, named = j+int(p.phrase), true // a country after a place
			continue
		}
		if to > i {
			if (s.is(j, '-') || s.is(j, '\'')) && s.isCapital(j+1) && s.at(j+1).gap == joined {
				j++
			}
			for s.at(j).kind == word && s.at(j).shape == lower && s.at(j).flags&fParticle != 0 && s.at(j).gap == space && s.isCapital(j+1) {
				j++
			}
			if s.at(j).gap > space {
				break
			}
		}
		t := s.at(j)
		if !s.placeWord(j) {
			break
		}
		if t.flags&(fCommon|fMedical) != 0 && t.flags&(fPlace|fTown) == 0 && t.shape != upper && n == 0 && !newLine && !s.is(j+1, '-') && s.at(j+1).shape == lower {
			break
		}
		named = named || t.flags&(fPlace|fTown|fGiven|fFamily) != 0 || t.phraseIs&(fPlace|fTown) != 0 || t.flags&(fCommon|fMedical|fDrug) == 0 && (t.flags&fWord == 0 || t.flags&fForeign != 0) || t.shape == upper && t.len() <= 3
		to = j + 1
	}
	if to == i || !named && !(newLine && s.codeFollows(to)) {
		return 0
	}
	if s.at(to).char == '(' && s.isCapital(to+1) && s.is(to+2, ')') && s.at(to+1).flags&fIDLabel == 0 {
		to += 3
	}
	n := s.at(to)
	if newLine && !(n.gap >= line || n.char == ',' || s.isNumber(to) && s.at(to).len() >= 4) {
		return 0
	}
	if zip && newLine && s.at(i).flags&fPlace == 0 && s.at(i).phraseIs&fPlace == 0 {
		return 0 // after the code there is another line, unless it is a country
	}
	return to
}

// addressee finds the names of persons and organisations on the lines above an address.
func (s *Scanner) addressee(street int) {
	i := s.lineStart(street)
	for range 2 {
		if s.at(i).gap < line || i == 0 {
			return
		}
		from := i
		words, ordinary, named := 0, 0, false
		for from > 0 && i-from < 8 {
			t := s.at(from - 1)
			if t.kind == word {
				if !(s.isCapital(from-1) || t.flags&fParticle != 0) || s.taken[from-1] != 0 || t.flags&(fIDLabel|fDateLabel|fPhoneLabel|fMedical|fMonth) != 0 && t.flags&(fGiven|fFamily) == 0 {
					return
				}
				words++
				if t.flags&(fCommon|fWord) != 0 && t.flags&(fGiven|fFamily) == 0 {
					ordinary++
				}
				named = named || t.flags&(fGiven|fFamily) != 0
			} else if t.kind == number || t.char != '.' && t.char != '-' && t.char != '\'' && t.char != '&' && t.char != ',' {
				return
			}
			from--
			if s.at(from).gap >= line || s.leads(from-1) {
				break
			}
		}
		if words == 0 || words > 4 || ordinary == words && (s.at(from).shape == upper || words == 1) || s.at(from).gap < line && !s.leads(from-1) {
			return
		}
		label := Org
		if named && ordinary == 0 {
			label = Name
		}
		s.add(from, i, label, "addressee")
		i = s.lineStart(from)
	}
}

// lineStart returns the start of the line whose first word, after marks, is a token.
func (s *Scanner) lineStart(i int) int {
	for n := 0; n < 4 && s.at(i).gap < line && s.leads(i-1); n++ {
		i--
	}
	return i
}

// addressLabels has labels that precede a whole address on a line.
var addressLabels = hashSet("domicilio", "dirección", "address", "adresse", "anschrift", "indirizzo", "endereço", "morada", "adresa", "osoite", "alamat", "wohnadresse", "cím")

// addressLine finds the text after the label of an address, up to the end of its line or
// the next label.
func (s *Scanner) addressLine(colon int) {
	if p := s.at(colon - 1); s.at(colon).char != ':' || p.kind != word || !addressLabels.has(p.hash) {
		return
	}
	to, words := colon+1, 0
	for to < len(s.toks) && to-colon < 40 && s.at(to).gap < line {
		t := s.at(to)
		if t.char == '|' || t.char == ';' || t.kind == word && s.is(to+1, ':') || t.gap == wide && t.ends&(fPhoneLabel|fIDLabel|fDateLabel|fNameLabel) != 0 || s.taken[to] != 0 && s.labelAt(to) != Location {
			break
		}
		if t.kind == mark && t.char == '.' && t.gap == joined && (s.at(to+1).gap >= line || s.at(to-1).kind == word && s.at(to-1).len() > 6 && s.at(to+1).kind == word && s.at(to+1).flags&fKeyword != 0) {
			break
		}
		if t.kind != mark {
			words++
		}
		to++
	}
	for to > colon+1 && (s.at(to-1).kind == mark || s.at(to-1).phrase > 0 && s.is(to, ':')) {
		to--
	}
	if words >= 2 && to > colon+2 {
		if s.at(to).gap >= line {
			to = s.addressTail(to)
		}
		s.add(colon+1, to, Location, "address-labelled")
	}
}

// military finds the lines of a military address: APO AA 34000.
func (s *Scanner) military(i int) bool {
	t := s.at(i)
	if t.kind != word || t.len() != 3 || !militaryPosts.has(t.hash) || s.at(i+1).kind != word || s.at(i+1).len() != 2 || !s.isNumber(i+2) || s.at(i+2).len() != 5 {
		return false
	}
	from := i
	if s.at(i).gap == line && s.isNumber(i-1) || s.isCapital(i-1) {
		// The unit or ship on the previous line, after a label or a preposition.
		for n := 0; n < 6 && from > 0 && (n == 0 || s.at(from).gap <= space); n++ {
			p := s.at(from - 1)
			if p.kind == word && !s.isCapital(from-1) || p.kind == mark && p.char != ',' {
				break
			}
			from--
		}
	}
	s.add(from, i+3, Location, "military")
	return true
}

var militaryPosts = hashSet("apo", "fpo", "dpo")

// lowerStreets has words for streets that are written in lower case in an address.
var lowerStreets = hashSet("u", "út", "utca", "ul", "ulica", "ulice", "tér", "str", "krt", "köz", "nám", "náměstí", "trg", "cesta", "sok", "cad", "rakpart", "sétány", "via", "rue", "boulevard", "avenue")

// plainStreet finds a street without a word for a street: 41377 Schachterlweg 62, lives at
// Jahu 80.
func (s *Scanner) plainStreet(i int) bool {
	t := s.at(i)
	from, j := i, i
	numbered := t.kind == number
	if numbered {
		if t.len() > 6 || t.gap == joined && s.at(i-1).kind != mark || s.at(i+1).gap != space {
			return false
		}
		j++
		if s.isNumber(j) && s.at(j).gap == space && s.at(j).len() <= 5 {
			j++
		}
	}
	to, capitals := s.streetWords(j, numbered)
	if end := s.numberless(to); capitals > 0 && end > to {
		s.addPlace(from, end, "street-plain")
		return true
	}
	if numbered && capitals > 0 && s.placeLabel(i) && (!s.isNumber(to) || s.at(to).gap != space) {
		s.addPlace(from, to, "street-plain")
		return true
	}
	if capitals == 0 || !s.isNumber(to) || s.at(to).gap != space || s.at(to).len() > 4 || s.taken[to] != 0 || s.decimalAfter(to) || isYear(s.at(to)) {
		return false
	}
	end := to + 1
	if n := s.at(end); n.gap == joined && n.kind == word && n.len() == 1 {
		end++
	} else if s.is(end, '.') && (lowerStreets.has(s.at(to-1).hash) || s.is(to-1, '.') && lowerStreets.has(s.at(to-2).hash)) {
		end++ // Kossuth u. 12.
	}
	return s.endsStreet(i, from, to, end, numbered)
}

// streetWords returns the end of the words of a street's name, and their number.
func (s *Scanner) streetWords(to int, numbered bool) (end, capitals int) {
	for capitals < 4 {
		k := to
		for n := 0; n < 2 && s.at(k).kind == word && s.at(k).shape == lower && s.at(k).flags&fParticle != 0 && s.at(k).len() <= 3 && s.at(k).gap == space; n++ {
			k++
		}
		w := s.at(k)
		if w.kind == word && w.shape == lower && w.gap == space && (lowerStreets.has(w.hash) || w.flags&(fStreetAfter|fStreetBefore) != 0 && w.flags&(fEnglish|fCommon|fTitle|fUnit) == 0) && (capitals > 0 || numbered) {
			to = k + 1
			if s.is(to, '.') {
				to++
			}
			capitals++
			continue
		}
		if !(s.isCapital(k) || w.shape == uncased) || w.gap > space || s.taken[min(k, len(s.taken)-1)] != 0 || w.flags&(fKeyword|fMedical|fDrug|fCommon|fUnit) != 0 && w.flags&(fGiven|fFamily|fCity|fTown) == 0 || w.shape == upper && w.len() < 4 || w.flags&fEponym != 0 {
			break
		}
		capitals++
		to = k + 1
		if s.is(to, '.') && s.at(to+1).gap == space {
			to++
		}
		for s.is(to, '-') && s.at(to+1).gap == joined && s.isCapital(to+1) {
			to += 2
		}
	}
	return to, capitals
}

// numberless returns the end of the Spanish notation for a house without a number: s/n.
func (s *Scanner) numberless(to int) int {
	i := to
	if s.at(i).char == ',' {
		i++
	}
	if s.at(i).hash == hashS && s.at(i).gap <= space && s.at(i+1).char == '/' && s.at(i+2).hash == hashN && s.at(i+2).gap <= space {
		return i + 3
	}
	return to
}

// betweenNameAndPlace reports whether a street is between a name and a place in a list:
// Contact: Anna Berg, Esplanadi 10, Oulu.
func (s *Scanner) betweenNameAndPlace(i, end int) bool {
	p := s.at(i - 2)
	if s.at(i-1).char != ',' || s.at(i-1).gap != joined || s.at(end).char != ',' || !s.isCapital(end+1) || s.at(end+1).gap != space || s.at(end+1).flags&(fMedical|fDrug|fUnit) != 0 {
		return false
	}
	return s.isCapital(i-2) && p.shape == title && p.flags&(fMedical|fDrug|fKeyword) == 0 && (p.flags&(fGiven|fFamily) != 0 || p.flags&(fCommon|fWord|fForeign) == 0) && s.isCapital(i-3) && s.at(i-3).flags&(fCommon|fMedical|fDrug) == 0
}

// endsStreet adds a street whose house number ends at a token, if its context leaves no
// other meaning.
func (s *Scanner) endsStreet(i, from, to, end int, numbered bool) bool {
	next := s.at(end)
	unit := next.kind == word && next.flags&fUnitNo != 0 && next.gap <= line && s.unitEnd(end) > 0
	ends := next.gap >= line || next.char == ',' || next.char == '.' && next.gap == joined
	if next.gap <= space && next.kind == word && next.flags&(fUnit|fMonth) != 0 && next.flags&fFunction == 0 || s.at(to+1).char == '/' || s.at(to+1).char == '%' || s.monthOf(to-1) != 0 {
		return false
	}
	p := s.at(i - 1)
	labelled := s.placeLabel(i) || p.kind == word && s.at(i).gap <= space && (prepositions.has(p.hash) && p.hash != hashTo || numbered && (p.hash == hashTo || p.hash == hashIs || p.hash == hashWith))
	switch {
	case s.crossing(from) < from, unit, numbered && (ends || labelled), s.placeLabel(i), s.betweenNameAndPlace(i, end):
	default:
		return false
	}
	s.addPlace(from, end, "street-plain")
	return true
}
