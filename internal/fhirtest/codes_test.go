package fhirtest

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/luhn"
)

func TestCodesHaveRightCheckDigits(t *testing.T) {
	if n := len(Codes()); n < 120 {
		t.Errorf("%d codes, want at least 120", n)
	}
	for _, c := range Codes() {
		ok := true
		switch c.System {
		case loinc:
			body, check, dash := strings.Cut(c.Code, "-")
			want := byte(0)
			if answer, is := strings.CutPrefix(body, "LA"); is {
				want = '0' + (luhn.Digit([]byte(answer), 0)-'0'+5)%10 // the letters count for five
			} else {
				want = luhn.Digit([]byte(body), 0)
			}
			ok = dash && len(check) == 1 && check[0] == want
		case snomed:
			ok = verhoeff(c.Code)
		}
		if !ok {
			t.Errorf("%s|%s: wrong check digit", c.System, c.Code)
		}
	}
}

func TestCodesAreInOrderAndWhole(t *testing.T) {
	var last string
	for _, c := range Codes() {
		key := c.System + "\t" + c.Code
		if key <= last {
			t.Errorf("%s|%s is out of order or twice there", c.System, c.Code)
		}
		last = key
		if c.Display == "" || strings.TrimSpace(c.Display) != c.Display {
			t.Errorf("%s|%s: display is empty or has space around it", c.System, c.Code)
		}
	}
}

func TestGenerateTakesDisplaysFromCodes(t *testing.T) {
	right := map[string]bool{}
	for _, c := range Codes() {
		right[c.System+"\t"+c.Code+"\t"+c.Display] = true
	}
	eachObject(t, Generate(1, 20), func(r Resource, o map[string]any) {
		system, _ := o["system"].(string)
		code, _ := o["code"].(string)
		text, _ := o["display"].(string)
		if system == "" || text == "" || strings.Contains(system, "1.2.840.114350") {
			return // no coding with a display, or a local one
		}
		if !right[system+"\t"+code+"\t"+text] {
			t.Errorf("%s: %s|%s has another display than in codes.tsv", r.Type, system, code)
		}
	})
}

// verhoeff reports whether the last digit of a SNOMED CT identifier is its
// Verhoeff check digit (SNOMED CT TIG, "Check-digit computation").
func verhoeff(code string) bool {
	// Multiplication in the dihedral group D5, and the permutation by position.
	mul := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return (a+b-5)%5 + 5
		case b < 5:
			return (a-5-b+5)%5 + 5
		}
		return (a - b + 5) % 5
	}
	perm := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	sum := 0
	for i := range len(code) {
		d := int(code[len(code)-1-i] - '0')
		for range i % 8 {
			d = perm[d]
		}
		sum = mul(sum, d)
	}
	return len(code) >= 6 && sum == 0
}
