package text

import "bytes"

// afterAdjective returns the token of a lower-case adjective after a word for an
// organisation, if a name follows: tribunal judiciaire de Lille, club deportivo Arenal.
func (s *Scanner) afterAdjective(i int) int {
	t := s.at(i + 1)
	if s.lang == english || s.lang == german || t.kind != word || t.shape != lower || t.gap != space || t.len() < 5 || t.flags&fFunction != 0 {
		return i
	}
	folded := s.foldOf(i + 1)
	for _, end := range adjectiveEnds {
		if bytes.HasSuffix(folded, end) {
			if end := s.nameForward(i + 1); end > i+2 && s.at(end-1).shape == title {
				return i + 1
			}
			break
		}
	}
	return i
}

// adjectiveEnds has endings of adjectives in French, Spanish, Italian and Portuguese,
// folded.
var adjectiveEnds = [][]byte{[]byte("al"), []byte("ale"), []byte("ais"), []byte("aire"), []byte("ario"), []byte("aria"), []byte("ano"), []byte("ana"), []byte("ien"), []byte("ienne"), []byte("ico"), []byte("ica"), []byte("ique"), []byte("ivo"), []byte("iva"), []byte("if"), []byte("ive"),
	[]byte("ier"), []byte("iere"), []byte("ar"), []byte("el"), []byte("elle"), []byte("eur"), []byte("euse"), []byte("or"), []byte("ora"), []byte("ado"), []byte("ada"), []byte("ato"), []byte("ata"), []byte("oso"), []byte("osa"), []byte("eux"), []byte("in"), []byte("ine")}

// findLeftOver finds names of organisations and places that only their capitals and the
// words before them identify: to Royal Columbian, of Backs in Motion, bei der Barmer, apoyo
// de Casa Amiga.
func (s *Scanner) findLeftOver() {
	if s.caseless {
		return
	}
	for i := s.capitals.next(0); i < len(s.toks); i = s.capitals.next(i + 1) {
		if s.taken[i] != 0 || s.at(i).gap != space || !s.isProperWord(i) {
			continue
		}
		if s.articleName(i) {
			continue
		}
		slot := s.slotBefore(i)
		if slot == noSlot {
			continue
		}
		run := s.properRun(i)
		if s.isLeftOver(slot, &run) {
			s.add(run.from, run.to, Org, "org-slot")
		}
		i = max(i, run.to-1)
	}
}

// articleName finds a name that begins with an article: only in a name does an article
// inside a sentence have a capital. To The Laurels, naar De Zonnehof, foyer Les Glycines,
// ospite de La Pineta.
func (s *Scanner) articleName(i int) bool {
	a, p := s.at(i-1), s.at(i-2)
	if a.kind != word || a.shape != title || !nameArticles.has(a.hash) || !s.free(i-1) || a.gap != space || s.at(i).shape != title || p.kind != word || p.shape != lower || p.flags&fTitle != 0 || s.lang == german || s.lang == english && !sureEnglish.has(p.hash) && p.hash != hashTo && p.hash != hashBy2 {
		return false
	}
	run := s.properRun(i)
	if next := s.at(run.to); next.gap == joined && next.kind != mark || s.resultBehind(run.to) || s.at(i).flags&(fMedical|fDrug|fEponym) != 0 {
		return false
	}
	s.add(i-1, run.to, Org, "org-article")
	return true
}

var (
	nameArticles = hashSet("the", "de", "het", "les", "le", "la", "los", "las", "el", "il", "lo", "gli", "os", "as")
	// boundArticles has prepositions with an article that do not precede names of persons.
	boundArticles = hashSet("al", "nel", "dal", "allo", "dallo", "no", "na", "nas", "nos", "ao", "pelo", "pela", "au")
)

// thePlace reports whether a preposition with an article precedes a token: no Einstein, en
// el Rayo, in het Radboud.
func (s *Scanner) thePlace(i int) bool {
	p, q := s.at(i-1), s.at(i-2)
	if p.kind != word || p.shape != lower || s.at(i).gap != space {
		return false
	}
	switch s.lang {
	case english, german, otherLanguage:
		return false
	case dutch:
		return p.hash == hashHet && dutchLeads.has(q.hash)
	case spanish:
		return p.hash == hashAl && q.shape == lower || p.hash == hashEl && q.hash == hashEn
	}
	return boundArticles.has(p.hash) && q.kind == word && q.shape == lower
}

var hashHet, hashEl = hashOf("het"), hashOf("el")

// slot is the kind of name that may follow the words before a token.
type slot uint8

const (
	noSlot   slot = iota
	weakSlot      // a preposition that also precedes things: of, with, de
	sureSlot      // a preposition that precedes places and organisations: at, from, chez
)

// slotBefore returns the slot after the preposition before a token, with its article.
func (s *Scanner) slotBefore(i int) slot {
	j := i - 1
	if s.at(j).char == '\'' && s.at(i).gap == joined {
		j--
	}
	article := false
	for n := 0; n < 2 && s.at(j).kind == word && s.at(j).shape == lower && slotArticles.has(s.at(j).hash) && s.at(j).gap == space; n++ {
		article = true
		j--
	}
	t := s.at(j)
	if s.at(j+1).gap != space || t.kind != word && t.char != '@' || t.kind == word && t.shape != lower && !s.startsSentence(j) {
		return noSlot
	}
	switch s.lang {
	case english:
		switch {
		case sureEnglish.has(t.hash) || t.char == '@':
			return sureSlot
		case weakEnglish.has(t.hash):
			return weakSlot
		}
	case german:
		if germanLeads.has(t.hash) && (article || germanBound.has(t.hash)) {
			return sureSlot
		}
		if germanLeads.has(t.hash) {
			return weakSlot
		}
	case dutch:
		if dutchLeads.has(t.hash) {
			return sureSlot
		}
	default:
		switch {
		case sureRomance.has(t.hash):
			return sureSlot
		case weakRomance.has(t.hash):
			return weakSlot
		}
	}
	return noSlot
}

var (
	slotArticles = hashSet("the", "our", "der", "die", "das", "dem", "den", "la", "le", "les", "el", "los", "las", "il", "lo", "i", "gli", "o", "os", "as", "het", "de")
	sureEnglish  = hashSet("at", "from", "through", "via", "near", "outside", "opposite", "behind")
	weakEnglish  = hashSet("to", "by", "with", "of", "for", "in", "into", "off", "w", "and")
	germanLeads  = hashSet("bei", "von", "aus", "durch", "nach", "über", "an", "in", "auf", "zu", "beim", "vom", "im", "ins", "zum", "zur", "am", "ans")
	germanBound  = hashSet("beim", "vom", "im", "ins", "zum", "zur", "am", "ans")
	dutchLeads   = hashSet("bij", "van", "naar", "in", "uit", "door", "via", "voor", "op", "te", "achter")
	sureRomance  = hashSet("chez", "à", "au", "aux", "vers", "dans", "en", "desde", "hacia", "para", "por", "ao", "na", "no", "nas", "nos", "pelo", "pela", "para", "presso", "alla", "al", "allo", "all", "dal", "dalla", "dall", "nella", "nel", "nell", "par", "via")
	weakRomance  = hashSet("de", "du", "des", "del", "della", "dell", "di", "da", "do", "dos", "das", "avec", "con", "com", "d", "l", "à")
)

// leftRun is a run of capitalised words, with the small words inside.
type leftRun struct {
	from, to                        int
	words, unknown, named, ordinary int
	generic                         bool // a word for a department or the like
	numbered                        bool
}

// isProperWord reports whether a capitalised word can be part of the name of an
// organisation.
func (s *Scanner) isProperWord(i int) bool {
	t := s.at(i)
	if !s.free(i) || !s.isCapital(i) || t.len() < 2 || t.gap == joined && s.at(i-1).kind != mark || s.at(i+1).gap == joined && s.at(i+1).kind == number {
		return false
	}
	return t.flags&(fDrug|fUnit|fMonth|fWeekday|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fEponymHead|fRelation|fAgeWord) == 0 && (t.flags&(fTitle|fSuffix) == 0 || t.shape == title && t.len() > 4) &&
		(t.flags&fMedical == 0 || t.shape == title && t.flags&(fGiven|fFamily|fCity) != 0) && t.phraseIs&(fEponym|fEponymBefore|fMedical) == 0 && t.flags&fFunction == 0
}

// properRun reads the run that begins at a token.
func (s *Scanner) properRun(i int) leftRun {
	r := leftRun{from: i, to: i}
	for j := i; r.words < 6; {
		t := s.at(j)
		r.words++
		switch {
		case t.flags&^fNothing == 0 && t.phraseIs == 0, t.shape == mixed && t.flags&(fCommon|fWord) == 0:
			r.unknown++
		case t.flags&(fGiven|fFamily|fPlace) != 0 && t.flags&(fCommon|fEponym) == 0:
			r.named++
		default:
			r.ordinary++
		}
		if specialities.has(t.hash) || t.flags&(fProfession|fRoom|fEponym) != 0 || generic.has(t.hash) {
			r.generic = true
		}
		j++
		r.to = j
		for (s.at(j).char == '-' || s.at(j).char == '\'') && s.at(j).gap == joined && s.at(j+1).gap == joined && s.at(j+1).kind == word && s.free(j+1) {
			j += 2
			r.to = j
		}
		if s.at(j).char == '&' && s.at(j).gap <= space {
			j++
		}
		for n := 0; n < 3 && s.at(j).kind == word && s.at(j).gap == space && s.at(j).shape == lower && (nameParticles.has(s.at(j).hash) || orgJoins.has(s.at(j).hash) || runJoins.has(s.at(j).hash) && s.lang == english); n++ {
			j++
		}
		if s.at(j).gap > space || !s.isProperWord(j) {
			break
		}
	}
	if n := s.at(r.to); n.kind == number && n.gap == space && n.len() <= 4 && s.free(r.to) && s.endsPhrase(r.to+1) && !s.decimalAfter(r.to) {
		r.numbered = true
	}
	return r
}

var runJoins = hashSet("the", "on", "in", "for", "and", "at", "to", "with")

// isBarred reports whether the context of a run shows that it is not a name: a measure, a
// result, a thing that is named after somebody.
func (s *Scanner) isBarred(r *leftRun) bool {
	next := s.at(r.to)
	switch {
	case next.gap == joined && next.kind != mark, s.is(r.to, '-'), next.kind == number && next.gap == space && !r.numbered:
		return true
	case next.gap <= space && next.kind == word && next.flags&(fEponymHead|fMedical|fUnit|fAgeWord) != 0:
		return true
	case next.gap <= space && (next.char == '=' || next.char == '+' || next.char == '%' || next.char == '<' || next.char == '>' || next.char == ':'):
		return true
	case next.char == ',' && next.gap == joined && houseEnds.has(s.at(r.to-1).hash):
		return true // Hill House, Nether Wallop
	}
	return r.generic && r.unknown == 0 || s.isEponym(r.from, r.to-1) || s.resultBehind(r.to) || s.isScored(r.from, r.to)
}

// isLeftOver reports whether a run in a slot is a name.
func (s *Scanner) isLeftOver(in slot, r *leftRun) bool {
	first, next := s.at(r.from), s.at(r.to)
	if s.isBarred(r) {
		return false
	}
	upperRun := first.shape == upper && !(r.words > 1 && s.at(r.to-1).shape == title && first.len() <= 5 && s.at(r.to-1).flags&(fCommon|fWord) == 0)
	if r.words == 1 && first.shape == mixed && r.unknown == 1 && first.len() >= 6 && s.lang == english {
		return next.kind != number // LogistiCare
	}
	switch s.lang {
	case german:
		switch {
		case r.words == 1:
			return in == sureSlot && first.flags&fOrg != 0
		}
		return r.unknown+r.named > 0 && s.at(r.to-1).flags&(fCommon|fWord) == 0 && first.shape != upper
	case english:
		if r.words >= 2 {
			return !upperRun && (in == sureSlot || r.unknown+r.named > 0 || !r.generic)
		}
		return in == sureSlot && (first.flags&fOrg != 0 || r.unknown == 1 && (upperRun && first.len() >= 4 || !upperRun))
	}
	if r.words >= 2 {
		return !upperRun && (first.flags&(fCommon|fWord) == 0 || r.named > 0)
	}
	if r.words == 1 && s.thePlace(r.from) && first.shape == title && first.len() >= 4 && first.flags&(fCommon|fEponym|fTitle|fCountry) == 0 && (first.flags&fWord == 0 || r.named > 0 || first.flags&(fFamily|fGiven) != 0) {
		return true
	}
	if r.numbered && in == sureSlot && first.shape == title && first.flags&(fCommon|fWord|fRoom) == 0 {
		return true // el Cereso 3
	}
	return in == sureSlot && (r.unknown == 1 && !upperRun || first.flags&fOrg != 0)
}
