package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestRollUp: of the codes of a system only the beginning remains, of those only that
// have its form, and no display or text says more; in JSON and from XML.
func TestRollUp(t *testing.T) {
	t.Parallel()
	a, err := masktest.Compile(t, `veil: 1
name: test
extends: safe-harbor
fhir:
  codeSystems:
    - {system: "http://hl7.org/fhir/sid/icd-10-cm", form: icd10, rollUp: 4}
    - {system: "urn:oid:1.2.3.4", form: pattern, pattern: "[A-Z]{2}[0-9]{4}", rollUp: 3}
    - {system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", form: members, rollUp: 3}
`)
	if err != nil {
		t.Fatal(err)
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	const icd, local, act = "http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:1.2.3.4", "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	for _, tc := range []struct{ name, system, code, display, want string }{
		{"longer", icd, "E11.65", "Type 2 diabetes mellitus with hyperglycemia", `{"coding":[{"system":"` + icd + `","code":"E11"}]}`},
		{"the code as display", icd, "E11.65", "E11.65", `{"coding":[{"system":"` + icd + `","code":"E11"}]}`},
		{"what remains as display", icd, "E11.65", "E11", `{"coding":[{"system":"` + icd + `","code":"E11","display":"E11"}],"text":"E11"}`},
		{"short", icd, "I10", "I10", `{"coding":[{"system":"` + icd + `","code":"I10","display":"I10"}],"text":"I10"}`},
		{"not of the form", icd, "Miller 65", "Miller", `"system":"urn:uuid:`},
		{"not of the form any more", local, "AB1234", "AB1", `"system":"urn:uuid:`},
		{"no member", act, "AMBX", "ambulatory", `"system":"urn:uuid:`},
		{"member", act, "AMB", "ambulatory", `"code":"AMB","display":"ambulatory"`},
	} {
		for i, members := range []string{
			`"system":"` + tc.system + `","code":"` + tc.code + `","display":"` + tc.display + `"`,
			`"display":"` + tc.display + `","code":"` + tc.code + `","system":"` + tc.system + `"`,
		} {
			src := `{"resourceType":"Condition","code":{"coding":[{` + members + `}],"text":"` + tc.display + `"}}`
			x, err := fhirxml.AppendXML(schema.R4(), nil, []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			fromXML, err := fhirxml.AppendJSON(schema.R4(), nil, x)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range [][]byte{[]byte(src), []byte(src), fromXML} {
				out, err := m.Mask(in)
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 && !strings.Contains(string(out), tc.want) {
					t.Errorf("%s: %s, want %s", tc.name, out, tc.want)
				}
				if !strings.Contains(tc.want, tc.code) && strings.Contains(string(out), tc.code) || !strings.Contains(tc.want, tc.display) && strings.Contains(string(out), tc.display) {
					t.Errorf("%s: more than the beginning of the code is in %s", tc.name, out)
				}
			}
		}
	}
	if a.CodePasses(icd, "E11") || a.CodePasses(icd, "E11.65") {
		t.Error("codes that are rolled up can be searched")
	}
}
