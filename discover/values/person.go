package values

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/discover/dict"
)

// person adds what a value is of a person's or an organization's name.
func (v *value) person(k *kinds) {
	if v.sum < 1 || v.sum > 80 || len(v.digits) > 2 || v.letters < v.sum/2 {
		return
	}
	title := strings.TrimSuffix(v.folded, ".")
	if v.sum <= 12 && (within("nametitle", v.folded) || within("nametitle", title)) {
		k.add(NameTitle)
	}
	if v.sum <= 12 && (within("namesuffix", v.folded) || within("namesuffix", title)) {
		k.add(NameSuffix)
	}
	if org(v) {
		k.add(OrgName)
	}
	if len(v.digits) > 0 {
		return
	}
	if first, _ := utf8.DecodeRuneInString(v.text); unicode.IsLetter(first) && !unicode.IsLower(first) && v.sum > 1 && len(v.words) <= 3 && v.letters+v.spaces >= v.sum-2 {
		k.add(Capitalized)
	}
	if namePart(dict.Given, v.folded) {
		k.add(GivenName)
	}
	if namePart(dict.Family, v.folded) {
		k.add(FamilyName)
	}
	if fullName(v) {
		k.add(PersonName)
	}
}

// namePart reports whether a text is a given or family name, or several of them joined
// by a hyphen, an apostrophe, a particle or a space.
func namePart(l dict.List, folded string) bool {
	if l.Has(folded) {
		return true
	}
	pieces := strings.FieldsFunc(folded, func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '.' })
	if len(pieces) < 2 || len(pieces) > 4 {
		return false
	}
	known := 0
	for _, p := range pieces {
		switch {
		case l.Has(p):
			known++
		case !within("nameparticle", p):
			return false
		}
	}
	return known > 0
}

// fullName reports whether a text is a name with given and family name, in any of the
// usual forms: John Smith; Smith, John; Dr. John A. Smith; SMITH^JOHN.
func fullName(v *value) bool {
	s := strings.NewReplacer("^", " ", ",", " ", "  ", " ").Replace(v.folded)
	words := strings.Fields(s)
	if len(words) < 2 || len(words) > 6 {
		return false
	}
	divided := strings.ContainsAny(v.text, ",^")
	given, family, other, rest := 0, 0, 0, 0
	for i, w := range words {
		b := strings.Trim(w, ".'")
		switch {
		case within("nametitle", b) && i == 0:
			other++
		case len(b) == 1, within("nameparticle", b), within("namesuffix", b) && i > 1:
			other++
		case namePart(dict.Given, b) && (given == 0 || !namePart(dict.Family, b)):
			given++
		case namePart(dict.Family, b):
			family++
		default:
			rest++
		}
	}
	if v.upper < 2 && v.lower > 0 {
		return false // "jordan frame"
	}
	if within("term", strings.Trim(words[len(words)-1], ".")) {
		return false
	}
	named := given + family
	if rest == 0 {
		return named >= 2 || named == 1 && other > 0 && within("nametitle", strings.Trim(words[0], "."))
	}
	return rest == 1 && given > 0 && (divided || named+other >= 2 || len(words) == 2 && !within("term", words[1]) && len(words[1]) > 2 && !within("orgword", words[1]) && !within("function", words[1]))
}

// org reports whether a text reads like the name of an organization: a word such as
// Hospital, Inc. or GmbH stands in it.
func org(v *value) bool {
	if len(v.words) > 9 {
		return false
	}
	for _, w := range v.words {
		w = strings.Trim(w, ",;()")
		if within("orgword", w) || strings.HasSuffix(w, "klinik") || strings.HasSuffix(w, "klinikum") || strings.HasSuffix(w, "krankenhaus") || strings.HasSuffix(w, "gmbh") {
			return true
		}
	}
	return false
}
