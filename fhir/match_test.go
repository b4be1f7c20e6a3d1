package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestPathsHoldWhereContentIsRepeated: a rule for an inner element holds at every
// depth at which FHIR repeats it, and not elsewhere.
func TestPathsHoldWhereContentIsRepeated(t *testing.T) {
	const keepRest = `
fhir:
  rules:
    - {id: rest, match: [nodesByType('string'), nodesByType('integer'), nodesByType('code')], method: keep}
    - id: rule
      match: `
	for _, tc := range []struct{ name, match, src string }{
		{"items of items", "Questionnaire.item.linkId", `{"resourceType":"Questionnaire","item":[{"text":"a","item":[{"text":"b","item":[{"text":"c","linkId":"SECRET"}]}]}]}`},
		{"answers of items of answers", "QuestionnaireResponse.item.answer.value.ofType(integer)",
			`{"resourceType":"QuestionnaireResponse","item":[{"text":"a","answer":[{"item":[{"text":"b","item":[{"text":"c","answer":[{"valueInteger":424242}]}]}]}]}]}`},
		{"parts of parameters", "Parameters.parameter.value.ofType(string)", `{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","part":[{"name":"c","valueString":"SECRET"}]}]}]}`},
		{"what is excluded, as what is included", "ValueSet.compose.include.concept.display",
			`{"resourceType":"ValueSet","title":"a","compose":{"exclude":[{"version":"b","concept":[{"code":"c","display":"SECRET"}]}]}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mask := func(rule string) string {
				t.Helper()
				a, err := masktest.Compile(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\n"+rule)
				if err != nil {
					t.Fatal(err)
				}
				out, err := masktest.NewMasker(a, fhir.RememberNothing).Mask([]byte(tc.src))
				if err != nil {
					t.Fatal(err)
				}
				return string(out)
			}
			if out := mask(keepRest + tc.match + "\n      method: remove\n"); strings.Contains(out, "SECRET") || strings.Contains(out, "424242") {
				t.Errorf("the rule does not reach it: %s", out)
			}
			if out := mask(keepRest + "Patient.gender\n      method: remove\n"); !strings.Contains(out, "SECRET") && !strings.Contains(out, "424242") {
				t.Errorf("another rule reaches it: %s", out)
			}
		})
	}
}
