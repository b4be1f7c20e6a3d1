package suite

import (
	"strings"
	"testing"
)

func TestEmbeddedSuites(t *testing.T) {
	t.Parallel()
	for _, s := range []*Suite{Postgres(), FHIR()} {
		kinds, controls := map[string]int{}, 0
		for _, a := range s.Attacks {
			kinds[a.Kind]++
			if a.Control {
				controls++
			}
			if (a.Request != "") != (s.Name == "fhir") {
				t.Errorf("%s: attack %s is of the other suite", s.Name, a.ID)
			}
		}
		if len(s.Attacks) < 100 || len(kinds) < 9 || controls < 15 || s.Version == "" {
			t.Errorf("%s %s: %d attacks of %d kinds, %d controls", s.Name, s.Version, len(s.Attacks), len(kinds), controls)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const head = "suite: x\nversion: 1\nattacks:\n"
	s, err := parse("x.yaml", []byte(head+"  - {id: a.b, kind: k, tries: t, over: canary, judge: distinguish, steps: ['SELECT {{value}}', 'SELECT {{x|y}}']}\n"))
	if err != nil || len(s.Attacks) != 1 || s.Attacks[0].Severity != "critical" || !s.Attacks[0].Uses("value") || s.Attacks[0].Uses("column") {
		t.Fatalf("%+v, %v", s, err)
	}
	for second, want := range map[bool]string{false: "SELECT v SELECT x", true: "SELECT v SELECT y"} {
		got, err := s.Attacks[0].Fill(map[string]string{"value": "v"}, second)
		if err != nil || strings.Join(got.Steps, " ") != want {
			t.Errorf("got %q, %v, want %q", got.Steps, err, want)
		}
	}
	if _, err := s.Attacks[0].Fill(nil, false); err == nil || !strings.Contains(err.Error(), "{{value}}") {
		t.Errorf("a missing value: %v", err)
	}
	for text, want := range map[string]string{
		"  - {id: A, kind: k, tries: t, steps: [x]}\n":                                             "id",
		"  - {id: a, kind: k, tries: t}\n":                                                         "steps or a request",
		"  - {id: a, kind: k, tries: t, steps: [x], request: y}\n":                                 "steps or a request",
		"  - {id: a, tries: t, steps: [x]}\n":                                                      "kind and tries",
		"  - {id: a, kind: k, tries: t, steps: ['{{colum}}']}\n":                                   "{{colum}}",
		"  - {id: a, kind: k, tries: t, judge: distinguish, steps: ['{{column}}']}\n":              "nothing can be distinguished",
		"  - {id: a, kind: k, tries: t, judge: guess, steps: [x]}\n":                               "guess",
		"  - {id: a, kind: k, tries: t, steps: [x]}\n  - {id: a, kind: k, tries: t, steps: [x]}\n": "two attacks",
		"  - {id: a, kind: k, tries: t, steps: [x], step: y}\n":                                    "unknown key",
	} {
		if _, err := parse("x.yaml", []byte(head+text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
