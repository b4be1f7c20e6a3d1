// Package planttest has invented people whose words and numbers occur nowhere by chance,
// and notes that contain these in many spellings.
package planttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// Person is known to a record.
type Person struct{ ID, Given, Family, MRN, Phone, Email, Street, City, Birth string }

// ValuesEach is how many known values a person has.
const ValuesEach = 8

// FullRun names the variable with how many known values are planted altogether.
const FullRun = "VEIL_PLANTED"

// Count is how many people a test plants in each of so many formats: few, or as many as have
// the known values that FullRun says.
func Count(t testing.TB, formats int) int {
	t.Helper()
	text := os.Getenv(FullRun)
	if text == "" {
		return 40
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is no number", FullRun)
	}
	return (n + ValuesEach*formats - 1) / (ValuesEach * formats)
}

// New invents a person.
func New(r *rand.Rand, n int) Person {
	given, family := word(r, 12), word(r, 12)
	return Person{
		ID: fmt.Sprint(n + 1), Given: given, Family: family, MRN: fmt.Sprintf("%c%c%08d", 'A'+r.IntN(26), 'A'+r.IntN(26), r.IntN(1e8)),
		Phone: fmt.Sprintf("(%d) %d-%04d", 200+r.IntN(800), 200+r.IntN(800), r.IntN(1e4)), Email: strings.ToLower(word(r, 14)) + "@x.example",
		Street: fmt.Sprintf("%d %s Lane", 100+r.IntN(900), word(r, 12)), City: word(r, 12),
		Birth: fmt.Sprintf("%d-%02d-%02d", 1930+r.IntN(60), 1+r.IntN(12), 13+r.IntN(15)),
	}
}

// word is a word of n letters.
func word(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		set := "bcdfghjklmnpqrstvwxz"
		if i%2 == 1 {
			set = "aeiouy"
		}
		b[i] = set[r.IntN(len(set))]
	}
	b[0] -= 'a' - 'A'
	return string(b)
}

// Note is a note that has each value as it is, and each in another way.
func (p *Person) Note(r *rand.Rand) string {
	y, m, d := p.Birth[:4], p.Birth[5:7], p.Birth[8:]
	digits := onlyDigits(p.Phone)
	others := []string{
		strings.ToUpper(p.Given + " " + p.Family), strings.ToLower(p.Family), p.Family + ", " + p.Given, p.Given[:1] + ". " + p.Family, p.Family + "'s",
		"Dr. " + p.Family, p.Given + "-" + p.Family, typo(r, p.Family), accented(p.Given) + " " + p.Family,
		p.MRN[:2] + " " + p.MRN[2:6] + "-" + p.MRN[6:], strings.ToLower(p.MRN), digits, "+1 " + digits[:3] + " " + digits[3:6] + " " + digits[6:], digits[:3] + "." + digits[3:6] + "." + digits[6:],
		m + "/" + d + "/" + y, d + "." + m + "." + y, y + m + d, strings.ToUpper(p.Street), strings.ToUpper(p.City), strings.ToUpper(p.Email),
	}
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	var b strings.Builder
	fmt.Fprintf(&b, "Seen today: %s %s, born %s (record %s).\nLives at %s in %s; call %s or write to %s. Stable.\n", p.Given, p.Family, p.Birth, p.MRN, p.Street, p.City, p.Phone, p.Email)
	for _, o := range others {
		b.WriteString([]string{"Spoke with ", "According to ", "re: ", "see also "}[r.IntN(4)] + o + ", no change.\n")
	}
	return b.String()
}

// Left returns what is left of the person in the masked note.
func (p *Person) Left(masked string) (left []string) {
	plain, squeezed := strings.ToLower(masked), squeeze(masked)
	for _, marker := range []string{p.Given, p.Family, p.MRN, p.Email[:14], strings.Fields(p.Street)[1], p.City} {
		if m := strings.ToLower(marker); strings.Contains(plain, m) || strings.Contains(squeezed, m) {
			left = append(left, marker)
		}
	}
	for _, number := range []string{onlyDigits(p.Phone), onlyDigits(p.MRN), onlyDigits(p.Birth), p.Birth} {
		if strings.Contains(squeezed, number) || strings.Contains(plain, number) {
			left = append(left, number)
		}
	}
	return left
}

// squeeze leaves letters and digits only, within lines.
func squeeze(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}

func onlyDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

// typo exchanges two letters inside a word.
func typo(r *rand.Rand, w string) string {
	i := 2 + r.IntN(len(w)-4)
	return w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:]
}

// accented writes a word with diacritics.
func accented(w string) string {
	return strings.NewReplacer("a", "á", "e", "è", "o", "ô", "u", "û", "i", "ï").Replace(w)
}
