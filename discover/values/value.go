package values

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/discover/dict"
)

// value is one sampled value with what every test asks of it.
type value struct {
	text   string // without spaces around it
	folded string
	// digits are its digits alone, letters and others the numbers of the rest.
	digits                             string
	letters, upper, lower, spaces, sum int
	signs                              int
	words                              []string // folded, at spaces
	allDigits                          bool
}

func newValue(text string) value {
	v := value{text: strings.TrimSpace(text)}
	v.folded = dict.Fold(v.text)
	var digits []byte
	for _, r := range v.text {
		v.sum++
		switch {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case unicode.IsLetter(r):
			v.letters++
			if unicode.IsUpper(r) {
				v.upper++
			} else {
				v.lower++
			}
		case unicode.IsSpace(r):
			v.spaces++
		default:
			v.signs++
		}
	}
	v.digits = string(digits)
	v.allDigits = len(digits) > 0 && len(digits) == len(v.text)
	if v.spaces > 0 {
		v.words = strings.Fields(v.folded)
	} else {
		v.words = []string{v.folded}
	}
	return v
}

// form is the shape of a value: 9 for a digit, A and a for letters, signs as they are.
// Long values have none.
func (v *value) form() string {
	if v.sum == 0 || v.sum > 24 || !utf8.ValidString(v.text) {
		return ""
	}
	var b strings.Builder
	for _, r := range v.text {
		switch {
		case '0' <= r && r <= '9':
			b.WriteByte('9')
		case unicode.IsUpper(r):
			b.WriteByte('A')
		case unicode.IsLetter(r):
			b.WriteByte('a')
		case r < 0x80 && r >= ' ':
			b.WriteRune(r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// matches reports whether a text has a pattern of the same length: 9 is a digit, A a
// letter, X either, anything else itself.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := text[i]
		digit, letter := c >= '0' && c <= '9', c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		switch pattern[i] {
		case '9':
			if !digit {
				return false
			}
		case 'A':
			if !letter {
				return false
			}
		case 'X':
			if !digit && !letter {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

func matchesAny(text string, patterns ...string) bool {
	for _, p := range patterns {
		if matches(text, p) {
			return true
		}
	}
	return false
}

// within reports whether a section of terms has a folded text.
func within(section, folded string) bool {
	_, ok := dict.Terms(section)[folded]
	return ok
}

// bare is a word without signs at its ends.
func bare(w string) string { return strings.Trim(w, ".,;:()'\"!?[]^/") }
