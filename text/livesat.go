package text

// livesAt finds a whole address after a word for living somewhere, up to the end of the
// sentence: lives at Flat 9, Nightingale Hse, Wapping; woont molenweg 4 in dwingeloo.
func (s *Scanner) livesAt(i int) {
	j := i + 1
	for n := 0; n < 4 && s.at(j).gap <= space && (s.at(j).kind == word && livesLeads.has(s.at(j).hash) || s.at(j).char == ':' || s.at(j).char == '/' && s.at(j+1).hash == hashO); n++ {
		j++
	}
	from := j
	var r livesRun
	to := from
	for to < len(s.toks) && to-from < 30 && s.at(to).gap <= space && s.livesToken(&r, to) {
		to++
	}
	for to > from && s.endsNothing(to-1) {
		to--
	}
	if words := r.capitals + r.small; to <= from+1 || words == 0 || r.numbers == 0 && (r.commas == 0 || r.capitals < 2) || s.covered(from, to) {
		return
	}
	s.addBesideKnown(from, to, Location, "address-lived")
}

// addBesideKnown adds the parts of a run that no known value covers: known values have
// their own replacements.
func (s *Scanner) addBesideKnown(from, to int, label Label, rule string) {
	for i := from; i < to; i++ {
		if s.at(i).kind == mark || s.isKnown(i) {
			continue
		}
		end := i + 1 // after the last token of the part that is not a mark
		for j := end; j < to && !s.isKnown(j); j++ {
			if s.at(j).kind != mark {
				end = j + 1
			}
		}
		s.add(i, end, label, rule)
		i = end - 1
	}
}

// markKnown records which tokens known values cover.
func (s *Scanner) markKnown() {
	s.byKnown = grown(s.byKnown, len(s.toks))
	for _, h := range s.hits {
		for i := h.from; i < h.to; i++ {
			s.byKnown[i] = 1
		}
	}
}

// isKnown reports whether a known value covers a token.
func (s *Scanner) isKnown(i int) bool { return i < len(s.byKnown) && s.byKnown[i] != 0 }

// livesRun counts the tokens of an address by kind.
type livesRun struct{ numbers, capitals, commas, small int }

// livesToken reports whether a token continues an address, and counts it.
func (s *Scanner) livesToken(r *livesRun, i int) bool {
	t := s.at(i)
	switch {
	case s.taken[i] != 0:
		r.capitals++
		return s.labelAt(i) == Location
	case t.kind == number:
		r.numbers++
		return t.len() <= 6 && !(s.at(i+1).flags&fUnit != 0 && s.at(i+1).len() > 1) && !s.is(i+1, '%')
	case t.kind == mark:
		if t.char == ',' {
			r.commas++
		}
		if t.char == '.' {
			return s.at(i-1).len() <= 5 && s.at(i-1).kind == word && s.at(i+1).gap <= space || s.at(i-1).kind == number && s.at(i+1).flags&fUnitNo != 0
		}
		return joinsAddress(t) || t.char == '\''
	case s.isCapital(i):
		r.capitals++
		return t.len() <= 2 || t.flags&(fPlace|fTown|fParticle|fStreetAfter|fStreetBefore|fUnitNo) != 0 ||
			t.flags&(fTitle|fRelation|fMonth|fWeekday|fMedical|fDrug|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fProfession) == 0
	case t.flags&(fUnitNo|fStreetAfter|fStreetBefore|fParticle) != 0, t.gap == joined, houseParts.has(t.hash), floorWords.has(t.hash), doors.has(t.hash), nameParticles.has(t.hash), livesLeads.has(t.hash):
		return true
	}
	r.small++
	return s.caseless && t.flags&(fFunction|fNameVerb|fRelation|fMedical|fDrug) == 0 && (r.small <= 2 || r.commas > 0)
}

// endsNothing reports whether a token at the end of an address is not part of it: a mark or
// a small word.
func (s *Scanner) endsNothing(i int) bool {
	t := s.at(i)
	return t.kind == mark || t.shape == lower && t.gap == space && (nameParticles.has(t.hash) || livesLeads.has(t.hash) || t.flags&fFunction != 0)
}

// covered reports whether all tokens of a run are taken.
func (s *Scanner) covered(from, to int) bool {
	for i := from; i < to; i++ {
		if s.free(i) {
			return false
		}
	}
	return true
}

var (
	livesVerbs = hashSet("lives", "living", "resides", "residing", "residence", "wohnt", "wohnhaft", "vive", "reside", "habite", "demeurant", "demeure", "domicilié", "domiciliée", "woont", "wonend", "woonachtig", "wonende", "abita", "residente", "domiciliato", "domiciliata", "moved", "mora", "adresse", "address", "indirizzo", "domicilio", "loge")
	livesLeads = hashSet("at", "in", "on", "to", "near", "now", "with", "is", "c", "o", "en", "au", "aux", "à", "a", "im", "am", "an", "der", "dem", "bei", "te", "op", "de", "het", "la", "el", "nu", "jetzt", "zu", "zur", "chez", "off", "alla", "presso", "das", "den", "jetzt", "actualmente")
)

// joinPlaces joins two places with little between them: 3 Mill Lane, Nr Ludlow, Shropshire;
// and includes the name of a house before a numbered street: Hill House, 3 Mill Lane.
func (s *Scanner) joinPlaces(h *hit) {
	to := h.to
	for n := 0; n < 8 && s.free(to) && s.at(to).gap <= line; n++ {
		t := s.at(to)
		switch {
		case t.kind == mark && (t.char == ',' || t.char == '-' || t.char == '/' || t.char == '.' && s.at(to-1).len() <= 4 && s.at(to-1).kind == word):
		case t.kind == number && t.len() <= 5 && t.gap <= space:
		case t.shape == lower && joinWords.has(t.hash):
		case s.isCapital(to) && t.gap <= space && (t.flags&(fKeyword|fMedical|fDrug|fCommon) == 0 || joinWords.has(t.hash) || t.flags&(fStreetAfter|fUnitNo|fPlace) != 0) && s.hasNumber(h):
		default:
			n = 8
			continue
		}
		to++
	}
	if to > h.to && s.labelAt(to) == Location && s.at(to).gap <= line && s.at(to).kind != mark && s.hasNumber(h) && to > h.to+1 && to < len(s.toks) {
		s.take(h.to, to, Location)
		h.to = to
	}
	if h.rule == "street" && s.is(h.from-1, ',') {
		from := h.from - 1
		for n := 0; n < 4 && s.free(from-1) && s.at(from).gap <= space && s.at(from-1).kind == word && (s.at(from-1).shape == title || s.at(from-1).hash == hashThe) && s.at(from-1).flags&(fMedical|fDrug|fTitle|fRelation|fMonth|fWeekday|fProfession|fNameLabel) == 0; n++ {
			from--
		}
		if from < h.from-1 && from >= h.from-4 && (s.at(from).gap >= line || s.at(from-1).kind == mark && s.at(from-1).char != '.') && houseEnds.has(s.at(h.from-2).hash) {
			s.take(from, h.from, Location)
			h.from = from
		}
	}
}

var (
	joinWords = hashSet("nr", "near", "via", "off", "lez", "b", "loc")
	houseEnds = hashSet("house", "cottage", "farm", "lodge", "court", "hall", "rectory", "vicarage", "manor", "villa", "barn", "mill", "cottages", "flats", "towers", "heights", "mansions", "apartments", "place", "gardens", "hse", "ct", "cott", "residencia", "résidence", "residence", "edificio", "urbanización", "haus", "hof", "forge", "stables", "grange", "parsonage", "bungalow")
)
