package values

import "strings"

// code adds what a value is of clinical and other codes.
func (v *value) code(k *kinds) {
	if v.sum > 24 || v.spaces > 0 || v.sum == 0 {
		return
	}
	s := v.text
	if icd10(s) {
		k.add(ICD10)
	}
	if i := strings.IndexByte(s, '-'); i >= 1 && i <= 5 && len(s) == i+2 && countDigits(s) == i+1 && luhn(s[:i]+s[i+1:]) {
		k.add(LOINC)
	}
	if matchesAny(s, "9999-9999-99", "99999-999-99", "99999-9999-9", "99999-9999-99", "99999999999") {
		k.add(NDC)
	}
	if matchesAny(s, "9999F", "9999T", "9999U") || v.allDigits && len(s) == 5 && s[0] != '0' || matches(s, "A9999") && strings.ContainsAny(s[:1], "ABCDEGHJKLMPQRSTV") {
		k.add(Procedure)
	}
	if matches(s, "A99AA99") && v.upper == 3 && strings.ContainsAny(s[:1], "ABCDGHJLMNPRSV") {
		k.add(ATC)
	}
	if v.allDigits && len(s) >= 6 && len(s) <= 18 && s[0] != '0' && (s[len(s)-3:len(s)-1] == "00" || len(s) > 12 && s[len(s)-3:len(s)-1] == "10") && verhoeff(s) {
		k.add(SNOMED)
	}
}

// icd10 reports whether a text has the form of a code of ICD-10 or one of its national
// versions: a letter, two characters, and a dot with one to four more. Without the dot
// only three or four characters count, as longer ones could be any identifier.
func icd10(s string) bool {
	if len(s) < 3 || len(s) > 8 || s[0] < 'A' || s[0] > 'Z' || s[1] < '0' || s[1] > '9' || !matches(s[2:3], "X") {
		return false
	}
	if len(s) == 3 {
		return true
	}
	if s[3] != '.' {
		return len(s) == 4 && matches(s[3:], "X")
	}
	rest := s[4:]
	return len(rest) >= 1 && len(rest) <= 4 && matches(rest, "XXXX"[:len(rest)])
}
