package general

import (
	"bytes"
	"regexp"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/mask"
)

// Forms of postal codes, in upper case, after the Universal Postal Union's and the
// countries' own descriptions. Forms that would also fit a telephone number, a date or a
// social security number hold only beside their country.
var (
	anyPostalCode = lazyregexp.New(`^(?:` +
		`\d{3,6}` + // most countries
		`|\d{5}-\d{4}|\d{5}-\d{3}|\d{4}-\d{3}|\d{3} \d{2}|\d{2}-\d{3}|\d{3} \d{3}` + // US, BR, PT, SE, PL, IN
		`|[A-Z]{1,2}[- ]?\d{4,5}` + // LV-1010, D-80331, BN, SO
		`|[A-Z]\d{3}|(?:AD|VC)\d{3,4}|[A-Z]{2} ?\d{2}|KY\d-\d{4}|LC\d{2} ?\d{3}` + // SZ, AD, VC, BM, KY, LC
		`|[A-Z]\d{4}[A-Z]{3}` + // AR
		`|[A-Z]{3} ?\d{4}` + // MT
		`|\d{4} ?[A-Z]{2}` + // NL
		`|[A-Z]\d[A-Z] ?\d[A-Z]\d` + // CA
		`|(?:[A-Z]{1,2}\d[A-Z\d]?|GIR|ASCN|STHL|TDCU|FIQQ|BIQQ|SIQQ|PCRN) ?\d[A-Z]{2}` + // GB and its territories
		`|[AC-FHKNPRTV-Y]\d[\dW] ?[AC-FHKNPRTV-Y\d]{4}` + // IE
		`)$`)
	postalCodesOf = sync.OnceValue(func() map[string]*regexp.Regexp {
		return map[string]*regexp.Regexp{
			"US": regexp.MustCompile(`^\d{9}$`),
			"JP": regexp.MustCompile(`^\d{3}-?\d{4}$`),
			"BR": regexp.MustCompile(`^\d{8}$`),
			"CL": regexp.MustCompile(`^\d{3}-?\d{4}$`),
			"IL": regexp.MustCompile(`^\d{7}$`),
			"PT": regexp.MustCompile(`^\d{7}$`),
			"IR": regexp.MustCompile(`^\d{5}-?\d{5}$`),
		}
	})
	// otherNames are three-letter codes and names of the countries of postalCodesOf.
	otherNames = map[string]string{
		"USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US", "JPN": "JP", "JAPAN": "JP",
		"BRA": "BR", "BRAZIL": "BR", "BRASIL": "BR", "CHL": "CL", "CHILE": "CL", "ISR": "IL", "ISRAEL": "IL",
		"PRT": "PT", "PORTUGAL": "PT", "IRN": "IR", "IRAN": "IR",
	}
)

// postalCode keeps a text that has the form of a postal code of some country: five
// digits, ZIP+4, "SW1A 1AA", "K1A 0B1". Other text is Removed, since fields of postal codes
// hold names, telephone numbers and remarks by mistake. It is a form and not a list: it
// does not know whether a place has the code.
type postalCode struct{}

// longestPostalCode is the maximum length of a postal code in bytes.
const longestPostalCode = 10

// Append implements mask.Method.
func (postalCode) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if !isPostalCode(bytes.TrimSpace(src), in.Country) {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}

// postalArea keeps the first characters of what postalCode keeps.
type postalArea struct{ length int }

// Append implements mask.Method.
func (p postalArea) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	code := bytes.TrimSpace(src)
	if !isPostalCode(code, in.Country) {
		return dst, mask.Removed, nil
	}
	return append(dst, code[:min(p.length, len(code))]...), mask.Replaced, nil
}

func isPostalCode(code, country []byte) bool {
	if len(code) > longestPostalCode {
		return false
	}
	code = bytes.ToUpper(code)
	if anyPostalCode().Match(code) {
		return true
	}
	name := string(bytes.ToUpper(bytes.TrimSpace(country)))
	if short, ok := otherNames[name]; ok {
		name = short
	}
	form := postalCodesOf()[name]
	return form != nil && form.Match(code)
}

// placeName keeps a text that has the form of the name of a town, region or country:
// letters of any script, in at most eight words and 80 bytes, with the marks that names
// have. Digits, other marks and longer texts are Removed, and with them telephone numbers, dates,
// mail addresses, streets with a number and sentences. It is a form and not a list: a
// person's name that stands in the field has it too.
type placeName struct{}

// The maximum length of a place's name.
const (
	longestPlace   = 80
	mostPlaceWords = 8
)

// Append implements mask.Method.
func (placeName) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	name := bytes.TrimSpace(src)
	if len(name) == 0 || len(name) > longestPlace || len(bytes.Fields(name)) > mostPlaceWords {
		return dst, mask.Removed, nil
	}
	letters := false
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRune(name[i:])
		switch {
		case unicode.IsLetter(r):
			letters = true
		case unicode.IsMark(r) && letters:
		case bytes.ContainsRune(placeMarks, r):
		default:
			return dst, mask.Removed, nil
		}
		i += size
	}
	if !letters {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}

// placeMarks are the characters in names of places besides letters: "Frankfurt (Oder)",
// "St. John's", "Washington, D.C.", "Stratford-upon-Avon", "Biel/Bienne".
var placeMarks = []byte(" -.,'/()’ʻ–·")
