package text

// hit is a run of tokens that a detector found.
type hit struct {
	from, to int // tokens
	label    Label
	rule     string
	value    int
}

const (
	// maxGap is the maximum number of bytes between two words of a known value, and
	// maxIndent that at a line end: the next line is indented, or begins with the marks of
	// a quoted mail.
	maxGap, maxIndent = 5, 40
	// maxMarks is the maximum number of marks.
	maxMarks = 6
)

// adjacent reports whether there is little between two tokens, and no empty line.
func adjacent(a, b *token) bool { return b.start-a.end <= maxGap && b.gap < blank }

// nextWord returns the next token that is not a mark, if it may be the next word of a known
// value: there is little in between, and at most one line end.
func (s *Scanner) nextWord(i int) (int, bool) {
	most := int32(maxGap)
	for j := i + 1; j < len(s.toks) && j <= i+1+maxMarks; j++ {
		t := &s.toks[j]
		if t.gap == line {
			most = maxIndent
		}
		if t.kind != mark {
			return j, t.gap < blank && t.start-s.toks[i].end <= most && (j <= i+4 || most > maxGap)
		}
	}
	return 0, false
}

// findKnown finds the known values.
func (s *Scanner) findKnown(k *Known) {
	s.matchSequences(k)
	s.joinNames(k)
	s.matchStrings(k)
	s.matchDates(k)
	s.matchLiterals(k)
}

// grown returns a cleared slice of a given length.
func grown[T ~uint8](b []T, n int) []T {
	if cap(b) < n {
		b = make([]T, n+n/2)
	}
	b = b[:n]
	clear(b)
	return b
}

// The values of knownAt for a token.
const (
	notKnown uint8 = iota
	weakName
	lowerName // a word of a name, written as a common word
	strongName
)

// matchSequences finds sequences of words. Whole values are hits; words of names are
// marked, and joined afterwards.
func (s *Scanner) matchSequences(k *Known) {
	for i := range s.toks {
		if s.toks[i].kind == mark {
			continue
		}
		if !k.begins(s.toks[i].hash) {
			if s.toks[i].flags&(fCommon|fKeyword|fMedical) == 0 { // most words have one of them
				s.matchTypo(k, i)
			}
			continue
		}
		var last packedInfo
		end := i
		state, info, ok := k.seqs.step(0, s.toks[i].hash)
		for j := i; ok; {
			if info != 0 {
				last, end = info, j
			}
			next, near := s.nextWord(j)
			if !near {
				break
			}
			j = next
			state, info, ok = k.seqs.step(state, s.toks[j].hash)
		}
		found := last.unpack()
		switch {
		case last == 0:
			s.matchTypo(k, i)
		case found.kind == KnownName && found.strength < entire:
			s.markName(i, found)
		case found.strength == single && !s.isDistinct(i):
		case s.isEponym(i, end):
		case found.strength == entire && found.kind != KnownName && i == end && s.isCommonLower(i):
		default:
			s.hits = append(s.hits, hit{from: i, to: end + 1, label: kindLabels[found.kind], rule: kindRules[found.kind], value: int(found.value)})
		}
	}
}

// isDistinct reports whether one word of an address or organisation is rare enough to
// identify it.
func (s *Scanner) isDistinct(i int) bool {
	t := &s.toks[i]
	return t.shape != lower && t.len() >= 5 && t.flags&(fCommon|fKeyword) == 0
}

// isCommonLower reports whether a word is written like a common word: mobile, reading.
func (s *Scanner) isCommonLower(i int) bool {
	t := &s.toks[i]
	return t.kind == word && t.shape == lower && t.flags&(fCommon|fKeyword) != 0
}

// markName marks a word of a known name.
func (s *Scanner) markName(i int, info seqInfo) {
	t := &s.toks[i]
	strength := strongName
	switch {
	case info.strength == weak:
		strength = weakName
	case s.isEponym(i, i):
		return
	case t.shape == lower && (info.strength == nickname || s.isCommonLower(i)):
		strength = lowerName
	}
	s.knownAt[i] = strength
	s.setValue(i, int(info.value))
}

// matchTypo marks a word that differs from a word of a known name by one typing error and
// is not a word itself.
func (s *Scanner) matchTypo(k *Known, i int) {
	t := &s.toks[i]
	if t.kind != word || t.len() < 4 || t.len() > 64 || len(k.parts) == 0 || t.flags&(fCommon|fKeyword|fMedical) != 0 || t.shape == uncased {
		return
	}
	if p := k.near(s.foldOf(i)); p != nil && (p.len() >= 5 || t.shape != lower) && !s.isEponym(i, i) {
		s.knownAt[i] = strongName
		s.setValue(i, int(p.value))
	}
}

// setValue records the value that a word of a name belongs to.
func (s *Scanner) setValue(i, value int) {
	s.values[i] = value
	s.known.add(i)
}

// joinNames makes hits of neighbouring words of known names and the initials next to them.
func (s *Scanner) joinNames(k *Known) {
	for i := nextOf(s.known, s.initials, s.initials, 0); i < len(s.toks); i = nextOf(s.known, s.initials, s.initials, i+1) {
		if s.knownAt[i] != strongName && s.knownAt[i] != lowerName {
			s.matchInitials(k, i)
			continue
		}
		from, to := i, i
		sure := s.knownAt[i] == strongName || s.hasTitle(i)
		for {
			next, near := s.nextWord(to)
			if !near || s.toks[next].gap == line || !s.joinsNames(to, next) {
				break
			}
			if s.knownAt[next] == notKnown && !s.isInitial(next) {
				break
			}
			sure = sure || s.knownAt[next] != notKnown || s.knownAt[to] != notKnown && s.toks[next].shape == initial && s.toks[to].shape != lower
			to = next
		}
		if s.toks[to].shape == initial && s.is(to+1, '\'') && s.at(to+2).kind == word && s.at(to+2).gap == joined && s.at(to+2).len() > 1 {
			to += 2 // O'Brien
		}
		for from > 0 {
			prev := s.prevWord(from)
			if prev < 0 || !adjacent(&s.toks[prev], &s.toks[from]) || s.toks[from].gap == line || s.knownAt[prev] == strongName ||
				s.knownAt[prev] != weakName && !s.isInitial(prev) || !s.joinsNames(prev, from) {
				break
			}
			from = prev
		}
		if !sure {
			continue
		}
		end := to + 1
		if s.toks[to].shape == initial && end < len(s.toks) && s.toks[end].char == '.' && s.toks[end].gap == joined {
			end++
		}
		s.hits = append(s.hits, hit{from: from, to: end, label: Name, rule: "known-name", value: s.values[i]})
		i = to
	}
}

// joinsNames reports whether the text between two words may occur inside a name.
func (s *Scanner) joinsNames(a, b int) bool {
	for j := a + 1; j < b; j++ {
		switch s.toks[j].char {
		case '.', ',', '^', '-', '\'', '_', '"', '(', ')':
		default:
			return false
		}
	}
	return true
}

func (s *Scanner) prevWord(i int) int {
	for j := i - 1; j >= 0 && j >= i-4; j-- {
		if s.toks[j].kind != mark {
			return j
		}
	}
	return -1
}

// isInitial reports whether a token is one capital letter that can be an initial.
func (s *Scanner) isInitial(i int) bool { return s.toks[i].kind == word && s.toks[i].shape == initial }

// matchInitials finds the initials of a known name: J.S., J. Q. S.
func (s *Scanner) matchInitials(k *Known, i int) {
	if !s.isInitial(i) || len(k.initials) == 0 {
		return
	}
	s.folded = append(s.folded[:0], s.foldOf(i)...)
	j := i
	for j+2 < len(s.toks) && s.toks[j+1].char == '.' && s.toks[j+1].gap == joined && s.isInitial(j+2) && s.toks[j+2].gap <= space {
		j += 2
		s.folded = append(s.folded, s.foldOf(j)...)
	}
	if j == i {
		return
	}
	for _, want := range k.initials {
		if string(s.folded) == k.folded[want.from:want.to] {
			end := j + 1
			if end < len(s.toks) && s.toks[end].char == '.' && s.toks[end].gap == joined {
				end++
			}
			s.hits = append(s.hits, hit{from: i, to: end, label: Name, rule: "known-initials"})
			return
		}
	}
}
