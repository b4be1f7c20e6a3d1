package text

// widenPlace extends a street by the flat, floor and town that belong to it: 12 Foundry Ct,
// Haus C, 3rd Floor, 2. Stock, Kerhuon.
func (s *Scanner) widenPlace(h *hit) {
	if s.at(h.to-1).kind == mark && !s.is(h.to-1, '.') {
		return
	}
	street, to := s.hasNumber(h), h.to
	if last := s.at(to - 1); last.kind == word && (last.flags&fUnitNo != 0 || houseParts.has(last.hash)) && to-1 > h.from && s.unitEnd(to-1) > to && s.free(to) {
		to = s.unitEnd(to - 1) // Haus was read as a town
	}
	for range 6 {
		j := to
		if s.at(j).char == ',' && s.at(j).gap == joined {
			j++
		}
		t := s.at(j)
		if t.gap > space || !s.free(j) {
			break
		}
		end := 0
		switch {
		case !street && (j == to || h.rule == "postal-code"):
		case t.kind == word && (t.flags&fUnitNo != 0 || houseParts.has(t.hash)) && !(h.label == Org && j == to && !street):
			if end = s.unitEnd(j); end > 0 {
				street = true
			}
		case t.kind == number:
			end = s.floorWord(j)
		}
		if end == 0 && j > to && (street || h.label == Location && t.shape == lower && townLeads.has(t.hash)) {
			end = s.townEnd(j)
		}
		if end == 0 {
			break
		}
		to = end
	}
	if to > h.to {
		s.take(h.to, to, h.label)
		h.to = to
	}
}

var houseParts = hashSet("haus", "aufgang", "eingang", "stiege", "tür", "bât", "bâtiment", "bat", "scala", "palazzina", "piano", "blok", "ingang", "block", "tower", "building", "esc", "escalier", "porte", "portiek", "nr", "unit", "room", "hall", "entrance", "gate", "bungalow", "lote", "manzana", "mz", "col")

// hasNumber reports whether a place contains a house number or a code.
func (s *Scanner) hasNumber(h *hit) bool {
	for i := h.from; i < min(h.to, h.from+12); i++ {
		if s.isNumber(i) {
			return true
		}
	}
	return false
}

// floorWord returns the end of a floor, or 0: 3rd Floor, 2nd fl, 2. Stock, 4º piso.
func (s *Scanner) floorWord(i int) int {
	if s.at(i).len() > 2 {
		return 0
	}
	j := s.ordinalEnd(i)
	if j == i+1 && s.is(j, '.') {
		j++
	}
	if t := s.at(j); j == i+1 || t.kind != word || t.gap != space || !floorWords.has(t.hash) {
		return 0
	}
	return j + 1
}

var floorWords = hashSet("floor", "fl", "flr", "stock", "og", "obergeschoss", "etage", "étage", "ét", "piso", "planta", "piano", "verdieping", "andar")

// townEnd returns the end of a town after the comma of a street, or 0: up to three words,
// in a list or not, before a mark or the end of the line.
func (s *Scanner) townEnd(i int) int {
	to := i
	if s.at(to).shape == lower && townLeads.has(s.at(to).hash) {
		to++
	}
	words := 0
	for ; words < 4 && s.isCapital(to) && s.free(to) && (s.at(to).gap == space || s.at(to).gap == joined && s.is(to-1, '-')); words++ {
		t := s.at(to)
		if t.shape == initial || t.shape == upper && t.len() > 3 || t.flags&(fMedical|fDrug|fTitle|fRelation|fProfession|fMonth|fWeekday|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fEponym) != 0 && t.flags&(fCity|fTown|fPlace) == 0 || t.flags&fGiven != 0 && t.flags&(fCity|fTown|fPlace) == 0 {
			return 0
		}
		to++
		if s.is(to, '-') && s.isCapital(to+1) && s.at(to+1).gap == joined || s.is(to, '\'') && s.isCapital(to+1) && s.at(to+1).gap == joined {
			to++
		}
	}
	if t := s.at(to); words == 0 || !(t.gap >= line || t.kind == mark && (t.char == '.' || t.char == ',' || t.char == ';' || t.char == ')')) {
		return 0
	}
	return to
}

var townLeads = hashSet("en", "in", "near", "bei", "te", "à", "a")

// widen adds the rest of places and organisations.
func (s *Scanner) widen() {
	for i := s.anchored.next(0); i < len(s.toks); i = s.anchored.next(i + 1) {
		if t := &s.toks[i]; t.flags&fAnchor != 0 && livesVerbs.has(t.hash) && s.free(i) {
			s.livesAt(i)
		}
	}
	for n := range s.hits {
		switch h := &s.hits[n]; h.label {
		case Location, Org:
			s.widenPlace(h)
			s.widenOrg(h)
			if h.label == Location {
				s.joinPlaces(h)
			}
		case Name:
			s.widenOrg(h)
			if h.label == Name && s.is(h.to, '\'') && s.at(h.to+1).hash == hashS && s.at(h.to+1).gap == joined && s.at(h.from-1).char == '(' && s.at(h.to+2).char == ')' {
				s.take(h.to, h.to+2, Name) // (Guy's)
				h.to += 2
			}
		}
	}
	s.absorb()
	s.lateDates()
	s.findLooseDays()
}
