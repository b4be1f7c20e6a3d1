package text

// findNames finds names of persons: by titles, labels, relations, given names, initials,
// and by words in no list if the sentence has a person there.
func (s *Scanner) findNames() {
	for i := s.starts.next(0); i < len(s.toks); i = s.starts.next(i + 1) {
		if s.toks[i].kind != word || s.taken[i] != 0 {
			continue
		}
		if s.caret && s.carets(i) {
			continue
		}
		if n, ok := s.nameAt(i); ok {
			s.addName(&n)
			i = max(i, n.to-1)
		}
	}
	s.findLowerNames()
	s.findInitials()
}

// candidate is a run of words that can be a name, with what is known about them.
type candidate struct {
	from, to                                int
	words, given, family, unknown, ordinary int // number of words, by kind
	initials                                int
	places, things, eponyms                 int // cities; drugs, medical words
	upper                                   bool
}

// nameable reports whether a word can be part of a name.
func (s *Scanner) nameable(i int) bool {
	t := s.at(i)
	if t.kind != word || s.taken[i] != 0 || t.shape == lower || t.shape == uncased {
		return false
	}
	if t.shape == initial {
		return t.gap != joined || s.at(i-1).kind == mark && s.at(i-1).char != '\''
	}
	if s.is(i+1, '\'') && s.at(i+2).hash == hashT && s.at(i+2).gap == joined {
		return false // Don't
	}
	if t.phraseIs&(fIDLabel|fPhoneLabel|fDateLabel|fNameLabel|fEponym|fEponymBefore) != 0 || t.gap == joined && s.at(i-1).kind == number || s.isNumber(i+1) && s.at(i+1).gap == joined {
		return false
	}
	personal := t.flags & (fGiven | fFamily)
	switch {
	case t.shape == title && (t.flags&(fTitle|fNameLabel|fEnglish) == 0 || t.flags&fTitle == 0 && s.lang != english) && s.hasTitle(i):
		return true
	case t.flags&(fTitle|fSuffix|fRelation|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fWeekday|fEponymBefore) != 0 && personal == 0:
		return false
	case t.flags&fTitle != 0 && (s.isCapital(i+1) && s.at(i+1).gap == space || s.is(i+1, '.') && s.isCapital(i+2)):
		return false
	case t.flags&fEnglish != 0 || t.flags&(fGerman|fSpanish|fFrench) != 0 && (s.lang != english || t.flags&fGiven == 0):
		// Will, May: names only if a name must follow, or before a family name.
		return personal != 0 && t.len() > 2 && (s.contextBefore(i) >= labelled || t.flags&fGiven != 0 && s.lang == english && s.isCapital(i+1) && s.at(i+1).gap == space && s.at(i+1).flags&fFamily != 0)
	case t.flags&(fMedical|fUnit) != 0 && t.shape == upper && t.len() <= 4 && personal&fFamily == 0:
		return false
	}
	return true
}

// nameAt returns the run that begins at a token.
func (s *Scanner) nameAt(i int) (c candidate, ok bool) {
	if !s.nameable(i) || s.at(i).gap == joined && s.at(i-1).char == '\'' && s.at(i).len() == 1 || s.endsCompound(i) {
		return c, false
	}
	c.from = i
	c.upper = true
	j := i
	for c.words+c.initials < 6 && (s.nameable(j) || c.words > 0 && s.isCapital(j) && s.taken[j] == 0 && s.at(j).flags&(fParticle|fFamily) != 0 && s.at(j).flags&fSuffix == 0) {
		next := j + 1
		t := s.at(j)
		if !(t.shape == initial && s.is(next, '\'') && s.at(next+1).gap == joined) { // O'Brien
			s.count(&c, j)
		}
		c.to = next
		switch n := s.at(next); {
		case t.shape == initial && n.char == '.' && n.gap == joined:
			c.to = next + 1
			next++
		case (n.char == '-' || n.char == '\'') && n.gap == joined && s.at(next+1).gap == joined && s.isCapital(next+1) && (s.at(next+1).len() > 1 || s.is(next+2, '\'') && s.isCapital(next+3)):
			next++
		case n.char == '-' && n.gap == joined && s.at(next+1).gap == joined && s.at(next+1).shape == lower && s.particleBehindHyphen(next+1):
			next += 2 // van der Heijden-de Bruijn
		case n.gap == space && n.kind == word && n.len() == 1 && n.shape == lower && elisions.has(n.hash) && s.is(next+1, '\'') && s.isCapital(next+2) && s.at(next+2).gap == joined:
			next += 2 // Hélène d'Aubigny
		case n.char == '.' && n.gap == joined && t.flags&fParticle != 0:
			next++
		case n.char == '+' && n.gap == joined && s.at(next+1).gap == joined && s.isCapital(next+1) && s.at(c.from-1).char == '=':
			next++ // name=John+Smith
		}
		for k := 0; k < 3 && s.particleAt(next); k++ {
			next++
		}
		if n := s.at(next); n.kind != word || n.shape == lower || n.gap == joined && s.at(next-1).kind == word || n.gap > space && !(n.gap == wide && n.start-s.at(next-1).end == 2 && t.flags&fGiven != 0 && n.flags&(fCommon|fKeyword|fMedical|fDrug) == 0) {
			break
		}
		j = next
	}
	return c, s.judge(&c) && !(s.isFinding(&c) && s.contextBefore(c.from) == nothing)
}

// endsCompound reports whether a word ends a compound that begins with a common word:
// Child-Pugh.
func (s *Scanner) endsCompound(i int) bool {
	p := s.at(i - 2)
	return s.is(i-1, '-') && s.at(i).gap == joined && p.kind == word && s.free(i-2) && p.flags&(fCommon|fWord|fEponym) != 0 && p.flags&(fGiven|fFamily) == 0
}

// particleAt reports whether a particle of a name begins at a token: a small word before a
// capitalised word that is not a common word.
func (s *Scanner) particleAt(i int) bool {
	t := s.at(i)
	if t.kind != word || t.gap != space || t.shape != lower || t.flags&fParticle == 0 || t.len() > 5 {
		return false
	}
	n := s.at(i + 1)
	if n.shape == lower && n.flags&fParticle != 0 {
		return true
	}
	p := s.at(i - 1)
	sure := s.isCapital(i-1) && p.flags&fParticle != 0 && p.shape == title || p.char == '.' && s.at(i-2).shape == initial // Van der Hoeven, I. de Wit
	return s.isCapital(i+1) && (n.flags&(fCommon|fWord|fForeign) == 0 || n.flags&(fGiven|fFamily) != 0 || sure && n.shape == title)
}

// count counts a word of a run by kind.
func (s *Scanner) count(c *candidate, i int) {
	t := s.at(i)
	if t.shape == initial {
		c.initials++
		return
	}
	c.words++
	if t.shape != upper {
		c.upper = false
	}
	f := t.flags
	if f&fGiven != 0 {
		c.given++
	}
	if f&fFamily != 0 {
		c.family++
	}
	switch {
	case f&(fDrug|fMedical) != 0 && f&(fGiven|fFamily) == 0, f&fDrug != 0:
		c.things++
	case f&fEponym != 0 && f&(fGiven|fFamily) == 0:
		c.eponyms++
	case f&(fGiven|fFamily) != 0 && f&(fCommon|fWord) == 0:
	case f&(fCommon|fWord|fKeyword) != 0:
		c.ordinary++
	case f&fPlace != 0 && f&(fGiven|fFamily) == 0:
		c.places++
	case f&(fGiven|fFamily) == 0:
		c.unknown++
	}
	if f&fPlace != 0 && f&(fGiven|fFamily) != 0 {
		c.places++
	}
}

// judge reports whether a run is a name, and may shorten it.
func (s *Scanner) judge(c *candidate) bool {
	before := s.contextBefore(c.from)
	if s.isEponym(c.from, c.to-1) && before < titled {
		return false
	}
	first := s.at(c.from)
	personal := c.given + c.family + c.unknown + c.eponyms
	if before < related && (s.isGraded(c) || before <= possible && s.isPaired(c) || before == nothing && s.isSided(c)) {
		return false
	}
	switch {
	case c.words == 0:
		return before >= labelled && c.initials >= 2 && c.initials <= 3
	case before == titled:
		s.shorten(c)
		return c.to > c.from
	case before == related:
		return personal > 0 && c.things == 0 || c.ordinary > 0 && c.things == 0 && first.shape == title
	case before == labelled:
		return s.labelledName(c)
	case s.suffixAfter(c.to) && personal > 0 && c.things == 0:
		return true
	case c.initials > 0 && c.words >= 1:
		return s.initialName(c)
	}
	after := s.contextAfter(c.to)
	if c.words >= 2 {
		return s.severalWords(c, before, after)
	}
	return s.oneWord(c, first, before, after)
}

// shorten drops the words after a name that follows a title: Mr. Long Admitted.
func (s *Scanner) shorten(c *candidate) {
	words := 0
	for j := c.from; j < c.to; j++ {
		t := s.at(j)
		if t.kind != word || t.shape == initial || t.shape == lower {
			continue
		}
		if words++; words > 1 && !(s.is(j-1, '-') && t.gap == joined && t.flags&(fMedical|fKeyword) == 0) && (t.flags&(fGiven|fFamily) == 0 && t.flags&(fCommon|fKeyword|fMedical) != 0 || words > 4) {
			c.to = j
			return
		}
	}
}

// context is the kind of text before a run.
type context uint8

const (
	nothing  context = iota
	possible         // a preposition or verb that a person may follow
	colon            // a label that may precede names and other things
	labelled         // Patient:
	related          // wife, daughter
	titled           // Dr., Mrs.
)

// contextBefore returns the context before a token.
func (s *Scanner) contextBefore(i int) context {
	j := i - 1
	if s.at(i).gap >= line && s.at(j).char != ':' && s.at(j).char != ',' {
		return nothing
	}
	if s.hasTitle(i) && s.at(i).gap <= space {
		return titled
	}
	if s.at(i).gap == space && s.isName(i-1) && s.at(i-1).flags&fGiven != 0 {
		return labelled // a family name that is not in the record
	}
	quoted := false
	for n := 0; n < 2 && (s.at(j).char == '"' || s.at(j).char == '(' || s.at(j).char == '\'') && s.at(j+1).gap <= space; n++ {
		j--
		quoted = true
	}
	t := s.at(j)
	switch {
	case s.keyed(i):
		return labelled
	case t.char == ':' || t.char == '#' || t.char == '=':
		for s.at(j).char == ':' || s.at(j).char == '#' || s.at(j).char == ')' || s.at(j).char == '=' || s.is(j, '.') && s.is(j+1, ':') && s.at(j-1).len() <= 5 {
			j--
		}
		l := s.at(j)
		switch {
		case l.kind == word && l.ends&(fNameLabel|fRelation|fTitle|fSuffix) != 0 && s.at(i).gap <= line:
			return labelled
		case l.kind == word && s.at(i).gap <= wide:
			return colon
		}
	case t.char == ',':
		switch p := s.at(j - 1); {
		case p.kind != word || t.gap != joined:
		case p.flags&fRelation != 0 && s.at(i).gap <= space:
			return related
		case p.ends&fNameLabel != 0 && p.flags&fPlace == 0 && s.at(i).gap <= blank && !quoted:
			return labelled // Kind regards,
		case s.at(i).gap <= space && s.isName(j-1):
			return possible // Smith, Jones
		}
	case t.char == '.' && t.gap == joined && s.at(i).gap <= space:
		if p := s.at(j - 1); p.kind == word && p.len() <= 4 && p.ends&fNameLabel != 0 {
			return labelled // Pat.
		}
	case t.char == '|' && s.at(j-1).kind == word && s.at(j-1).ends&fNameLabel != 0 && s.at(i).gap <= wide:
		return labelled
	case t.hash == hashAnd && s.isName(j-1) && s.at(i).gap <= space:
		return possible
	case t.char == '/' && s.at(j-1).hash == hashW && t.gap == joined:
		return possible // w/
	case t.kind == word && s.at(i).gap <= wide && s.at(j+1).gap <= wide:
		switch {
		case t.flags&fRelation != 0, s.at(j-1).flags&fRelation != 0 && s.at(j).gap == space && ofPerson.has(t.hash):
			return related
		case t.ends&fNameLabel != 0 && (t.flags&(fEnglish|fSpanish|fGerman) == 0 || t.ends&^t.flags&fNameLabel != 0):
			return labelled
		case t.flags&(fTitle|fSuffix) != 0 && !quoted && t.shape == upper && s.at(i).gap <= space:
			return titled // RN Baker, MD Garcia
		case t.ends&fNameBefore != 0:
			return possible
		}
	}
	return nothing
}

// ofPerson has words between a relation and a name: hija de Ana, Tochter von Jana.
var ofPerson = hashSet("de", "di", "von", "van", "of", "del", "della")

var hashW, hashC, hashO = hashOf("w"), hashOf("c"), hashOf("o")

// suffixAfter reports whether a degree or a profession follows a name: , MD; RN.
func (s *Scanner) suffixAfter(i int) bool {
	if s.at(i).char == ',' && s.at(i).gap <= space {
		i++
	}
	t := s.at(i)
	return t.kind == word && t.gap <= space && t.flags&fSuffix != 0 && t.shape != lower && t.len() >= 2 ||
		t.kind == word && t.gap <= space && t.shape == initial && s.is(i+1, '.') && s.at(i+2).shape == initial && s.at(i+2).gap == joined && suffixInitials.has(t.hash)
}

var suffixInitials = hashSet("m", "d", "r", "p")

// contextAfter reports whether an action or relation of a person follows: says, was
// admitted, 's wife.
func (s *Scanner) contextAfter(i int) bool {
	t := s.at(i)
	if t.char == '\'' && t.gap == joined && s.at(i+1).len() == 1 && s.at(i+1).gap == joined {
		return s.at(i+2).flags&(fEponymHead|fMedical) == 0 || s.at(i+2).flags&fRelation != 0
	}
	switch {
	case t.gap == space && s.isName(i), s.isSpokenTo(i):
		return true
	case t.char == '(' && s.at(i+1).flags&fRelation != 0:
		return true
	case t.hash == hashC && s.is(i+1, '/') && s.at(i+2).hash == hashO:
		return true // c/o
	case t.char == '/' && t.gap == space && s.isNumber(i+1) && s.at(i+2).char == '/':
		return true // Smith / 46 / F
	case t.char == '(' && s.isCapital(i+1) && s.at(i+1).flags&fGiven != 0 && s.isCapital(i+2) && s.startsSentence(i-1):
		return true // Ned (Edward Foley)
	case t.hash == hashAnd && t.gap == space && s.isCapital(i+1) && s.at(i+1).flags&(fGiven|fFamily) != 0 && s.at(i+1).flags&(fCommon|fWord|fMedical|fDrug|fEponym) == 0 && s.at(i+2).flags&(fNameVerb|fEnglish) != 0:
		return true // Nestor and Olga went
	case t.char == ':' && t.gap == joined && s.at(i+1).char == '"':
		return true // Anna: "..."
	}
	return t.kind == word && t.gap <= space && t.flags&fNameVerb != 0 && t.shape == lower
}

// labelledName judges a run after a label.
func (s *Scanner) labelledName(c *candidate) bool {
	if c.given+c.family+c.unknown+c.eponyms > 0 || c.initials > 0 && c.places > 0 {
		if c.things > 0 && c.given+c.family == 0 {
			return false
		}
		if c.ordinary == c.words && c.words > 0 && s.lang != english && c.given+c.family == 0 {
			return false
		}
		return !(c.words == 1 && c.unknown == 1 && c.upper && s.at(c.from).len() <= 4)
	}
	return false
}

// initialName judges a run with initials: N. Davis, James T.
func (s *Scanner) initialName(c *candidate) bool {
	first, last := s.at(c.from), s.at(c.to-1)
	dotted := last.char == '.'
	for j := c.from; j < c.to; j++ {
		dotted = dotted || s.at(j).shape == initial && s.is(j+1, '.')
	}
	if word := s.at(s.lastWord(c)); dotted && first.shape == initial && c.words == 1 && c.things == 0 && word.shape == title && word.flags&(fCommon|fMedical|fDrug|fKeyword|fEponym) == 0 && (c.initials >= 2 || s.contextBefore(c.from) >= possible) {
		return true // J. M. Aranguren
	}
	if c.things > 0 && c.given+c.family == 0 || c.ordinary == c.words && c.given+c.family == 0 || first.shape == initial && c.words == 1 && first.gap >= line && !dotted {
		return false
	}
	if last.shape == initial && c.given == 0 && c.family == 0 { // Factor V, Group A
		return false
	}
	if !dotted {
		// J Smith, but not: A Foley.
		if first.shape == initial {
			return first.hash != hashA && first.hash != hashI && (c.family > 0 || c.unknown > 0) && c.ordinary <= c.family && s.at(c.from+1).shape == title
		}
		return c.given > 0 && c.words-c.ordinary > 0
	}
	if first.shape == initial && c.given+c.family+c.unknown+c.places == 0 {
		return false
	}
	if last.char == '.' && c.words == 1 && c.given == 0 && c.ordinary > 0 {
		return false
	}
	return true
}

var hashA, hashI = hashOf("a"), hashOf("i")

// severalWords judges a run of two words or more without label or title.
func (s *Scanner) severalWords(c *candidate, before context, after bool) bool {
	first := s.at(c.from)
	start := s.startsSentence(c.from)
	// A word at the beginning of a sentence may precede a name: Today Anna Smith.
	if start && first.flags&(fGiven|fFamily) == 0 && first.flags&(fCommon|fWord|fKeyword) != 0 && c.words >= 2 {
		c.from = s.nextCapital(c.from)
		c.words--
		c.ordinary--
		first = s.at(c.from)
		if c.words == 1 {
			return s.oneWord(c, first, s.contextBefore(c.from), after)
		}
	}
	if s.is(c.from+1, '-') && c.words == 2 && c.family == 2 && c.things == 0 && !c.upper {
		return true // Butler-Peters
	}
	switch {
	case c.things == 1 && c.words == 2 && start, c.eponyms > 0 && c.given == 0 && c.family == 0, c.things > 0 && (c.given == 0 || c.things+c.given >= c.words && c.family == 0), c.things > 1:
		return false
	case first.flags&fGiven != 0:
		second := s.at(s.nextCapital(c.from))
		if second.flags&(fFamily|fGiven) != 0 {
			return !(c.ordinary == c.words && c.words == 2 && c.upper) || after
		}
		if second.flags&(fCommon|fKeyword) != 0 {
			return after && first.flags&fCommon == 0 && !s.startsSentence(c.from)
		}
		if first.flags&fCommon != 0 && first.flags&fFamily == 0 && second.flags&fWord != 0 {
			return false
		}
		return second.flags&fPlace == 0 || first.flags&(fCommon|fWord|fCity) == 0
	case c.given > 0 && c.ordinary < c.words:
		return c.family+c.unknown > 0 && (c.places == 0 || !c.upper && c.places < c.words && c.ordinary == 0) || after
	case c.family > 0 && c.unknown > 0, c.unknown >= 2 && s.capitalsAreNames() && !c.upper && c.ordinary == 0 && c.things == 0, c.unknown >= 2 && c.ordinary == 0 && c.things == 0 && before >= possible:
		return (c.places == 0 || c.places <= c.family && c.unknown > 0 && s.capitalsAreNames() && !start) && s.lang != german && (!c.upper || after)
	case c.family >= 2 && c.ordinary == 0:
		return c.places == 0 || c.places < c.words && !start && !c.upper || after
	}
	return after && c.family > 0 && c.ordinary < c.words
}

// nextCapital returns the next word of a run.
func (s *Scanner) nextCapital(i int) int {
	for j := i + 1; j <= i+5; j++ {
		if s.isCapital(j) && !(s.at(j).shape == initial && s.is(j+1, '\'')) { // O'Brien
			return j
		}
	}
	return i
}

// oneWord judges a single word.
func (s *Scanner) oneWord(c *candidate, first *token, before context, after bool) bool {
	f := first.flags
	personal := f&(fGiven|fFamily) != 0
	ordinary := f&(fCommon|fWord|fKeyword) != 0
	start := s.startsSentence(c.from)
	if s.commaGiven(c) {
		return true
	}
	switch {
	case f&fDrug != 0, s.at(c.from-1).ends&fDrugBefore != 0 && first.gap <= space && (f&fFamily == 0 || ordinary) && !after && !s.followsOn(c.from), f&fMedical != 0 && !(after && personal), f&fEponym != 0 && !after && before < possible:
		return false
	case first.shape == upper && s.at(c.to).gap == joined && s.at(c.to).kind == number, s.is(c.to, '-') && s.at(c.to+1).gap == joined && s.at(c.to+1).shape == upper && first.shape == title:
		return false // Nora-BE
	case personal && !ordinary && (f&fPlace == 0 || f&fGiven != 0 && s.lang == english && !s.prepositionBefore(c.from) && (!start || after)):
		return !c.upper || after || before >= possible || f&fEponym == 0 && first.len() > 3 && f&(fGiven) != 0
	case personal && !ordinary:
		return after || before >= possible || !start && s.lang != english && f&fGiven != 0
	case personal:
		if c.upper {
			return after && s.at(c.from-1).kind == mark
		}
		if s.inParens(c) && f&fFamily != 0 && first.shape == title && s.at(c.from-2).shape == lower {
			return true
		}
		return after && (f&fFamily != 0 || f&fGiven != 0) && f&fEnglish == 0 && !(start && s.at(c.from).flags&fNameVerb != 0) || before == possible && !start
	case s.inParens(c) && personal && first.shape == title:
		return true
	case f&(fPlace|fEponym) != 0 || ordinary || c.upper && first.len() < 5:
		return false
	}
	// A word that is in no list.
	return s.unlistedName(c, before, after, start)
}

// unlistedName judges a word that is in no list.
func (s *Scanner) unlistedName(c *candidate, before context, after, start bool) bool {
	first := s.at(c.from)
	if s.lang != english || first.shape == mixed || first.len() < 3 {
		return after && s.lang == english || s.capitalsAreNames() && !start && s.isUnheard(c.from)
	}
	return after || before == possible || s.inParens(c) || !start && s.isUnheard(c.from)
}

// inParens reports whether a word is alone in parentheses or quotation marks: renal
// (Quinshaw), ("Peggy").
func (s *Scanner) inParens(c *candidate) bool {
	a, b := s.at(c.from-1).char, s.at(c.to).char
	return a == '(' && b == ')' || a == '"' && b == '"' && s.at(c.from-2).char == '('
}

// followsOn reports whether "on" before a word belongs to a verb: called on Smith.
func (s *Scanner) followsOn(i int) bool {
	return s.at(i-1).flags&fEnglish != 0 && s.at(i-2).flags&fNameVerb != 0
}

// startsSentence reports whether a token begins a sentence or a line.
func (s *Scanner) startsSentence(i int) bool {
	if s.at(i).gap >= line {
		return true
	}
	p := s.at(i - 1)
	return p.kind == mark && (p.char == '.' && !(s.at(i-2).flags&fTitle != 0) || p.char == '!' || p.char == '?' || p.char == ':' || p.char == '"')
}
