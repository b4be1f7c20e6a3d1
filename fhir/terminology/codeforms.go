package terminology

import (
	"bytes"
	"maps"
	"slices"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/internal/luhn"
)

// codeForms are the forms a code must have to pass as one of its system. They
// keep out what is plainly not a code (a name, a record number); they do not
// prove that the code exists.
var codeForms = map[string]func(code []byte) bool{
	"loinc":    IsLOINC,
	"snomed":   IsSNOMED,
	"icd10":    isICD10,
	"icd9":     isICD9,
	"rxnorm":   func(c []byte) bool { return lexical.IsDigits(c, 1, 7) && c[0] != '0' },
	"cvx":      func(c []byte) bool { return lexical.IsDigits(c, 1, 3) },
	"ndc":      isNDC,
	"cpt":      isCPT,
	"hcpcs":    isHCPCS,
	"atc":      isATC,
	"ucum":     IsUCUM,
	"country":  isCountry,
	"currency": isCurrency,
	"language": IsLanguage,
	"mime":     isMIME,
	"drg":      func(c []byte) bool { return lexical.IsDigits(c, 3, 3) },
	"nubc":     func(c []byte) bool { return lexical.IsDigits(c, 2, 4) },
	"taxonomy": isTaxonomy,
	"cms":      isCMSVariable,
	"mvx":      func(c []byte) bool { return manufacturers[string(c)] },
	"modality": func(c []byte) bool { return modalities[string(c)] },
	"ops":      isOPS,
	"pzn":      isPZN,
	"unii":     isUNII,
}

// IsLOINC checks a LOINC code: one to six digits, a hyphen and a check digit, preceded
// by LA, LP, LL or LG for an answer, a part, a response list or a group. The check
// digit is Luhn's over the whole code, where a character counts as its ASCII code less
// 48 (RELMA and LOINC Users' Guide, appendix "Calculating mod 10 check digits", gives
// the digits; the letters' values follow from the published codes: all 235 of HL7's
// packages agree).
func IsLOINC(c []byte) bool {
	digits := c
	if len(c) > 2 && c[0] == 'L' && (c[1] == 'A' || c[1] == 'P' || c[1] == 'L' || c[1] == 'G') {
		digits = c[2:]
	}
	n := len(digits)
	return n >= 3 && n <= 8 && digits[0] != '0' && digits[n-2] == '-' && lexical.IsDigits(digits[:n-2], 1, 6) && luhn.Digit(c[:len(c)-2], 0) == c[len(c)-1]
}

// Verhoeff's dihedral group tables.
var (
	verhoeffD = [10][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	verhoeffP = [8][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
)

// extremeOldAge is "Extreme old age (over 100 years)".
const extremeOldAge = "57943003"

// IsSNOMED checks a SNOMED CT concept identifier: 6 to 18 digits, no leading zero,
// partition 00 or 10, Verhoeff check digit (SNOMED CT Release File Specification, 4.1
// "SCTID"). A finding of an age over 89 does not pass.
func IsSNOMED(c []byte) bool {
	if string(c) == extremeOldAge {
		return false
	}
	n := len(c)
	if !lexical.IsDigits(c, 6, 18) || c[0] == '0' || c[n-2] != '0' || c[n-3] > '1' {
		return false
	}
	var sum byte
	for i := range c {
		sum = verhoeffD[sum][verhoeffP[i%8][c[n-1-i]-'0']]
	}
	return sum == 0
}

// isICD10 checks ICD-10, its national editions and ICD-10-PCS: a letter, a digit, a
// digit or letter, optionally a point and up to four more; or seven of PCS. What has
// seven characters without a point ends in a letter (ICD-10-CM, 7th character), or
// begins with O, whose seventh is the number of the fetus.
func isICD10(c []byte) bool {
	if len(c) < 3 || len(c) > 8 || !upperOrDigit(c[0]) {
		return false
	}
	if len(c) == 7 && c[3] != '.' && isPCS(c) {
		return true
	}
	if c[0] < 'A' || c[1] < '0' || c[1] > '9' || !upperOrDigit(c[2]) {
		return false
	}
	rest, pointed := bytes.CutPrefix(c[3:], []byte("."))
	if pointed && len(rest) == 0 || len(rest) == 4 && !pointed && rest[3] <= '9' && c[0] != 'O' {
		return false
	}
	return len(rest) <= 4 && lexical.EachByte(rest, upperOrDigit)
}

// isPCS checks ICD-10-PCS: a section, and six digits or letters without I and O, two
// digits among the seven at least.
func isPCS(c []byte) bool {
	digits := 0
	for _, b := range c {
		if !upperOrDigit(b) || b == 'I' || b == 'O' {
			return false
		}
		if b <= '9' {
			digits++
		}
	}
	return digits >= 2 && digits < 7 && (c[0] <= '9' || bytes.IndexByte([]byte("BCDFGHX"), c[0]) >= 0)
}

// isICD9 checks ICD-9-CM: three digits, V and two digits or E and three, and
// up to two digits behind a point.
func isICD9(c []byte) bool {
	if len(c) > 0 && (c[0] == 'V' || c[0] == 'E') {
		c = c[1:]
	}
	for i, b := range c {
		if b == '.' {
			return i >= 2 && i <= 3 && lexical.IsDigits(c[:i], 2, 3) && lexical.IsDigits(c[i+1:], 1, 2)
		}
	}
	return lexical.IsDigits(c, 2, 4)
}

func upperOrDigit(b byte) bool { return b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }

// isNDC checks a National Drug Code (21 CFR 207.33): labeler, product and package in
// 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits, without the package in 4-4 or 5-3 (5-4 is also
// a ZIP code), or
// 10 or 11 digits that are no North American telephone number.
func isNDC(c []byte) bool {
	var lens [4]int
	group := 0
	for _, b := range c {
		switch {
		case b >= '0' && b <= '9':
			lens[group]++
		case b == '-' && group < 3:
			group++
		default:
			return false
		}
	}
	switch lens {
	case [4]int{4, 4, 2}, [4]int{5, 3, 2}, [4]int{5, 4, 1}, [4]int{5, 4, 2}, [4]int{4, 4}, [4]int{5, 3}:
		return true
	case [4]int{10}:
		return c[0] == '0'
	case [4]int{11}:
		return c[0] != '1' || c[1] < '2'
	}
	return false
}

// isCPT checks a CPT code: five characters, the last a digit or F, T, U, A, M, the
// others digits, with a modifier of two characters or without. No code lies between
// 02000 and 09999.
func isCPT(c []byte) bool {
	c, modifier, modified := bytes.Cut(c, []byte("-"))
	if modified && (len(modifier) != 2 || !lexical.EachByte(modifier, upperOrDigit)) || len(c) != 5 || !lexical.IsDigits(c[:4], 4, 4) {
		return false
	}
	if c[4] >= '0' && c[4] <= '9' {
		return c[0] != '0' || c[1] < '2'
	}
	return bytes.IndexByte([]byte("FTUAM"), c[4]) >= 0
}

// isHCPCS checks a HCPCS level II code: a letter A to V and four digits; and
// level I, which is CPT.
func isHCPCS(c []byte) bool {
	if isCPT(c) {
		return true
	}
	c, modifier, modified := bytes.Cut(c, []byte("-"))
	return (!modified || len(modifier) == 2 && lexical.EachByte(modifier, upperOrDigit)) && len(c) == 5 && c[0] >= 'A' && c[0] <= 'V' && lexical.IsDigits(c[1:], 4, 4)
}

// isATC checks an Anatomical Therapeutic Chemical code of any level.
func isATC(c []byte) bool {
	const shape = "AddAAdd"
	if n := len(c); n != 1 && n != 3 && n != 4 && n != 5 && n != 7 {
		return false
	}
	for i, b := range c {
		if shape[i] == 'A' && (b < 'A' || b > 'Z') || shape[i] == 'd' && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// isTaxonomy checks a health care provider taxonomy code: ten characters that end in
// X, of which the fourth or fifth is a letter or the last five digits are zeros.
func isTaxonomy(c []byte) bool {
	return len(c) == 10 && c[9] == 'X' && lexical.IsDigits(c[:3], 3, 3) && lexical.EachByte(c[3:5], upperOrDigit) && lexical.IsDigits(c[5:9], 4, 4) &&
		(c[3] >= 'A' || c[4] >= 'A' || string(c[4:9]) == "00000")
}

// isCMSVariable checks a code of CMS Blue Button: the URL of a variable.
func isCMSVariable(c []byte) bool {
	name, ok := bytes.CutPrefix(c, []byte("https://bluebutton.cms.gov/resources/variables/"))
	if !ok || len(name) == 0 || len(name) > 40 || !lexical.FewDigits(name) {
		return false
	}
	for _, b := range name {
		if b != '_' && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// mimeTypes are the media types that may pass (BCP 13): a subtype is a name
// that anyone can choose, so only common ones do.
var mimeTypes = map[string]bool{
	"application/dicom": true, "application/fhir+json": true, "application/fhir+xml": true, "application/gzip": true,
	"application/hl7-v2": true, "application/hl7-cda+xml": true, "application/json": true, "application/jwt": true,
	"application/msword": true, "application/octet-stream": true, "application/pdf": true, "application/rtf": true,
	"application/smart-health-card": true, "application/xml": true, "application/zip": true,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": true,
	"audio/basic": true, "audio/mp4": true, "audio/mpeg": true, "audio/ogg": true, "audio/wav": true,
	"image/bmp": true, "image/gif": true, "image/jpeg": true, "image/png": true, "image/svg+xml": true, "image/tiff": true, "image/webp": true,
	"text/cql": true, "text/css": true, "text/csv": true, "text/fhirpath": true, "text/html": true, "text/markdown": true,
	"text/plain": true, "text/rtf": true, "text/turtle": true, "text/xml": true, "video/mp4": true, "video/mpeg": true, "video/webm": true,
	"text/plain; charset=utf-8": true, "text/plain;charset=utf-8": true, "text/html; charset=utf-8": true, "text/xml; charset=utf-8": true,
	"application/hl7-sda+xml": true, "application/elm+xml": true, "application/elm+json": true,
}

func isMIME(c []byte) bool { return mimeTypes[string(c)] }

// isOPS checks a code of the German procedure classification: 5-470.11.
func isOPS(c []byte) bool {
	if len(c) < 4 || len(c) > 8 || c[0] < '1' || c[0] > '9' || c[1] != '-' || !lexical.IsDigits(c[2:4], 2, 2) {
		return false
	}
	ok := func(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' }
	switch len(c) {
	case 4:
		return true
	case 5:
		return ok(c[4])
	case 7, 8:
		return ok(c[4]) && c[5] == '.' && lexical.EachByte(c[6:], ok)
	}
	return false
}

// isPZN checks a Pharmazentralnummer: seven digits and a check digit, their sum by
// place modulo 11.
func isPZN(c []byte) bool {
	if !lexical.IsDigits(c, 8, 8) {
		return false
	}
	sum := 0
	for i, b := range c[:7] {
		sum += (i + 1) * int(b-'0')
	}
	return sum%11 == int(c[7]-'0')
}

// isUNII checks a Unique Ingredient Identifier: nine digits or letters, of which two
// are letters at least, and a check character, their sum modulo 36.
func isUNII(c []byte) bool {
	if len(c) != 10 || !lexical.EachByte(c, upperOrDigit) {
		return false
	}
	sum, letters := 0, 0
	value := func(b byte) int {
		if b <= '9' {
			return int(b - '0')
		}
		return int(b-'A') + 10
	}
	for _, b := range c[:9] {
		sum += value(b)
		if b >= 'A' {
			letters++
		}
	}
	return letters >= 2 && sum%36 == value(c[9])
}

// Form returns the check of a form by its name, or nil.
func Form(name string) func(code []byte) bool { return codeForms[name] }

// Forms returns the names of the forms, in order.
func Forms() []string { return slices.Sorted(maps.Keys(codeForms)) }
