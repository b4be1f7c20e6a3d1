package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// nest writes a resource that has a value at a path of element names, as the last
// element's type.
func nest(t *testing.T, typ *schema.Type, path []string, as, value string) string {
	t.Helper()
	e := typ.Element(path[0])
	if e == nil {
		t.Fatalf("%s has no %s", typ.Name, path[0])
	}
	for _, et := range e.Types {
		switch {
		case len(path) == 1 && et.Code == as:
		case len(path) > 1 && et.Type != nil && et.Type.Kind != schema.PrimitiveKind:
			value = "{" + nest(t, et.Type, path[1:], as, value) + "}"
		default:
			continue
		}
		if e.Max != 1 {
			value = "[" + value + "]"
		}
		return `"` + e.JSONName(et) + `":` + value
	}
	t.Fatalf("%s.%s has no type that leads on", typ.Name, path[0])
	return ""
}

// TestSimpleQuantitiesHaveNoComparator: where R4 allows no comparator a capped age
// cannot say "or more", so it goes; what is none stays, and so does what another method
// makes of it.
func TestSimpleQuantitiesHaveNoComparator(t *testing.T) {
	t.Parallel()
	harbor := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	rounded := masktest.NewMasker(withRules(t, "{id: x, match: Observation.referenceRange.high.value, method: round, to: '10'}", "{id: y, match: MedicationDispense.daysSupply.value, method: round, to: '10'}"), fhir.RememberAlways)
	tried := 0
	for _, path := range []string{"MedicationDispense.daysSupply", "MedicationRequest.dosageInstruction.doseAndRate.rate", "Claim.item.quantity", "Claim.item.detail.subDetail.quantity", "Coverage.costToBeneficiary.value",
		"Specimen.container.capacity", "Immunization.doseQuantity", "MedicationKnowledge.administrationGuidelines.patientCharacteristics.characteristic", "VisionPrescription.lensSpecification.duration",
		"MedicationRequest.dosageInstruction.maxDosePerLifetime", "Observation.referenceRange.high", "SupplyDelivery.suppliedItem.quantity", "CarePlan.activity.detail.dailyAmount"} {
		steps := strings.Split(path, ".")
		for _, old := range []string{`{"value":95,"unit":"years"}`, `{"value":95,"system":"http://unitsofmeasure.org","code":"a"}`, `{"comparator":">","value":35000,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}`} {
			src := `{"resourceType":"` + steps[0] + `",` + nest(t, schema.R4().Type(steps[0]), steps[1:], "Quantity", old) + "}"
			out, err := harbor.Mask([]byte(src))
			if err != nil && !strings.Contains(err.Error(), "nothing of the resource") || strings.Contains(string(out), "95") || strings.Contains(string(out), "35000") || strings.Contains(string(out), "comparator") {
				t.Errorf("%s becomes %s, %v", src, out, err)
			}
			tried++
		}
		src := `{"resourceType":"` + steps[0] + `",` + nest(t, schema.R4().Type(steps[0]), steps[1:], "Quantity", `{"value":30,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}`) + "}"
		if out, err := harbor.Mask([]byte(src)); err != nil || !strings.Contains(string(out), `"value":30`) {
			t.Errorf("%s becomes %s, %v", src, out, err)
		}
	}
	if tried < 30 {
		t.Errorf("%d were tried", tried)
	}
	for src, want := range map[string]string{
		`{"resourceType":"Observation","referenceRange":[{"high":{"value":43,"unit":"mg"}}]}`: `"high":{"value":40,"unit":"mg"}`,
		`{"resourceType":"MedicationDispense","daysSupply":{"value":43,"unit":"d"}}`:          `"daysSupply":{"value":40,"unit":"d"}`,
	} {
		if out, err := rounded.Mask([]byte(src)); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s becomes %s, %v", src, out, err)
		}
	}
}

// TestRequiredTextsSayMasked: a required text that people read is no empty member, which
// models of some languages cannot read; paths and expressions say nothing false.
func TestRequiredTextsSayMasked(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberAlways)
		for src, want := range map[string]string{
			`{"resourceType":"Coverage","status":"active","class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"SECRET","name":"SECRET"}]}`: `"code":"plan"}]},"value":"Masked"}]`,
			`{"resourceType":"Composition","status":"final","title":"SECRET"}`:                                                                                                                                  `"title":"Masked"`,
			`{"resourceType":"Composition","status":"final","_title":{"extension":[{"url":"http://x/SECRET","valueString":"SECRET"}]}}`:                                                                         `"title":"Masked"`,
			`{"resourceType":"ClaimResponse","status":"active","processNote":[{"number":1,"text":"SECRET"}]}`:                                                                                                   `"processNote":[{"number":1,"text":"Masked"}]`,
			`{"resourceType":"Device","status":"active","deviceName":[{"name":"SECRET","type":"model-name"}],"version":[{"type":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"value":"SECRET"}]}`: `"deviceName":[{"type":"model-name","name":"Masked"}]`,
			`{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://loinc.org","filter":[{"property":"x","op":"=","value":"SECRET"}]}]}}`:                                         `"_value":{"extension"`,
		} {
			out, err := m.Mask([]byte(src))
			if err != nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "SECRET") {
				t.Errorf("%s: %s becomes %s, %v", ruleset, src, out, err)
			}
		}
	}
}
