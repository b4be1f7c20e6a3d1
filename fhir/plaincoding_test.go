package fhir_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestPlainCoding: a coding that is masked as a whole becomes what the walk over its members
// makes of it, which it takes where there is white space between them.
func TestPlainCoding(t *testing.T) {
	t.Parallel()
	const loinc = `{"system":"http://loinc.org","code":"8480-6"`
	for _, ruleset := range []string{"safe-harbor", "limited-dataset", "research"} {
		for _, coding := range []string{
			loinc + `}`, loinc + `,"display":"Systolic blood pressure"}`, loinc + `,"display":"SYSTOLIC  blood pressure"}`,
			loinc + `,"display":"Anna Beispiel"}`, loinc + `,"display":"8480-6"}`, loinc + `,"display":"Bl\u00fct"}`, loinc + `,"display":7}`,
			loinc + `,"display":"Anna Beispiel","userSelected":true}`, loinc + `,"code":"8480-6"}`,
			`{"system":"http://loinc.org","code":"Beispiel","display":"Anna Beispiel"}`,
			`{"system":"urn:oid:1.2.3.4","code":"Beispiel","display":"Anna Beispiel"}`,
			`{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9","display":"Type 2 diabetes mellitus without complications"}`,
		} {
			src := []byte(`{"resourceType":"Condition","meta":{"tag":[` + coding + `],"security":[` + coding + `]},"code":{"coding":[` + coding + `,` + coding + `],"text":"Systolic blood pressure"},"subject":{"reference":"Patient/p"}}`)
			spaced := bytes.ReplaceAll(src, []byte(`"code":`), []byte(`"code": `))
			for _, memory := range []fhir.Memory{fhir.RememberNothing, fhir.RememberAlways} {
				var masked [2]string
				var counts [2][]uint64
				for k, text := range [][]byte{src, spaced} {
					m := masktest.NewMasker(masktest.Shipped(t, ruleset), memory)
					out, err := m.Mask(text)
					var compact bytes.Buffer
					if err == nil && json.Compact(&compact, out) != nil {
						t.Fatalf("%s: %s: no JSON: %s", ruleset, coding, out)
					}
					masked[k], counts[k] = compact.String(), slices.Clone(m.Pass.Counts)
				}
				if masked[0] != masked[1] || !slices.Equal(counts[0], counts[1]) {
					t.Errorf("%s: %s became\n%s\nin white space\n%s", ruleset, coding, masked[0], masked[1])
				}
			}
		}
	}
}
