package fhir

import "bytes"

// codeForms are the forms a code must have to pass as one of its system. They
// keep out what is plainly not a code (a name, a record number); they do not
// prove that the code exists.
var codeForms = map[string]func(code []byte) bool{
	"loinc":    isLOINC,
	"snomed":   isSNOMED,
	"icd10":    isICD10,
	"icd9":     isICD9,
	"rxnorm":   func(c []byte) bool { return isDigits(c, 1, 8) },
	"cvx":      func(c []byte) bool { return isDigits(c, 1, 3) },
	"ndc":      isNDC,
	"cpt":      isCPT,
	"hcpcs":    isHCPCS,
	"atc":      isATC,
	"ucum":     isUCUM,
	"country":  func(c []byte) bool { return isUpper(c, 2, 3) || isDigits(c, 3, 3) },
	"currency": func(c []byte) bool { return isUpper(c, 3, 3) },
	"language": isLanguage,
	"mime":     isMIME,
	"drg":      func(c []byte) bool { return isDigits(c, 3, 3) },
	"nubc":     func(c []byte) bool { return isDigits(c, 2, 4) },
	"taxonomy": isTaxonomy,
	"cms":      isCMSVariable,
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

// isLOINC checks a LOINC code: one to six digits, a hyphen and a check digit; or an
// answer, a part, an answer list or a group: LA, LP, LL or LG and the same. The
// check digit is Luhn's over the whole code, where a character counts as its ASCII
// code less 48 (RELMA and LOINC Users' Guide, appendix "Calculating mod 10 check
// digits", gives the digits; the letters' values follow from the published codes:
// all 235 of HL7's packages agree).
func isLOINC(c []byte) bool {
	digits := c
	if len(c) > 2 && c[0] == 'L' && (c[1] == 'A' || c[1] == 'P' || c[1] == 'L' || c[1] == 'G') {
		digits = c[2:]
	}
	n := len(digits)
	return n >= 3 && n <= 8 && digits[0] != '0' && digits[n-2] == '-' && isDigits(digits[:n-2], 1, 6) && luhnDigit(c[:len(c)-2]) == c[len(c)-1]
}

// luhnDigit returns the mod 10 check digit of a code (ISO/IEC 7812-1), of which a
// character counts as its ASCII code less 48.
func luhnDigit(code []byte) byte {
	sum := 0
	for i := range code {
		v := int(code[len(code)-1-i]) - '0'
		if i%2 == 0 {
			v = 2*v - 9*(v/5)
		}
		sum += v
	}
	return byte('0' + (10-sum%10)%10)
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

// isSNOMED checks a SNOMED CT concept identifier: 6 to 18 digits, no leading
// zero, partition 00 or 10, Verhoeff check digit (SNOMED CT Release File
// Specification, 4.1 "SCTID").
func isSNOMED(c []byte) bool {
	n := len(c)
	if !isDigits(c, 6, 18) || c[0] == '0' || c[n-2] != '0' || c[n-3] > '1' {
		return false
	}
	var sum byte
	for i := range c {
		sum = verhoeffD[sum][verhoeffP[i%8][c[n-1-i]-'0']]
	}
	return sum == 0
}

// isICD10 checks ICD-10, ICD-10-CM and ICD-10-PCS: a letter, a digit, a digit
// or letter, optionally a point and up to four more; or seven of PCS.
func isICD10(c []byte) bool {
	if len(c) < 3 || len(c) > 8 || !upperOrDigit(c[0]) {
		return false
	}
	if len(c) == 7 && c[3] != '.' { // ICD-10-PCS has no I and no O
		digits := 0
		for _, b := range c {
			if !upperOrDigit(b) || b == 'I' || b == 'O' {
				return false
			}
			if b <= '9' {
				digits++
			}
		}
		return digits >= 2
	}
	if c[0] < 'A' || c[1] < '0' || c[1] > '9' || !upperOrDigit(c[2]) {
		return false
	}
	rest := c[3:]
	if len(rest) > 0 && rest[0] == '.' {
		if rest = rest[1:]; len(rest) == 0 {
			return false
		}
	}
	for _, b := range rest {
		if !upperOrDigit(b) {
			return false
		}
	}
	return len(rest) <= 4
}

// isICD9 checks ICD-9-CM: three digits, V and two digits or E and three, and
// up to two digits behind a point.
func isICD9(c []byte) bool {
	if len(c) > 0 && (c[0] == 'V' || c[0] == 'E') {
		c = c[1:]
	}
	for i, b := range c {
		if b == '.' {
			return i >= 2 && i <= 3 && isDigits(c[:i], 2, 3) && isDigits(c[i+1:], 1, 2)
		}
	}
	return isDigits(c, 2, 4)
}

func upperOrDigit(b byte) bool { return b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }

// isNDC checks a National Drug Code: 10 or 11 digits, or three groups of them
// (21 CFR 207.33).
func isNDC(c []byte) bool {
	digits, hyphens := 0, 0
	for i, b := range c {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b == '-' && i > 0 && i < len(c)-1 && c[i-1] != '-':
			hyphens++
		default:
			return false
		}
	}
	return digits >= 8 && digits <= 11 && (hyphens == 0 && digits >= 10 || hyphens == 1 || hyphens == 2)
}

// isCPT checks a CPT code: five characters, the last a digit or F, T, U, A, M,
// the others digits.
func isCPT(c []byte) bool {
	return len(c) == 5 && isDigits(c[:4], 4, 4) && (c[4] >= '0' && c[4] <= '9' || c[4] == 'F' || c[4] == 'T' || c[4] == 'U' || c[4] == 'A' || c[4] == 'M')
}

// isHCPCS checks a HCPCS level II code: a letter A to V and four digits; and
// level I, which is CPT.
func isHCPCS(c []byte) bool {
	return isCPT(c) || len(c) == 5 && c[0] >= 'A' && c[0] <= 'V' && isDigits(c[1:], 4, 4)
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

// isTaxonomy checks a health care provider taxonomy code: ten characters that
// end in X.
func isTaxonomy(c []byte) bool {
	if len(c) != 10 || c[9] != 'X' || !isDigits(c[:3], 3, 3) {
		return false
	}
	for _, b := range c {
		if !upperOrDigit(b) {
			return false
		}
	}
	return true
}

// isCMSVariable checks a code of CMS Blue Button: the URL of a variable.
func isCMSVariable(c []byte) bool {
	name, ok := bytes.CutPrefix(c, []byte("https://bluebutton.cms.gov/resources/variables/"))
	if !ok || len(name) == 0 || len(name) > 40 {
		return false
	}
	for _, b := range name {
		if b != '_' && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// isLanguage checks a language tag of two letters, optionally with a region of
// two (BCP 47). Longer tags have room for anything and do not pass.
func isLanguage(c []byte) bool {
	if len(c) != 2 && len(c) != 5 {
		return false
	}
	if c[0] < 'a' || c[0] > 'z' || c[1] < 'a' || c[1] > 'z' {
		return false
	}
	return len(c) == 2 || c[2] == '-' && isUpper(c[3:], 2, 2)
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
