// Package luhn computes check digits that many identifiers end in.
package luhn

// Digit returns the mod 10 check digit of a code (ISO/IEC 7812-1), of which a
// character counts as its ASCII code less 48. sum is what digits before the code add
// to the sum, such as a prefix that is not written.
func Digit(code []byte, sum int) byte {
	for i := range code {
		v := int(code[len(code)-1-i]) - '0'
		if i%2 == 0 {
			v = 2*v - 9*(v/5)
		}
		sum += v
	}
	return byte('0' + (10-sum%10)%10)
}
