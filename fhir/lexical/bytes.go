package lexical

import "bytes"

// IsWord reports whether c is an ASCII letter, a digit or an underscore.
func IsWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// IsLetter reports whether c is an ASCII letter.
func IsLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// EachByte reports whether ok holds for every byte of s.
func EachByte(s []byte, ok func(c byte) bool) bool {
	for _, c := range s {
		if !ok(c) {
			return false
		}
	}
	return true
}

// FewDigits reports whether a name has at most four digits in a row and six in all,
// ignoring hyphens and points between them.
func FewDigits(name []byte) bool {
	all, row := 0, 0
	for _, c := range name {
		switch {
		case c >= '0' && c <= '9':
			if all, row = all+1, row+1; all > 6 || row > 4 {
				return false
			}
		default:
			row = 0
		}
	}
	return true
}

// IsDigits reports whether c consists of least to most digits.
func IsDigits(c []byte, least, most int) bool {
	if len(c) < least || len(c) > most {
		return false
	}
	for _, b := range c {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

// IsUpper reports whether c consists of least to most capital letters.
func IsUpper(c []byte, least, most int) bool {
	if len(c) < least || len(c) > most {
		return false
	}
	for _, b := range c {
		if b < 'A' || b > 'Z' {
			return false
		}
	}
	return true
}

// Words returns the set of the words in a text, separated by white space.
func Words(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range bytes.Fields([]byte(words)) {
		m[string(w)] = true
	}
	return m
}
