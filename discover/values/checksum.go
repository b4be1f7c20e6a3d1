package values

// luhn reports whether a string of digits has a mod 10 check digit (ISO/IEC 7812-1).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// mod97 is the remainder of a string of digits and letters (A is 10) divided by 97
// (ISO 7064).
func mod97(s string) int {
	r := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			r = (r*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			r = (r*100 + int(c-'A') + 10) % 97
		default:
			return -1
		}
	}
	return r
}

// weighted is the sum of digits times weights.
func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return sum
}

// iso7064Mod1110 reports whether the last digit is the check digit of ISO 7064, MOD 11,10.
func iso7064Mod1110(digits string) bool {
	p := 10
	for i := range len(digits) - 1 {
		s := (int(digits[i]-'0') + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11-p)%10 == int(digits[len(digits)-1]-'0')
}

// The tables of Verhoeff's check digit.
var (
	verhoeffProduct = [10]string{"0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"}
	verhoeffPermute = [8]string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
)

// verhoeff reports whether a string of digits has Verhoeff's check digit.
func verhoeff(digits string) bool {
	c := byte('0')
	for i := range len(digits) {
		p := verhoeffPermute[i%8][digits[len(digits)-1-i]-'0']
		c = verhoeffProduct[c-'0'][p-'0']
	}
	return c == '0'
}
