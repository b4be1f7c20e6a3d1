package text

// spread extends what was found by related parts that no detector has read: the rest of a
// name after a particle, a hyphen or an abbreviation, and the text between an address and
// its postal code.
func (s *Scanner) spread() {
	for n, count := 0, len(s.hits); n < count; n++ {
		h := &s.hits[n]
		switch h.label {
		case Name:
			s.spreadName(h)
			s.spreadAddress(h.to)
		case Location:
			if h.rule == "postal-code" && s.at(h.from).kind == word && h.to > h.from+1 {
				s.spreadBefore(h)
			}
			s.spreadPlace(h)
			s.spreadRegion(h.to)
			s.spreadAddress(h.to)
		case ID:
			s.spreadID(h)
		case Org:
			s.spreadAddress(h.to)
			if t := s.at(h.to); t.flags&fOrgSuffix != 0 && t.gap == space && s.isCapital(h.to) && s.free(h.to) && t.len() > 2 {
				h.to++ // Loqate Inc
				s.take(h.to-1, h.to, Org)
			}
		}
	}
}

// spreadName adds the rest of a name.
func (s *Scanner) spreadName(h *hit) {
	from, to := h.from, h.to
	for range 3 {
		end := s.nameGoesOn(h, to)
		if end == to {
			break
		}
		to = end
	}
	if end := s.bridge(to); end > to {
		to = end
	}
	for range 2 {
		begin := s.nameBefore(from)
		if begin == from {
			break
		}
		from = begin
	}
	s.take(from, h.from, Name)
	s.take(h.to, to, Name)
	h.from, h.to = from, to
}

// bridge returns the end of a name that continues after particles or a nickname in
// quotation marks: Soledad "Sunny" Arvizu, Y. van 't Hoff.
func (s *Scanner) bridge(to int) int {
	i := to
	if s.at(i).char == '"' && s.at(i).gap == space && s.isCapital(i+1) && s.at(i+1).gap == joined && s.is(i+2, '"') {
		i += 3
	}
	for n := 0; n < 3 && s.at(i).gap == space; n++ {
		switch t := s.at(i); {
		case t.char == '\'' && s.at(i+1).len() == 1 && s.at(i+1).gap == joined && s.at(i+1).kind == word:
			i += 2
		case t.kind == word && t.shape == lower && t.flags&fParticle != 0 && t.len() <= 4 && t.hash != hashA && t.hash != hashE:
			i++
		}
	}
	if i == to || s.at(i).gap != space || !s.isName(i) {
		return to
	}
	i++
	for s.isName(i) && s.at(i).gap <= space {
		i++
	}
	return i
}

var hashE = hashOf("e")

// hashFeminine is the sign in Mª.
const hashFeminine = 'ª'

// nameGoesOn returns the end of the next part of a name.
func (s *Scanner) nameGoesOn(h *hit, to int) int {
	t := s.at(to)
	switch {
	case t.char == '-' && t.gap == joined:
		n := s.at(to + 1)
		if n.gap == joined && n.len() > 1 && s.free(to+1) && (s.namePart(to+1, false) || n.shape == title && s.at(to-1).shape == title && n.flags&(fKeyword|fMedical|fDrug|fEponym|fCommon) == 0) {
			return to + 2 // Hauta-aho, Al-Farsi
		}
		return to
	case t.hash == hashFeminine && t.gap == joined && s.at(to-1).len() <= 2 && s.free(to):
		if s.isCapital(to+1) && s.at(to+1).gap <= space && (s.namePart(to+1, false) || s.isName(to+1)) {
			return to + 2 // Ana Mª Gómez
		}
		return to + 1
	case s.unheardPart(h, to):
		return to + 1
	case s.lang == german:
		return to
	}
	// In other languages, a word that is not a name elsewhere is one after a title or
	// label.
	named := s.lang != english && s.contextBefore(h.from) >= labelled || s.lang != english && s.at(h.from).flags&fTitle != 0
	i := to
	for n := 0; n < 3 && s.at(i).kind == word && s.at(i).gap == space && s.at(i).shape == lower && nameParticles.has(s.at(i).hash); n++ {
		i++
	}
	if s.at(i).gap == space && s.at(i).shape == title && s.namePart(i, named) && (i > to || named && s.endsName(i+1)) {
		return i + 1
	}
	return to
}

// spreadID adds the letters before the digits of a labelled number, and the last group of a
// number in groups: license LA 004871236, Medicare 2950 12345 1.
func (s *Scanner) spreadID(h *hit) {
	p := s.at(h.from - 1)
	if s.isNumber(h.from) && s.at(h.from).gap == space && p.kind == word && p.shape == upper && (p.len() == 2 || p.len() == 3) && p.gap == space && s.free(h.from-1) &&
		(p.flags|p.ends)&(fIDLabel|fPhoneLabel|fDateLabel|fNameLabel|fUnit) == 0 && s.labelBefore(h.from-1, fIDLabel) {
		h.from--
		s.take(h.from, h.from+1, ID)
	}
	if t := s.at(h.to); t.kind == number && t.gap == space && t.len() <= 4 && s.free(h.to) && s.isNumber(h.to-1) && s.at(h.to-1).gap == space && s.isNumber(h.to-2) && s.endsPhrase(h.to+1) && !s.decimalAfter(h.to) {
		h.to++
		s.take(h.to-1, h.to, ID)
	}
}

// unheardPart reports whether a word in no list ends a name that begins with a given name:
// Yolanda Mba Nsue, a patient.
func (s *Scanner) unheardPart(h *hit, to int) bool {
	t := s.at(to)
	return t.kind == word && t.shape == title && t.gap == space && t.len() > 3 && t.flags&^fNothing == 0 && t.phraseIs == 0 && s.free(to) && s.endsName(to+1) &&
		s.at(h.from).flags&fGiven != 0 && s.at(h.from).shape == title && s.at(h.to-1).shape == title
}

// spreadBefore adds the town before a British postal code, and up to two parts of the
// address before it: The Old Forge, Nether Wallop SO20 8ET.
func (s *Scanner) spreadBefore(h *hit) {
	from := h.from
	for part := range 3 {
		i := from
		if part > 0 && s.at(i-1).char != ',' || part == 0 && s.at(i).gap > line {
			break
		}
		if s.at(i-1).char == ',' {
			i--
		}
		begin := i
		for n := 0; n < 4 && s.free(begin-1) && s.at(begin).gap <= line && s.townWord(begin-1, begin); n++ {
			begin--
		}
		for begin < i && (s.at(begin).kind == mark || s.at(begin).shape == lower) {
			begin++
		}
		if begin == i {
			break
		}
		from = begin
	}
	s.take(from, h.from, Location)
	h.from = from
}

// townWord reports whether a token can be part of a town's name before another: a
// capitalised word, a hyphen, a small word inside.
func (s *Scanner) townWord(i, next int) bool {
	t := s.at(i)
	if t.kind == mark {
		return t.char == '-' && t.gap == joined && s.at(next).gap == joined
	}
	return t.kind == word && t.flags&(fTitle|fSuffix|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fMonth|fWeekday|fRelation|fMedical) == 0 &&
		(s.isCapital(i) || t.shape == lower && (t.flags&fParticle != 0 || s.is(i-1, '-') || t.len() <= 2 && s.at(next).char == '-'))
}

// placeParticles has words that occur inside place names.
var placeParticles = hashSet("pri", "nad", "pod", "u", "ob", "sur", "sous", "upon", "de", "del", "la", "di", "da", "della", "y")

// spreadPlace adds the numbers before and after a street, and the rest of a place name
// after a particle: Loka pri Zidanem Mostu.
func (s *Scanner) spreadPlace(h *hit) {
	from, to := h.from, h.to
	if h.rule == "street" {
		for n := 0; n < 2 && s.houseNumberAt(from-1); n++ {
			from--
		}
		if t := s.at(to); t.kind == number && t.gap == space && t.len() <= 4 && s.free(to) && !s.isNumber(to-1) && !s.decimalAfter(to) && s.at(to+1).flags&(fUnit|fMonth) == 0 && !isYear(t) {
			to++
		}
	}
	i := to
	for n := 0; n < 2 && s.at(i).kind == word && s.at(i).gap == space && s.at(i).shape == lower && placeParticles.has(s.at(i).hash); n++ {
		i++
	}
	if i > to && s.at(i).gap == space && s.isCapital(i) && (s.labelAt(i) == Location || s.labelAt(i) == Name) {
		to = i
	}
	s.take(from, h.from, Location)
	s.take(h.to, to, Location)
	h.from, h.to = from, to
}

// spreadRegion adds the short name of a region and the postal code after a place, and a
// word for a missing region.
func (s *Scanner) spreadRegion(to int) {
	i := to
	comma := s.at(i).char == ',' && s.at(i).gap <= line
	if comma {
		i++
	}
	t, code := s.at(i), s.at(i+1)
	if !s.free(i) || t.gap > line {
		return
	}
	region := t.kind == word && t.len() <= 3 && (t.shape == upper || noRegion.has(t.hash)) || comma && s.isNumber(i) && t.len() <= 2
	switch {
	case region && s.isNumber(i+1) && s.free(i+1) && code.gap <= line && code.len() >= 4 && s.tailZip(i+1, true) > 0:
		s.add(i, s.tailZip(i+1, true), Location, "postal-code")
	case noRegion.has(t.hash) && t.gap == space && s.isNumber(to-1) || noRegion.has(t.hash) && s.endsPhrase(i+1):
		s.add(i, i+1, Location, "place")
	}
}

// endsName reports whether a token ends the line or the part of the sentence before it.
func (s *Scanner) endsName(i int) bool {
	t := s.at(i)
	return t.gap >= wide || t.char == '.' || t.char == ',' || t.char == '('
}

// namePart reports whether a word can be part of a name that was found. After a title or
// label, any non-medical word can.
func (s *Scanner) namePart(i int, named bool) bool {
	t := s.at(i)
	if t.kind != word || !s.free(i) || t.phraseIs&(fPlace|fOrg) != 0 {
		return false
	}
	if named {
		return t.flags&(fKeyword&^(fTitle|fNameVerb|fDateLabel)|fMedical|fDrug) == 0
	}
	return t.flags&(fCommon|fWord|fKeyword|fMedical|fDrug|fEponym) == 0 && (t.flags&fForeign == 0 || t.flags&(fGiven|fFamily) != 0)
}

// nameBefore returns the start of the part of a name before a token.
func (s *Scanner) nameBefore(from int) int {
	if p := s.at(from - 1); p.hash == hashFeminine && s.at(from).gap <= space && p.gap == joined && s.at(from-2).len() <= 2 && s.isCapital(from-2) && s.free(from-1) && s.free(from-2) {
		return from - 2 // Mª Pilar
	}
	if p := s.at(from - 2); s.is(from-1, '-') && s.at(from).gap == joined && p.kind == word && p.shape == title && s.free(from-2) && s.at(from).shape == title && p.flags&(fMedical|fDrug|fEponym|fKeyword&^fFunction) == 0 {
		return from - 2 // Cavalli-Traoré
	}
	if begin := s.particlesBefore(from); begin < from && s.lang != german {
		if p := s.at(begin - 1); p.kind == mark && p.gap == joined && (p.char == ',' || p.char == ':' || p.char == '(') || p.hash == hashAnd {
			return begin // Hsu, de la Fuente
		}
		if s.is(begin-1, '.') && s.at(begin-2).shape == initial && s.free(begin-2) && s.at(begin).gap == space {
			return begin - 2 // Y. van 't Hoff
		}
	}
	if s.at(from).gap == space && s.at(from-1).shape == title && (!s.caseless || s.at(from-1).flags&(fGiven|fFamily) != 0) && s.at(from-1).len() > 2 && s.namePart(from-1, false) && s.at(from-1).flags&fPlace == 0 && !s.is(from-2, '-') {
		return from - 1
	}
	return from
}

// mostBetween is the maximum number of tokens between an address and its postal code.
const mostBetween = 10

// spreadAddress adds the house number, the floor and the door between the end of an address
// at a token and a postal code.
func (s *Scanner) spreadAddress(to int) {
	from, end, numbers, letters := 0, 0, 0, 0
	for j := to; j < len(s.toks) && j < to+mostBetween; j++ {
		t := s.at(j)
		switch {
		case t.gap >= blank:
			return
		case s.taken[j] != 0:
			if s.taken[j] == Location && t.kind == number && t.len() == 5 && end > 0 && (numbers > 0 || letters == 1) {
				s.add(from, end, Location, "address-number")
			}
			return
		case t.kind == mark:
			if !joinsAddress(t) {
				return
			}
			continue
		case t.kind == number && t.len() <= 4:
			numbers++
		case t.kind == word && (t.len() <= 3 && t.flags&(fUnit|fMonth|fMedical) == 0 || t.flags&fUnitNo != 0 || doors.has(t.hash)):
			letters++
		default:
			return
		}
		if end == 0 {
			from = j
		}
		end = j + 1
	}
}

// joinsAddress reports whether a mark may be between the parts of an address.
func joinsAddress(t *token) bool {
	switch t.char {
	case ',', '.', '-', '#', '/':
		return true
	}
	return t.hash == 'º' || t.hash == 'ª' || t.hash == '°'
}
