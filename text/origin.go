package text

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Origin describes a known value in its record. A Replacer needs it to use the same
// surrogate in a text as in the record.
type Origin struct {
	Kind Kind
	// Owner is the owner of the value, and Part the part of the owner that it is, as set by
	// KnownBuilder.Of. Both may be empty.
	Owner, Part string
	// Text is the value; it is empty for a name in parts.
	Text string
	// Given and Family are the parts of a name.
	Given  []string
	Family string
}

// The parts of an owner that values can be, for KnownBuilder.Of.
const (
	PartStreet     = "street"
	PartCity       = "city"
	PartLife       = "birth or death"
	PartURL        = "url"
	PartResourceID = "resource-id"
)

// Of sets the owner of the values added from now on, such as Patient/1, and the part of the
// owner that they are, if any.
func (b *KnownBuilder) Of(owner, part string) { b.owner, b.part = owner, part }

// origins has the values of a Known, by number.
type origins struct {
	values []Origin
	once   sync.Once
	names  map[string][]NamePart
	same   map[string][]int32 // by letters and digits
	summed sync.Once
	sum    [sha256.Size]byte
}

// digest returns a hash of the values.
func (o *origins) digest() [sha256.Size]byte {
	o.summed.Do(func() {
		var b []byte
		for i := range o.values {
			v := &o.values[i]
			b = append(binary.AppendUvarint(b, uint64(4+len(v.Given))), byte(v.Kind))
			for _, p := range [...]string{v.Owner, v.Part, v.Text, v.Family} {
				b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
			}
			for _, p := range v.Given {
				b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
			}
		}
		o.sum = sha256.Sum256(b)
	})
	return o.sum
}

// Origin returns the known value with the number of a span's Value. Among equal values, it
// prefers one of owner.
func (k *Known) Origin(value int, owner string) (Origin, bool) {
	if value < 1 || value > len(k.origins.values) {
		return Origin{}, false
	}
	o := k.origins.values[value-1]
	if o.Owner == owner || o.Text == "" {
		return o, true
	}
	if other, ok := k.Find(o.Kind, o.Text, owner); ok && other.Owner == owner {
		return other, true
	}
	return o, true
}

// Find returns the known value with the same letters and digits as a text. Among equal
// values, it prefers one of owner.
func (k *Known) Find(kind Kind, text, owner string) (o Origin, ok bool) {
	k.origins.once.Do(k.origins.index)
	for _, n := range k.origins.same[foldedText(text)] {
		other := k.origins.values[n-1]
		if other.Kind != kind {
			continue
		}
		if other.Owner == owner {
			return other, true
		}
		if !ok {
			o, ok = other, true
		}
	}
	return o, ok
}

// NamePart is a part of a known name: a given name or the family name.
type NamePart struct {
	// Text is the part as in the record, or the whole name if the record does not have
	// parts.
	Text  string
	Given bool
	Whole bool
	Owner string
	words []string // folded
}

// NameWord is a word of a name in a text.
type NameWord struct {
	Start, End int
	// Part is the part that the word belongs to, if Known. For an initial, it is one of the
	// parts that begin with it.
	Part  NamePart
	Known bool
	// Initial, Particle and Title report what else the word can be.
	Initial, Particle, Title bool
	// Uncased reports that the word is in a script without case.
	Uncased bool
}

// NameWords appends the words of a name in a text, each with its part of a known name. It
// prefers parts of owner.
func (k *Known) NameWords(dst []NameWord, name []byte, owner string) []NameWord {
	k.origins.once.Do(k.origins.index)
	var toks tokens
	toks.cut(name)
	for _, t := range toks.toks {
		if t.kind == mark {
			continue
		}
		written := string(name[t.start:t.end])
		folded := fold(written)
		w := NameWord{Start: int(t.start), End: int(t.end), Uncased: t.kind == word && t.shape == uncased,
			Initial: utf8.RuneCountInString(folded) == 1, Particle: isParticle(folded)}
		if w.Part, w.Known = k.namePart(folded, owner, w.Initial); !w.Known {
			w.Title = isTitle(folded) || isSuffix(folded)
		}
		dst = append(dst, w)
	}
	return dst
}

// namePart finds the part of a name that matches a word, also in another spelling.
func (k *Known) namePart(folded, owner string, initial bool) (NamePart, bool) {
	if p, ok := best(k.origins.names[folded], owner); ok {
		return p, true
	}
	for word, parts := range k.sortedNames() {
		alike := false
		switch {
		case initial:
			alike = strings.HasPrefix(word, folded)
		case slices.Contains(transliterations(word, word), folded) || slices.Contains(transliterations(folded, folded), word):
			alike = true
		default:
			alike = slices.Contains(nicknames()[word], folded) || len(word) >= 4 && oneTypo([]byte(folded), word)
		}
		if p, ok := best(parts, owner); alike && ok {
			return p, true
		}
	}
	return NamePart{}, false
}

// sortedNames iterates over the words of names in order, so that the result does not depend
// on chance.
func (k *Known) sortedNames() func(yield func(string, []NamePart) bool) {
	return func(yield func(string, []NamePart) bool) {
		for _, v := range k.origins.values {
			for _, p := range partsOf(v) {
				for _, w := range p.words {
					if !yield(w, k.origins.names[w]) {
						return
					}
				}
			}
		}
	}
}

// best returns the first part of owner, preferring a name in parts to a whole name;
// otherwise one of anybody.
func best(parts []NamePart, owner string) (p NamePart, ok bool) {
	rank := -1
	for _, other := range parts {
		r := 0
		if other.Owner == owner {
			r += 2
		}
		if !other.Whole {
			r++
		}
		if r > rank {
			p, rank = other, r
		}
	}
	return p, rank >= 0
}

// index creates the indexes by words.
func (o *origins) index() {
	o.names, o.same = map[string][]NamePart{}, map[string][]int32{}
	for i, v := range o.values {
		if v.Text != "" {
			key := foldedText(v.Text)
			o.same[key] = append(o.same[key], int32(i+1))
		}
		for _, p := range partsOf(v) {
			for _, w := range p.words {
				o.names[w] = append(o.names[w], p)
			}
		}
	}
}

// partsOf returns the parts of a name.
func partsOf(v Origin) (out []NamePart) {
	if v.Kind != KnownName {
		return nil
	}
	add := func(text string, given bool) {
		p := NamePart{Text: text, Given: given, Owner: v.Owner, words: foldedWords(text)}
		if v.Text != "" {
			p.Text, p.Whole = v.Text, true
		}
		if len(p.words) > 0 {
			out = append(out, p)
		}
	}
	for _, g := range v.Given {
		add(g, true)
	}
	add(v.Family, false)
	return out
}

// foldedWords returns the words of a value, folded.
func foldedWords(value string) (out []string) {
	var toks tokens
	toks.cut([]byte(value))
	for i := range toks.toks {
		if f := toks.foldOf(i); len(f) > 0 {
			out = append(out, string(f))
		}
	}
	return out
}

// foldedText returns a value reduced to its letters and digits, folded.
func foldedText(value string) string { return strings.Join(foldedWords(value), "") }
