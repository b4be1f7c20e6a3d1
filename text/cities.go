package text

// fPlace has the flags of place names.
const fPlace = fCity | fCountry | fState

// placeAt returns the end and kind of the place name that begins at a token.
func (s *Scanner) placeAt(i int) (to int, f flags) {
	t := s.at(i)
	if t.phraseIs&fPlace != 0 && s.isCapital(i) && (s.isCapital(i+int(t.phrase)-1) || t.phraseIs&fCountry != 0) {
		return i + int(t.phrase), t.phraseIs & fPlace
	}
	if !s.isCapital(i) {
		return i, 0
	}
	f = t.flags & fPlace
	if t.len() == 2 && t.shape != upper {
		f &^= fState
	}
	return i + 1, f
}

// place finds cities, countries and states.
func (s *Scanner) place(i int) {
	to, f := s.placeAt(i)
	t := s.at(i)
	labelled := s.placeLabel(i)
	switch {
	case f == 0 && labelled && s.isCapital(i):
		s.unknownPlace(i)
		return
	case f == 0:
		if !s.town(i) {
			s.unlistedPlace(i)
		}
		return
	case s.resultBehind(to), s.isScored(i, to), s.isEponym(i, to-1) || s.at(to).flags&fEponymHead != 0 && s.at(to).gap == space && s.at(to).shape == lower:
		return
	}
	// With a state or country after it: Mobile, AL; Paris, France; Boston MA.
	next := to
	if s.at(next).char == ',' {
		next++
	}
	if end, g := s.placeAt(next); f&fCity != 0 && g&(fState|fCountry) != 0 && s.stateAt(next, to, end) {
		s.add(i, to, Location, "place")
		s.add(next, end, Location, "place")
		s.zip(end)
		return
	}
	phrase := to > i+1
	if t.flags&fDrug != 0 && !labelled || s.isEponymPlace(i, to) {
		return
	}
	if s.is(to, '-') && s.isCapital(to+1) && s.at(to+1).gap == joined && s.at(to+1).flags&fFamily != 0 && t.flags&fFamily != 0 {
		return // Butler-Peters
	}
	known := t.flags&(fGiven|fFamily|fCommon|fWord|fMedical|fDrug|fEponym|fKeyword) == 0
	switch {
	case t.len() <= 3 && !phrase:
		if !(f&fState != 0 && (labelled || s.at(i-1).char == ',' && s.taken[max(0, i-2)] != 0)) {
			return
		}
	case labelled, f&fCountry != 0 && (t.flags&(fCommon|fGiven|fFamily) == 0 || t.shape == title && t.flags&fGiven == 0 && (s.lang != english || s.afterPlace(i))), f&fState != 0 && t.flags&(fGiven|fFamily) == 0:
	case phrase:
		// Phrases of names and common words require a preposition of place: Green River.
		if t.flags&(fGiven|fCommon|fWord) != 0 && !s.prepositionBefore(i) {
			return
		}
	case f&fCity != 0 && t.shape == title && s.afterPlace(i):
	case s.prepositionBefore(i) && (t.flags&fKeyword == 0 || t.shape == title && f&fCity != 0 && s.at(i-1).hash != hashTo && t.flags&(fTitle|fMonth|fWeekday|fRelation) == 0) && (t.flags&(fMedical|fDrug) == 0 || !known && t.shape == title && t.flags&fCommon == 0):
	case known && t.shape != upper:
	default:
		return
	}
	if labelled {
		to = s.placeOf(i, to)
	}
	to = s.qualified(to, f)
	if s.isCapital(to) && s.at(to).gap == space && t.flags&(fGiven|fFamily) != 0 && !phrase && s.at(to).flags&(fFamily|fOrgHead) != 0 && f&(fCountry|fState) == 0 {
		return // Jordan Smith, Springfield Hospital
	}
	s.add(i, to, Location, "place")
}

// isEponymPlace reports whether a place name is used as an eponym: Parkinson.
func (s *Scanner) isEponymPlace(i, to int) bool {
	t := s.at(i)
	return t.phraseIs&fEponym != 0 || t.flags&fEponym != 0 && s.startsSentence(i) && s.endsPhrase(to)
}

// qualified returns the end of a country with a word in parentheses: Cyprus (Greek).
func (s *Scanner) qualified(to int, f flags) int {
	if f&fCountry != 0 && s.at(to).char == '(' && s.at(to+1).shape == title && s.is(to+2, ')') && s.at(to+1).flags&(fMedical|fDrug|fRelation) == 0 {
		return to + 3
	}
	return to
}

// stateAt reports whether a state or country at a token belongs to the city that ends
// before it.
func (s *Scanner) stateAt(next, city, end int) bool {
	t := s.at(next)
	return t.gap <= space && t.flags&fSuffix == 0 && (t.len() > 2 || s.at(city).char == ',' || s.isNumber(end) && s.at(end).len() == 5)
}

// placeOf returns the end of a place whose name continues after a particle: Palma de
// Mallorca.
func (s *Scanner) placeOf(i, to int) int {
	for n := 0; n < 2 && s.particleAt(to) && s.at(to+1).gap == space; n++ {
		to++
	}
	if to > i+1 && s.isCapital(to) && s.at(to-1).shape == lower {
		to++
	}
	for to > i+1 && s.at(to-1).shape == lower {
		to--
	}
	return to
}

// placeLabel reports whether a label that is only used for places precedes a token.
func (s *Scanner) placeLabel(i int) bool {
	j := i - 1
	for range 2 {
		if p := s.at(j); p.kind == word && !articles.has(p.hash) || p.kind != word && p.char != ':' && p.char != '.' {
			break
		}
		j--
	}
	return s.at(j).kind == word && s.at(j).ends&fPlaceLabel != 0 && s.at(i).gap <= wide && s.at(j+1).gap <= line
}

var (
	articles     = hashSet("the", "la", "el", "der")
	prepositions = hashSet("in", "from", "to", "at", "near", "of", "around", "outside", "for", "across", "en", "de", "a", "desde", "hacia", "aus", "nach", "bei", "à", "te", "visiting", "and")
)

// prepositionBefore reports whether a preposition of place precedes a token.
func (s *Scanner) prepositionBefore(i int) bool {
	p := s.at(i - 1)
	return p.kind == word && s.at(i).gap <= line && prepositions.has(p.hash) && p.hash != hashAnd && (p.hash != hashOf2[0] || s.lang == english) && (p.hash != hashA || s.lang != english) && p.hash != hashFor
}

var hashAnd, hashFor = hashOf("and"), hashOf("for")

// town finds a small place after a preposition of place, or in a list of places.
func (s *Scanner) town(i int) bool {
	t := s.at(i)
	to := i + 1
	if t.phraseIs&fTown != 0 {
		to = i + int(t.phrase)
	} else if t.flags&fTown == 0 || t.flags&(fKeyword|fMedical|fDrug|fCommon|fGiven) != 0 {
		return false
	}
	p := s.at(i - 1)
	before := p.kind == word && (s.lang != english && comesFrom.has(p.hash) || inPlace.has(p.hash) && p.hash != hashTo || p.hash == hashAt && s.at(i-2).flags&fEnglish == 0 || p.hash == hashTo && travels.has(s.at(i-2).hash))
	if !s.isCapital(i) || t.gap != space || !before || p.shape == upper && t.shape == upper || s.isEponym(i, to-1) || s.at(to).gap == joined && s.at(to).kind != mark || s.is(to, '-') || s.is(to, '\'') {
		return false
	}
	if n := s.at(to); n.kind == word && n.gap == space && (n.flags&(fEponymHead|fMedical|fOrgHead|fStreetAfter) != 0 || s.isCapital(to)) {
		return false
	}
	s.add(i, to, Location, "place-small")
	return true
}

// unlistedPlace finds a place that is in no list, after a preposition of place: in Laax,
// near STAXROITH.
func (s *Scanner) unlistedPlace(i int) {
	t := s.at(i)
	p := s.at(i - 1)
	if !s.isCapital(i) || t.flags&^fNothing != 0 || t.phraseIs != 0 || p.kind != word || !(s.lang == english && inPlace.has(p.hash) || s.lang != english && s.lang != german && comesFrom.has(p.hash)) || t.gap != space || p.shape == upper && t.shape == upper || t.len() < 4 || t.shape == mixed || t.shape == upper && t.len() < 6 || s.isEponym(i, i) {
		return
	}
	n := s.at(i + 1)
	if s.isCapital(i+1) && n.gap == space && !(n.flags&^(fForeign|fFamily|fGiven|fUncommon|fCity) == 0 && (s.endsPhrase(i+2))) || n.char == '\'' && n.gap == joined || n.gap == joined && n.kind != mark || n.char == '-' && n.gap == joined || n.kind == word && n.gap == space && n.flags&(fEponymHead|fMedical) != 0 {
		return
	}
	if p.hash == hashTo && !travels.has(s.at(i-2).hash) {
		return
	}
	to := i + 1
	if s.isCapital(to) && n.gap == space {
		to++
	}
	s.add(i, to, Location, "place-unlisted")
	if s.isNumber(to) && s.at(to).len() == 5 && s.at(to).gap == space {
		s.add(to, to+1, Location, "postal-code")
	}
}

var (
	// comesFrom has prepositions of place in languages other than English.
	comesFrom = hashSet("desde", "hacia", "uit", "naar", "aus", "nach", "da", "à", "em", "z", "ze", "från", "fra")
	inPlace   = hashSet("in", "from", "near", "to")
	travels   = hashSet("flew", "fly", "flying", "travel", "traveled", "travelled", "traveling", "travelling", "moved", "move", "moving", "went", "trip", "drove", "returned", "relocated", "visit", "home", "back", "transferred", "transfer", "going", "flight")
)

// afterPlace reports whether a token follows an address, a place or an organisation, with
// only marks between: 12 Main St, Austin; Mercy Imaging, Paris.
func (s *Scanner) afterPlace(i int) bool {
	j := i - 1
	marks := 0
	for j >= 0 && j >= i-4 && s.at(j).kind == mark && s.taken[j] == 0 && (s.at(j).char == ',' || s.at(j).char == '.' || s.at(j).char == '(' || s.at(j).char == '-' || s.at(j).char == ')') {
		marks++
		j--
	}
	if j < 0 || s.taken[j] == 0 || s.at(i).gap > line {
		return false
	}
	label := s.labelAt(j)
	if label == Name && s.lang != english && s.at(i-1).char == ',' {
		return true
	}
	return label == Location || label == Org && marks > 0 && s.at(i-1).char != '.'
}

// unknownPlace finds a place that is in no list, after a label: grew up in Kalatsova.
func (s *Scanner) unknownPlace(i int) {
	to := i
	for to-i < 5 && s.isCapital(to) && s.taken[to] == 0 && (to == i || s.at(to).gap <= space) {
		t := s.at(to)
		if t.flags&(fKeyword&^fParticle) != 0 && t.flags&fPlace == 0 || t.flags&fMedical != 0 && t.shape == upper || t.flags&fPlaceLabel != 0 {
			break
		}
		to++
		if n := s.at(to); n.gap <= space && (n.char == '-' || n.char == '\'') && s.isCapital(to+1) && s.at(to+1).gap == joined {
			to++
		} else if n.kind == word && n.flags&fParticle != 0 && n.shape == lower && s.isCapital(to+1) {
			to++
		}
	}
	if to == i || s.at(i).flags&fCommon != 0 && s.at(i-1).char != ':' && to == i+1 {
		return
	}
	s.add(i, to, Location, "place-labelled")
}

// zip finds a postal code next to a place: Boston, MA 02115; 50667 Köln; ZIP 12345.
func (s *Scanner) zip(i int) {
	t := s.at(i)
	if t.kind != number || t.len() < 3 || t.len() > 6 || s.taken[i] != 0 || s.decimalAfter(i) || t.gap == joined && s.at(i-1).kind != mark {
		return
	}
	to := i + 1
	if s.is(to, '-') && s.isNumber(to+1) && s.at(to+1).gap == joined {
		to += 2
	} else if t.len() == 3 && s.isNumber(to) && s.at(to).gap == space && s.at(to).len() == 2 {
		to++
	}
	if u := s.at(to); u.gap <= space && u.flags&fUnit != 0 && u.kind == word && u.shape == lower {
		return
	}
	j := i - 1
	for n := 0; n < 2 && (s.at(j).char == ',' || s.at(j).char == '.' || s.at(j).char == ':' || s.at(j).char == '('); n++ {
		j--
	}
	near := t.gap <= line || s.at(j+1).gap <= line
	if s.at(j).kind == word && s.at(j).shape == lower && between.has(s.at(j).hash) && !zipLabels.has(s.at(j).hash) {
		j-- // the zip code is
	}
	if u := s.at(to); t.len() == 4 && u.shape == upper && u.len() == 2 && u.gap == space && zipLabels.has(s.at(j).hash) && s.endsPhrase(to+1) {
		to++ // ZIP: 7412 SL
	}
	switch p := s.at(j); {
	case p.ends&fPlaceLabel != 0 && near && zipLabels.has(p.hash), p.ends&fPlaceLabel != 0 && s.at(i-1).char == ':' && t.len() == 5:
	case p.kind == word && p.shape == upper && p.len() == 2 && p.flags&fState != 0 && t.len() == 5:
	case near && t.len() == 5 && s.endsPlace(j):
	case t.len() >= 4 && s.beginsPlace(to) && t.len() <= 5 && (t.len() == 5 || s.lang != english && s.endsPlace(j)):
	default:
		return
	}
	s.add(i, to, Location, "postal-code")
	// The place after the code, if it is in no list.
	if s.lang != english && s.isCapital(to) && s.at(to).gap == space && s.taken[to] == 0 && s.at(to).flags&(fKeyword|fMedical) == 0 {
		s.unknownPlace(to)
	}
}

var zipLabels = hashSet("zip", "code", "zipcode", "postcode", "plz", "cp", "postal", "psc", "broj", "moč", "codice")

// endsPlace reports whether a hit of a place ends at a token.
func (s *Scanner) endsPlace(j int) bool { return j >= 0 && s.taken[j] != 0 && s.labelAt(j) == Location }

// labelAt returns the label of the last hit that covers a token.
func (s *Scanner) labelAt(j int) Label {
	if j < 0 || j >= len(s.taken) {
		return None
	}
	return s.taken[j]
}

// beginsPlace reports whether a place follows: a hit, or a word in the list.
func (s *Scanner) beginsPlace(i int) bool {
	t := s.at(i)
	if t.gap != space || t.kind != word {
		return false
	}
	if s.taken[min(i, len(s.taken)-1)] != 0 && s.labelAt(i) == Location {
		return true
	}
	return s.isCapital(i) && t.shape == title && (t.flags&fCity != 0 || t.phraseIs&fCity != 0) && s.lang != english
}

// findPlacesOfNames finds the places that follow names: Dr. Kaiser, Bielefeld.
func (s *Scanner) findPlacesOfNames() {
	if s.lang == english {
		return
	}
	for i := s.capitals.next(0); i < len(s.toks); i = s.capitals.next(i + 1) {
		t := &s.toks[i]
		if s.taken[i] != 0 || t.shape != title || t.gap > space || s.at(i-1).char != ',' || !s.isName(i-2) {
			continue
		}
		if t.flags&fCity == 0 {
			s.townOfPractice(i)
			continue
		}
		if n := s.at(i + 1); n.kind == mark || n.gap >= line {
			s.add(i, i+1, Location, "place")
		}
	}
}

// townOfPractice finds the town after the name of a doctor or a practice that follows a
// label, whatever the town: Hausärztin: Dr. med. Petra Lindt, Obergurgl. The comma precedes
// the token.
func (s *Scanner) townOfPractice(i int) {
	for j, n := i-2, 0; j >= 0 && n < 10 && s.at(j+1).gap < line; j, n = j-1, n+1 {
		if t := s.at(j); t.kind == word && practices.has(t.hash) {
			if end := s.tailPlace(i, false, false); end > i && s.endsPhrase(end) && s.at(i).flags&(fProfession|fMedical|fCommon) == 0 && s.free(end-1) {
				s.add(i, end, Location, "place")
			}
			return
		}
	}
}

var practices = hashSet("hausarzt", "hausärztin", "praxis", "arzt", "ärztin", "kinderarzt", "kinderärztin", "frauenarzt", "frauenärztin", "zuweiser", "zuweiserin", "überweiser", "einweiser", "gemeinschaftspraxis", "huisarts", "huisartsenpraktijk", "praktijk",
	"traitant", "cabinet", "curante", "médico", "médica", "pediatra", "lekarz", "przychodnia")
