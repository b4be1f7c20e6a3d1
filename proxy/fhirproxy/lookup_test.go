package fhirproxy

import (
	"strings"
	"testing"
)

// $lookup tells the displays that the terminology has; what it can not tell it
// refuses, and no answer is a shell. $expand has the codes.
func TestTerminologyOperations(t *testing.T) {
	t.Parallel()
	const at = "/CodeSystem/$lookup?system=http%3A%2F%2Floinc.org&code="
	up := newCanned(t, map[string]string{
		at + "8867-4":  `{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"SECRET"},{"name":"display","valueString":"Heart rate"},{"name":"property","part":[{"name":"code","valueCode":"x"},{"name":"value","valueString":"SECRET"}]}]}`,
		at + "8480-6":  `{"resourceType":"Parameters","parameter":[{"name":"display","valueString":"SECRET"}]}`,
		at + "39156-5": `{"resourceType":"Patient","id":"zq-1"}`,
		"/ValueSet/$expand?url=http%3A%2F%2Fhl7.org%2Ffhir%2FValueSet%2Fx": `{"resourceType":"ValueSet","status":"active","expansion":{"timestamp":"2024-01-01","contains":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]}}`,
	})
	r := newRig(t, up.url, nil)
	got := r.get(t, at+"8867-4")
	if want := `{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"http://loinc.org"},{"name":"display","valueString":"Heart rate"}]}`; got.status != 200 || string(got.body) != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if text := r.get(t, at+"8480-6").outcome(t, 403); !strings.Contains(text, "display: trust") || strings.Contains(text, "SECRET") {
		t.Error(text)
	}
	r.get(t, at+"39156-5").outcome(t, 502)
	r.get(t, "/CodeSystem/$lookup?code=8867-4").outcome(t, 403)
	if got := r.get(t, "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/x"); got.status != 200 || !strings.Contains(string(got.body), `{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	r.checkClean(t)
}
