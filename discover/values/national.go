package values

import "strings"

// national tells whether a value has the form of a national identifier, and whether its
// check digit is right. Forms of digits alone count only with the check digit: any number
// of that length has them.
func national(v *value) (form, checked bool) {
	s := strings.ToUpper(v.text)
	if len(s) < 8 || len(s) > 21 || v.spaces > 4 {
		return false, false
	}
	for _, id := range nationals {
		f, c := id(s, v.digits)
		form, checked = form || f, checked || c
	}
	return form || checked, checked
}

// nationals are the identifiers, each with its country's rule. s is in capitals.
var nationals = []func(s, digits string) (form, checked bool){
	dni, nie, codiceFiscale, curp, svnr, steuerID, nir, nino, nhs, bsn, cpf, pesel, nordic, ahv, sin, pps, pan,
	aadhaar, belgian, rodneCislo, chinese, passport, kvnr,
}

const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// dni: Spain, eight digits and a letter (number mod 23).
func dni(s, _ string) (bool, bool) {
	s = strings.ReplaceAll(s, "-", "")
	if !matches(s, "99999999A") {
		return false, false
	}
	return true, dniLetters[number(s[:8])%23] == s[8]
}

// nie: Spain, foreigners: X, Y or Z for the first digit of a DNI.
func nie(s, _ string) (bool, bool) {
	s = strings.ReplaceAll(s, "-", "")
	if !matches(s, "A9999999A") || s[0] < 'X' || s[0] > 'Z' {
		return false, false
	}
	return true, dniLetters[(int(s[0]-'X')*10000000+number(s[1:8]))%23] == s[8]
}

func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// codiceFiscale: Italy, six letters, year, month letter, day, place, check letter.
func codiceFiscale(s, _ string) (bool, bool) {
	if !matches(s, "AAAAAA99A99A999A") {
		return false, false
	}
	const odd = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"
	sum := 0
	for i := range 15 {
		n := int(s[i] - '0')
		if s[i] >= 'A' {
			n = int(s[i] - 'A')
		}
		if i%2 == 0 {
			n = int(odd[n])
		}
		sum += n
	}
	return true, s[15] == byte('A'+sum%26)
}

// curp: Mexico, eighteen signs with a date of birth.
func curp(s, _ string) (bool, bool) {
	ok := matches(s, "AAAA999999AAAAAAX9") && (s[10] == 'H' || s[10] == 'M' || s[10] == 'X') && validMonthDay(s[6:8], s[8:10])
	return ok, false
}

// svnr: Germany, pension insurance: area, date of birth, letter, serial, check digit.
func svnr(s, _ string) (bool, bool) {
	s = strings.ReplaceAll(s, " ", "")
	if !matches(s, "99999999A999") || !validMonthDay(s[4:6], s[2:4]) {
		return false, false
	}
	letter := int(s[8]-'A') + 1
	all := s[:8] + string([]byte{byte('0' + letter/10), byte('0' + letter%10)}) + s[9:11]
	sum := 0
	for i, w := range []int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
		p := int(all[i]-'0') * w
		sum += p/10 + p%10
	}
	return true, sum%10 == int(s[11]-'0')
}

// steuerID: Germany, eleven digits.
func steuerID(s, digits string) (bool, bool) {
	if len(digits) != 11 || digits[0] == '0' || len(s)-strings.Count(s, " ") != 11 {
		return false, false
	}
	return false, iso7064Mod1110(digits)
}

// nir: France, sex, year, month, place, number, and a key of two digits.
func nir(s, digits string) (bool, bool) {
	s = strings.ReplaceAll(s, " ", "")
	if len(s) != 15 && len(s) != 13 || len(digits) < len(s)-1 || s[0] != '1' && s[0] != '2' {
		return false, false
	}
	month := s[3:5]
	if month < "01" || month > "12" && (month < "20" || month > "42") {
		return false, false
	}
	if len(s) == 13 {
		return true, false
	}
	body := strings.Replace(strings.Replace(s[:13], "2A", "19", 1), "2B", "18", 1)
	if len(digits) < 14 {
		return true, false
	}
	for i := range len(body) {
		if body[i] < '0' || body[i] > '9' {
			return false, false
		}
	}
	return true, 97-number(body)%97 == number(s[13:])
}

// nino: United Kingdom, two letters, six digits, A to D.
func nino(s, _ string) (bool, bool) {
	s = strings.ReplaceAll(s, " ", "")
	ok := matches(s, "AA999999A") && s[8] <= 'D' && !strings.ContainsAny(s[:1], "DFIQUV") && !strings.ContainsAny(s[1:2], "DFIQUVO")
	return ok, false
}

// nhs: England, ten digits with a mod 11 check digit.
func nhs(s, digits string) (bool, bool) {
	if len(digits) != 10 || len(s) != 10 && !matchesAny(s, "999 999 9999", "999-999-9999") {
		return false, false
	}
	c := 11 - weighted(digits, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return matches(s, "999 999 9999"), c%11 == int(digits[9]-'0')
}

// bsn: Netherlands, nine digits, and Portugal's NIF with its weights.
func bsn(s, digits string) (bool, bool) {
	if len(s) != 9 || len(digits) != 9 {
		return false, false
	}
	dutch := (weighted(digits, 9, 8, 7, 6, 5, 4, 3, 2)-int(digits[8]-'0'))%11 == 0
	portuguese := (11-weighted(digits, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == int(digits[8]-'0')
	return false, dutch || portuguese
}

// cpf: Brazil, nine digits and two check digits.
func cpf(s, digits string) (bool, bool) {
	if len(digits) != 11 || len(s) != 11 && !matches(s, "999.999.999-99") {
		return false, false
	}
	a := weighted(digits, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	b := weighted(digits, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	return len(s) > 11, a == int(digits[9]-'0') && b == int(digits[10]-'0')
}

// pesel: Poland, eleven digits that begin with the date of birth.
func pesel(s, digits string) (bool, bool) {
	if len(s) != 11 || len(digits) != 11 {
		return false, false
	}
	month := number(digits[2:4]) % 20
	if month < 1 || month > 12 || number(digits[4:6]) > 31 {
		return false, false
	}
	return false, weighted(digits, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// nordic: Sweden, Denmark, Norway and Finland: a date of birth and a serial.
func nordic(s, digits string) (bool, bool) {
	switch {
	case matchesAny(s, "999999-9999", "999999+9999"):
		if validMonthDay(s[2:4], s[4:6]) {
			return true, luhn(digits)
		}
		return validMonthDay(s[2:4], s[:2]), false
	case matches(s, "99999999-9999") && validMonthDay(s[4:6], s[6:8]):
		return true, luhn(digits[2:])
	case matchesAny(s, "999999-999X", "999999A999X"):
		const check = "0123456789ABCDEFHJKLMNPRSTUVWXY"
		return validMonthDay(s[2:4], s[:2]), check[number(digits[:6]+s[7:10])%31] == s[10]
	case len(s) == 11 && len(digits) == 11 && validMonthDay(s[2:4], s[:2]):
		return false, weighted(digits, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(digits, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	}
	return false, false
}

// ahv: Switzerland, 756 and an EAN-13 check digit.
func ahv(s, digits string) (bool, bool) {
	if len(digits) != 13 || !strings.HasPrefix(digits, "756") || len(s) != 13 && !matches(s, "999.9999.9999.99") {
		return false, false
	}
	return true, weighted(digits, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// sin: Canada, nine digits with a mod 10 check digit.
func sin(s, digits string) (bool, bool) {
	if len(digits) != 9 || len(s) != 9 && !matchesAny(s, "999-999-999", "999 999 999") {
		return false, false
	}
	return len(s) == 11, luhn(digits)
}

// pps: Ireland, seven digits and one or two letters.
func pps(s, _ string) (bool, bool) {
	if !matchesAny(s, "9999999A", "9999999AA") {
		return false, false
	}
	sum := weighted(s, 8, 7, 6, 5, 4, 3, 2)
	if len(s) == 9 && s[8] != 'W' {
		sum += 9 * (int(s[8]-'A') + 1)
	}
	return true, "WABCDEFGHIJKLMNOPQRSTUV"[sum%23] == s[7]
}

// pan: India, five letters, four digits, a letter; the fourth says what the holder is.
func pan(s, _ string) (bool, bool) { return matches(s, "AAAAA9999A"), false }

// aadhaar: India, twelve digits with Verhoeff's check digit.
func aadhaar(s, digits string) (bool, bool) {
	if len(digits) != 12 || digits[0] < '2' || len(s) != 12 && !matches(s, "9999 9999 9999") {
		return false, false
	}
	return len(s) > 12, verhoeff(digits)
}

// belgian: eleven digits that begin with the date of birth; the last two check the rest.
func belgian(s, digits string) (bool, bool) {
	if len(digits) != 11 || len(s) != 11 && !matchesAny(s, "99.99.99-999.99", "999999-999-99") {
		return false, false
	}
	n, check := number(digits[:9]), number(digits[9:])
	return len(s) > 11, 97-n%97 == check || 97-(n+2000000000)%97 == check
}

// rodneCislo: Czechia and Slovakia, a date of birth, a slash and four digits.
func rodneCislo(s, digits string) (bool, bool) {
	if !matches(s, "999999/9999") {
		return false, false
	}
	return true, number(digits)%11 == 0
}

// chinese: seventeen digits with a date of birth and a check sign.
func chinese(s, digits string) (bool, bool) {
	if len(s) != 18 || len(digits) < 17 || !validMonthDay(s[10:12], s[12:14]) || s[6:8] != "19" && s[6:8] != "20" {
		return false, false
	}
	sum := weighted(digits, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
	return true, "10X98765432"[sum%11] == s[17]
}

// passport: a form of passports and identity cards: a letter or two and seven or eight
// digits, with no check digit.
func passport(s, _ string) (bool, bool) {
	return matchesAny(s, "A9999999", "A99999999", "AA9999999", "A99999999A"), false
}

// kvnr: Germany, health insurance: a letter and nine digits.
func kvnr(s, _ string) (bool, bool) {
	if !matches(s, "A999999999") {
		return false, false
	}
	letter := int(s[0]-'A') + 1
	all := string([]byte{byte('0' + letter/10), byte('0' + letter%10)}) + s[1:9]
	sum := 0
	for i := range 10 {
		p := int(all[i]-'0') * (1 + i%2)
		sum += p/10 + p%10
	}
	return false, sum%10 == int(s[9]-'0')
}

func validMonthDay(month, day string) bool {
	return month >= "01" && month <= "12" && day >= "01" && day <= "31"
}
