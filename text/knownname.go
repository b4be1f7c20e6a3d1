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
		return b.addPerson([]string{after}, before)
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
		return b.addPerson(nil, strings.Join(words, " "))
	}
	// A family name may have a particle before it: van Beek, St. Clair.
	family := len(words) - 1
	for family > 1 && isParticle(words[family-1]) {
		family--
	}
	return b.addPerson(words[:family], strings.Join(words[family:], " "))
}

// AddPerson adds a person's name in parts. Either may be empty.
func (b *KnownBuilder) AddPerson(given []string, family string) int {
	return b.addPerson(slices.Clone(given), family)
}

// addPerson is AddPerson, and keeps the slice.
func (b *KnownBuilder) addPerson(given []string, family string) int {
	n := b.next(Origin{Kind: KnownName, Text: b.whole, Given: given, Family: family})
	b.firsts, b.lasts = b.firsts[:0], b.lasts[:0]
	for _, g := range given {
		b.firsts = b.nameWords(b.firsts, g, n, true)
	}
	b.lasts = b.nameWords(b.lasts, family, n, false)
	firsts, lasts := b.firsts, b.lasts
	if len(firsts)+len(lasts) == 0 {
		b.literalOf(strings.Join(given, " ")+" "+family, KnownName, n)
		return int(n)
	}
	b.joinedForms(firsts, lasts, n)
	if len(firsts) > 0 && len(lasts) > 0 {
		first, last := b.initialOf(firsts[0]), b.initialOf(lasts[0])
		b.initials = append(b.initials, b.keep(first, last))
		if len(firsts) > 1 {
			p := b.keep(first)
			for _, w := range firsts[1:] {
				b.keep(b.initialOf(w))
			}
			p.to = b.keep(last).to
			b.initials = append(b.initials, p)
		}
		if len(lasts) > 1 {
			b.initials = append(b.initials, b.keep(first, b.initialOf(lasts[len(lasts)-1])))
		}
	}
	return int(n)
}

func (b *KnownBuilder) initialOf(p piece) []byte {
	w := b.kept(p)
	_, size := utf8.DecodeRune(w)
	for size < len(w) { // a Hangul syllable is folded to its letters
		r, n := utf8.DecodeRune(w[size:])
		if r < 0x1160 || r > 0x11ff {
			break
		}
		size += n
	}
	return w[:size]
}

// nameWords adds the words of a part of a name, and appends them to dst. The words of a
// name are consecutive in the arena.
func (b *KnownBuilder) nameWords(dst []piece, value string, n int32, given bool) []piece {
	if strings.ContainsFunc(value, isInvisible) {
		value = strings.Map(dropInvisible, value)
	}
	b.setSource(value)
	for i := 0; i < len(b.toks); i++ {
		t := &b.toks[i]
		if t.kind == mark {
			continue
		}
		// Text without spaces is a sequence of characters.
		j := i + 1
		for j < len(b.toks) && b.toks[j].gap == joined && b.toks[j].kind != mark && unspacedAt(b.src, int(t.start)) {
			j++
		}
		end := len(b.fold)
		if j < len(b.toks) {
			end = int(b.toks[j].fold)
		}
		if int(t.fold) == end {
			continue
		}
		word := b.keep(b.fold[t.fold:end])
		if j > i+1 {
			b.unspacedName(b.toks[i:j], n)
			i = j - 1
		} else {
			b.nameWord(word, t, n, given)
		}
		dst = append(dst, word)
	}
	return dst
}

func unspacedAt(src []byte, i int) bool {
	r, _ := utf8.DecodeRune(src[i:])
	return isUnspaced(r)
}

// unspacedName adds a name that is written without spaces, and its given name: all
// characters but the first, or the first two.
func (b *KnownBuilder) unspacedName(toks []token, n int32) {
	for from := range toks {
		if from > 2 || len(toks)-from < 2 {
			break
		}
		p := piece{from: int32(len(b.hashes))}
		for i := range toks[from:] {
			b.hashes = append(b.hashes, toks[from+i].hash)
		}
		p.to = int32(len(b.hashes))
		b.addSequence(p, p.len(), seqInfo{kind: KnownName, value: n, strength: entire})
	}
}

// nameWord adds a word of a name in the forms in which it may be written.
func (b *KnownBuilder) nameWord(word piece, t *token, n int32, given bool) {
	folded := b.kept(word)
	runes := utf8.RuneCount(folded)
	info := seqInfo{kind: KnownName, value: n, strength: single}
	if runes == 1 && folded[0] < 0x80 || loaded().particles.has(t.hash) {
		info.strength = weak
	}
	b.one(t.hash, info)
	switch {
	case !t.plain:
		for _, other := range transliterations(string(b.src[t.start:t.end]), string(folded)) {
			b.one(hashOf(other), info)
		}
	case hasDigraph(folded):
		if other := unumlauts.Replace(string(folded)); other != string(folded) && len(other) > 1 {
			b.one(hashOf(other), info)
		}
	}
	if runes >= 4 && info.strength != weak {
		b.parts = append(b.parts, part{piece: word, value: n, given: given})
	}
	if given {
		info.strength = nickname
		for _, nick := range nicknames()[string(folded)] {
			b.one(hashOf(nick), info)
		}
	}
}

// hasDigraph reports whether a word has letters that may replace a single one: ae, ss.
func hasDigraph(folded []byte) bool {
	for i := 1; i < len(folded); i++ {
		if a := folded[i-1]; folded[i] == 'e' && (a == 'a' || a == 'o' || a == 'u') || a == folded[i] && (a == 'a' || a == 's') {
			return true
		}
	}
	return false
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

// joinedForms adds words of a name written together: OBrien, SmithJones, johnsmith, jsmith.
func (b *KnownBuilder) joinedForms(firsts, lasts []piece, n int32) {
	info := seqInfo{kind: KnownName, value: n, strength: single}
	for _, words := range [...][]piece{firsts, lasts} {
		for i := 1; i < len(words); i++ {
			pair := piece{words[i-1].from, words[i].to}
			if pair.len() < 4 {
				continue
			}
			b.one(hashOf(b.kept(pair)), info)
			if utf8.RuneCount(b.kept(pair)) >= 6 {
				b.parts = append(b.parts, part{piece: pair, value: n})
			}
		}
	}
	if len(firsts) == 0 || len(lasts) == 0 {
		return
	}
	add := func(p piece, whole bool) {
		if p.len() >= wholeBelow {
			b.strings = append(b.strings, knownString{piece: p, kind: KnownName, value: n, whole: whole})
		}
	}
	first, last := b.kept(firsts[0]), b.kept(piece{lasts[0].from, lasts[len(lasts)-1].to})
	add(piece{firsts[0].from, lasts[len(lasts)-1].to}, false)
	add(b.keep(first, last), false)
	add(b.keep(last, first), false)
	add(b.keep(b.initialOf(firsts[0]), last), true)
	add(b.keep(last, b.initialOf(firsts[0])), true)
}
