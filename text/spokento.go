package text

var (
	possessives = hashSet("his", "her", "him", "their")
	// spoken has words that begin what is said to somebody after the name.
	spoken = hashSet("can", "could", "please", "would", "will", "do", "are", "you", "i", "how", "what", "when", "where", "why", "thank", "thanks", "is", "did")
)

// isSpokenTo reports whether the words after a name address or list persons: Anna, can you;
// come, Anna!; Daisy, Anna and Tom; gave Angel his address.
func (s *Scanner) isSpokenTo(i int) bool {
	t := s.at(i)
	switch {
	case t.char == ',' && t.gap == joined:
		n := s.at(i + 1)
		if n.gap != space || n.kind != word {
			return false
		}
		listed := s.isCapital(i+1) && n.flags&fGiven != 0 && n.flags&(fCommon|fMedical|fDrug) == 0 && (s.at(i+2).char == ',' || s.at(i+2).hash == hashAnd)
		return listed && s.at(i-1).flags&fGiven != 0 || s.startsSentence(i-1) && spoken.has(n.hash) && s.at(i-1).flags&fGiven != 0
	case t.char == '!' && t.gap == joined:
		return s.at(i-2).char == ',' && s.at(i-1).flags&fGiven != 0
	}
	return t.kind == word && t.gap == space && possessives.has(t.hash) && (s.at(i-2).hash == hashGiven || s.at(i-2).hash == hashGave)
}

var hashGiven, hashGave = hashOf("given"), hashOf("gave")
