package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestDisplaysInAnyCase: a display or text passes that is the code or one of its
// terms in any case and spacing, and no other.
func TestDisplaysInAnyCase(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const category = `"system":"http://terminology.hl7.org/CodeSystem/observation-category"`
	for _, tc := range []struct {
		concept string
		shown   []string
	}{
		{`{"coding":[{` + category + `,"code":"survey","display":"survey"}],"text":"Survey"}`, []string{`"display":"survey"`, `"text":"Survey"`}},
		{`{"coding":[{` + category + `,"code":"vital-signs","display":"Vital signs"}],"text":"VITAL SIGNS"}`, []string{`"display":"Vital signs"`, `"text":"VITAL SIGNS"`}},
		{`{"coding":[{` + category + `,"code":"vital-signs","display":"vital-signs"}]}`, []string{`"display":"vital-signs"`}},
		{`{"text":" vital  signs ","coding":[{` + category + `,"code":"vital-signs"}]}`, []string{`"text":" vital  signs "`}},
		{`{"coding":[{"system":"http://hl7.org/fhir/observation-category","code":"vital-signs","display":"Vital Signs"}]}`, []string{`"display":"Vital Signs"`, `observation-category`}},
	} {
		src := `{"resourceType":"Observation","status":"final","category":[` + tc.concept + `]}`
		out, err := m.Mask([]byte(src))
		for _, want := range tc.shown {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%s becomes %s, %v: want %s", src, out, err, want)
			}
		}
	}
	for _, concept := range []string{
		`{"coding":[{` + category + `,"code":"survey","display":"John Smith"}],"text":"John Smith"}`,
		`{"coding":[{` + category + `,"code":"survey","display":"Survey of John Smith"}]}`,
		`{"coding":[{` + category + `,"code":"survey"}],"text":"Survey John Smith"}`,
		`{"coding":[{"system":"urn:local","code":"John Smith","display":"John Smith"}],"text":"John Smith"}`,
	} {
		src := `{"resourceType":"Observation","status":"final","category":[` + concept + `]}`
		if out, err := m.Mask([]byte(src)); err != nil || strings.Contains(string(out), "Smith") {
			t.Errorf("%s becomes %s, %v", src, out, err)
		}
	}
}
