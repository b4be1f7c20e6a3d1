package text

// isGraded reports whether a run is a scale or a disease that bears a name, with its grade or
// on its own: Fontaine III, Wagner 2, Barrett's.
func (s *Scanner) isGraded(c *candidate) bool {
	first, last := s.at(c.from), s.at(c.to-1)
	words := c.words
	if grades.has(last.hash) && c.to-c.from > 1 && (last.shape == upper || last.shape == initial) {
		if last.shape == upper {
			words--
		}
		return words == 1 && (first.flags&fGiven == 0 || first.flags&fEponym != 0)
	}
	if words != 1 || first.flags&fEponym == 0 || c.to-c.from > 1 {
		return false
	}
	next := s.at(c.to)
	switch {
	case next.kind == number && next.gap == space && next.value >= 0 && next.value <= 6 && !s.decimalAfter(c.to), next.kind == word && next.gap == space && grades.has(next.hash) && s.isCapital(c.to):
		return true
	case next.char == '\'' && next.gap == joined:
		i := c.to + 1
		if s.at(i).len() == 1 && s.at(i).gap == joined && s.at(i).kind == word {
			i++
		}
		return s.endsPhrase(i) && s.at(i).char != '\''
	}
	return false
}

var grades = hashSet("i", "ii", "iii", "iv", "v", "vi", "ia", "ib", "iia", "iib", "iiia", "iiib")
