package text

// capitalize gives the words of a text without capitals the shape that they would have:
// names, places and words in no list begin with a capital. Words that are both names and
// something else stay, unless a title or a label precedes them.
func (s *Scanner) capitalize() {
	s.caseless = false
	words, capitals := 0, 0
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind != word || t.shape == uncased {
			continue
		}
		words++
		if t.shape != lower {
			// A few words may have capitals, if sentences do not begin with one.
			if capitals++; capitals*12 > words || s.startsSentence(i) {
				return
			}
		}
	}
	if words == 0 {
		return
	}
	s.caseless = true
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind != word || t.shape != lower {
			continue
		}
		if t.len() == 1 && t.gap == space && s.isCapital(i-1) && s.at(i-1).flags&fGiven != 0 && s.at(i+1).gap == space && s.at(i+1).flags&(fFamily|fGiven) != 0 {
			t.shape = initial // anna m berg
			s.capital(i + 1)
			continue
		}
		if n := int(t.phrase); t.phraseIs&(fPlace|fOrg) != 0 && t.flags&fKeyword == 0 {
			for j := i; j < i+n; j++ {
				s.capital(j)
			}
		}
		if s.isProper(i) {
			s.capital(i)
		}
	}
	s.capitalOrgs()
}

// capital gives a word the shape of one that begins with a capital.
func (s *Scanner) capital(i int) {
	if t := &s.toks[i]; t.kind == word && t.shape == lower {
		t.shape = title
	}
}

// isProper reports whether a word without a capital is a proper name.
func (s *Scanner) isProper(i int) bool {
	t := s.at(i)
	if t.len() < 2 || t.gap == joined && s.at(i-1).kind != mark || s.is(i-1, '\'') && t.len() < 3 || s.is(i-1, '@') || s.is(i+1, '@') {
		return false
	}
	personal := t.flags & (fGiven | fFamily)
	switch {
	case t.flags&(fMedical|fUnit|fDrug) != 0:
		return false
	case s.hasTitle(i) && t.flags&(fEnglish|fGerman|fSpanish|fFrench) == 0:
		return true
	case t.flags&fCountry != 0 && t.flags&(fCommon|fKeyword) == 0:
		return true
	case t.flags&(fCommon|fWord|fKeyword|fForeign) != 0:
		return t.flags&(fOrgSuffix|fStreetAfter|fUnitNo) != 0 && t.flags&(fEnglish|fWord) == 0 || personal != 0 && s.contextBefore(i) >= labelled || personal != 0 && t.flags&fEnglish == 0 && s.isCapital(i-1) && t.gap == space && s.at(i-1).flags&fGiven != 0
	}
	return personal != 0 || t.flags&(fPlace|fTown) != 0 || t.len() >= 4 && t.phraseIs == 0
}
