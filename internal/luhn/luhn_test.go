package luhn

import "testing"

func TestDigit(t *testing.T) {
	for _, tc := range []struct {
		code string
		sum  int
		want byte
	}{
		{"7992739871", 0, '3'}, // ISO/IEC 7812-1's usual example
		{"411111111111111", 0, '1'},
		{"123456789", 24, '3'}, // CMS: the NPI 1234567893
		{"2160", 0, '0'},       // LOINC 2160-0
		{"LA6751", 0, '7'},     // LOINC LA6751-7
		{"", 0, '0'},
	} {
		if got := Digit([]byte(tc.code), tc.sum); got != tc.want {
			t.Errorf("%s: %c, want %c", tc.code, got, tc.want)
		}
	}
}
