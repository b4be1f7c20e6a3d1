package text

// lookUp gives each word its flags, and determines the language.
func (s *Scanner) lookUp() {
	d := s.f.dict
	var counts languageCounts
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind != word {
			continue
		}
		f := s.words.get(d, t.hash)
		t.flags |= f
		t.ends |= f
		counts.add(f, 1)
		if f&fStarts != 0 {
			s.lookUpPhrase(i)
		}
	}
	if !s.told {
		s.counts, s.lang = counts, counts.most()
	}
	s.capitalize()
	if s.lang == english {
		return
	}
	// Words of other languages count if the text is not English.
	for i := range s.toks {
		if s.toks[i].flags&fForeign != 0 {
			s.toks[i].flags |= fWord
		}
	}
}

// lookUpPhrase finds the longest entry of several words that begins with a token.
func (s *Scanner) lookUpPhrase(i int) {
	d := s.f.dict
	next, ok := s.nextOfPhrase(i)
	if !ok {
		return
	}
	if pair := pairOf(s.toks[i].hash, s.toks[next].hash); d.pairs[pair>>6]&(1<<(pair&63)) == 0 {
		return // most words end here
	}
	state, _, ok := d.phrases.step(0, s.toks[i].hash)
	for ok {
		var info packedInfo
		if state, info, ok = d.phrases.step(state, s.toks[next].hash); ok && info != 0 {
			s.toks[i].phrase, s.toks[i].phraseIs = int16(next-i+1), d.phraseFlags[info.unpack().value-1]
			s.toks[next].ends |= s.toks[i].phraseIs
			if s.toks[i].phraseIs&fEponym != 0 {
				s.toks[next].flags |= fEponym
			}
		}
		if ok {
			next, ok = s.nextOfPhrase(next)
		}
	}
}

// nextOfPhrase returns the word that may follow another inside an entry.
func (s *Scanner) nextOfPhrase(i int) (next int, ok bool) {
	next = i + 1
	for next < len(s.toks) && next <= i+2 && s.toks[next].kind == mark && joinsPhrase(s.toks[next].char) {
		next++
	}
	return next, next < len(s.toks) && s.toks[next].kind != mark && s.toks[next].gap <= line && s.toks[next].start-s.toks[i].end <= maxGap
}

func joinsPhrase(c byte) bool {
	return c == '.' || c == '-' || c == '\'' || c == '/' || c == '#' || c == '&'
}

// detect runs the detectors. A token that one has taken is left alone by the next.
func (s *Scanner) detect() {
	known := s.hits
	for _, h := range known {
		if !s.insideMore(&h) {
			s.take(h.from, h.to, h.label)
		}
	}
	s.findNetwork()
	s.findEncoded()
	s.findCoordinates()
	s.findColumns()
	s.findDates()
	s.findNumbers()
	s.findOrgs()
	for _, h := range known {
		if s.free(h.from) {
			s.take(h.from, h.to, h.label)
		}
	}
	s.findPlaces()
	s.findNames()
	s.findSignatures()
	s.findPlacesOfNames()
	s.findLeftOver()
	s.spread()
	s.widen()
	s.findAges()
	s.findOptional()
}

// insideMore reports whether a known value is one word that may be part of a date or of the
// name of an organisation: APRIL 3, St. Mary's Hospital.
func (s *Scanner) insideMore(h *hit) bool {
	if h.to != h.from+1 || h.label != Name && h.label != Location || s.at(h.from).kind != word {
		return false
	}
	if s.at(h.from).flags&fMonth != 0 && (s.isNumber(h.to) && s.at(h.to).gap <= space || s.isNumber(h.from-1) && s.at(h.from).gap <= space) {
		return true
	}
	for i := h.to; i < h.to+5 && s.at(i).gap <= space; i++ {
		if s.at(i).ends&fOrgHead != 0 {
			return true
		}
	}
	for i := h.from; i > h.from-5 && s.at(i).gap <= space; i-- {
		if s.at(i-1).ends&fOrgHead != 0 {
			return true
		}
	}
	return false
}

// add adds a hit, and takes its tokens.
func (s *Scanner) add(from, to int, label Label, rule string) {
	s.hits = append(s.hits, hit{from: from, to: to, label: label, rule: rule})
	s.take(from, to, label)
}

func (s *Scanner) take(from, to int, label Label) {
	for i := from; i < to; i++ {
		s.taken[i] = label
	}
}

// at returns a token, or an empty one if there is none.
func (s *Scanner) at(i int) *token {
	if uint(i) < uint(len(s.toks)) {
		return &s.toks[i]
	}
	return &noToken
}

var noToken = token{kind: mark, gap: blank, value: -1}

// is reports whether a token is a certain mark that follows the previous token without a
// gap.
func (s *Scanner) is(i int, c byte) bool {
	t := s.at(i)
	return t.char == c && t.gap == joined
}

// isNumber reports whether a token is a number.
func (s *Scanner) isNumber(i int) bool { return s.at(i).kind == number }

// isEponym reports whether words are the name of a disease, a sign or a device that is
// named after a person: Parkinson's disease, Morbus Crohn.
func (s *Scanner) isEponym(from, to int) bool {
	if s.namedThing(from) {
		return true
	}
	if s.at(from-1).ends&fEponymBefore != 0 && s.at(from).gap <= space && !s.is(from-2, '\'') {
		return true
	}
	i := to + 1
	for s.at(i).char == '-' && s.at(i).gap == joined && s.at(i+1).gap == joined && s.at(i+1).flags&fEponym != 0 {
		i += 2
	}
	if s.at(i).char == '\'' && s.at(i).gap == joined {
		i++
		if s.at(i).len() == 1 && s.at(i).gap == joined {
			i++
		}
	}
	if s.is(i, '-') {
		i++
	}
	return s.at(i).gap <= space && (s.at(i).flags&fEponymHead != 0 && (s.at(to).flags&fEponym != 0 || i > to+1))
}

// particlesBefore returns the start of the small particles before a word: de la Cruz, ter
// Horst.
func (s *Scanner) particlesBefore(i int) int {
	for n := 0; n < 3 && s.at(i).gap == space; n++ {
		if p := s.at(i - 1); p.len() == 1 && p.kind == word && p.gap == joined && s.at(i-2).char == '\'' && s.at(i-2).gap == space && s.free(i-1) {
			i -= 2 // van 't Hoff
			continue
		}
		if p := s.at(i - 1); p.kind != word || p.shape != lower || p.flags&fParticle == 0 || p.len() > 5 || !s.free(i-1) {
			break
		}
		i--
	}
	return i
}

// hasTitle reports whether a title precedes a token: Mr., Dr.
func (s *Scanner) hasTitle(i int) bool {
	if p := s.at(i - 1); p.flags&fParticle != 0 || p.len() == 1 {
		i = s.particlesBefore(i)
	}
	j := i - 1
	if s.at(j).char == '.' && s.at(i).gap <= space {
		j--
	}
	if s.lang == french && s.at(j).hash == hashM && s.at(j).shape == initial && j == i-2 && s.at(i).gap == space && s.at(j).gap != joined {
		return true // M. Riche
	}
	return s.at(i).gap <= space && s.at(j).kind == word && s.at(j).ends&fTitle != 0 && !(s.caseless && j == i-1 && s.at(j).flags&(fRelation|fWord|fCommon) != 0 && s.at(i).flags&(fGiven|fFamily) == 0)
}
