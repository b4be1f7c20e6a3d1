package fhir_test

import (
	"encoding/json"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestOneOfSeveralIsRequired: where FHIR requires one of several elements and
// masking takes out all that are there, one of them says so.
func TestOneOfSeveralIsRequired(t *testing.T) {
	const (
		absent  = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}`
		section = `{"code":{"coding":[{"system":"http://loinc.org","code":"10157-6"}]},`
	)
	a, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: carried-identifiers, match: Organization.identifier, method: remove}\n")
	if err != nil {
		t.Fatal(err)
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	for _, tc := range []struct{ name, src, want string }{
		{"both go", `{"resourceType":"Organization","active":true,"name":"SECRET","identifier":[{"value":"SECRET"}]}`,
			`{"resourceType":"Organization","active":true,"_name":` + absent + `}`},
		{"the other goes", `{"resourceType":"Organization","active":true,"identifier":[{"value":"SECRET"}]}`,
			`{"resourceType":"Organization","active":true,"_name":` + absent + `}`},
		{"none was there", `{"resourceType":"Organization","active":true}`, `{"resourceType":"Organization","active":true}`},
		{"said already", `{"resourceType":"Organization","active":true,"_name":` + absent + `}`,
			`{"resourceType":"Organization","active":true,"_name":` + absent + `}`},
		{"one stays", `{"resourceType":"Composition","section":[` + section + `"text":{"status":"generated","div":"SECRET"},"entry":[{"reference":"#"}]}]}`,
			`{"resourceType":"Composition","section":[` + section + `"entry":[{"reference":"#"}]}]}`},
		{"a narrative, below another section", `{"resourceType":"Composition","section":[` + section + `"section":[` + section + `"text":{"status":"generated","div":"SECRET"}}]}]}`,
			`{"resourceType":"Composition","section":[` + section + `"section":[` + section + `"text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Masked</div>"}}]}]}`},
		{"an object", `{"resourceType":"Patient","contact":[{"gender":"female","telecom":[{"value":"SECRET"}]}]}`,
			`{"resourceType":"Patient","contact":[{"gender":"female","name":` + absent + `}]}`},
		{"nothing else is in the object", `{"resourceType":"Patient","active":true,"contact":[{"telecom":[{"value":"SECRET"}]}]}`,
			`{"resourceType":"Patient","active":true}`},
		{"an object that is required, with what it requires", `{"resourceType":"Measure","status":"draft","group":[{"population":[{"criteria":{"language":"text/cql","expression":"SECRET"}}]}]}`,
			`{"resourceType":"Measure","status":"draft"}`},
		{"the same, where something is beside it",
			`{"resourceType":"Measure","status":"draft","group":[{"population":[{"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/measure-population","code":"numerator"}]},"criteria":{"language":"text/cql","expression":"SECRET"}}]}]}`,
			`{"resourceType":"Measure","status":"draft","group":[{"population":[{"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/measure-population","code":"numerator"}]},"criteria":{"_language":` + absent + `,"_expression":` + absent + `}}]}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.Mask([]byte(tc.src))
			if err != nil {
				t.Fatal(err)
			}
			for _, again := range []bool{false, true} {
				var got, want map[string]any
				if err := json.Unmarshal(out, &got); err != nil {
					t.Fatal(err)
				}
				delete(got, "meta")
				if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
					t.Fatal(err)
				}
				g, _ := json.Marshal(got)
				w, _ := json.Marshal(want)
				if string(g) != string(w) {
					t.Errorf("again %v:\n%s, want\n%s", again, g, w)
				}
				if out, err = m.Mask(out); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
