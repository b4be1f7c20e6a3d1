package general

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestPatternsThatEnginesReadAlike: a pattern that another engine could read in another way
// is an error that says what to write.
func TestPatternsThatEnginesReadAlike(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"M|F":         "",
		`[A-Z]\d{2}`:  "",
		`(?:a|b)+\.c`: "",
		"a{2,}":       "",
		"a{0,255}":    "",
		"(":           "not a regular expression",
		"^M$":         "remove ^ and $",
		".*":          "instead of the dot",
		"(?i)mask":    "write both cases",
		"[Mm]ale":     "",
		"[^x]":        "not printable ASCII",
		"Größe":       "not printable ASCII",
		`a\b`:         "read in another way",
		"a{256}":      "more than 255",
		`\n`:          "not printable ASCII",
	} {
		f, err := patternForm(pattern)
		switch {
		case want == "" && (err != nil || f.Whole == ""):
			t.Errorf("%q: %v", pattern, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v; want %q", pattern, err, want)
		}
	}
}

// TestTermsHaveTheirForm: the method agrees with the regular expression of its form.
func TestTermsHaveTheirForm(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := strings.Split("0|1|7|42|555|1980|-|.|/| |(|)|+|@|:|://|w|www|Www.|a|Smith|mg|é|٣|７|𝟗|²|\n|\x7f|,|%", "|")
	without := regexp.MustCompile(termForm.Without + `|[^\P{Nd}0-9]`)
	terms := 0
	for range 200_000 {
		var b strings.Builder
		for range rng.IntN(12) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		s := []byte(b.String())
		if got, want := isTerm(s), !without.Match(s); got != want {
			t.Fatalf("%q: a term is %v, want %v", s, got, want)
		} else if got {
			terms++
		}
	}
	if terms < 10_000 || terms > 190_000 {
		t.Errorf("%d terms of 200000", terms)
	}
}

func BenchmarkMatch(b *testing.B) {
	pattern, err := newPattern(mask.Env{}, mask.Args{"pattern": "[0-9]{1,18}|[0-9]{1,7}-[0-9]|[A-Z][0-9]{4}"})
	if err != nil {
		b.Fatal(err)
	}
	for _, tc := range []struct {
		name, in string
		method   mask.Method
	}{{"term", "amoxicillin 250 MG / clavulanate 125 MG Oral Tablet", term{}}, {"pattern", "44054006", pattern}, {"number", "12.25", newMatch(numberForm)}} {
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				_, _, _ = tc.method.Append(nil, []byte(tc.in), nil)
			}
		})
	}
}
