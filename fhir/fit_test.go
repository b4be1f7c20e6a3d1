package fhir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

const anyExtension = "extension('http://example.org/any')"

// TestRefusedMethodsGiveNothing tries methods on every primitive type: what is
// refused removes every value where it is tried, what is accepted gives some.
func TestRefusedMethodsGiveNothing(t *testing.T) {
	t.Parallel()
	tried := map[string]int{}
	for _, method := range []string{
		"fixed, value: hello", `fixed, value: "2020"`, `fixed, value: "10:00:00"`, `fixed, value: "true"`, `fixed, value: ""`,
		"pseudonym", "pseudonym, shape: uuid", "pseudonym, shape: int", "pseudonym, shape: digits, length: 8", "pseudonym, shape: hex, length: 8",
		"seal, domain: x", "surrogate, kind: family", "surrogate, kind: url", "surrogate, kind: phone", "date, mode: year", "date, mode: month", "date, mode: shift",
		"generalize, bands: ['0-1', '2+']", "generalize, cases: {a: b}", `generalize, bands: ['0-9', '10+'], default: "1"`, `round, to: "10"`, `round, to: "0.5"`, `bucket, width: "7"`, `noise, within: "3"`,
		"substring, length: 2", "substring, length: 4", "characters, keepFirst: 1", "imitate, kind: luhn", "imitate, kind: npi", "imitate, kind: nhs",
		"year", "year, as: instant", "birthYear", "deathYear", "ageCap", "zip3", "state", "country", "listed, values: [final, '2020', x y]",
	} {
		rule := func(et schema.ElementType) string {
			return fmt.Sprintf(`{id: r-%s, match: "%s.value.ofType(%s)", method: %s}`, strings.ToLower(et.Code), anyExtension, et.Code, method)
		}
		base := "veil: 1\nname: test\nreferenceDate: 2026-12-31\nfhir:\n  version: R4\n  unknown: remove\n  rules:\n    - {id: any-ext, match: \"" + anyExtension + "\", method: descend}\n"
		all := base
		var types []schema.ElementType
		for _, et := range extensionValue(schema.R4()).Types {
			if et.Type.Kind == schema.PrimitiveKind {
				types = append(types, et)
				all += "    - " + rule(et) + "\n"
			}
		}
		_, err := masktest.Compile(t, all)
		said := ""
		if err != nil {
			said = err.Error()
		}
		accepted := base
		refused := map[string]bool{}
		for _, et := range types {
			if refused[et.Code] = strings.Contains(said, fmt.Sprintf("rule \"r-%s\": method", strings.ToLower(et.Code))); !refused[et.Code] {
				accepted += "    - " + rule(et) + "\n"
			}
		}
		if lines := strings.Count(said, "never gives"); lines != countTrue(refused) {
			t.Errorf("%s: %d lines for %d rules:\n%s", method, lines, countTrue(refused), said)
		}
		a, err := masktest.Compile(t, accepted)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		m := masktest.NewMasker(a, fhir.RememberAlways)
		for _, et := range types {
			if refused[et.Code] {
				tried["refused"]++
				continue
			}
			tried["accepted"]++
			if et.Code == "string" || et.Code == "markdown" {
				continue // any text may fit
			}
			gives := false
			for _, v := range fhir.Probes()[et.Code] {
				quoted := fmt.Sprintf("%q", v)
				switch et.Code {
				case "boolean", "decimal", "integer", "positiveInt", "unsignedInt":
					quoted = v
				}
				name := "value" + strings.ToUpper(et.Code[:1]) + et.Code[1:]
				out, err := m.Mask([]byte(fmt.Sprintf(`{"resourceType":"Patient","id":"p","birthDate":"1985-07-09","extension":[{"url":"http://example.org/any",%q:%s}]}`, name, quoted)))
				if err != nil {
					t.Fatal(err)
				}
				gives = gives || strings.Contains(string(out), `"`+name+`"`)
			}
			if !gives && !strings.HasPrefix(method, "generalize") && !strings.HasPrefix(method, "listed") { // its values are its own
				t.Errorf("%s is accepted for %s and removes every value", method, et.Code)
			}
		}
	}
	if tried["refused"] < 150 || tried["accepted"] < 150 {
		t.Errorf("tried %v", tried)
	}
}

func countTrue(set map[string]bool) (n int) {
	for _, v := range set {
		if v {
			n++
		}
	}
	return n
}

// TestMethodsThatCannotBe: the errors of rules whose results fit no element, and
// rules beside them that are right.
func TestMethodsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rule, want string }{
		{"{id: birth-dates, match: Patient.birthDate, method: fixed, value: hello}",
			`rule "birth-dates": method "fixed" never gives a date, which Patient.birthDate must be: use date, year, birthYear, deathYear, keep or remove`},
		{"{id: opening-hours, match: Timing.repeat.timeOfDay, method: substring, length: 2}",
			`rule "opening-hours": method "substring" never gives a time, which Timing.repeat.timeOfDay must be: use fixed with a time, keep or remove`},
		{"{id: x, match: Patient.multipleBirth.ofType(integer), method: generalize, bands: ['0-1', '2+']}", `method "generalize" never gives an integer`},
		{"{id: x, match: Patient.gender, method: pseudonym}", `method "pseudonym" never gives a code of http://hl7.org/fhir/ValueSet/administrative-gender`},
		{"{id: x, match: Observation.value.ofType(Quantity).value, method: date, mode: year}", `method "date" never gives a decimal`},
		{"{id: x, match: Observation.value.ofType(Quantity).value, method: fixed, value: many}", `method "fixed" never gives a decimal`},
		{"{id: instants, match: nodesByType('instant'), method: generalize, cases: {a: b}}", `never gives an instant`},
		{"{id: x, match: Patient.gender, method: fixed, value: unknown}", ""},
		{"{id: x, match: Patient.gender, method: generalize, cases: {male: other}, default: unknown}", ""},
		{"{id: birth-dates, match: Patient.birthDate, method: fixed, value: \"1970\"}", ""},
		{"{id: zip3, match: Address.postalCode, method: characters, keepFirst: 3}", ""}, // right for nine digits
		{"{id: codes, match: nodesByType('code'), method: fixed, value: unknown}", ""},

		{"{id: x, match: Patient.id, method: pseudonym, shape: uuid}", `method "pseudonym" masks ids and references differently`},
		{"{id: ids, match: Resource.id, method: fixed, value: a}", `masks ids and references differently`},
		{"{id: x, match: Observation.id, method: seal, domain: Observation}", `use resourceId, keep or remove`},
		{"{id: references, match: Reference.reference, method: pseudonym}", `use reference, keep or remove`},
		{"{id: full-urls, match: Bundle.entry.fullUrl, method: surrogate, kind: url}", `use reference, keep or remove`},
		{"{id: request-urls, match: [Bundle.entry.request.url, Bundle.entry.response.location], method: fixed, value: Patient}", `use reference, keep or remove`},
		{"{id: ids, match: Resource.id, method: keep}", `rule "ids" keeps ids, and rule "references" seals references: they no longer agree`},
		{"{id: x, match: Organization.id, method: keep}", `rule "x" keeps ids`},
		{"{id: references, match: Reference.reference, method: keep}", `rule "references" keeps references, and rule "ids" seals ids`},
		{"{id: x, match: \"extension('http://x').value.ofType(id)\", method: resourceId}", `is for the id of a resource`},
		{"{id: x, match: Organization.id, method: remove}", ""},
		{"{id: full-urls, match: Bundle.entry.fullUrl, method: remove}", ""},
	} {
		_, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - "+tc.rule+"\n")
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.rule, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %s", tc.rule, err, tc.want)
		case err != nil && strings.Count(err.Error(), "\n") > 1 && !strings.Contains(tc.want, "agree"):
			t.Errorf("%s: more than one line:\n%v", tc.rule, err)
		}
	}
}

// TestKeptIdentitiesAgree: who keeps ids keeps all that names them.
func TestKeptIdentitiesAgree(t *testing.T) {
	t.Parallel()
	a := withRules(t, "{id: ids, match: Resource.id, method: keep}", "{id: references, match: Reference.reference, method: keep}",
		"{id: full-urls, match: Bundle.entry.fullUrl, method: keep}", "{id: request-urls, match: [Bundle.entry.request.url, Bundle.entry.response.location], method: keep}")
	out, err := masktest.NewMasker(a, fhir.RememberAlways).Mask([]byte(`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/Patient/p","resource":{"resourceType":"Patient","id":"p"}},{"resource":{"resourceType":"Observation","status":"final","code":{},"subject":{"reference":"Patient/p"}}}]}`))
	for _, want := range []string{`"id":"p"`, `"reference":"Patient/p"`, `"fullUrl":"http://x/Patient/p"`} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("no %s in %s (%v)", want, out, err)
		}
	}
}
