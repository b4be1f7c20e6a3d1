package text

import "math/bits"

// anchors are the tokens at which detectors look: most words of a text are common words in
// lower case, which none has to look at.
type anchors struct {
	numbers  bitset
	capitals bitset // words that begin with a capital
	lowers   bitset // other words that a detector may begin with
	names    bitset // words in lower case that are names too
	networks bitset // marks that addresses on networks have
	marks    bitset // other marks that a detector may begin with
	codes    bitset // words with something joined to them that may be of a code
	initials bitset
	known    bitset // words of known names
	heads    bitset // numbers, capitals, lowers, networks
	starts   bitset // words that may begin a name
	caret    bool   // there is one
}

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
	for w := i >> 6; w < len(a); w++ {
		x := a[w] | b[w] | c[w]
		if w == i>>6 {
			x &= ^uint64(0) << (i & 63)
		}
		if x != 0 {
			return w<<6 + bits.TrailingZeros64(x)
		}
	}
	return len(a) << 6
}

// fLower are the flags of words in lower case that detectors begin with.
const fLower = fMonth | fStreetBefore | fStreetAfter | fUnitNo | fOrgHead | fNumberWord | fAnchor

// anchorWords are words that detectors know by themselves, whatever their case.
var anchorWords = [...]wordSet{orgVerbs, orgAt, oldWords, militaryPosts, feastDays, seasons, feastStems, feastSaints, spokenOnes, spokenTeens, tens, ownerLabels, orgLabels, signers, doneBy, closings, roles, workers, learners, attendVerbs, livesVerbs, hashSet("corner", "www", "double", "triple")}

// fNothing are flags that do not say what a word is.
const fNothing = fForeign | fTown | fUncommon | fAnchor

// setAnchors fills the sets for the tokens of a block.
func (s *Scanner) setAnchors() {
	words := (len(s.toks) + 63) / 64
	a := &s.anchors
	a.caret = false
	for _, set := range [...]*bitset{&a.numbers, &a.capitals, &a.lowers, &a.names, &a.networks, &a.marks, &a.codes, &a.initials, &a.known, &a.heads, &a.starts} {
		if cap(*set) < words {
			*set = make(bitset, words+words/2)
		}
		*set = (*set)[:words]
	}
	for w := range words {
		var numbers, capitals, lowers, names, networks, marks, codes, initials uint64
		toks := s.toks[w<<6:]
		for i := range min(64, len(toks)) {
			t := &toks[i]
			bit := uint64(1) << i
			if t.kind == mark {
				switch t.char {
				case '.', ':', '@':
					networks |= bit
				case '+', '(':
					marks |= bit
				case '^':
					a.caret = true
				}
				continue
			}
			if i+1 < len(toks) && toks[i+1].gap == joined && (toks[i+1].kind != mark || joinsCode(toks[i+1].char)) {
				codes |= bit
			}
			switch {
			case t.kind == number:
				numbers |= bit
			case t.shape == lower || t.shape == uncased:
				if (t.flags|t.ends)&fLower != 0 || t.flags&^fNothing == 0 {
					lowers |= bit
				}
				if t.flags&(fGiven|fFamily) != 0 {
					names |= bit
				}
			default:
				capitals |= bit
				switch {
				case t.shape == initial:
					initials |= bit
				case t.shape == upper && t.flags&^fAnchor == 0 && isLetterCode(t.len()):
					codes |= bit
				}
			}
		}
		a.heads[w], a.starts[w] = numbers|capitals|lowers|networks, capitals
		a.numbers[w], a.capitals[w], a.lowers[w], a.names[w], a.networks[w], a.marks[w], a.codes[w], a.initials[w], a.known[w] =
			numbers, capitals, lowers, names, networks, marks, codes, initials, 0
	}
	if a.caret { // what stands before one may be written in any way
		for w := range words {
			a.starts[w] = ^uint64(0)
		}
	}
}
