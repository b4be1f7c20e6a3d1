package safeharbor

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/age"
	"github.com/veil-proxy/veil/mask/civil"
)

// yearOf returns the year of a FHIR date, dateTime or instant (FHIR R4,
// datatypes.html#dateTime) or of an SQL date or timestamp: YYYY, YYYY-MM,
// YYYY-MM-DD, and anything after a full date that begins with "T" or a space
// and a digit, with a month from 1 to 12 and a day from 1 to 31. It reports false for
// every other text and for the year 0000.
func yearOf(s []byte) (year int, ok bool) {
	year, ok = civil.Lead(s)
	switch {
	case ok && len(s) == len("YYYY-MM-DD"):
		return year, true
	case ok:
		rest := s[len("YYYY-MM-DD"):]
		return year, len(rest) >= 3 && (rest[0] == 'T' || rest[0] == ' ') && digits(rest[1:3])
	case len(s) == len("YYYY-MM") && s[4] == '-':
		month := int(s[5]-'0')*10 + int(s[6]-'0')
		ok = digits(s[5:]) && month >= 1 && month <= 12 // an identifier may look like this
	default:
		ok = len(s) == len("YYYY")
	}
	if !ok || !digits(s[:4]) {
		return 0, false
	}
	year = int(s[0]-'0')*1000 + int(s[1]-'0')*100 + int(s[2]-'0')*10 + int(s[3]-'0')
	return year, year > 0
}

func digits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// year keeps the year of a date: YYYY, or as an instant YYYY-01-01T00:00:00Z,
// since FHIR's instant has no shorter form. A year that lies more than 89 years
// before the reference year is Capped: the person it belongs to was alive then and
// is over 89. A text that is no date is Removed. Source: 45 CFR
// 164.514(b)(2)(i)(C).
type year struct {
	reference int
	instant   bool
}

// Append implements mask.Method.
func (m *year) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	y, ok := yearOf(src)
	if !ok {
		return dst, mask.Removed, nil
	}
	if m.reference-y > age.Oldest {
		return dst, mask.Capped, nil
	}
	if m.instant {
		return append(append(dst, src[:4]...), "-01-01T00:00:00Z"...), mask.Replaced, nil
	}
	return appendYear(dst, src)
}

func appendYear(dst, src []byte) ([]byte, mask.Outcome, error) {
	if len(src) == 4 {
		return dst, mask.Kept, nil
	}
	return append(dst, src[:4]...), mask.Replaced, nil
}

// birthYear keeps the year of a birth date where the person cannot be over 89:
// at the reference date if alive, at death if the year of death is known. A
// person who is dead without a known year counts as alive until the reference
// date; a year of death before that of birth, as 1900-01-01 often stands for
// "unknown", is no known one. Otherwise the birth date is Capped: the person is of the one category of
// age 90 or older. A text that is no date is Removed. Years are compared, not days: who turns 90 in the reference year counts as
// over 89. Source: 45 CFR 164.514(b)(2)(i)(C).
type birthYear struct{ reference int }

// Append implements mask.Method.
func (m *birthYear) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	born, ok := yearOf(src)
	if !ok {
		return dst, mask.Removed, nil
	}
	until := m.reference
	if died, ok := yearOf(in.Death); ok && died >= born && died < until {
		until = died
	}
	if until-born > age.Oldest {
		return dst, mask.Capped, nil
	}
	return appendYear(dst, src)
}

// deathYear keeps the year of a date of death where the birth year is known and
// lies at most 89 years before it, and not after it. Otherwise, and for a text that is no date,
// the date is Removed; that the person died is then shown by other means, such as
// FHIR's deceasedBoolean. Source: 45 CFR 164.514(b)(2)(i)(C).
type deathYear struct{}

// Append implements mask.Method.
func (deathYear) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	died, ok := yearOf(src)
	born, known := yearOf(in.Birth)
	if !ok || !known || died-born > age.Oldest || died < born {
		return dst, mask.Removed, nil
	}
	return appendYear(dst, src)
}
