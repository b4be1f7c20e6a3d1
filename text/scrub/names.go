package scrub

import (
	"bytes"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// name replaces a name word by word: a word of a known name by the surrogate that this part
// of it has in the record, and any other by one that is keyed by the person that the text
// is about. Titles and the characters between the words stay.
func (r *replacer) name(dst, original []byte) ([]byte, bool) {
	r.words = r.known.NameWords(r.words[:0], original, string(r.in.Entity))
	if len(r.words) == 0 {
		return dst, false
	}
	familyFirst := r.familyFirst(original)
	at := 0
	for i := 0; i < len(r.words); i++ {
		w := &r.words[i]
		if w.Uncased {
			return dst, false
		}
		if w.Title {
			continue
		}
		part, end := r.partOf(original, i, familyFirst)
		if !part.apply(r) {
			return dst, false
		}
		dst = append(dst, original[at:w.Start]...)
		i, at = end, r.words[end].End
		word := original[r.words[end].Start:at]
		surrogate := part.of(r.masked)
		if w.Initial {
			surrogate = firstLetter(surrogate)
		} else if part.unknown && strings.EqualFold(string(surrogate), string(word)) {
			part.text += "\x00" // no surrogate equals the name itself
			part.apply(r)
			surrogate = r.masked
		}
		dst = appendCased(dst, surrogate, word)
	}
	return append(dst, original[at:]...), true
}

// familyFirst reports whether a name is written with the family name before a comma.
func (r *replacer) familyFirst(original []byte) bool {
	comma := bytes.IndexAny(original, ",^")
	return comma > 0 && comma < r.words[len(r.words)-1].Start
}

// namePart is a part of a name, and the method that replaces it.
type namePart struct {
	method      mask.Method
	text, owner string
	// whole is a name of which only a part is meant: the given or the family name.
	whole, given, unknown bool
}

// partOf returns the part that a word belongs to, and the last word of that part: a part of
// a known name may have several words, and particles belong to the words after them.
func (r *replacer) partOf(original []byte, i int, familyFirst bool) (p namePart, end int) {
	end = i
	w := &r.words[i]
	if w.Known && !w.Initial {
		for end+1 < len(r.words) && r.sameName(i, end+1) {
			end++
		}
	} else {
		for r.words[end].Particle && end+1 < len(r.words) && !r.words[end+1].Title {
			end++
		}
		w = &r.words[end]
	}
	p = namePart{method: r.family, text: strings.ToLower(string(original[w.Start:w.End])), given: end < len(r.words)-1, unknown: !w.Known}
	if familyFirst {
		p.given = i > 0
	}
	if w.Known {
		p.text, p.owner, p.given, p.whole = w.Part.Text, w.Part.Owner, w.Part.Given, w.Part.Whole
	}
	switch {
	case p.whole:
		p.method = r.person
	case p.given:
		p.method = r.given
	}
	return p, end
}

// sameName reports whether two words belong to the same part of a known name.
func (r *replacer) sameName(i, j int) bool {
	a, b := &r.words[i], &r.words[j]
	return b.Known && !b.Initial && a.Part.Text == b.Part.Text && a.Part.Owner == b.Part.Owner && a.Part.Given == b.Part.Given
}

// apply puts the surrogate of the part, or of the whole name, into r.masked.
func (p *namePart) apply(r *replacer) bool { return r.apply(p.method, p.text, p.owner) }

// of extracts the part from the surrogate of a whole name.
func (p *namePart) of(surrogate []byte) []byte {
	given, family, ok := bytes.Cut(surrogate, []byte(" "))
	switch {
	case !p.whole || !ok:
		return surrogate
	case p.given:
		return given
	}
	return family
}

// firstLetter returns the first letter of a surrogate.
func firstLetter(surrogate []byte) []byte {
	for i := range string(surrogate) {
		if i > 0 {
			return surrogate[:i]
		}
	}
	return surrogate
}
