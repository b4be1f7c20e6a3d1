package text

// commaGiven reports whether a given name follows a comma: Bright, Jessica.
func (s *Scanner) commaGiven(c *candidate) bool {
	if s.at(c.to).char != ',' || s.at(c.to).gap != joined || !s.isCapital(c.to+1) || s.at(c.to+1).gap > space {
		return false
	}
	f := s.at(c.from).flags
	if n := s.at(c.to + 1); n.shape == initial && !s.is(c.to+2, '\'') && f&^(fFamily|fGiven|fUncommon|fTown|fAnchor) == 0 && s.at(c.from).len() >= 4 && (s.at(c.to+2).gap >= wide || s.at(c.to+2).char == ',' || s.at(c.to+2).char == '.') {
		return true // Szymańska, K
	}
	if !s.givenAt(c.to+1) || s.isEponym(c.from, c.from) {
		return false
	}
	return f&(fEnglish|fMedical|fDrug|fRelation) == 0 && (f&fFamily != 0 || f&(fCommon|fWord|fPlace) == 0)
}

// givenAt reports whether a given name begins at a token: Anna, D'Andre.
func (s *Scanner) givenAt(i int) bool {
	t := s.at(i)
	if t.shape == initial && s.is(i+1, '\'') {
		return s.at(i+2).gap == joined && s.isCapital(i+2)
	}
	return t.flags&fGiven != 0 && t.flags&fDrug == 0 && s.nameable(i)
}

// addName adds a name with the parts that belong to it: a given name after a comma, as in
// HL7.
func (s *Scanner) addName(c *candidate) {
	from, to := c.from, c.to
	for n := 0; n < 2 && s.at(from).gap == space && s.isCapital(from-1) && s.at(from-1).flags&fParticle != 0 && s.at(from-1).flags&fTitle == 0 && s.taken[from-1] == 0 && s.at(from-1).len() > 1; n++ {
		from-- // Van Dyke, DE LA CRUZ
	}
	if s.hasTitle(from) {
		from = s.particlesBefore(from)
		// The title is part of the name.
		if from--; s.at(from).char == '.' {
			from--
		}
	}
	t := s.at(to)
	if (t.char == ',' && t.gap == joined || t.char == '^') && s.isCapital(to+1) && s.at(to+1).gap <= space && s.nameable(to+1) {
		n := s.at(to + 1)
		if t.char == '^' || n.flags&(fGiven|fFamily) != 0 && n.flags&(fSuffix|fTitle) == 0 || n.flags&(fCommon|fWord|fKeyword|fPlace|fMedical|fDrug) == 0 && n.shape == s.at(from).shape && c.words == 1 || n.shape == initial && (s.is(to+2, '.') && s.dottedDegree(to+1) == to+1 || s.givenAt(to+1) || s.at(to+2).gap >= wide || s.at(to+2).char == ',') {
			to += 2
			if s.is(to, '\'') && s.at(to+1).gap == joined && s.isCapital(to+1) {
				to += 2
			}
			for s.is(to, '-') && s.at(to+1).gap == joined && s.isCapital(to+1) {
				to += 2
			}
			for k := 0; k < 3 && s.nameable(to) && (s.at(to).gap == space && (s.at(to).shape == initial || s.at(to).flags&(fGiven|fFamily) != 0)); k++ {
				to++
			}
			for s.at(to).char == '^' && s.nameable(to+1) {
				to += 2
			}
			if s.at(to-1).shape == initial && s.is(to, '.') {
				to++
			}
		}
	}
	s.add(from, s.withSuffixes(to), Name, "name")
}

// withSuffixes returns the end of the degrees and the like after a name: MD, Jr.
func (s *Scanner) withSuffixes(to int) int {
	for range 3 {
		j := to
		if s.at(j).char == ',' && s.at(j).gap == joined {
			j++
		}
		if end := s.dottedDegree(j); end > j {
			to = end
			continue
		}
		if t := s.at(j); t.kind != word || t.gap != space || t.flags&fSuffix == 0 || t.shape == lower || t.shape == initial || t.len() == 2 && t.shape != upper && t.hash != hashJr || !s.free(j) || t.flags&(fGiven|fFamily) != 0 {
			return to
		}
		if to = j + 1; s.is(to, '.') && s.at(to-1).shape == title {
			to++
		}
	}
	return to
}

var hashJr = hashOf("jr")

// dottedDegree returns the end of a degree with full stops that begins at a token, or the
// token: M.D., R.N.
func (s *Scanner) dottedDegree(i int) int {
	t, n := s.at(i), s.at(i+2)
	if t.shape != initial || t.gap != space || !s.is(i+1, '.') || n.gap != joined || n.shape != initial || !s.is(i+3, '.') || s.at(i+4).gap == joined && s.at(i+4).kind != mark ||
		!suffixInitials.has(t.hash) || !degreeEnds.has(n.hash) || !s.free(i) {
		return i
	}
	return i + 4
}

var degreeEnds = hashSet("d", "o", "n", "a", "h", "t")

// carets finds names with carets between their parts, as HL7 writes them:
// O'BRIEN^ANNA^M.
func (s *Scanner) carets(i int) bool {
	to, found := i+1, false
	for range 12 {
		t := s.at(to)
		switch {
		case t.char == '^' && t.gap == joined && s.at(to+1).kind == word && s.at(to+1).gap == joined:
			found = true
			to += 2
		case !found && t.kind == word && t.gap == space && s.isCapital(to) && s.isCapital(i), (t.char == '\'' || t.char == '-') && t.gap == joined && s.at(to+1).kind == word && s.at(to+1).gap == joined:
			to += 1 + int(one2(t)) // a word, or a mark and a word
			if t.kind == mark && t.char == '-' {
				to++
			}
		default:
			if found && (codeSystems.has(s.at(to-1).hash) || s.isNumber(to) && s.at(to).gap == joined) {
				return false // GLUCOSE^LN, ORU^R01
			}
			if found {
				s.add(i, to, Name, "name-hl7")
			}
			return found
		}
	}
	return false
}

// codeSystems has the short names of code systems at the end of a coded value in HL7.
var codeSystems = hashSet("ln", "loinc", "sct", "snomed", "icd", "cpt", "l", "local", "ndc", "rxnorm", "cvx", "ucum", "iso")

// isName reports whether a name ends at a token.
func (s *Scanner) isName(j int) bool {
	return s.labelAt(j) == Name
}

// particleBehindHyphen reports whether a particle follows a hyphen.
func (s *Scanner) particleBehindHyphen(i int) bool {
	t := s.at(i)
	return t.kind == word && t.flags&fParticle != 0 && t.len() <= 3 && s.isCapital(i+1) && s.at(i+1).gap == space
}

// elisions has the words before the apostrophe in a name.
var elisions = hashSet("d", "l")
