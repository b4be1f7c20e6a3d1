package text

// absorb extends a hit by its neighbours that belong to it: the rest of a word, titles and
// degrees, the number of a house or a branch, the town after a code.
func (s *Scanner) absorb() {
	for n, count := 0, len(s.hits); n < count; n++ {
		h := &s.hits[n]
		if s.isKnown(h.from) || h.to <= h.from {
			continue
		}
		from, to := s.wholeWords(h)
		switch h.label {
		case Name:
			from, to = s.titlesBefore(s.familyBefore(from)), s.degreesAfter(to)
			if end := s.nameBridge(to); end > to {
				to = end
			}
		case Location:
			if h.rule == "postal-code" {
				from = s.streetBeforeCode(from)
			}
			from, to = s.houseLetter(from), s.placeAfter(h, to)
			if s.givenBefore(h) < from {
				from, h.label = s.givenBefore(h), Name
			} else if h.rule == "place" && s.acronymBefore(from) {
				from, h.label = from-1, Org
			}
		case Org:
			to = s.townOfOrg(s.branchNumber(to))
		}
		for i := from; i < to; i++ {
			if s.free(i) {
				s.taken[i] = h.label
			}
		}
		h.from, h.to = from, to
	}
}

// wholeWords returns the start and end of a hit with the letters and digits joined to it:
// optical recognition may have read a letter as a digit.
func (s *Scanner) wholeWords(h *hit) (from, to int) {
	from, to = h.from, h.to
	if h.label == Age || h.label == URL || h.label == Email || s.at(from).shape == uncased {
		return from, to
	}
	for n := 0; n < 4 && s.at(to).gap == joined && s.at(to).kind != mark && s.at(to).shape != uncased && s.free(to) && s.at(to-1).kind != mark; n++ {
		to++
	}
	for n := 0; n < 4 && from > 0 && s.at(from).gap == joined && s.at(from-1).kind != mark && s.free(from-1) && s.at(from).kind != mark; n++ {
		from--
	}
	if (h.label == Org || h.label == Location) && s.is(to, '\'') && s.at(to+1).kind == word && s.at(to+1).gap == joined && s.at(to+1).len() > 1 && s.free(to+1) {
		to += 2 // Presqu'île
	}
	return from, to
}

// titlesBefore returns the start of the titles and initials before a name.
func (s *Scanner) titlesBefore(from int) int {
	for range 3 {
		j := from - 1
		if s.at(from).gap > space {
			return from
		}
		if s.at(j).char == '.' && s.at(j).gap == joined {
			j--
		}
		t := s.at(j)
		if !s.free(j) || t.kind != word {
			return from
		}
		titled := (t.flags|t.ends)&fTitle != 0 && (t.shape != lower || j < from-1 || s.lang != english) && t.flags&fFunction == 0 && t.len() > 1 && (j < from-1 || t.shape == upper || t.flags&(fWord|fCommon|fNameVerb) == 0)
		first := j < from-1 && !s.isNumber(j-1) && t.len() == 1 && t.gap != joined && (t.shape == initial || s.at(from).shape == lower || s.caseless)
		if !titled && !first {
			return from
		}
		from = j
	}
	return from
}

// familyBefore returns the start of a family name before a comma and a given name, after a
// mark or at the beginning of a line: "Wojciechowska, Bronisława".
func (s *Scanner) familyBefore(from int) int {
	t, p := s.at(from-2), s.at(from-3)
	if s.at(from).flags&fGiven == 0 && p.char != '"' || s.at(from).gap != space || !s.is(from-1, ',') || t.kind != word || t.shape != s.at(from).shape || t.len() < 3 || !s.free(from-2) || t.flags&(fCommon|fWord|fMedical|fDrug|fKeyword|fEponym|fPlace) != 0 {
		return from
	}
	if t.gap >= line || p.kind == mark && p.char != ',' && p.char != '.' {
		return from - 2
	}
	return from
}

// degreesAfter returns the end of the degrees and the like after a name: NP, M. D., -C.
func (s *Scanner) degreesAfter(to int) int {
	to = s.withSuffixes(to)
	if t := s.at(to); s.at(to-1).char == '.' && s.at(to-2).shape == initial && t.shape == initial && t.gap == space && s.is(to+1, '.') && s.free(to) && (s.endsPhrase(to+2) || s.at(to+2).gap == wide) {
		to += 2
	}
	if t := s.at(to + 1); s.is(to, '-') && t.gap == joined && t.shape == initial && s.at(to-1).shape == upper && s.free(to+1) {
		to += 2
	}
	if t := s.at(to); s.caseless && t.kind == word && t.gap == space && t.len() <= 3 && t.flags&fSuffix != 0 && t.flags&fFunction == 0 && s.free(to) {
		to++
	}
	return to
}

// nameBridge returns the end of a name that continues after a short word or the second half
// of a given name: Hyun-woo Seong, Hossain Md. Rafiqul.
func (s *Scanner) nameBridge(to int) int {
	if t := s.at(to + 1); s.is(to, '-') && t.kind == word && t.gap == joined && t.shape == lower && t.len() <= 6 && s.free(to+1) && s.at(to-1).shape == title {
		if s.at(to+2).gap == space && s.isName(to+2) {
			return s.nameEnd(to + 2)
		}
		if t.flags&(fCommon|fWord|fKeyword|fMedical) == 0 {
			return to + 2
		}
	}
	if i := to; s.at(to-1).len() <= 3 && s.at(to-1).shape == title && s.is(i, '.') {
		i++
		for n := 0; n < 2 && s.at(i).shape == lower && s.at(i).gap == space && nameParticles.has(s.at(i).hash); n++ {
			i++
		}
		if s.isName(i) && s.at(i).gap == space {
			return s.nameEnd(i) // Ma. del Socorro
		}
	}
	t := s.at(to)
	if t.kind != word || t.gap != space || t.len() > 3 || t.shape != title || !s.free(to) {
		return to
	}
	end := to + 1
	if s.is(end, '.') {
		end++
	}
	if s.isName(end) && s.at(end).gap == space {
		return s.nameEnd(end)
	}
	return to
}

// nameEnd returns the end of a name that was found.
func (s *Scanner) nameEnd(i int) int {
	for n := 0; n < 8 && s.isName(i) && s.at(i).gap <= space; n++ {
		i++
	}
	return i
}

// acronymBefore reports whether the short name of an institution precedes its place: SG
// Osnabrück, HMP Wealstun.
func (s *Scanner) acronymBefore(from int) bool {
	t, p := s.at(from-1), s.at(from-2)
	if t.kind != word || t.shape != upper || t.len() > 5 || s.at(from).gap != space || s.at(from).shape != title || !s.free(from-1) || t.flags&(fTitle|fSuffix|fUnit|fIDLabel|fPhoneLabel|fDateLabel|fNameLabel|fState|fMonth|fWeekday|fRoom|fDrug|fPlaceLabel) != 0 {
		return false
	}
	return p.kind == word && p.shape == lower && t.gap == space && (t.flags&fMedical == 0 || p.flags&fFunction != 0) || t.flags&fMedical == 0 && (t.gap >= line || p.kind == mark && (p.char == ',' || p.char == ':' || p.char == '('))
}

// houseLetter returns the start of a street whose house number has a letter: 14b Tennyson
// Avenue.
func (s *Scanner) houseLetter(from int) int {
	if t := s.at(from - 1); s.at(from).gap == space && t.kind == word && t.len() == 1 && t.gap == joined && s.isNumber(from-2) && s.at(from-2).len() <= 4 && s.free(from-1) && s.free(from-2) && s.at(from-2).gap != joined {
		return from - 2
	}
	return from
}

// placeAfter returns the end of a place that continues after a small word, or after a
// postal code: Lot 7 Gundy Creek Rd via Texas, 9012 CC Raerd.
func (s *Scanner) placeAfter(h *hit, to int) int {
	t := s.at(to)
	if t.kind == word && t.gap == space && t.shape == lower && s.free(to) && joinWords.has(t.hash) && s.labelAt(to+1) == Location && s.at(to+1).gap == space && s.hasNumber(h) {
		return to + 1
	}
	if last := s.at(to - 1); s.lang != english && (last.kind == number && (last.len() >= 4 || s.is(to-2, '-')) || s.dutchCode(to-2)) && t.kind == word && t.gap == space && t.shape == title && (s.free(to) || s.isName(to)) && t.flags&(fMedical|fDrug|fTitle|fRelation|fKeyword&^fParticle) == 0 && (h.rule != "street" || last.len() == 3 && s.is(to-2, '-') && s.at(to-3).len() == 4) {
		return to + 1
	}
	return to
}

// streetBeforeCode returns the start of a street with a house number before a postal code,
// whatever its words: Lytse Dyk 14, 9012 CC.
func (s *Scanner) streetBeforeCode(code int) int {
	if s.at(code-1).char != ',' {
		return code
	}
	house, ok := s.houseEnding(code - 1)
	from := s.streetBack(house)
	for n := 0; n < 5 && s.isName(from-1) && s.at(from).gap == space; n++ {
		from-- // its words were read as a name
	}
	if ok && from < house {
		return from
	}
	return code
}

// givenBefore returns the start of a name whose family name was read as a place: Maria da
// Conceição Saldanha.
func (s *Scanner) givenBefore(h *hit) int {
	if h.rule != "place" || h.to != h.from+1 {
		return h.from
	}
	from, begin := h.from, h.from
	for n := 0; n < 5 && from > 0 && s.at(from).gap == space && s.free(from-1); n++ {
		t := s.at(from - 1)
		if t.kind != word || t.shape != title && !(t.shape == lower && t.flags&fParticle != 0) {
			break
		}
		from--
		switch {
		case t.shape == title && t.flags&fGiven != 0:
			begin = from
		case t.shape == title && t.flags&(fCommon|fMedical|fKeyword) != 0:
			return begin
		}
	}
	return begin
}

// branchNumber returns the end of the name of an organisation with its number: VFW Post
// 3388, Steelcase plant 3.
func (s *Scanner) branchNumber(to int) int {
	i := to
	if t := s.at(i); t.kind == word && t.gap == space && s.free(i) && branches.has(t.hash) {
		i++
	}
	if s.at(i).char == '#' && s.at(i).gap <= space {
		i++
	}
	t := s.at(i)
	if t.kind != number || t.gap > space || t.len() > 4 || !s.free(i) || !s.endsPhrase(i+1) || s.decimalAfter(i) || isYear(t) || s.at(i+1).gap == joined && (s.at(i+1).char == '/' || s.at(i+1).char == '-' || s.at(i+1).char == ':') {
		return to
	}
	return i + 1
}

// townOfOrg returns the end of a town that follows an organisation and a comma, and
// precedes a mark or the end of the line.
func (s *Scanner) townOfOrg(to int) int {
	t := s.at(to + 1)
	if !s.is(to, ',') || t.kind != word || t.gap != space || t.shape != title || t.len() < 4 || !s.free(to+1) || t.flags&^(fNothing|fCity|fState|fCountry|fFamily) != 0 || t.flags&(fPlace|fTown) == 0 && s.lang == german || !s.endsPhrase(to+2) || s.at(to+2).char == '-' || s.at(to+2).char == '\'' {
		return to
	}
	return to + 2
}

// branches has words for the parts of an organisation that have numbers.
var branches = hashSet("plant", "store", "unit", "post", "lodge", "local", "branch", "site", "campus", "building", "school", "station", "depot", "no", "nr", "werk", "filiale", "usine", "planta", "ward")
