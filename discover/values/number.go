package values

import "strings"

// ssn reports whether a value is a valid SSN or ITIN with hyphens or spaces, and whether
// it is nine digits that could be one.
func ssn(v *value) (form, digits bool) {
	if len(v.digits) != 9 {
		return false, false
	}
	d := v.digits
	valid := d[:3] != "000" && d[:3] != "666" && d[3:5] != "00" && d[5:] != "0000"
	form = valid && matchesAny(v.text, "999-99-9999", "999 99 9999")
	return form, valid && v.allDigits
}

// npi reports whether a value is ten digits that begin with 1 or 2, and whether the
// check digit is right (45 CFR 162.406).
func npi(v *value) (form, checked bool) {
	if !v.allDigits || len(v.digits) != 10 || v.digits[0] != '1' && v.digits[0] != '2' {
		return false, false
	}
	return true, luhn("80840" + v.digits)
}

// dea reports whether a value is two letters and seven digits, and whether the check
// digit is right.
func dea(v *value) (form, checked bool) {
	if !matches(v.text, "AA9999999") || v.upper != 2 {
		return false, false
	}
	d := v.digits
	return true, (weighted(d, 1, 0, 1, 0, 1, 0)+2*weighted(d, 0, 1, 0, 1, 0, 1))%10 == int(d[6]-'0')
}

// medicareID reports whether a value has the form of an insurance number with letters
// and digits: a Medicare Beneficiary Identifier, or a letter and nine digits (Germany).
func medicareID(v *value) bool {
	s := strings.ToUpper(strings.ReplaceAll(v.text, "-", ""))
	if matches(s, "9AX9AX9AA99") && s[0] != '0' {
		return true
	}
	return matches(s, "A999999999")
}

// ibanLengths are the lengths of an IBAN by country.
var ibanLengths = map[string]int{
	"AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27,
	"GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27,
	"MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
	"AE": 23, "BR": 29,
}

func iban(v *value) (form, checked bool) {
	s := strings.ToUpper(strings.ReplaceAll(v.text, " ", ""))
	if len(s) < 15 || ibanLengths[s[:2]] != len(s) || !matches(s[2:4], "99") {
		return false, false
	}
	for i := 4; i < len(s); i++ {
		if !matches(s[i:i+1], "X") {
			return false, false
		}
	}
	return true, mod97(s[4:]+s[:4]) == 1
}

// card reports whether a value has the length and beginning of a payment card's number.
func card(v *value) (form, checked bool) {
	d := v.digits
	if v.letters > 0 || len(d) < 13 || len(d) > 19 || v.sum-len(d) > 4 {
		return false, false
	}
	switch {
	case d[0] == '4' && (len(d) == 13 || len(d) == 16 || len(d) == 19):
	case d[0] == '5' && len(d) == 16, d[:1] == "2" && len(d) == 16 && d[1] >= '2' && d[1] <= '7':
	case (d[:2] == "34" || d[:2] == "37") && len(d) == 15:
	case (d[:2] == "60" || d[:2] == "62" || d[:2] == "64" || d[:2] == "65" || d[:2] == "35") && len(d) == 16:
	case (d[:2] == "30" || d[:2] == "36" || d[:2] == "38") && len(d) == 14:
	default:
		return false, false
	}
	return true, luhn(d)
}

// vin reports whether a value is a vehicle identification number (ISO 3779): seventeen
// capitals and digits without I, O and Q. North American ones have a check digit.
func vin(v *value) (form, checked bool) {
	s := v.text
	if len(s) != 17 || v.lower > 0 || v.letters < 3 || v.signs+v.spaces > 0 || strings.ContainsAny(s, "IOQ") || len(v.digits) < 3 {
		return false, false
	}
	weights := [17]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}
	sum := 0
	for i := range 17 {
		n := int(s[i] - '0')
		if s[i] >= 'A' {
			n = int("12345678012345070923456789"[s[i]-'A'] - '0')
		}
		sum += n * weights[i]
	}
	return true, "0123456789X"[sum%11] == s[8]
}

// plate reports whether a value has the form of a licence plate: groups of capitals and
// digits, with a space or hyphen between them.
func plate(v *value) bool {
	if v.sum < 5 || v.sum > 11 || v.lower > 0 || v.upper < 2 || len(v.digits) < 1 || v.spaces+v.signs == 0 || v.spaces+v.signs > 2 {
		return false
	}
	return matchesAny(v.text,
		"AAA 9999", "AAA-9999", "AAA 999", "AAA-999", "AA-999-AA", "AA 999 AA", "9999 AAA", "99-AAA-9", "AA-99-99", "99-99-AA",
		"AA99 AAA", "AAA 9A99", "9AAA999", "AA-AA-99", "AA 999AA") || germanPlate(v.text)
}

// germanPlate: one to three letters, one or two letters, one to four digits.
func germanPlate(s string) bool {
	area, rest, ok := strings.Cut(s, "-")
	if !ok {
		area, rest, ok = strings.Cut(s, " ")
	}
	letters, digits, cut := strings.Cut(strings.TrimSpace(rest), " ")
	if !ok || !cut || len(area) < 1 || len(area) > 3 || len(letters) < 1 || len(letters) > 2 || len(digits) < 1 || len(digits) > 4 {
		return false
	}
	return matches(area, "AAA"[:len(area)]) && matches(letters, "AA"[:len(letters)]) && matches(digits, "9999"[:len(digits)])
}

// udi reports whether a value is a unique device identifier: GS1, HIBCC or ICCBA.
func udi(v *value) bool {
	s := v.text
	if strings.HasPrefix(s, "(01)") && len(s) >= 18 && matches(s[4:18], "99999999999999") {
		return true
	}
	return strings.HasPrefix(s, "01") && len(s) > 20 && matches(s[2:16], "99999999999999") && (s[16:18] == "11" || s[16:18] == "17" || s[16:18] == "10" || s[16:18] == "21") ||
		strings.HasPrefix(s, "+") && len(s) > 8 && v.upper > 2 && strings.Contains(s, "/")
}

// serial reports whether a value has the form of a serial number: SN and digits, or
// groups of capitals and digits of which one says so.
func serial(v *value) bool {
	s := strings.ToUpper(v.text)
	rest, ok := strings.CutPrefix(s, "SN")
	if !ok {
		rest, ok = strings.CutPrefix(s, "S/N")
	}
	return ok && len(v.digits) >= 4 && v.spaces <= 1 && len(rest) >= 4
}
