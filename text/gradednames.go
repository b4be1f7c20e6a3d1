package text

// isGraded reports whether a run is a scale or a disease that is named after somebody, with
// its grade or alone: Fontaine III, Wagner 2, Barrett's.
func (s *Scanner) isGraded(c *candidate) bool {
	first, last := s.at(c.from), s.at(c.to-1)
	words := c.words
	if grades.has(last.hash) && c.to-c.from > 1 && (last.shape == upper || last.shape == initial || last.shape == mixed) {
		if last.shape != initial {
			words--
		}
		return words == 1 && (first.flags&fGiven == 0 || first.flags&fEponym != 0)
	}
	if words != 1 || first.flags&fEponym == 0 || c.to-c.from > 1 {
		return false
	}
	next := s.at(c.to)
	switch {
	case next.kind == number && next.gap == space && scales.has(first.hash) && next.value >= 0 && next.value <= 100 && s.endsDay(c.to+1) && s.at(c.to+1).kind == mark:
		return true // Norton 13.
	case next.kind == number && next.gap == space && next.value >= 0 && next.value <= 6 && !s.decimalAfter(c.to), next.kind == word && next.gap == space && grades.has(next.hash) && s.isCapital(c.to):
		return true
	case next.char == '\'' && next.gap == joined:
		i := c.to + 1
		if s.at(i).len() == 1 && s.at(i).gap == joined && s.at(i).kind == word {
			i++
		}
		t := s.at(i)
		return s.endsPhrase(i) && t.char != '\'' || t.kind == word && t.gap == space && t.shape == lower && (t.flags&fFunction != 0 && t.flags&fRelation == 0 || results.has(t.hash)) // Sjogren's and
	}
	return false
}

// scales has names of scales that are also family names.
var scales = hashSet("norton", "braden", "waterlow", "barthel", "katz", "lawton", "morse", "hamilton", "beck", "zung", "epworth", "edinburgh", "glasgow", "karnofsky", "gleason", "bishop", "tinetti", "berg", "ranson", "wells", "rockall", "ramsay", "richmond", "aldrete", "ashworth", "rankin", "harris", "constant", "lysholm", "kessler", "pfeiffer", "downton", "conners", "mallampati", "alvarado", "ballard", "silverman")

var grades = hashSet("i", "ii", "iii", "iv", "v", "vi", "ia", "ib", "iia", "iib", "iiia", "iiib")

// isPaired reports whether a run consists only of eponyms joined by hyphens, one of which
// is hardly a family name: Sternberg-Reed.
func (s *Scanner) isPaired(c *candidate) bool {
	if c.words < 2 || c.initials > 0 || c.to-c.from != 2*c.words-1 {
		return false
	}
	rare := false
	for i := c.from; i < c.to; i += 2 {
		rare = rare || s.at(i).flags&fFamily == 0
		if s.at(i).flags&fEponym == 0 || i > c.from && !s.is(i-1, '-') {
			return false
		}
	}
	return rare
}

// isSided reports whether a run is an eponym after a side or before a Roman numeral: L.
// Doppler, Modic I.
func (s *Scanner) isSided(c *candidate) bool {
	if c.words != 1 || c.initials != 1 {
		return false
	}
	first, last := s.at(c.from), s.at(c.to-1)
	if last.char == '.' {
		last = s.at(c.to - 2)
	}
	if first.shape == initial {
		return last.flags&fEponym != 0 && (first.hash == hashL || first.hash == hashR) && first.gap == space && s.at(c.from-1).kind == word
	}
	return first.flags&fEponym != 0 && (last.hash == hashI || last.hash == hashV)
}

var hashL, hashR, hashV = hashOf("l"), hashOf("r"), hashOf("v")

// lastWord returns the last word of a run.
func (s *Scanner) lastWord(c *candidate) int {
	j := c.to - 1
	for j > c.from && s.at(j).kind != word {
		j--
	}
	return j
}
