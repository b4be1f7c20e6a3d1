package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// AddName adds a person's name as one text, in any order: "Ann Mary Smith",
// "Smith, Ann", "SMITH^ANN".
func (b *KnownBuilder) AddName(full string) int {
	b.whole = full
	defer func() { b.whole = "" }()
	before, after, found := strings.Cut(full, ",")
	if !found {
		before, after, found = strings.Cut(full, "^")
	}
	if found && !onlySuffixes(after) {
		return b.AddPerson([]string{after}, before)
	}
	if found {
		full = before
	}
	words := strings.Fields(full)
	for len(words) > 1 && isTitle(words[0]) {
		words = words[1:]
	}
	for len(words) > 1 && isSuffix(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) < 2 {
		return b.AddPerson(nil, strings.Join(words, " "))
	}
	// A family name may have a particle before it: van Beek, St. Clair.
	family := len(words) - 1
	for family > 1 && isParticle(words[family-1]) {
		family--
	}
	return b.AddPerson(words[:family], strings.Join(words[family:], " "))
}

// AddPerson adds a person's name in its parts. Either may be empty.
func (b *KnownBuilder) AddPerson(given []string, family string) int {
	n := b.next(Origin{Kind: KnownName, Text: b.whole, Given: slices.Clone(given), Family: family})
	var all, firsts, lasts []string
	for _, g := range given {
		firsts = append(firsts, b.nameWords(g, n, true)...)
	}
	lasts = b.nameWords(family, n, false)
	all = append(append(all, firsts...), lasts...)
	if len(all) == 0 {
		b.literalOf(strings.Join(given, " ")+" "+family, KnownName, n)
		return int(n)
	}
	b.joinedForms(firsts, lasts, n)
	if len(firsts) > 0 && len(lasts) > 0 {
		first, last := initialOf(firsts[0]), initialOf(lasts[0])
		b.k.initials = append(b.k.initials, first+last)
		middle := ""
		for _, w := range firsts[1:] {
			middle += initialOf(w)
		}
		if middle != "" {
			b.k.initials = append(b.k.initials, first+middle+last)
		}
		if len(lasts) > 1 {
			b.k.initials = append(b.k.initials, first+initialOf(lasts[len(lasts)-1]))
		}
	}
	return int(n)
}

func initialOf(w string) string {
	_, size := utf8.DecodeRuneInString(w)
	return w[:size]
}

// nameWords adds the words of a part of a name, and returns them.
func (b *KnownBuilder) nameWords(value string, n int32, given bool) []string {
	src := []byte(strings.Map(dropInvisible, value))
	b.toks = tokenize(b.toks[:0], src, 0, len(src))
	var words []string
	for i := 0; i < len(b.toks); i++ {
		t := b.toks[i]
		if t.kind == mark {
			continue
		}
		// What is written without spaces is a sequence of characters.
		j := i + 1
		for j < len(b.toks) && b.toks[j].gap == joined && b.toks[j].kind != mark && unspacedAt(src, t.start) {
			j++
		}
		original := string(src[t.start:b.toks[j-1].end])
		if j > i+1 {
			b.unspacedName(b.toks[i:j], n)
			i = j - 1
		} else {
			b.nameWord(original, n, given)
		}
		words = append(words, fold(original))
	}
	return words
}

func unspacedAt(src []byte, i int) bool {
	r, _ := utf8.DecodeRune(src[i:])
	return isUnspaced(r)
}

// unspacedName adds a name that is written without spaces, and its given name, which are
// the last characters but one.
func (b *KnownBuilder) unspacedName(toks []token, n int32) {
	for from := range toks {
		if from > 2 || len(toks)-from < 2 {
			break
		}
		s := sequence{info: seqInfo{kind: KnownName, value: n, strength: entire}}
		for _, t := range toks[from:] {
			s.hashes = append(s.hashes, t.hash)
		}
		b.seqs = append(b.seqs, s)
	}
}

// nameWord adds a word of a name in the ways it may be written.
func (b *KnownBuilder) nameWord(original string, n int32, given bool) {
	folded := fold(original)
	if folded == "" {
		return
	}
	info := seqInfo{kind: KnownName, value: n, strength: single}
	if utf8.RuneCountInString(folded) == 1 && folded[0] < 0x80 || isParticle(folded) {
		info.strength = weak
	}
	b.sequence([]string{folded}, info)
	for _, other := range transliterations(original, folded) {
		b.sequence([]string{other}, info)
	}
	if utf8.RuneCountInString(folded) >= 4 && info.strength != weak {
		b.k.parts = append(b.k.parts, part{folded: folded, letters: letterSet(folded), value: n, given: given})
	}
	if given {
		info.strength = nickname
		for _, nick := range nicknames()[folded] {
			b.sequence([]string{nick}, info)
		}
	}
}

var (
	umlauts   = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ø", "oe", "Ø", "oe", "å", "aa", "Å", "aa", "ñ", "ny", "Ñ", "ny")
	unumlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "aa", "a", "ss", "s")
)

// transliterations returns other folded forms of a word: Mueller for Müller and back.
func transliterations(original, folded string) []string {
	var out []string
	for _, other := range []string{fold(umlauts.Replace(original)), unumlauts.Replace(folded)} {
		if other != folded && len(other) > 1 {
			out = append(out, other)
		}
	}
	return out
}

// joinedForms adds words of a name written together: OBrien, SmithJones, johnsmith,
// jsmith.
func (b *KnownBuilder) joinedForms(firsts, lasts []string, n int32) {
	info := seqInfo{kind: KnownName, value: n, strength: single}
	for _, words := range [][]string{firsts, lasts} {
		for i := 1; i < len(words); i++ {
			pair := words[i-1] + words[i]
			if len(pair) < 4 {
				continue
			}
			b.sequence([]string{pair}, info)
			if utf8.RuneCountInString(pair) >= 6 {
				b.k.parts = append(b.k.parts, part{folded: pair, letters: letterSet(pair), value: n})
			}
		}
	}
	if len(firsts) == 0 || len(lasts) == 0 {
		return
	}
	last := strings.Join(lasts, "")
	add := func(s string, whole bool) {
		if len(s) >= wholeBelow {
			b.k.strings = append(b.k.strings, knownString{folded: s, kind: KnownName, value: n, whole: whole})
		}
	}
	add(strings.Join(firsts, "")+last, false)
	add(firsts[0]+last, false)
	add(last+firsts[0], false)
	add(initialOf(firsts[0])+last, true)
	add(last+initialOf(firsts[0]), true)
}
