package fhir_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/strictyaml"
)

// problemsOf compiles Safe Harbor with more rules and returns what is wrong.
func problemsOf(t *testing.T, rules ...string) []string {
	t.Helper()
	_, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - "+strings.Join(rules, "\n    - ")+"\n")
	var ps strictyaml.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("%v: %v", rules, err)
	}
	return strings.Split(ps.Error(), "\n")
}

// What FHIRPath has and rulesets do not is refused by its name, at its place.
func TestWhatAMatchCannotSay(t *testing.T) {
	t.Parallel()
	for match, want := range map[string]string{
		"Observation.where(status = 'final' and stauts = 'x').value":                 `did you mean "status"`,
		"Observation.where(status = 'final' or code.coding.sistem.exists()).value":   `did you mean "system"`,
		"Observation.where(status = 'final' xor status = 'x').value":                 "the operator xor",
		"Observation.where(status = 'final' and).value":                              "want a name",
		"Observation.where((status = 'final').value":                                 "want \")\"",
		"Observation.where(status.matches('[')).value":                               "not a regular expression (RE2)",
		"Observation.where(status.exists(code = 'x')).value":                         "exists() takes no condition",
		"Observation.where(code in %ages and status = 'final').value":                "must be the only test of a condition",
		"Patient.name.exists()":                                                      "as in where(value.exists())",
		"Patient.name != 'x'":                                                        "write conditions in where()",
		"Observation.where(status ~ 'final').value":                                  "the operator ~",
		"Observation.where(value > 5).value":                                         "the operator >",
		"Observation.where(exists()).value":                                          "function exists()",
		"Observation.where(status.not()).value":                                      "function not()",
		"Observation.where(status.contains('fi')).value":                             "function contains()",
		"Observation.where(status contains 'fi').value":                              "the operator contains",
		"Patient.where(multipleBirth = 2).name":                                      "a number cannot be tested",
		`Patient.where(gender = "male").name`:                                        "single quotes",
		"Patient.where(active).name":                                                 "active alone is no condition",
		"Patient.extension.where(url = 'http://x.example').value":                    "write extension('http://x.example')",
		"Patient.name[0].family":                                                     "an index in brackets",
		"(Observation.value as Quantity).value":                                      "an expression in parentheses",
		"Observation.value as Quantity":                                              "the operator as",
		"Patient.name | Patient.contact.name":                                        "the operator | is not part of the rule language: write a list of paths",
		"Patient.name.first()":                                                       "function first()",
		"Patient.name.tail().family":                                                 "function tail()",
		"$this.name":                                                                 "a variable",
		"%resource.name":                                                             "a variable",
		"Patient.*":                                                                  "wildcard",
		"Patient/name":                                                               "the operator /",
		"Patient.name.":                                                              "expected a name at the end",
		"nodesByTyp('HumanName')":                                                    `did you mean "nodesByType"`,
		"Patient.nodeByName('family')":                                               `did you mean "nodesByName"`,
		"nodesByName('familly')":                                                     `did you mean "family"`,
		"Patient.nodesByName('familly')":                                             `did you mean "family"`,
		"nodesByType('HumanNam')":                                                    `did you mean "HumanName"`,
		"Patient.nam":                                                                `did you mean "name"`,
		"Observation.where(stauts = 'final').value":                                  `did you mean "status"`,
		"Observation.where(code.coding.sistem = 'x').value":                          `did you mean "system"`,
		"Patient.identifier.where(systm = 'urn:x')":                                  `did you mean "system"`,
		"Bundle.where(type = 'document').entry.resource":                             "other than Bundle and Parameters",
		"Observation.where(code in %ages).value.ofType(Quantity).value":              "not further up",
		"Observation.where(code.coding.cod = '2093-3').value.ofType(Quantity).value": `no member "cod"`,
		"Observation.where(code.coding.where(cod = '2093-3').exists()).value.ofType(Range).low": `no member "cod"`,
		"Observation.where(code.coding.where(code = '2093-3')).value.ofType(Range).low":         ".exists()",
		"extension('http://hl7.org/fhir/us/core/StructureDefinition/*')":                        "no wildcard",
		"Patient.extension('http://example.org/*').value":                                       "no wildcard",
		"Identifier.where(system = 'http://hospital.example/*').value":                          "no wildcard",
		"Identifier.where(system in ('urn:x' | 'http://hospital.example/*')).value":             "no wildcard",
	} {
		got := problemsOf(t, `{id: mine, match: "`+strings.ReplaceAll(match, `"`, `\"`)+`", method: remove}`)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: %q, want %q", match, got, want)
		}
	}
}

// A condition on a member that there is, on the holder or on the element itself, passes.
func TestConditionsOnMembersThatThereAre(t *testing.T) {
	t.Parallel()
	for _, match := range []string{
		"Observation.where(status = 'preliminary').value.ofType(string)", "Observation.where(code.coding.system = 'urn:x').value.ofType(string)", "Identifier.where(system = 'urn:x').value",
		"Patient.contact.where(gender in ('male' | 'female')).name", "Patient.extension('http://example.org/x').where(valueCode = 'a').value.ofType(string)", "Observation.component.where(code.text = '*').value.ofType(string)",
	} {
		if _, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: mine, match: \""+match+"\", method: remove}\n"); err != nil && !strings.Contains(err.Error(), "never applies") {
			t.Errorf("%s: %v", match, err)
		}
	}
}

// One cause has one line, which says how to mend it and stands in the user's own file.
func TestOneLineForOneConflict(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`^test\.yaml:6:8: rule "mine" and the base's rule "[a-z0-9-]+" match [0-9]+ paths, such as [A-Z][A-Za-z.()]+ equally well: use the id "[a-z0-9-]+" to replace the base's rule, or make this rule more specific$`)
	for _, typ := range []string{"markdown", "string", "dateTime", "Identifier", "HumanName", "date", "code", "uri"} {
		got := problemsOf(t, "{id: mine, match: nodesByType('"+typ+"'), method: keep}")
		conflicts := 0
		for _, l := range got {
			if strings.Contains(l, "equally well") {
				conflicts++
				if !line.MatchString(l) {
					t.Errorf("%s: %s", typ, l)
				}
			}
		}
		if conflicts != 1 {
			t.Errorf("%s: %d lines: %q", typ, conflicts, got)
		}
	}
	// To remove more than the base does is no error, though some of its rules are left
	// nothing to match.
	for _, match := range []string{"nodesByType('Address')", "Timing.repeat", "Patient.communication"} {
		if _, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: mine, match: "+match+", method: remove}\n"); err != nil {
			t.Errorf("%s: %v", match, err)
		}
	}
	two := problemsOf(t, "{id: one, match: Patient.animal, method: remove}", "{id: two, match: Patient.animal, method: descend}")
	if !strings.Contains(strings.Join(two, "\n"), "make one of them more specific") && len(two) > 2 {
		t.Errorf("%q", two)
	}
}

// A rule that never applies names the one that decides in its place.
func TestWhyARuleNeverApplies(t *testing.T) {
	t.Parallel()
	for match, rule := range map[string]string{"Patient.name.family": "names", "Patient.photo.title": "", "Patient.contact.name.given": "names"} {
		got := strings.Join(problemsOf(t, "{id: mine, match: "+match+", method: remove}"), "\n")
		if !strings.Contains(got, `rule "mine" never applies: `) || !strings.Contains(got, `rule "`+rule) {
			t.Errorf("%s: %s", match, got)
		}
	}
}

// A name of another tool is refused with what it is here, and that there is.
func TestMethodsOfOtherTools(t *testing.T) {
	t.Parallel()
	quoted := regexp.MustCompile(`here it is .*?"([A-Za-z]+)"`)
	known := regexp.MustCompile(`^(remove|keep|pseudonym|seal|date|noise|fixed|surrogate|characters|substring|bucket|generalize|resourceId)$`)
	for _, name := range []string{"redact", "cryptoHash", "dateShift", "encrypt", "substitute", "perturb", "hash", "mask", "replace", "generalise", "SetNull", "RandomDate", "crypto_hash", "date-shift", "pseudonymize"} {
		got := problemsOf(t, "{id: mine, match: Patient.name, method: "+name+"}")
		m := quoted.FindStringSubmatch(got[0])
		if len(got) != 1 || m == nil || !known.MatchString(m[1]) {
			t.Errorf("%s: %q", name, got)
			continue
		}
		if again := problemsOf(t, "{id: mine, match: Patient.nam, method: "+m[1]+"}"); strings.Contains(strings.Join(again, "\n"), "unknown method") {
			t.Errorf("%s: there is no method %s", name, m[1])
		}
	}
}

// What docs/rulesets.md shows of withholding by a condition does what it says.
func TestDocumentedWithholding(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/rulesets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "A rule can withhold a whole resource on a condition.")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("there is no example")
	}
	a, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n"+example)
	if err != nil {
		t.Fatal(err)
	}
	for src, withheld := range map[string]bool{
		`{"resourceType":"Observation","status":"preliminary","code":{"text":"x"}}`:                           true,
		`{"resourceType":"Observation","code":{"text":"x"},"status":"final"}`:                                 false,
		`{"resourceType":"Patient","identifier":[{"value":"1","system":"urn:example:test-patients"}]}`:        true,
		`{"resourceType":"Patient","identifier":[{"system":"urn:example:others","value":"1"}]}`:               false,
		`{"resourceType":"Patient","identifier":[{"system":"urn:a"},{"system":"urn:example:test-patients"}]}`: true,
	} {
		_, err := masktest.NewMasker(a, fhir.RememberNothing).Mask([]byte(src))
		var w *fhir.WithheldError
		if errors.As(err, &w) != withheld || err != nil && !withheld {
			t.Errorf("%s: %v", src, err)
		}
	}
}
