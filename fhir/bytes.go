package fhir

import "bytes"

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func eachByte(s []byte, ok func(c byte) bool) bool {
	for _, c := range s {
		if !ok(c) {
			return false
		}
	}
	return true
}

// fewDigits reports whether a name has at most four digits in a row and six in all,
// hyphens and points between them or not.
func fewDigits(name []byte) bool {
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

func isDigits(c []byte, min, max int) bool {
	if len(c) < min || len(c) > max {
		return false
	}
	for _, b := range c {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

func isUpper(c []byte, min, max int) bool {
	if len(c) < min || len(c) > max {
		return false
	}
	for _, b := range c {
		if b < 'A' || b > 'Z' {
			return false
		}
	}
	return true
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range bytes.Fields([]byte(words)) {
		m[string(w)] = true
	}
	return m
}
