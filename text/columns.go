package text

// findColumns finds names and organisations in the columns of a table whose heading says
// what they contain: | Date | Seen by | Site |.
func (s *Scanner) findColumns() {
	end := 0
	for i := s.capitals.next(0); i < len(s.toks); i = s.capitals.next(i + 1) {
		sep := s.at(i - 1).char
		if sep != '|' && sep != ';' {
			sep = s.at(i + 1).char
		}
		if (sep == '|' || sep == ';') && i >= end && s.columnHead(i) != 0 {
			end = s.table(i, sep)
		}
	}
}

// columnHead returns the label of the column whose heading begins at a token, or 0.
func (s *Scanner) columnHead(i int) Label {
	switch h := s.at(i).hash; {
	case whoHeads.has(h):
		return Name
	case whereHeads.has(h):
		return Org
	}
	return 0
}

var (
	whoHeads = hashSet("provider", "seen", "clinician", "doctor", "nurse", "staff", "name", "patient", "contact", "caller", "signed", "physician", "surgeon", "therapist", "operator", "by", "author", "attending", "reviewer", "assessor",
		"arzt", "ärztin", "pflegekraft", "pflege", "behandler", "untersucher", "operateur", "bezugsperson", "soignant", "médecin", "infirmier", "infirmière", "ide", "praticien", "intervenant", "nom", "nombre", "médico", "médica", "enfermera", "enfermero", "facultativo", "profesional", "firma",
		"arts", "verpleegkundige", "behandelaar", "zorgverlener", "naam", "medico", "infermiere", "operatore", "nome", "cognome", "hz", "paraaf", "visa")
	whereHeads = hashSet("site", "clinic", "facility", "hospital", "pharmacy", "location", "school", "employer", "institution", "klinik", "krankenhaus", "einrichtung", "praxis", "apotheke", "établissement", "hôpital", "clinique", "lieu", "centro", "hospital", "clínica", "ziekenhuis", "locatie", "struttura", "ospedale", "sede")
)

const (
	mostColumns = 12
	mostCell    = 16 // tokens
)

// table reads the table whose heading contains a token, and returns its end.
func (s *Scanner) table(head int, sep byte) int {
	i := head
	for i > 0 && s.at(i).gap < line && head-i < mostColumns*mostCell {
		i--
	}
	var columns [mostColumns]Label
	to, n := s.cells(i, sep, func(n, from, to int) {
		if s.at(from).kind == word && s.at(from).shape != lower && to-from <= 3 {
			columns[n] = s.columnHead(from)
		}
	})
	if n < 2 {
		return to
	}
	for to < len(s.toks) && s.at(to).gap == line {
		next, m := s.cells(to, sep, func(n, from, to int) {
			if columns[n] != 0 && s.namesOnly(from, to, columns[n]) {
				s.add(from, to, columns[n], "column")
			}
		})
		if m < 2 {
			break
		}
		to = next
	}
	return to
}

// cells calls f for each cell of the line that begins at a token, and returns the end of
// the line and the number of its cells.
func (s *Scanner) cells(i int, sep byte, f func(n, from, to int)) (end, n int) {
	if s.at(i).char == sep {
		i++
	}
	from := i
	for ; ; i++ {
		over := i >= len(s.toks) || i > from && s.at(i).gap >= line
		if !over && s.at(i).char != sep {
			continue
		}
		if i > from && i-from <= mostCell && n < mostColumns {
			f(n, from, i)
		}
		if i > from || !over {
			n++
		}
		if over {
			return i, n
		}
		from = i + 1
		if s.at(from).gap >= line {
			return from, n
		}
	}
}

// namesOnly reports whether a cell consists only of capitalised words that can be a name.
func (s *Scanner) namesOnly(from, to int, label Label) bool {
	capitals := 0
	for i := from; i < to; i++ {
		t := s.at(i)
		switch {
		case !s.free(i):
			return false
		case t.kind == mark:
			if t.char != '.' && t.char != '-' && t.char != '\'' && t.char != ',' && t.char != '/' {
				return false
			}
		case t.kind == number, t.flags&(fMonth|fWeekday|fDrug|fRelation) != 0 && t.flags&(fGiven|fFamily) == 0:
			return false
		case s.isCapital(i):
			if t.flags&(fMedical|fProfession|fRoom|fEnglish) != 0 && t.flags&(fGiven|fFamily|fTitle|fOrgHead) == 0 || label == Org && t.shape == upper && to-from == 1 {
				return false
			}
			if t.shape != initial {
				capitals++
			}
		case t.flags&fParticle == 0 && label == Name && !(t.gap == joined && t.len() == 1):
			return false
		}
	}
	return capitals > 0 && s.isCapital(from)
}
