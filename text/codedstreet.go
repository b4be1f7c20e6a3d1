package text

// codedStreet finds a street that only a postal code and a town after it identify: Zum
// Kalkofen 3, 04439 Engelsdorf; 8, Le Clos Fleuri, 35510 Cesson. The code begins at a
// token.
func (s *Scanner) codedStreet(code int) bool {
	t := s.at(code)
	if t.len() < 4 || t.len() > 5 || t.gap == joined || !s.townBehind(code) {
		return false
	}
	end := code
	if s.at(end-1).char == ',' {
		end--
	} else if t.gap != line {
		return false
	}
	house, numbered := s.houseEnding(end)
	from := s.streetBack(house)
	if from == house {
		return false
	}
	if !numbered {
		j := from - 1
		if s.at(j).char == ',' {
			j--
		}
		if !s.isNumber(j) || s.at(j).len() > 4 || s.at(j).gap == joined || !s.free(j) {
			return false
		}
		from = j
	}
	s.addPlace(from, end, "street-coded")
	return true
}

// townBehind reports whether a town follows a postal code: a capitalised word that is a
// place, or neither a word of the language nor a medical one.
func (s *Scanner) townBehind(code int) bool {
	i := code + 1
	if s.dutchCode(code) {
		i++
	}
	t := s.at(i)
	if t.gap != space || t.shape != title || t.kind != word || s.tailZip(code, true) == 0 {
		return false
	}
	return t.flags&(fPlace|fTown) != 0 || t.phraseIs&(fPlace|fTown) != 0 || t.flags&(fCommon|fWord|fKeyword&^fParticle|fMedical|fDrug|fEponym) == 0
}

// dutchCode reports whether two capitals after four digits belong to a postal code: 9711 AB
// Groningen.
func (s *Scanner) dutchCode(i int) bool {
	t := s.at(i + 1)
	return s.at(i).len() == 4 && t.kind == word && t.shape == upper && t.len() == 2 && t.gap == space && s.at(i+2).shape == title && s.at(i+2).gap == space
}

// polishCode reports whether a postal code of two and three digits begins at a token:
// 31-147.
func (s *Scanner) polishCode(i int) bool {
	return s.at(i).len() == 2 && s.is(i+1, '-') && s.isNumber(i+2) && s.at(i+2).gap == joined && s.at(i+2).len() == 3
}

// houseEnding returns the start of the house number that ends before a token: 12, 4a, 3-5,
// 8/12.
func (s *Scanner) houseEnding(end int) (from int, ok bool) {
	i := end - 1
	if s.at(i).kind == word && s.at(i).len() == 1 && s.isNumber(i-1) && s.at(i).gap <= space {
		i--
	}
	if (s.is(i-1, '-') || s.is(i-1, '/')) && s.isNumber(i) && s.at(i).gap == joined && s.isNumber(i-2) {
		i -= 2
	}
	if !s.isNumber(i) || s.at(i).len() > 4 || s.at(i).gap != space || !s.free(i) {
		return end, false
	}
	return i, true
}

// streetBack returns the start of the words of a street name that end before a token.
func (s *Scanner) streetBack(end int) int {
	from, at := end, end
	for n := 0; n < 6 && s.free(at-1) && (at == end || s.at(at).gap == space); n++ {
		t := s.at(at - 1)
		switch {
		case s.isCapital(at-1) && t.flags&(fKeyword&^(fStreetBefore|fStreetAfter|fOrgHead|fParticle|fFunction|fTitle)|fMedical|fDrug) == 0 || s.isCapital(at-1) && (t.flags&(fGiven|fFamily|fCity) != 0 || t.len() == 1):
			at--
			from = at
			for s.is(at-1, '-') && s.at(at).gap == joined && s.at(at-2).kind == word && s.isCapital(at-2) && s.free(at-2) {
				at -= 2
				from = at
			}
		case t.kind == word && t.shape == lower && at < end && (nameParticles.has(t.hash) || t.flags&fParticle != 0):
			at--
		default:
			return from
		}
	}
	return from
}
