package fhir_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// A code system's own URL passes where its codes do, and so do the value sets that R4
// defines by such a system; those of a site go, unless the ruleset lists them.
func TestCanonicalsOfCodeSystems(t *testing.T) {
	t.Parallel()
	plain := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberNothing)
	own, err := masktest.Compile(t, "veil: 1\nname: own\nextends: safe-harbor\nfhir:\n  codeSystems:\n    - {system: \"http://hospital/wards\", form: pattern, pattern: \"W[0-9]\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	listed := masktest.NewMasker(own, fhir.RememberNothing)
	for url, passes := range map[string]bool{
		"http://loinc.org": true, "http://snomed.info/sct": true, "http://hl7.org/fhir/observation-status": true, "http://unitsofmeasure.org": true, "urn:ietf:bcp:47": true,
		"http://loinc.org|2.74": true, "http://loinc.org|123-45-6789": false, "http://hospital/wards": false, "http://hospital/Smith": false, "http://hl7.org/fhir/smith": false,
		"http://loinc.org/vs": true, "http://loinc.org/vs/LL715-4": true, "http://loinc.org/vs/LL715-5": false, "http://loinc.org/vs/8867-4": false, "http://loinc.org/vs/Smith": false,
		"http://unitsofmeasure.org/vs": true, "http://snomed.info/sct?fhir_vs": true, "http://snomed.info/sct?fhir_vs=refset": true, "http://snomed.info/sct?fhir_vs=isa/73211009": true,
		"http://snomed.info/sct/731000124108?fhir_vs=refset/733073007": true, "http://snomed.info/sct/731000124108/version/20230901?fhir_vs": true, "http://snomed.info/sct?fhir_vs=isa/73211008": false,
		"http://snomed.info/sct?fhir_vs=ecl/Smith": false, "http://snomed.info/Smith?fhir_vs": false,
	} {
		for _, member := range []string{`"resourceType":"CodeSystem","status":"active","content":"complete","url":"%"`, `"resourceType":"ValueSet","status":"active","url":"%"`,
			`"resourceType":"ConceptMap","status":"active","sourceUri":"%"`, `"resourceType":"ConceptMap","status":"active","sourceCanonical":"%"`, `"resourceType":"CodeSystem","status":"active","content":"supplement","supplements":"%"`} {
			src := "{" + strings.ReplaceAll(member, "%", url) + "}"
			out, err := plain.Mask([]byte(src))
			if got := strings.Contains(string(out), `:"`+url+`"`); err != nil || got != passes || !passes && strings.Contains(string(out), "mith") {
				t.Errorf("%s: %s, %v", src, out, err)
			}
			out, err = listed.Mask([]byte(src))
			if got := strings.Contains(string(out), `:"`+url+`"`); err != nil || got != (passes || url == "http://hospital/wards") {
				t.Errorf("listed: %s: %s, %v", src, out, err)
			}
		}
	}
}

// A site's own code system is called alike wherever it is named, so that what refers to
// it still does, and its codes are those of the codings.
func TestOwnCodeSystemsStayTogether(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberNothing)
	const own = "http://ehr/smith/CodeSystem/wards"
	system := func(src string) (name, code string) {
		t.Helper()
		out, err := m.Mask([]byte(strings.ReplaceAll(src, "OWN", own)))
		if err != nil || strings.Contains(string(out), "smith") {
			t.Fatalf("%s, %v", out, err)
		}
		found := regexp.MustCompile(`"(?:system|url|supplements|source)":"(urn:uuid:[^"]*)".*?"code":"([a-z0-9]{24})"`).FindSubmatch(out)
		if found == nil {
			t.Fatalf("%s names no system", out)
		}
		return string(found[1]), string(found[2])
	}
	name, code := system(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"OWN","code":"W1"}]}}`)
	for _, src := range []string{
		`{"resourceType":"CodeSystem","status":"active","content":"complete","url":"OWN","concept":[{"code":"W1"}]}`,
		`{"resourceType":"Questionnaire","status":"active","contained":[{"resourceType":"CodeSystem","id":"c","status":"active","content":"complete","url":"OWN","concept":[{"code":"W1"}]}]}`,
		`{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"OWN","concept":[{"code":"W1"}]}]}}`,
		`{"resourceType":"ConceptMap","status":"active","group":[{"source":"OWN","element":[{"code":"W1"}]}]}`,
	} {
		if n, c := system(src); n != name || c != code {
			t.Errorf("%s: %s %s, want %s %s", src, n, c, name, code)
		}
	}
	for _, supplements := range []string{own, own + "|Smith-2024"} {
		out, err := m.Mask([]byte(`{"resourceType":"CodeSystem","status":"active","content":"supplement","supplements":"` + supplements + `"}`))
		if err != nil || !strings.Contains(string(out), `"supplements":"`+name+`"`) {
			t.Errorf("%s, %v", out, err)
		}
	}
}
