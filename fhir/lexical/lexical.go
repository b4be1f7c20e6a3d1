// Package lexical checks the lexical forms of FHIR's primitive types. It also has byte
// classes, and reads and writes UUIDs.
package lexical

import (
	"bytes"
	"strconv"

	"github.com/veil-proxy/veil/mask/civil"
)

// lexicalForms has the checks of the primitive types' lexical forms (FHIR R4,
// datatypes.html). A value that passes, or that a method returns, must have the form of
// its type: with another form it could be anything. The checks are at least as strict as
// R4's regular expressions. They also bound what R4 leaves open and nobody needs, the
// digits of a fraction and of an exponent, in which numbers could hide.
var lexicalForms = map[string]func(text []byte) bool{
	"base64Binary": isBase64,
	"canonical":    isURI,
	"code":         isCodeText,
	"date":         IsDate,
	"dateTime":     isDateTime,
	"decimal":      isDecimal,
	"id":           IsID,
	"instant":      IsInstant,
	"integer":      func(text []byte) bool { return isInteger(text, -1<<31) },
	"integer64":    isInteger64,
	"markdown":     isText,
	"oid":          isOID,
	"positiveInt":  func(text []byte) bool { return isInteger(text, 1) },
	"string":       isText,
	"time":         isTimeOfDay,
	"unsignedInt":  func(text []byte) bool { return isInteger(text, 0) },
	"uri":          isURI,
	"url":          isURI,
	"uuid":         isUUIDURN,

	"http://hl7.org/fhirpath/System.String": isText, // Element.id
}

// isInteger checks a whole number of 32 bits, from least on, without an exponent
// or a leading zero.
func isInteger(text []byte, least int64) bool {
	digits, negative := bytes.CutPrefix(text, []byte("-"))
	if negative && least >= 0 || !IsDigits(digits, 1, 10) || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	var n int64
	for _, c := range digits {
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n >= least && n <= 1<<31-1
}

// isInteger64 checks a whole number of 64 bits, as R5 has it.
func isInteger64(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if !IsDigits(digits, 1, 19) || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	_, err := strconv.ParseInt(string(text), 10, 64)
	return err == nil
}

// R4 requires systems to support decimals of 18 digits; real data has a few more.
const (
	longestDecimal  = 40
	longestExponent = 3
	longestFraction = 9
)

// isDecimal checks a decimal number: no leading zero, digits on both sides of a
// point.
func isDecimal(text []byte) bool {
	if len(text) > longestDecimal {
		return false
	}
	rest := bytes.TrimPrefix(text, []byte("-"))
	whole := leadingDigits(rest)
	if whole == 0 || rest[0] == '0' && whole > 1 {
		return false
	}
	rest = rest[whole:]
	if len(rest) > 0 && rest[0] == '.' {
		n := leadingDigits(rest[1:])
		if n == 0 {
			return false
		}
		rest = rest[1+n:]
	}
	if len(rest) == 0 {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	if rest = rest[1:]; len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	return IsDigits(rest, 1, longestExponent)
}

func leadingDigits(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// IsDate checks YYYY, YYYY-MM or YYYY-MM-DD.
func IsDate(text []byte) bool {
	end := dateEnd(text)
	return end > 0 && end == len(text)
}

// isDateTime checks a date, or one with a time and a zone.
func isDateTime(text []byte) bool {
	end := dateEnd(text)
	return end > 0 && (end == len(text) || end == 10 && isTimeAndZone(text[end:]))
}

// IsInstant checks a date with a time and a zone.
func IsInstant(text []byte) bool { return dateEnd(text) == 10 && isTimeAndZone(text[10:]) }

// dateEnd returns the length of the date that text begins with, or 0.
func dateEnd(text []byte) int {
	if _, ok := civil.Lead(text); ok {
		return len("YYYY-MM-DD")
	}
	if len(text) < 4 || !IsDigits(text[:4], 4, 4) || string(text[:4]) == "0000" {
		return 0
	}
	end := 4
	for _, last := range [2]int{12, 31} { // months, days
		if len(text) < end+3 || text[end] != '-' || !isTwoDigits(text[end+1:], 1, last) {
			break
		}
		end += 3
	}
	return end
}

// isTwoDigits reports whether text begins with two digits that make a number in
// a range.
func isTwoDigits(text []byte, least, most int) bool {
	if len(text) < 2 || !IsDigits(text[:2], 2, 2) {
		return false
	}
	n := int(text[0]-'0')*10 + int(text[1]-'0')
	return n >= least && n <= most
}

// isTimeAndZone checks "Thh:mm:ss[.f]" and "Z" or an offset of up to 14 hours.
func isTimeAndZone(text []byte) bool {
	if len(text) < 2 || text[0] != 'T' {
		return false
	}
	end := timeEnd(text[1:])
	if end == 0 {
		return false
	}
	zone := text[1+end:]
	if string(zone) == "Z" {
		return true
	}
	return len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' &&
		(isTwoDigits(zone[1:], 0, 13) && isTwoDigits(zone[4:], 0, 59) || string(zone[1:]) == "14:00")
}

// isTimeOfDay checks hh:mm:ss[.f].
func isTimeOfDay(text []byte) bool {
	end := timeEnd(text)
	return end > 0 && end == len(text)
}

// timeEnd returns the length of the time of day that text begins with, or 0.
// Second 60 is a leap second.
func timeEnd(text []byte) int {
	if len(text) < 8 || !isTwoDigits(text, 0, 23) || text[2] != ':' || !isTwoDigits(text[3:], 0, 59) ||
		text[5] != ':' || !isTwoDigits(text[6:], 0, 60) {
		return 0
	}
	if len(text) == 8 || text[8] != '.' {
		return 8
	}
	n := leadingDigits(text[9:])
	if n == 0 || n > longestFraction {
		return 0
	}
	return 9 + n
}

// isText checks a string: not empty, no control characters but tab and ends of
// lines.
func isText(text []byte) bool {
	for _, c := range text {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return len(text) > 0
}

// isURI checks that there is text without white space; R4 requires no more.
func isURI(text []byte) bool {
	for _, c := range text {
		if c <= 0x20 {
			return false
		}
	}
	return len(text) > 0
}

// isCodeText checks a code: words with single spaces between them.
func isCodeText(text []byte) bool {
	word := false
	for _, c := range text {
		switch {
		case c < 0x20, c == ' ' && !word:
			return false
		}
		word = c != ' '
	}
	return word
}

// isOID checks "urn:oid:" and the numbers of an object identifier.
func isOID(text []byte) bool {
	arcs, ok := bytes.CutPrefix(text, []byte("urn:oid:"))
	if !ok || len(arcs) < 3 || arcs[0] < '0' || arcs[0] > '2' || arcs[1] != '.' {
		return false
	}
	for _, arc := range bytes.Split(arcs[2:], []byte(".")) {
		if !IsDigits(arc, 1, 40) || arc[0] == '0' && len(arc) > 1 {
			return false
		}
	}
	return true
}

// isUUIDURN checks "urn:uuid:" and a UUID in lower case.
func isUUIDURN(text []byte) bool {
	uuid, ok := bytes.CutPrefix(text, []byte(URNUUID))
	var b [16]byte
	return ok && ParseUUID(&b, uuid)
}

// isBase64 checks base 64: characters in fours, white space between those.
func isBase64(text []byte) bool {
	fours := 0
	for len(text)-fours >= 4 && base64Digit[text[fours]]&base64Digit[text[fours+1]]&base64Digit[text[fours+2]]&base64Digit[text[fours+3]] != 0 {
		fours += 4
	}
	n, padding := fours, 0
	for _, c := range text[fours:] {
		switch {
		case n%4 == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
		case c == '=':
			padding++
			n++
		case padding > 0 || base64Digit[c] == 0:
			return false
		default:
			n++
		}
	}
	return n > 0 && n%4 == 0 && padding <= 2
}

// base64Digit has 1 for the characters of base 64.
var base64Digit = func() (t [256]uint8) {
	for c := range t {
		if c := byte(c); IsWord(c) && c != '_' || c == '+' || c == '/' {
			t[c] = 1
		}
	}
	return t
}()

// completions turns a date of a certain length into an instant: the first moment of the
// period, in UTC.
var completions = map[int]string{4: "-01-01T00:00:00Z", 7: "-01T00:00:00Z", 10: "T00:00:00Z"}

// AppendInstant extends the date at dst[from:] to an instant, which has no shorter
// form.
func AppendInstant(dst []byte, from int) []byte {
	if text := dst[from:]; IsDate(text) {
		return append(dst, completions[len(text)]...)
	}
	return dst
}

// IsID reports whether id has the form of a FHIR id: 1 to 64 of A-Z, a-z,
// 0-9, hyphen and point (FHIR R4, datatypes.html#id).
func IsID(id []byte) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// Form returns the check of a primitive type, or nil: a boolean has none, and xhtml
// needs an XML parser.
func Form(typ string) func(text []byte) bool { return lexicalForms[typ] }
