package text

import "math/bits"

// anchors has the tokens that detectors examine: most words of a text are common words in
// lower case, which no detector needs to examine.
type anchors struct {
	numbers  bitset
	capitals bitset // words that begin with a capital
	lowers   bitset // other words that a detector may begin with
	names    bitset // words in lower case that are also names
	networks bitset // marks that occur in network addresses
	marks    bitset // other marks that a detector may begin with
	codes    bitset // words with something joined to them that may be part of a code
	initials bitset
	known    bitset // words of known names
	anchored bitset // words that detectors know themselves, months and number words
	dated    bitset // the same, and numbers
	streets  bitset // words and numbers that a street may begin or end with
	heads    bitset // numbers, capitals, anchored, colons
	encoded  bitset // tokens that may begin encoded content
	broken   bitset // words with capitals inside them, or with numbers before them
	starts   bitset // words that may begin a name
	caret    bool   // there is a caret
}

// The kinds of ASCII marks, by what they can be part of.
const (
	markNetwork  = 1 << iota // of network addresses
	markLead                 // of numbers, at the beginning
	markCode                 // of codes, inside them
	markEncoded              // of encoded content
	markEncoding             // of encoded content, after a word
	markColon
	markCaret
)

var markKinds = func() (t [256]uint8) {
	for kind, marks := range map[uint8]string{
		markNetwork: ".:@", markLead: "+(", markEncoded: "=</\\+-_", markEncoding: "+/-_=", markColon: ":", markCaret: "^",
	} {
		for _, c := range marks {
			t[c] |= kind
		}
	}
	for c := range t {
		if joinsCode(byte(c)) {
			t[c] |= markCode
		}
	}
	return t
}()

// bitset is a set of tokens.
type bitset []uint64

func (b bitset) add(i int) { b[i>>6] |= 1 << (i & 63) }

// next returns the first member from a token on, or the number of tokens or more.
func (b bitset) next(i int) int {
	w := i >> 6
	if w >= len(b) {
		return len(b) << 6
	}
	if x := b[w] >> (i & 63); x != 0 {
		return i + bits.TrailingZeros64(x)
	}
	for w++; w < len(b); w++ {
		if b[w] != 0 {
			return w<<6 + bits.TrailingZeros64(b[w])
		}
	}
	return len(b) << 6
}

// nextOf returns the first member of any of three sets from a token on.
func nextOf(a, b, c bitset, i int) int {
	w := i >> 6
	if w >= len(a) {
		return len(a) << 6
	}
	if x := (a[w] | b[w] | c[w]) >> (i & 63); x != 0 {
		return i + bits.TrailingZeros64(x)
	}
	for w++; w < len(a); w++ {
		if x := a[w] | b[w] | c[w]; x != 0 {
			return w<<6 + bits.TrailingZeros64(x)
		}
	}
	return len(a) << 6
}

// fLower has the flags of lower-case words with which detectors begin.
const fLower = fMonth | fStreetBefore | fStreetAfter | fUnitNo | fOrgHead | fNumberWord | fAnchor

// anchorWords has words that detectors know themselves, whatever their case.
var anchorWords = [...]wordSet{orgVerbs, orgAt, oldWords, militaryPosts, feastDays, seasons, feastStems, feastSaints, spokenOnes, spokenTeens, tens, ownerLabels, orgLabels, orgAcronyms, ourWords, houseNames, signers, doneBy, closings, roles, workers, learners, attendVerbs, livesVerbs, corners, hashSet("corner", "www", "double", "triple")}

// fNothing has flags that do not classify a word.
const fNothing = fForeign | fTown | fUncommon | fAnchor

// fAnchored has the flags of words with which detectors begin, whatever their case.
const fAnchored = fAnchor | fMonth | fNumberWord

// setAnchors fills the sets for the tokens of a block.
func (s *Scanner) setAnchors() {
	words := (len(s.toks) + 63) / 64
	a := &s.anchors
	for _, set := range [...]*bitset{&a.numbers, &a.capitals, &a.lowers, &a.names, &a.networks, &a.marks, &a.codes, &a.initials, &a.known, &a.anchored, &a.dated, &a.streets, &a.heads, &a.encoded, &a.broken, &a.starts} {
		if cap(*set) < words {
			*set = make(bitset, words+words/2)
		}
		*set = (*set)[:words]
	}
	var marks uint8
	for w := range words {
		marks |= s.setAnchorsOf(w)
	}
	if a.caret = marks&markCaret != 0; a.caret { // the text before a caret may be written in any case
		for w := range words {
			a.starts[w] = ^uint64(0)
		}
	}
}

// setAnchorsOf fills the sets for 64 tokens, and returns the kinds of marks among them.
func (s *Scanner) setAnchorsOf(w int) (seen uint8) {
	var numbers, networks, leads, codes, colons, encoded uint64
	var words wordAnchors
	toks := s.toks[w<<6:]
	before := s.at(w<<6 - 1).kind
	for i := range min(64, len(toks)) {
		t := &toks[i]
		if t.kind == mark {
			before = mark
			m := markKinds[t.char]
			seen |= m
			networks |= uint64(m&markNetwork) << (i & 63)
			leads |= uint64(m&markLead) / markLead << (i & 63)
			encoded |= uint64(m&markEncoded) / markEncoded << (i & 63)
			colons |= uint64(m&markColon) / markColon << (i & 63)
			continue
		}
		bit := uint64(1) << (i & 63)
		next := s.at(w<<6 + i + 1)
		if next.gap == joined {
			m := markKinds[next.char]
			if next.kind != mark {
				m = markCode | markEncoding
			}
			codes |= uint64(m&markCode) / markCode << (i & 63)
			encoded |= uint64(m&markEncoding) / markEncoding << (i & 63)
		}
		if t.len() >= leastPadded {
			encoded |= bit
		}
		if t.kind == word {
			s.setWord(&words, w<<6+i, bit, before == number)
		} else {
			numbers |= bit
			if next.kind == word && next.ends&fStreetBefore != 0 {
				words.streets |= bit
			}
		}
		before = t.kind
	}
	a := &s.anchors
	a.numbers[w], a.networks[w], a.marks[w], a.encoded[w], a.known[w] = numbers, networks, leads, encoded, 0
	a.capitals[w], a.lowers[w], a.names[w], a.initials[w], a.codes[w] = words.capitals, words.lowers, words.names, words.initials, codes|words.codes
	a.anchored[w], a.dated[w], a.streets[w], a.broken[w] = words.anchored, words.anchored|numbers, words.streets, words.broken
	a.heads[w], a.starts[w] = numbers|words.capitals|words.anchored|colons, words.capitals
	return seen
}

// wordAnchors has the sets for the words among 64 tokens.
type wordAnchors struct{ capitals, lowers, names, initials, codes, anchored, streets, broken uint64 }

// setWord puts a word into the sets that it belongs to.
func (s *Scanner) setWord(a *wordAnchors, i int, bit uint64, afterNumber bool) {
	t := &s.toks[i]
	if t.flags&fAnchored != 0 {
		a.anchored |= bit
	}
	if t.flags&(fAnchor|fUnitNo|fStreetAfter) != 0 || t.ends&fStreetBefore != 0 {
		a.streets |= bit
	}
	if t.shape == mixed || t.gap == joined && afterNumber {
		a.broken |= bit
	}
	switch t.shape {
	case lower, uncased:
		if (t.flags|t.ends)&fLower != 0 || t.flags&^fNothing == 0 {
			a.lowers |= bit
		}
		if t.flags&(fGiven|fFamily) != 0 {
			a.names |= bit
		}
	case initial:
		a.capitals |= bit
		a.initials |= bit
	default:
		a.capitals |= bit
		if t.shape == upper && t.flags&^fAnchor == 0 && isLetterCode(t.len()) {
			a.codes |= bit
		}
		if t.len() >= 5 && s.f.dict.mayEndStreet(s.foldOf(i)) {
			a.streets |= bit
		}
	}
}
