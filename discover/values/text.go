package values

import (
	"strings"

	"github.com/veil-proxy/veil/discover/dict"
)

// prose adds what a value is as a text: a word, a code, an identifier, a phrase, or
// sentences, and whether something that identifies a person stands in it.
func (v *value) prose(k *kinds) {
	if v.sum == 0 {
		return
	}
	if len(v.words) == 1 {
		v.single(k)
		return
	}
	function, long := 0, 0
	for _, w := range v.words {
		b := bare(w)
		if within("function", b) {
			function++
		}
		if len(b) > 2 {
			long++
		}
	}
	if len(v.words) >= 4 && (function > 0 || len(v.words) >= 7 || strings.HasSuffix(v.text, ".")) {
		k.add(Sentence)
	} else {
		k.add(Phrase)
	}
	if len(v.words) > 1 && v.identifies(function) {
		k.add(TextWithIdentifier)
	}
}

// single tells a word from a code and from an identifier.
func (v *value) single(k *kinds) {
	switch {
	case v.letters == v.sum && v.sum > 3:
		k.add(Word)
	case v.sum <= 5 && v.spaces == 0:
		k.add(Token)
	}
	if len(v.digits) >= 4 && v.sum >= 5 && v.sum <= 64 && v.signs <= 8 {
		k.add(Identifier)
	}
	if username(v) {
		k.add(Username)
	}
}

// username reports whether a value looks like a login: small letters with perhaps
// digits, dots or a domain, that begin with or end in a name.
func username(v *value) bool {
	s := v.folded
	if i := strings.LastIndexByte(s, '\\'); i > 0 {
		s = s[i+1:]
	}
	s = strings.TrimRight(s, "0123456789")
	if len(s) < 3 || len(s) > 24 || v.spaces > 0 || v.upper > 0 && v.upper == v.letters || v.upper > 2 {
		return false
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '.' || r == '_' || r == '-' }) {
		if len(part) > 3 && (dict.Family.Has(part) || dict.Given.Has(part)) {
			return true
		}
	}
	// jsmith, smithj, jasmith
	return len(s) > 4 && (dict.Family.Has(s[1:]) || dict.Family.Has(s[:len(s)-1]) || len(s) > 5 && dict.Family.Has(s[2:]))
}

// identifies reports whether a text of several words has a date, a phone number, an
// e-mail address, a long number or a name behind a title in it.
func (v *value) identifies(function int) bool {
	raw := strings.Fields(v.text)
	for i, w := range raw {
		b := strings.Trim(w, ".,;:()'\"!?")
		if len(b) < 2 {
			continue
		}
		n := countDigits(b)
		switch {
		case n >= 5:
			return true
		case n >= 3:
			if sub := newValue(b); true {
				if _, kind := parseDate(&sub); kind != notDate {
					return true
				}
			}
		case strings.IndexByte(b, '@') > 0:
			return true
		case n == 0 && i > 0 && within("nametitle", strings.Trim(v.words[min(i-1, len(v.words)-1)], ".")) && b[0] >= 'A' && b[0] <= 'Z' && len(b) > 2:
			return true
		case n == 0 && function > 0 && i > 0 && b[0] >= 'A' && b[0] <= 'Z' && dict.Given.Has(dict.Fold(b)) && dict.Family.Has(dict.Fold(b)):
			return true
		}
	}
	return false
}
