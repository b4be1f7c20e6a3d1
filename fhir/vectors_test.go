package fhir_test

import (
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestResourceVectors holds what whole resources become under the shipped rulesets.
func TestResourceVectors(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberNothing)
		for name, src := range map[string]string{
			"a code system of a site":                `{"resourceType":"CodeSystem","status":"active","content":"complete","url":"http://ehr/smith/CodeSystem/wards","concept":[{"code":"W1","display":"Ward Smith"}]}`,
			"a code system that is listed":           `{"resourceType":"CodeSystem","status":"active","content":"fragment","url":"http://loinc.org","concept":[{"code":"8867-4","display":"Heart rate"}]}`,
			"a supplement":                           `{"resourceType":"CodeSystem","status":"active","content":"supplement","supplements":"http://ehr/smith/CodeSystem/wards|3"}`,
			"a value set of SNOMED CT":               `{"resourceType":"ValueSet","status":"active","url":"http://snomed.info/sct?fhir_vs=isa/73211009"}`,
			"a required text":                        `{"resourceType":"Coverage","status":"active","beneficiary":{"reference":"Patient/1"},"payor":[{"reference":"Organization/1"}],"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"4711"}]}`,
			"an age without a comparator":            `{"resourceType":"MedicationDispense","status":"completed","daysSupply":{"value":33000,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}}`,
			"an age group":                           `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"105727008"}]},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"271872005"}]}}`,
			"a component without a code":             `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"component":[{"valueQuantity":{"value":95}}]}`,
			"an age by a text":                       `{"resourceType":"Observation","status":"final","code":{"text":"Patient's age (years)"},"valueInteger":95}`,
			"a word of laboratories":                 `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"94500-6"}]},"valueString":"Not detected"}`,
			"a value set of a code system within":    `{"resourceType":"Questionnaire","status":"active","contained":[{"resourceType":"CodeSystem","id":"c","status":"active","content":"complete"},{"resourceType":"ValueSet","id":"v","status":"active","compose":{"include":[{"system":"http://ehr/c","_system":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/valueset-system","valueCanonical":"#c"}]}}]}}],"item":[{"linkId":"1","type":"choice","answerValueSet":"#v"}]}`,
			"a date of an instant without a patient": `{"resourceType":"Slot","schedule":{"reference":"Schedule/1"},"status":"busy","start":"2020-06-15T10:00:00Z","end":"2020-06-15T11:00:00Z"}`,
			"dates of a patient":                     `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"onsetDateTime":"2020-06-15","recordedDate":"2020-06-20T10:11:12+02:00"}`,
		} {
			out, err := m.Mask([]byte(src))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			seen[ruleset+": "+name] = string(out)
		}
	}
	frozen(t, "../testdata/vectors/fhir-resources.json", seen)
}
