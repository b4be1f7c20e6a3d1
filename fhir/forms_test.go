package fhir

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/fhir/terminology"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
)

// identifiers are numbers and names of people as they are written, some of each kind
// made by a generator of its own.
func identifiers() map[string][]string {
	r := rand.New(rand.NewPCG(1, 2))
	ids := map[string][]string{
		"name": {"John Smith", "John-Smith", "Smith", "Anna", "JOHN SMITH", "smith.john", "O'Neill", "Müller"},
		"mail": {"john.smith@example.org"},
		"ZIP":  {"02139", "03601", "07030"},
		"IP":   {"10.1.2.3", "192.168.100.24", "2001:db8::1"},
		"URL":  {"http://example.org/john-smith"},
	}
	for range 40 {
		a, b, c := 100+r.IntN(800), 10+r.IntN(90), 1000+r.IntN(9000)
		ids["SSN"] = append(ids["SSN"], fmt.Sprintf("%03d-%02d-%04d", a, b, c), fmt.Sprintf("%03d %02d %04d", a, b, c))
		n, x, l := 200+r.IntN(800), 200+r.IntN(800), r.IntN(10000)
		ids["telephone"] = append(ids["telephone"], fmt.Sprintf("%03d-%03d-%04d", n, x, l), fmt.Sprintf("(%03d) %03d-%04d", n, x, l), fmt.Sprintf("%03d%03d%04d", n, x, l),
			fmt.Sprintf("1%03d%03d%04d", n, x, l), fmt.Sprintf("+1-%03d-%03d-%04d", n, x, l), fmt.Sprintf("%03d.%03d.%04d", n, x, l), fmt.Sprintf("+49 30 %d", 1000000+r.IntN(9000000)))
		y, m, d := 1910+r.IntN(110), 1+r.IntN(12), 1+r.IntN(27)
		ids["date"] = append(ids["date"], fmt.Sprintf("%d-%02d-%02d", y, m, d), fmt.Sprintf("%02d/%02d/%d", m, d, y), fmt.Sprintf("%02d.%02d.%d", d, m, y), fmt.Sprintf("%02d-%02d-%d", m, d, y))
		ids["date"] = append(ids["date"], fmt.Sprintf("%d%02d%02d", y, m, d))
		ids["ZIP"] = append(ids["ZIP"], fmt.Sprintf("%05d-%04d", 1000+r.IntN(98000), r.IntN(10000)))
		ids["MRN"] = append(ids["MRN"], fmt.Sprintf("MRN%07d", r.IntN(10000000)), fmt.Sprintf("M-%07d", r.IntN(10000000)), fmt.Sprintf("%08d", 20000000+r.IntN(79999999)), fmt.Sprintf("A%08d", r.IntN(100000000)))
	}
	return ids
}

// TestNoFormHasRoomForAnIdentifier: what names a person or is a number of one does not
// pass as a code, a version or a canonical URL of any system that safe-harbor lists.
// Codes with a check digit let one in ten or fewer pass; eight digits in a row may be
// one of those. Five digits that begin with 0 and 0 or 1, or another digit, are a ZIP code
// or a CPT code: none can tell.
func TestNoFormHasRoomForAnIdentifier(t *testing.T) {
	t.Parallel()
	_, text, err := rulesets.Open("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	var rs struct {
		FHIR struct {
			Canonicals  []string
			CodeSystems []struct{ System, Form, Pattern, Display string } `yaml:"codeSystems"`
		}
	}
	if err := yaml.Unmarshal(text, &rs); err != nil {
		t.Fatal(err)
	}
	var list []ruleset.CodeSystem
	for _, s := range rs.FHIR.CodeSystems {
		list = append(list, ruleset.CodeSystem{System: s.System, Form: s.Form, Pattern: s.Pattern, Display: s.Display})
	}
	var problems strictyaml.Problems
	systems := newCodeSystems(list, &problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	checked := regexp.MustCompile(`^[0-9]{8}$`)
	for kind, ids := range identifiers() {
		for system, s := range systems.exact {
			passed := 0
			for _, id := range ids {
				if systems.codeMayPass(s, []byte(system), []byte(id)) {
					if passed++; !checked.MatchString(id) {
						t.Errorf("%s %q is a code of %s", kind, id, system)
					}
				}
				if terminology.IsVersion([]byte(system), []byte(id)) {
					t.Errorf("%s %q is a version of %s", kind, id, system)
				}
				if unit := []byte(id); terminology.IsUnitText(unit) {
					t.Errorf("%s %q is a unit", kind, id)
				}
			}
			if passed > len(ids)/8 {
				t.Errorf("%d of %d %ss are codes of %s", passed, len(ids), kind, system)
			}
		}
		for _, id := range ids {
			for _, base := range []string{"http://hl7.org/fhir/uv/", "http://hl7.org/fhir/us/core/", "http://terminology.hl7.org/", "http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhir/us/davinci-"} {
				for _, form := range []string{"%s", "StructureDefinition/x|%s", "StructureDefinition/x/%s", "%s/x"} {
					if url := base + fmt.Sprintf(form, id); definitionMayPass(rs.FHIR.Canonicals, []byte(url)) && kind != "name" {
						t.Errorf("%s passes as a canonical", url)
					}
				}
				if kind != "name" {
					if url := base + "StructureDefinition/" + id; definitionMayPass(rs.FHIR.Canonicals, []byte(url)) {
						t.Errorf("%s passes as a canonical", url)
					}
				}
			}
		}
	}
	for kind, ids := range identifiers() {
		for _, form := range []string{"http://loinc.org|%s", "http://loinc.org/%s", "http://loinc.org/vs/%s", "http://loinc.org/vs/LL%s", "http://snomed.info/sct/%s", "http://snomed.info/sct?fhir_vs=%s",
			"http://snomed.info/sct?fhir_vs=isa/%s", "http://snomed.info/sct?fhir_vs=refset/%s", "http://snomed.info/sct?fhir_vs=ecl/%s", "http://snomed.info/sct/%s?fhir_vs", "http://snomed.info/sct|%s"} {
			passed := 0
			for _, id := range ids {
				if systems.canonicalMayPass(fmt.Appendf(nil, form, id)) {
					passed++
				}
			}
			if passed > len(ids)/8 {
				t.Errorf("%d of %d %ss pass as %s", passed, len(ids), kind, form)
			}
		}
	}
	if definitionMayPass(rs.FHIR.Canonicals, []byte("http://hl7.org/fhir/uv/John-Smith.555-12-3456")) || definitionMayPass(rs.FHIR.Canonicals, []byte("http://hl7.org/fhir/uv/John-Smith")) {
		t.Error("a name passes as a guide")
	}
}
