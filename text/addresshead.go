package text

// addressHead returns the start of an address whose street or box begins at a token,
// including the house number, words of the street's name, a unit, or the street of a
// crossing.
func (s *Scanner) addressHead(from int) int {
	if end := s.unitBefore(from); end < from {
		return end
	}
	return s.unitsBefore(s.crossing(s.numberedHead(from)))
}

// unitsBefore returns the start of the flat, plot or floor before an address: Flat 2/1, 9
// Sciennes Rd; Block C4, Lekki; 4e étage, 31 rue.
func (s *Scanner) unitsBefore(from int) int {
	i := from
	switch comma := s.at(i-1).char == ',' && s.at(i-1).gap == joined; {
	case comma && s.houseUnit(i-2) && s.at(i-3).gap == joined && ordinals.has(s.at(i-3).hash) && s.isNumber(i-4):
		return i - 4
	case comma:
		i -= 2
	case s.is(i-1, '/') && s.isNumber(i) && s.isNumber(i-2) && s.at(i).gap == joined:
		i -= 2
	case !s.isNumber(i):
		return from
	}
	if s.isNumber(i) && s.at(i).gap == joined && s.at(i-1).shape == initial {
		i--
	}
	if !s.isNumber(i) && s.at(i).shape != initial || s.at(i).gap != space || !s.free(i) && i < from || !s.houseUnit(i-1) || !s.isCapital(i-1) {
		return from
	}
	return i - 1
}

// houseUnit reports whether a word can precede the number of a flat, a plot or a house.
func (s *Scanner) houseUnit(i int) bool {
	t := s.at(i)
	return t.kind == word && s.free(i) && (t.flags&fUnitNo != 0 || houseUnits.has(t.hash))
}

var houseUnits = hashSet("villa", "plot", "block", "tower", "house", "stand", "erf", "haus")

// unitBefore returns the start of a unit before a box: Unit 12 Box 34.
func (s *Scanner) unitBefore(from int) int {
	if s.at(from-1).kind == number && s.at(from).gap == space && s.at(from-2).kind == word && s.at(from-2).flags&fUnitNo != 0 && s.isCapital(from-2) && s.free(from-2) {
		from -= 2 // Unit 12 Box 34
	}
	return from
}

// free reports whether no detector has taken a token.
func (s *Scanner) free(i int) bool { return i >= 0 && i < len(s.taken) && s.taken[i] == 0 }

// numberedHead returns the start of the numbers before the name of a street: 12 Obere
// Gasse, 7 170 London Place. Words without a number before them are left out.
func (s *Scanner) numberedHead(street int) int {
	from := street
	for n := 0; n < 3 && from > 0 && s.free(from-1) && s.at(from).gap == space && s.isCapital(from-1) && s.at(from-1).flags&(fTitle|fMonth|fWeekday|fIDLabel|fPhoneLabel|fUnit|fUnitNo|fDrug) == 0; n++ {
		from--
	}
	end := from
	for n := 0; n < 2 && s.houseNumberAt(from-1) && s.at(from).gap == space; n++ {
		from--
	}
	if from == end {
		return street
	}
	return from
}

// houseNumberAt reports whether a number can be a house number.
func (s *Scanner) houseNumberAt(i int) bool {
	t := s.at(i)
	if t.kind != number || t.len() > 6 || !s.free(i) || s.at(i+1).gap != space {
		return false
	}
	return t.gap != joined || s.at(i-1).kind == mark && s.at(i-1).char != '.' && s.at(i-1).char != ',' && s.at(i-1).char != '/' && s.at(i-1).char != '#'
}

// corners has words for the corner of two streets in languages other than English.
var corners = hashSet("ecke", "angle", "esquina", "esq", "angolo", "hoek", "cruce", "croisement", "incrocio", "kreuzung", "kruising")

var hashCorner = hashOf("corner")

// crossing returns the start of the first street of a crossing, if a street that begins at
// a token is the second: the corner of Elm and Main Street.
func (s *Scanner) crossing(street int) int {
	if s.at(street-1).hash != hashAnd || s.at(street).gap != space || s.at(street-1).gap > space {
		return street
	}
	from := street - 1
	for n := 0; n < 6 && from > 0 && s.at(from).gap <= space && (s.free(from-1) || s.labelAt(from-1) == Location) && (s.isCapital(from-1) || s.isNumber(from-1) || (s.at(from-1).char == '.' || s.at(from-1).char == '-') && s.at(from-1).gap == joined || s.at(from-1).flags&fParticle != 0); n++ {
		from--
	}
	for from < street && !s.isCapital(from) && !s.isNumber(from) {
		from++
	}
	p := s.at(from - 1)
	if from >= street-1 || !(p.kind == word && p.shape == lower && (prepositions.has(p.hash) || p.hash == hashIs || p.hash == hashWith) || p.char == ':' || s.at(from).gap >= line) {
		return street
	}
	return s.corner(from)
}

var hashIs, hashWith = hashOf("is"), hashOf("with")

// corner returns the start of "the corner of" before a street.
func (s *Scanner) corner(from int) int {
	if s.at(from-1).hash != hashOf2[0] || s.at(from-2).hash != hashCorner {
		return from
	}
	if s.at(from-3).hash == hashThe {
		return from - 3
	}
	return from - 2
}

// cornerOf finds a crossing by the words before it: the corner of Elm 4 and Lake Rd.
func (s *Scanner) cornerOf(i int) bool {
	bare := s.lang != english && corners.has(s.at(i).hash) && s.isCapital(i+1)
	led := s.at(i).hash == hashCorner && s.at(i+1).hash == hashOf2[0] || s.lang != english && corners.has(s.at(i).hash) && s.at(i+1).shape == lower && nameParticles.has(s.at(i+1).hash)
	if !bare && !led || s.at(i+1).gap != space {
		return false
	}
	to, and := i+2, false
	if bare {
		to--
	}
	begin := to
	for n := 0; n < 14 && to < len(s.toks) && s.at(to).gap <= space; n++ {
		t := s.at(to)
		switch {
		case (t.hash == hashAnd || t.char == '&' || t.char == '/') && !and && to > begin, s.lang != english && !and && to > begin && isAnd.has(t.hash) && t.shape == lower:
			and = true
		case s.isCapital(to), t.kind == number, t.flags&fParticle != 0 && t.shape == lower:
		case (t.char == '.' || t.char == '-' || t.char == '\'') && t.gap == joined && s.at(to+1).gap <= space && s.at(to+1).kind != mark:
		case t.kind == word && t.shape == lower && t.flags&(fStreetAfter|fStreetBefore) != 0:
		default:
			n = 14
			continue
		}
		to++
	}
	for to > i && (s.at(to-1).kind == mark || s.at(to-1).shape == lower && s.at(to-1).flags&fStreetAfter == 0 && s.at(to-1).kind == word) {
		to--
	}
	if !and || to < i+5 {
		return false
	}
	from := i
	if s.at(i-1).hash == hashThe {
		from--
	}
	s.add(from, s.addressTail(to), Location, "corner")
	return true
}

// unitHead finds an unmarked street before a flat: 9721 Dalmatinova 43 Apt. 6.
func (s *Scanner) unitHead(unit int) int {
	from, words := unit, 0
	for n := 0; n < 8 && from > 0 && (s.at(from).gap <= space || from == unit && s.at(from).gap == line) && s.free(from-1); n++ {
		p := s.at(from - 1)
		switch {
		case s.isCapital(from-1) && p.flags&(fTitle|fIDLabel|fPhoneLabel|fNameLabel|fMonth) == 0, p.kind == word && p.shape == lower && p.flags&(fParticle|fStreetAfter|fStreetBefore) != 0 && p.flags&fEnglish == 0:
			words++
		case s.isNumber(from-1) && p.len() <= 6:
		case p.kind == word && p.shape == lower && p.flags&^fNothing == 0 && s.is(from, '.'): // rkp.
		case p.kind == mark && (p.char == ',' || p.char == '.' || p.char == '-' || p.char == '\''):
		default:
			n = 8
			continue
		}
		from--
	}
	if words > 0 && s.at(from).gap == space && s.labelAt(from-1) == Location {
		return from // a second street after the first
	}
	for from < unit && !s.isNumber(from) {
		if s.isCapital(from) {
			words--
		}
		from++
	}
	if from == unit || words < 1 || s.at(from).gap == joined && s.at(from-1).kind != mark {
		return unit
	}
	return from
}
