package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestConditionsFurtherUp: a value is treated by what stands beside an object above it,
// in any order of members, in JSON and XML, and with what was remembered.
func TestConditionsFurtherUp(t *testing.T) {
	t.Parallel()
	a, err := masktest.Compile(t, `veil: 1
name: test
extends: safe-harbor
fhir:
  rules:
    - id: heights
      match: "Observation.where(code.coding.where(system = 'http://loinc.org' and code = '8302-2').exists()).value.ofType(Quantity).value"
      method: round
      to: "10"
    - id: parts
      match: "Observation.component.where(code.coding.code = '8480-6').value.ofType(Quantity).value"
      method: round
      to: "5"
    - id: remarks
      match: "Observation.where(status = 'final').value.ofType(CodeableConcept).coding.where(code = '29463-7').userSelected"
      method: remove
`)
	if err != nil {
		t.Fatal(err)
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	const (
		height   = `"code":{"coding":[{"system":"http://snomed.info/sct","code":"271603002"},{"system":"http://loinc.org","code":"8302-2"}]}`
		split    = `"code":{"coding":[{"system":"http://snomed.info/sct","code":"8302-2"},{"system":"http://loinc.org","code":"29463-7"}]}`
		weight   = `"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]}`
		quantity = `"valueQuantity":{"value":173,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}`
		coding   = `{"system":"http://loinc.org","code":"29463-7","userSelected":true}`
		concept  = `"valueCodeableConcept":{"coding":[` + coding + `]}`
	)
	part := func(code string) string {
		return `{"code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},"valueQuantity":{"value":123}}`
	}
	for _, tc := range []struct {
		name  string
		parts []string
		shown string
		keeps int // how many userSelected stay
	}{
		{"height", []string{`"status":"final"`, height, quantity}, `"value":170`, 0},
		{"another code", []string{`"status":"final"`, weight, quantity}, `"value":173`, 0},
		{"system and code of two codings", []string{`"status":"final"`, split, quantity}, `"value":173`, 0},
		{"no code", []string{`"status":"final"`, quantity}, `"value":173`, 0},
		{"component", []string{`"status":"final"`, height, `"component":[` + part("8480-6") + `]`}, `"value":125`, 0},
		{"another component", []string{`"status":"final"`, height, `"component":[` + part("8462-4") + `,` + part("8462-4") + `]`}, `"value":123`, 0},
		{"two conditions", []string{`"status":"final"`, concept}, `"code":"29463-7"}`, 0},
		{"one of two conditions", []string{`"status":"amended"`, concept}, `"userSelected":true`, 1},
		{"the same again", []string{`"status":"final"`, `"category":[{"coding":[` + coding + `]}]`, concept}, `"userSelected":true`, 1},
	} {
		for range 2 { // the second time, small objects are remembered
			for _, order := range permutations(tc.parts) {
				src := `{"resourceType":"Observation",` + strings.Join(order, ",") + `}`
				out, err := m.Mask([]byte(src))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(out), tc.shown) || strings.Count(string(out), "userSelected") != tc.keeps {
					t.Errorf("%s: %s, want %s", tc.name, out, tc.shown)
				}
			}
			x, err := fhirxml.AppendXML(schema.R4(), nil, []byte(`{"resourceType":"Observation",`+strings.Join(tc.parts, ",")+`}`))
			if err != nil {
				t.Fatal(err)
			}
			js, err := fhirxml.AppendJSON(schema.R4(), nil, x)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := m.Mask(js); err != nil || !strings.Contains(string(out), tc.shown) {
				t.Errorf("%s, from XML: %s %v, want %s", tc.name, out, err, tc.shown)
			}
		}
	}
}

// permutations are all orders of a few texts.
func permutations(list []string) (out [][]string) {
	if len(list) < 2 {
		return [][]string{list}
	}
	for i := range list {
		rest := append(append([]string{}, list[:i]...), list[i+1:]...)
		for _, p := range permutations(rest) {
			out = append(out, append([]string{list[i]}, p...))
		}
	}
	return out
}
