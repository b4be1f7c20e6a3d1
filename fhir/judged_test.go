package fhir_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// lookedUpOnce are resources that differ in little of what is looked up once a text: codes,
// displays, systems, units and references that fall together if any of them is left out.
var lookedUpOnce = []string{
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}]}}`,
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Anna Beispiel"}]}}`,
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}],"text":"Systolic blood pressure"}}`,
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"8480-6","display":"Systolic blood pressure"}]}}`,
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"https://anna.example/codes","code":"8480-6","display":"Systolic blood pressure"}]}}`,
	`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-60","display":"Systolic blood pressure"}]}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":95,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":95,"unit":"mg","system":"http://unitsofmeasure.org","code":"a"}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":95,"unit":"years","system":"http://unitsofmeasure.org","code":"mg"}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"Age"},"valueQuantity":{"value":95,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"Age"},"valueQuantity":{"value":95,"unit":"Anna","system":"http://unitsofmeasure.org","code":"a"}}`,
	`{"resourceType":"Observation","status":"final","code":{"text":"x"},"referenceRange":[{"low":{"value":95,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}]}`,
	`{"resourceType":"Condition","subject":{"reference":"Patient/11111111-2222"},"code":{"text":"x"},"verificationStatus":{"text":"y"},"stage":[{"assessment":[{"reference":"Patient/11111111-2222"}]}]}`,
	`{"resourceType":"Condition","subject":{"reference":"Patient/11111111-2222/_history/1"},"code":{"text":"x"}}`,
	`{"resourceType":"Condition","subject":{"reference":"Patient/11111122-2222"},"code":{"text":"x"}}`,
	`{"resourceType":"Condition","subject":{"reference":"Patient/11111111-2222 "},"code":{"text":"x"}}`,
	`{"resourceType":"Condition","subject":{"reference":"#11111111-2222"},"code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"11111111-2222"}]}`,
	`{"resourceType":"Condition","subject":{"reference":"#11111111-2222"},"code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"11111111-2223"}]}`,
}

// TestLookedUpOnce: what is looked up once a text is the same for a resource beside any
// other as it is for the resource alone.
func TestLookedUpOnce(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		a := masktest.Shipped(t, ruleset)
		m := masktest.NewMasker(a, fhir.RememberNothing)
		mask := func(resources ...string) (entries []string) {
			out, err := m.Mask([]byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + strings.Join(resources, `},{"resource":`) + `}]}`))
			var bundle struct{ Entry []json.RawMessage }
			if err == nil {
				err = json.Unmarshal(out, &bundle)
			}
			if err != nil || len(bundle.Entry) != len(resources) {
				t.Fatalf("%s becomes %s: %v", resources, out, err)
			}
			for _, e := range bundle.Entry {
				entries = append(entries, string(e))
			}
			return entries
		}
		for _, one := range lookedUpOnce {
			for _, other := range lookedUpOnce {
				want := append(mask(one), mask(other)...)
				if got := mask(one, other); !slices.Equal(got, want) {
					t.Errorf("%s: %s\nbeside %s\nbecomes  %s\nalone    %s", ruleset, one, other, got, want)
				}
			}
		}
	}
}
