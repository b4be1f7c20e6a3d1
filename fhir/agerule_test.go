package fhir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestAgesInRanges: a Range that R4 defines as an age is capped like an Age, without
// the comparator that its bounds may not have.
func TestAgesInRanges(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const years = `,"unit":"a","system":"http://unitsofmeasure.org","code":"a"`
	for _, place := range []string{
		`{"resourceType":"Procedure","performedRange":%s}`,
		`{"resourceType":"AllergyIntolerance","onsetRange":%s}`,
		`{"resourceType":"Condition","onsetRange":%s}`,
		`{"resourceType":"Condition","abatementRange":%s}`,
		`{"resourceType":"FamilyMemberHistory","ageRange":%s}`,
		`{"resourceType":"FamilyMemberHistory","deceasedRange":%s}`,
		`{"resourceType":"FamilyMemberHistory","condition":[{"onsetRange":%s}]}`,
		`{"resourceType":"Observation","referenceRange":[{"age":%s}]}`,
		`{"resourceType":"RiskAssessment","prediction":[{"whenRange":%s}]}`,
	} {
		for _, unit := range []string{"", years, `,"unit":"Jahre"`, `,"unit":"%"`} {
			for _, bounds := range []struct{ in, want string }{
				{`{"low":{"value":91` + unit + `},"high":{"value":93` + unit + `}}`, `"low":{"value":90`},
				{`{"high":{"value":93` + unit + `},"low":{"value":91` + unit + `}}`, `"low":{"value":90`},
				{`{"low":{"value":40` + unit + `},"high":{"value":93` + unit + `}}`, `"low":{"value":40`},
				{`{"low":{"value":40` + unit + `},"high":{"value":50` + unit + `}}`, `"high":{"value":50`},
			} {
				src := fmt.Sprintf(place, bounds.in)
				out, err := m.Mask([]byte(src))
				if err != nil || !strings.Contains(string(out), bounds.want) || strings.Contains(string(out), "91") || strings.Contains(string(out), "93") ||
					strings.Contains(string(out), "comparator") {
					t.Errorf("%s becomes %s, %v", src, out, err)
				}
			}
		}
	}
	out, err := m.Mask([]byte(`{"resourceType":"Observation","valueRange":{"low":{"value":100,"unit":"mg"},"high":{"value":200,"unit":"mg"}}}`))
	if err != nil || !strings.Contains(string(out), `"high":{"value":200`) {
		t.Errorf("a range of masses becomes %s, %v", out, err)
	}
}

// TestAgesByTheirCode: what stands beside a code of an age, or beside a text that says
// so, is an age, wherever and of whatever type it is.
func TestAgesByTheirCode(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	concepts := []string{
		`{"coding":[{"system":"http://loinc.org","code":"39016-1"}]}`,
		`{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}`,
		`{"coding":[{"system":"http://loinc.org","code":"42802-9"}]}`,
		`{"coding":[{"system":"urn:oid:2.16.840.1.113883.6.1","code":"30972-4"}]}`,
		`{"coding":[{"code":"424144002","system":"http://snomed.info/sct"}]}`,
		`{"coding":[{"system":"http://snomed.info/sct","code":"445518008"}]}`,
		`{"coding":[{"system":"urn:local","code":"x1","display":"Age at admission"}]}`,
		`{"coding":[{"system":"urn:local","code":"x1"},{"system":"urn:other","code":"x2","display":"Patient age"}]}`,
		`{"text":"Alter bei Diagnose"}`,
		`{"text":"AGE"}`,
		`{"text":"Ａｇｅ"}`,
		`{"text":"patientAge"}`,
		`{"coding":[{"system":"urn:local","code":"x1","display":"Patient's age (years)"}]}`,
	}
	for _, concept := range concepts {
		for _, place := range []string{
			`{"resourceType":"Observation","code":C,"valueInteger":95}`,
			`{"resourceType":"Observation","valueInteger":95,"code":C}`,
			`{"resourceType":"Observation","code":C,"valueString":"95"}`,
			`{"resourceType":"Observation","code":C,"valueQuantity":{"value":95}}`,
			`{"resourceType":"Observation","code":C,"valueQuantity":{"value":95,"unit":"points"}}`,
			`{"resourceType":"Observation","code":C,"valueRange":{"low":{"value":95},"high":{"value":95}}}`,
			`{"resourceType":"Observation","code":C,"valueRatio":{"numerator":{"value":95},"denominator":{"value":1}}}`,
			`{"resourceType":"Observation","component":[{"code":C,"valueQuantity":{"value":95}}]}`,
			`{"resourceType":"Observation","component":[{"code":C,"valueInteger":95}]}`,
			`{"resourceType":"Observation","component":[{"code":C,"valueRange":{"low":{"value":95}}}]}`,
			`{"resourceType":"Group","characteristic":[{"code":C,"valueQuantity":{"value":95},"exclude":false}]}`,
			`{"resourceType":"Group","characteristic":[{"code":C,"valueRange":{"low":{"value":95}},"exclude":false}]}`,
			`{"resourceType":"Goal","target":[{"measure":C,"detailQuantity":{"value":95}}]}`,
			`{"resourceType":"Goal","target":[{"measure":C,"detailInteger":95}]}`,
			`{"resourceType":"Claim","supportingInfo":[{"code":C,"valueQuantity":{"value":95}}]}`,
			`{"resourceType":"Claim","supportingInfo":[{"category":C,"valueQuantity":{"value":95}}]}`,
			`{"resourceType":"Device","property":[{"type":C,"valueQuantity":[{"value":95}]}]}`,
			`{"resourceType":"Observation","status":"final","code":C,"component":[{"valueQuantity":{"value":95}}]}`,
			`{"resourceType":"Observation","status":"final","component":[{"valueInteger":95}],"code":C}`,
			`{"resourceType":"Observation","status":"final","code":C,"component":[{"code":{"text":"x"},"valueQuantity":{"value":95}}]}`,
			`{"resourceType":"Observation","status":"final","code":C,"component":[{"_code":{"id":"x"},"valueRange":{"low":{"value":95}}}]}`,
			`{"resourceType":"Observation","status":"final","code":C,"valueCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"LA95-3"}]}}`,
			`{"resourceType":"Observation","status":"final","component":[{"code":C,"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]}}]}`,
			`{"resourceType":"Group","actual":true,"characteristic":[{"code":C,"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]},"exclude":false}]}`,
			`{"resourceType":"Goal","description":{"text":"x"},"target":[{"measure":C,"detailCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]}}]}`,
			`{"resourceType":"DeviceRequest","intent":"order","parameter":[{"code":C,"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]}}]}`,
			`{"resourceType":"Device","property":[{"type":C,"valueCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]}]}]}`,
			`{"resourceType":"ExplanationOfBenefit","supportingInfo":[{"category":C,"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Z95"}]}}]}`,
		} {
			src := strings.ReplaceAll(place, `:C,`, ":"+concept+",")
			src = strings.ReplaceAll(src, `:C}`, ":"+concept+"}")
			if out, err := m.Mask([]byte(src)); err != nil && err != fhir.ErrEmpty || strings.Contains(string(out), "95") {
				t.Errorf("%s becomes %s, %v", src, out, err)
			}
		}
	}
	for _, concept := range []string{`{"text":"Weight for age"}`, `{"text":"Bone age"}`, `{"text":"Average"}`, `{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]}`} {
		src := `{"resourceType":"Observation","code":` + concept + `,"valueQuantity":{"value":95}}`
		if out, err := m.Mask([]byte(src)); err != nil || !strings.Contains(string(out), "95") {
			t.Errorf("%s becomes %s, %v", src, out, err)
		}
	}
}

// TestComponentsOfAges: what a component without a code holds depends on the code of
// its Observation, and not on what was masked before.
func TestComponentsOfAges(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const component = `"component":[{"valueQuantity":{"value":95}},{"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"valueQuantity":{"value":96}}]`
	age := `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},` + component + `}`
	rate := `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},` + component + `}`
	inside := `{"resourceType":"DiagnosticReport","status":"final","contained":[` + age + `,` + rate + `]}`
	for range 3 {
		for src, want := range map[string]int{age: 0, rate: 1, inside: 1} {
			out, err := m.Mask([]byte(src))
			if err != nil || strings.Count(string(out), `"value":95`) != want || !strings.Contains(string(out), `"value":96`) {
				t.Errorf("%s becomes %s, %v", src, out, err)
			}
		}
	}
	out, err := m.Mask([]byte(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"72166-2"}]},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"266919005"}]}}`))
	if err != nil || !strings.Contains(string(out), "266919005") {
		t.Errorf("a coded value of something else becomes %s, %v", out, err)
	}
}

// TestAgesInUnitsOfAnyLanguage: a quantity is a time if its unit or its code says so.
func TestAgesInUnitsOfAnyLanguage(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const ucum = `,"system":"http://unitsofmeasure.org","code":`
	for _, tc := range []struct {
		unit  string
		value int
	}{
		{`"unit":"years"` + ucum + `"1"`, 95}, {`"unit":"a{age}"` + ucum + `"a{age}"`, 95}, {`"unit":"years"` + ucum + `"mg"`, 95},
		{`"unit":"{score}"` + ucum + `"a"`, 95}, {`"unit":"x","code":"258707000","system":"http://snomed.info/sct"`, 95}, {`"code":"ANN","system":"urn:x"`, 95},
		{`"unit":"{years}"`, 95}, {`"unit":"{age in years}"`, 95}, {`"unit":"años"`, 95}, {`"unit":"yrs."`, 95}, {`"unit":"years old"`, 95}, {`"unit":"Years Old"`, 95},
		{`"unit":"y/o"`, 95}, {`"unit":"y.o."`, 95}, {`"unit":"Jahre"`, 95}, {`"unit":"Jahre alt"`, 95}, {`"unit":"J"`, 95}, {`"unit":"J","system":"urn:x","code":"J"`, 95}, {`"unit":"ans"`, 95}, {`"unit":"ANNI"`, 95}, {`"unit":"лет"`, 95}, {`"unit":"ГОДА"`, 95},
		{`"unit":"歳"`, 95}, {`"unit":"岁"`, 95}, {`"unit":"세"`, 95}, {`"unit":"tahun"`, 95}, {`"unit":"ετών"`, 95}, {`"unit":"lat"`, 95}, {`"unit":"yıl"`, 95}, {`"unit":"שנים"`, 95},
		{`"unit":"months"` + ucum + `"1"`, 1140}, {`"unit":"Monate"`, 1140}, {`"unit":"meses"`, 1140}, {`"unit":"месяцев"`, 1140}, {`"unit":"mo{age}"` + ucum + `"mo{age}"`, 1140}, {`"unit":"completed months"`, 1140},
		{`"unit":"Wochen"`, 4957}, {`"unit":"semaines"`, 4957}, {`"unit":"weeks"`, 4957}, {`"unit":"Tage"`, 34699}, {`"unit":"días"`, 34699}, {`"unit":"jours"`, 34699}, {`"unit":"日"`, 34699},
		{`"unit":"Stunden"`, 832752}, {`"unit":"heures"`, 832752},
		// What nobody knows takes a number with it that could be an age.
		{`"unit":"zork"`, 95}, {`"unit":"zork"`, 130}, {`"unit":"zork"`, 1140}, {`"unit":"zork","code":"q","system":"urn:x"`, 34699}, {`"code":"zork","system":"urn:x"`, 95},
	} {
		for _, place := range []string{`{"resourceType":"Observation","status":"final","valueQuantity":%s}`, `{"resourceType":"Observation","status":"final","component":[{"valueQuantity":%s}]}`,
			`{"resourceType":"Observation","status":"final","referenceRange":[{"low":%s}]}`} {
			for _, q := range []string{fmt.Sprintf(`{"value":%d,%s}`, tc.value, tc.unit), fmt.Sprintf(`{%s,"value":%d}`, tc.unit, tc.value)} {
				src := fmt.Sprintf(place, q)
				if out, err := m.Mask([]byte(src)); err != nil || strings.Contains(string(out), fmt.Sprint(tc.value)) {
					t.Errorf("%s becomes %s, %v", src, out, err)
				}
			}
		}
	}
	for _, q := range []string{`{"value":95,"unit":"mg"}`, `{"value":120,"unit":"mm[Hg]"` + ucum + `"mm[Hg]"}`, `{"value":95,"unit":"visits/year"}`, `{"value":131,"unit":"zork"}`, `{"value":42,"unit":"años"}`,
		`{"value":200,"unit":"J"` + ucum + `"J"}`, `{"value":95}`, `{"value":95,"unit":"per day"}`, `{"value":280,"unit":"days"}`} {
		src := `{"resourceType":"Observation","status":"final","valueQuantity":` + q + `}`
		value := strings.Trim(strings.SplitAfter(q, ":")[1], `,"unit:}`)
		if q == `{"value":95,"unit":"visits/year"}` || q == `{"value":95,"unit":"per day"}` {
			continue // no unit that is known
		}
		if out, err := m.Mask([]byte(src)); err != nil || !strings.Contains(string(out), value) || strings.Contains(string(out), "comparator") {
			t.Errorf("%s becomes %s, %v", src, out, err)
		}
	}
}

// TestNumbersInFreeContainers: where anything may have been asked, no bare number passes.
func TestNumbersInFreeContainers(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	values := []string{`"#Integer":96`, `"#Decimal":96.5`, `"#PositiveInt":555010447`, `"#UnsignedInt":555010447`, `"#Quantity":{"value":96}`, `"#Quantity":{"value":96,"unit":"zork"}`,
		`"#Quantity":{"value":75011,"unit":"zork"}`, `"#Quantity":{"unit":"zork","value":75011}`, `"#Range":{"low":{"value":96}}`, `"#Ratio":{"numerator":{"value":96}}`, `"#Money":{"value":96}`, `"#Count":{"value":96}`, `"#Duration":{"value":96}`,
		`"#Timing":{"repeat":{"count":96}}`, `"#Dosage":{"sequence":96}`}
	for _, place := range []struct{ prefix, resource string }{
		{"value", `{"resourceType":"Task","status":"draft","input":[{"type":{"text":"x"},%s}]}`},
		{"value", `{"resourceType":"Task","status":"draft","output":[{"type":{"text":"x"},%s}]}`},
		{"value", `{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"x"},{"name":"value",%s}]}`},
		{"value", `{"resourceType":"Parameters","parameter":[{"name":"value","part":[{"name":"value",%s}]}]}`},
		{"value", `{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"integer","initial":[{%s}]}]}`},
		{"value", `{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"integer","answerOption":[{%s}]}]}`},
		{"answer", `{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"integer","enableWhen":[{"operator":"=",%s}]}]}`},
		{"value", `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{%s}]}]}`},
		{"value", `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","item":[{"linkId":"2","answer":[{"item":[{"linkId":"3","answer":[{%s}]}]}]}]}]}`},
	} {
		for _, value := range values {
			src := fmt.Sprintf(place.resource, strings.ReplaceAll(value, "#", place.prefix))
			out, err := m.Mask([]byte(src))
			if err != nil && err != fhir.ErrEmpty || strings.Contains(string(out), "96") || strings.Contains(string(out), "555010447") || strings.Contains(string(out), "75011") {
				t.Errorf("%s becomes %s, %v", src, out, err)
			}
		}
	}
	src := `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{"valueQuantity":{"value":72.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}]}`
	if out, err := m.Mask([]byte(src)); err != nil || !strings.Contains(string(out), "72.5") {
		t.Errorf("%s becomes %s, %v", src, out, err)
	}
}

// TestAnnotationsGoAlone: of a unit in code and text, an annotation that is not listed
// goes, and the unit stays where there is one.
func TestAnnotationsGoAlone(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const ucum = `,"system":"http://unitsofmeasure.org","code":`
	for in, want := range map[string]string{
		`{"value":4,"unit":"ng{John Smith}/mL"` + ucum + `"ng{John Smith}/mL"}`: `{"value":4,"unit":"ng/mL"` + ucum + `"ng/mL"}`,
		`{"value":4,"unit":"ng{FEU}/mL"` + ucum + `"ng{FEU}/mL"}`:               `{"value":4,"unit":"ng{FEU}/mL"` + ucum + `"ng{FEU}/mL"}`,
		`{"value":4,"unit":"{Smith}"` + ucum + `"{Smith}"}`:                     `{"value":4` + ucum + `"1"}`,
		`{"value":4,"unit":"{Smith}/min"` + ucum + `"{Smith}/min"}`:             `{"value":4,"unit":"/min"` + ucum + `"/min"}`,
		`{"value":4,"unit":"x10E3/uL"}`:                                         `{"value":4,"unit":"x10E3/uL"}`,
		`{"value":4,"unit":"Smith"}`:                                            `{"value":4}`,
	} {
		for range 2 { // the second time from memory
			out, err := m.Mask([]byte(`{"resourceType":"Observation","status":"final","valueQuantity":` + in + `}`))
			if err != nil || !strings.Contains(string(out), `"valueQuantity":`+want) {
				t.Errorf("%s becomes %s, %v: want %s", in, out, err, want)
			}
		}
	}
}
