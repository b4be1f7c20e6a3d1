package text

// isPlural reports whether a word is the plural of one that is not a name: Apgars.
func (s *Scanner) isPlural(i int) bool {
	if s.text[s.toks[i].end-1] != 's' {
		return false
	}
	folded := s.foldOf(i)
	return s.f.dict.get(hashOf(folded[:len(folded)-1]))&(fCommon|fWord|fMedical|fEponym|fDrug) != 0
}

// capitalsAreNames reports whether the language of the text capitalises only names inside a
// sentence.
func (s *Scanner) capitalsAreNames() bool {
	return s.lang == english || s.lang == spanish || s.lang == french || s.lang == dutch || s.lang == italian || s.lang == portuguese
}

// isUnheard reports whether a capitalised word inside a sentence is in no word list: it is
// the name of somebody or something.
func (s *Scanner) isUnheard(i int) bool {
	t := s.at(i)
	return !s.caseless && t.shape == title && t.len() >= 4 && t.gap == space && s.at(i-1).shape == lower && t.flags&^(fTown|fUncommon|fAnchor|fGiven|fFamily) == 0 && t.phraseIs == 0 && !s.isPlural(i) && !(s.at(i+1).gap == space && s.at(i+1).shape == lower && s.at(i+1).flags&fEponymHead != 0) &&
		s.at(i+1).char != '-' && !(s.at(i+1).gap == joined && s.at(i+1).kind != mark)
}
