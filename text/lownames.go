package text

// findLowerNames finds names that are written without capitals, only if a title or a label
// precedes them, or if a given name and a family name are together.
func (s *Scanner) findLowerNames() {
	for i := s.names.next(0); i < len(s.toks); i = s.names.next(i + 1) {
		t := &s.toks[i]
		if s.taken[i] != 0 || t.shape != lower || t.len() < 2 {
			continue
		}
		rare := t.flags&(fCommon|fKeyword|fMedical|fDrug|fUncommon) == 0
		next := s.at(i + 1)
		pair := next.kind == word && next.gap == space && next.shape == lower && next.flags&(fFamily|fGiven) != 0 && next.flags&(fKeyword|fMedical|fDrug) == 0 && s.taken[min(i+1, len(s.taken)-1)] == 0
		switch {
		case s.hasTitle(i) && t.flags&(fEnglish|fKeyword) == 0 && s.at(i-1).len() < 10 && (rare || s.at(i-1).char == '.'):
			s.add(i, i+1+one(pair), Name, "name-lower")
		case pair && t.flags&fGiven != 0 && rare && t.flags&fWord == 0 && next.flags&fCommon == 0:
			s.add(i, i+2, Name, "name-lower")
		case rare && t.flags&(fWord|fPlace) == 0 && t.flags&fGiven != 0 && (s.contextBefore(i) >= labelled || s.lang == english && t.len() >= 4 && t.gap != joined && s.at(i+1).gap+one2(s.at(i+1)) > joined && t.phraseIs == 0):
			s.add(i, i+1+one(pair), Name, "name-lower")
		}
	}
}

// one2 returns space for a mark that ends a word as a blank does, and joined otherwise.
func one2(t *token) gap {
	if t.kind == mark && t.char != '-' && t.char != '@' && t.char != '_' && t.char != '/' {
		return space
	}
	return joined
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// notInitials has initials with another meaning.
var notInitials = hashSet("md", "do", "rn", "np", "pa", "us", "uk", "ed", "po", "iv", "im", "pm", "am", "eg", "ie", "sc", "id", "bid", "tid", "qid", "prn", "dc", "la", "ny", "nj", "ca", "phd", "ct", "mr", "pt", "ot",
	"od", "os", "ou", "bp", "hr", "rr", "ua", "gi", "gu", "ob", "er", "or", "ii", "usa", "dob", "mrn", "ad", "bc", "rtu", "uiv", "ac", "pc", "hs", "npo", "ph", "dr", "sr", "sa", "sl", "cp", "ap", "pe", "mi", "cv")

// findInitials finds initials of a person: J.S. after a label or a dash, or at the end of a
// line.
func (s *Scanner) findInitials() {
	for i := s.initials.next(0); i < len(s.toks); i = s.initials.next(i + 1) {
		t := &s.toks[i]
		if s.taken[i] != 0 || !s.is(i+1, '.') || t.gap == joined && s.at(i-1).kind == mark && s.at(i-1).char == '.' {
			continue
		}
		j, n := i, 0
		var buf [16]byte
		letters := buf[:0]
		for s.at(j).shape == initial && s.at(j).kind == word && s.is(j+1, '.') && n < 4 {
			letters = append(letters, s.foldOf(j)...)
			n++
			j += 2
			if s.at(j).gap != joined {
				break
			}
		}
		if n < 2 || n > 3 || s.at(j).gap == joined && s.at(j).kind != mark {
			continue
		}
		p := s.at(i - 1)
		before := s.contextBefore(i)
		if notInitials.has(hashOf(letters)) && before < labelled && p.hash != hashBy2 && !(p.char == '-' && t.gap == joined) {
			continue
		}
		ends := s.at(j).gap >= line
		if before >= possible && before != colon || p.char == '-' && t.gap <= space || ends && t.gap >= wide || before == colon && ends || s.contextAfter(j) {
			s.add(i, j, Name, "initials")
		}
	}
}
