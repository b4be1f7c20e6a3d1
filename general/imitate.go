package general

import (
	"github.com/veil-proxy/veil/internal/luhn"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
)

// imitate puts another number in place of one that has a check digit, so that
// software that checks it keeps working:
//
//	luhn  a number with a mod 10 check digit (ISO/IEC 7812-1), in its own length
//	      of 8 to 19 digits
//	npi   a US National Provider Identifier: ten digits that begin with 1 or 2,
//	      with the Luhn digit over 80840 and the first nine (45 CFR 162.406)
//	nhs   an NHS number: ten digits, mod 11, from the range 999 that NHS England
//	      keeps for tests
//	ssn   a US Social Security Number from 900 to 999, an area that has never been
//	      issued and never will (SSA POMS RM 10201.035)
//
// Hyphens and spaces stay where they are. The digits are chosen by HMAC-SHA-512
// of the value's digits: the same number gets the same imitation, two numbers
// fall together like random numbers of that many free digits do. A value without
// the right number of digits, or with other characters, is Removed. Its own
// check digit does not matter.
type imitate struct {
	slot keys.Slot
	kind string
}

func newImitate(env mask.Env, args mask.Args) (mask.Method, error) {
	kind := args.String("kind", "")
	return &imitate{env.Keys.MACSlot("imitate-"+kind, args.String("domain", "")), kind}, nil
}

// imitated has how many digits the numbers of each kind have.
var imitated = map[string]forms.CheckedNumber{
	"luhn": {Min: 8, Max: 19}, "npi": {Min: 10, Max: 10}, "nhs": {Min: 10, Max: 10}, "ssn": {Min: 9, Max: 9},
}

func imitateForm(args mask.Args) mask.Form { return imitated[args.String("kind", "")] }

// digits reads the digits of a number that is imitated.
func (m *imitate) digits(buf *[19]byte, src []byte) (number []byte, ok bool) {
	n := 0
	for _, c := range src {
		switch {
		case c >= '0' && c <= '9':
			if n == len(buf) {
				return nil, false
			}
			buf[n] = c
			n++
		case c != '-' && c != ' ':
			return nil, false
		}
	}
	want := imitated[m.kind]
	return buf[:n], n >= want.Min && n <= want.Max
}

// Queue implements mask.Queuer.
func (m *imitate) Queue(src []byte, in *mask.Input) {
	var buf [19]byte
	if number, ok := m.digits(&buf, src); ok {
		in.Keys.Queue1(m.slot, number)
	}
}

// Append implements mask.Method.
func (m *imitate) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	var buf [19]byte
	number, ok := m.digits(&buf, src)
	if !ok {
		return dst, mask.Removed, nil
	}
	s := stream{sum: *in.Keys.MAC1(m.slot, number)}
	for i := range number {
		number[i] = '0' + s.below(10)
	}
	switch n := len(number); m.kind {
	case "luhn":
		number[n-1] = luhn.Digit(number[:n-1], 0)
	case "npi":
		number[0] = '1' + s.below(2)
		number[9] = luhn.Digit(number[:9], 24) // 80840 adds 24 (45 CFR 162.406, CMS check digit)
	case "nhs":
		copy(number, "999")
		for number[9] = nhsDigit(number[:9]); number[9] == 0; number[9] = nhsDigit(number[:9]) {
			number[8] = '0' + (number[8]-'0'+1)%10
		}
	case "ssn":
		number[0] = '9'
		if string(number[3:5]) == "00" {
			number[4] = '1'
		}
		if string(number[5:9]) == "0000" {
			number[8] = '1'
		}
	}
	k := 0
	for _, c := range src {
		if c >= '0' && c <= '9' {
			c = number[k]
			k++
		}
		dst = append(dst, c)
	}
	return dst, mask.Replaced, nil
}

// nhsDigit returns the mod 11 check digit of nine digits, or 0 where there is
// none (NHS Data Dictionary, NHS NUMBER).
func nhsDigit(digits []byte) byte {
	sum := 0
	for i, c := range digits {
		sum += int(c-'0') * (10 - i)
	}
	switch d := 11 - sum%11; d {
	case 11:
		return '0'
	case 10:
		return 0
	default:
		return byte('0' + d)
	}
}
