package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestAgesInAnyUnit: the value of what is an age is capped whatever is written as
// its unit.
func TestAgesInAnyUnit(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, unit := range []string{``, `,"unit":"a"`, `,"unit":"years"`, `,"unit":"Jahre"`, `,"unit":"1"`, `,"system":"http://unitsofmeasure.org","code":"1"`, `,"system":"http://unitsofmeasure.org","code":"{age}"`,
		`,"system":"http://unitsofmeasure.org","code":"{score}"`, `,"system":"http://unitsofmeasure.org","code":"a"`, `,"system":"http://unitsofmeasure.org","code":"%"`, `,"system":"urn:x","code":"y"`, `,"unit":"mg"`} {
		for _, resource := range []string{
			`{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueQuantity":{"value":95` + unit + `}}`,
			`{"resourceType":"Condition","onsetAge":{"value":95` + unit + `}}`,
		} {
			out, err := m.Mask([]byte(resource))
			if err != nil || strings.Contains(string(out), "95") || !strings.Contains(string(out), `"value":90,"comparator":">="`) {
				t.Errorf("%s becomes %s, %v", resource, out, err)
			}
		}
	}
	out, err := m.Mask([]byte(`{"resourceType":"Condition","onsetAge":{"value":300,"system":"http://unitsofmeasure.org","code":"mo"}}`))
	if err != nil || !strings.Contains(string(out), `"value":300`) {
		t.Errorf("25 years in months become %s, %v", out, err)
	}
}
