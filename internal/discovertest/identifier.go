package discovertest

import (
	"fmt"
	"strings"
)

// identifier makes a value that identifies a person, with its check digits.
func (p *person) identifier(kind string) string {
	r := p.r
	switch kind {
	case "family":
		return p.family
	case "given":
		return p.given
	case "full":
		return p.full()
	case "street":
		return p.street
	case "houseno":
		return fmt.Sprintf("%d%s", 1+r.IntN(140), []string{"", "", "", "a", "b"}[r.IntN(5)])
	case "city":
		return p.city
	case "zip":
		return fmt.Sprintf("%05d", 1001+r.IntN(98000)) + []string{"", "", fmt.Sprintf("-%04d", r.IntN(10000))}[r.IntN(3)]
	case "plz":
		return fmt.Sprintf("%05d", 1067+r.IntN(97000))
	case "nlzip":
		return fmt.Sprintf("%04d %c%c", 1011+r.IntN(8900), 'A'+r.IntN(26), 'A'+r.IntN(26))
	case "phone":
		return p.phone()
	case "email":
		return p.mail
	case "login":
		return p.at
	case "url":
		return "https://portal.example/u/" + p.at
	case "note":
		return p.note()
	case "fhir":
		return fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":%q}],"birthDate":%q}`, p.family, p.born.Format("2006-01-02"))
	case "ssn":
		return fmt.Sprintf("%03d-%02d-%04d", 100+r.IntN(560), 1+r.IntN(98), 1+r.IntN(9998))
	case "udi":
		return fmt.Sprintf("(01)00%012d(21)%07d", r.Int64N(1e12), r.IntN(1e7))
	}
	return p.checked(kind)
}

// checked makes an identifier with a check digit or sign.
func (p *person) checked(kind string) string {
	r := p.r
	digits := func(n int) string { return fill(r, strings.Repeat("9", n)) }
	switch kind {
	case "npi":
		return luhn("1"+digits(8), "80840")
	case "card":
		return luhn("4"+digits(14), "")
	case "dea":
		d := digits(6)
		sum := 0
		for i := range 6 {
			sum += int(d[i]-'0') * (1 + i%2)
		}
		return "B" + string(p.family[0]&^0x20|0x40) + d + fmt.Sprint(sum%10)
	case "nhs", "bsn":
		for {
			n := 8
			if kind == "nhs" {
				n = 9
			}
			d, sum := digits(n), 0
			for i := range n {
				sum += int(d[i]-'0') * (n + 1 - i)
			}
			c := sum % 11
			if kind == "nhs" {
				c = (11 - sum%11) % 11
			}
			if c < 10 {
				return d + fmt.Sprint(c)
			}
		}
	case "dni":
		n := r.IntN(1e8)
		return fmt.Sprintf("%08d%c", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23])
	case "nir":
		body := fmt.Sprintf("%d%02d%02d%02d%03d%03d", 1+r.IntN(2), p.born.Year()%100, p.born.Month(), 1+r.IntN(95), 1+r.IntN(900), 1+r.IntN(900))
		n := 0
		for i := range body {
			n = (n*10 + int(body[i]-'0')) % 97
		}
		return body + fmt.Sprintf("%02d", 97-n)
	case "kvnr":
		d := digits(8)
		letter := r.IntN(26)
		all, sum := fmt.Sprintf("%02d%s", letter+1, d), 0
		for i := range 10 {
			v := int(all[i]-'0') * (1 + i%2)
			sum += v/10 + v%10
		}
		return fmt.Sprintf("%c%s%d", 'A'+letter, d, sum%10)
	case "iban":
		bban := digits(18)
		return fmt.Sprintf("DE%02d%s", 98-mod97(bban+"131400"), bban)
	case "vin":
		const signs = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
		b := make([]byte, 17)
		for i := range b {
			b[i] = signs[r.IntN(len(signs))]
		}
		return string(b[:12]) + digits(5)
	case "pesel":
		month := int(p.born.Month())
		if p.born.Year() >= 2000 {
			month += 20
		}
		body := fmt.Sprintf("%02d%02d%02d", p.born.Year()%100, month, p.born.Day()) + digits(4)
		sum := 0
		for i := range body {
			sum += int(body[i]-'0') * []int{1, 3, 7, 9}[i%4]
		}
		return body + fmt.Sprint((10-sum%10)%10)
	case "cf":
		const odd = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"
		letters := strings.ToUpper(p.at + "XXXXXX")[:6]
		s := letters + fmt.Sprintf("%02d%c%02d", p.born.Year()%100, "ABCDEHLMPRST"[p.born.Month()-1], p.born.Day()) + "H" + digits(3)
		sum := 0
		for i := range 15 {
			n := int(s[i] - '0')
			if s[i] >= 'A' {
				n = int(s[i] - 'A')
			}
			if i%2 == 0 {
				n = int(odd[n%26])
			}
			sum += n
		}
		return s + string(rune('A'+sum%26))
	}
	panic("discovertest: unknown generator " + kind)
}

func mod97(digits string) int {
	n := 0
	for i := range digits {
		n = (n*10 + int(digits[i]-'0')) % 97
	}
	return n
}

// luhn adds a mod 10 check digit, computed with a prefix before the number.
func luhn(digits, prefix string) string {
	all, sum := prefix+digits, 0
	for i := range all {
		d := int(all[len(all)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}
