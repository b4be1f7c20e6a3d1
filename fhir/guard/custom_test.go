package guard_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/masktest"
)

const birthSex = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"

// custom compiles Safe Harbor with search parameters of the upstream.
func custom(t testing.TB, params ...string) (*fhir.Automaton, error) {
	t.Helper()
	return masktest.Compile(t, "veil: 1\nname: custom\nextends: safe-harbor\nfhir:\n  searchParameters:\n    - "+strings.Join(params, "\n    - ")+"\n")
}

// TestCustomSearchParameters: what the upstream has beyond FHIR R4 is refused until
// the ruleset says what it compares, and then judged like any other.
func TestCustomSearchParameters(t *testing.T) {
	plain := guard.New(masktest.Shipped(t, "safe-harbor"))
	a, err := custom(t,
		`{name: conceived, base: [Patient], type: date, expression: Patient.birthDate}`,
		`{name: city, base: [Patient, Organization], type: string, expression: Patient.address.city | Organization.address.city}`,
		`{name: birth-sex, base: [Patient], type: token, expression: "Patient.extension('`+birthSex+`').value.ofType(code)"}`,
		`{name: maiden, base: [Patient], type: string, expression: "Patient.name.where(use = 'maiden').family"}`,
		`{name: linked, base: [Patient], type: reference, targets: [Patient], expression: Patient.link.other}`,
		`{name: anyone, base: [Patient], type: reference, expression: Patient.generalPractitioner}`,
		`{name: tele, base: [Patient], type: token, expression: Patient.telecom}`,
		`{name: married, base: [Patient], type: token, expression: Patient.maritalStatus, why: asked for by the study}`,
		`{name: gender, base: [Patient], type: string, expression: Patient.name}`,
		`{name: sex-untyped, base: [Patient], type: token, expression: "Patient.extension('`+birthSex+`').value"}`,
	)
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	sealed, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot("Patient"), []byte("1"))
	const marital = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
	for _, tc := range []struct{ name, param, value, want, rule, reason string }{
		{"a year", "conceived", "ge1980", "gt1979-12-31", "", ""},
		{"a day", "conceived", "1980-03-05", "", "", "whole year"},
		{"of the category", "conceived", "lt1930", "", "", "whole year"},
		{"a masked text", "city", "Boston", "", "street-to-county", ""},
		{"a masked text under a condition", "maiden", "Smith", "", "names", ""},
		{"a reference", "linked", "Patient/" + string(sealed), "Patient/1", "", ""},
		{"an original reference", "linked", "Patient/1", "Patient/veil.no.such.id", "", ""},
		{"a reference to one of several types needs it", "anyone", string(sealed), "", "", "Type/id"},
		{"a chain", "linked.gender", "female", "", "names", ""}, // what the ruleset says of gender stands before R4's
		{"a chain to what is masked", "linked.name", "Smith", "", "names", ""},
		{"an untyped chain to what the element refers to", "anyone.name", "Smith", "", "text", ""},
		{"masked contact", "tele", "555", "", "telecoms", ""},
		{"a code", "married", marital + "|M", marital + "|M", "", ""},
		{"the ruleset's own of a known name", "gender", "female", "", "names", ""},
		{"an extension whose type is not named", "sex-untyped", "F", "", "", "value.ofType(Coding)"},
		{"an extension's code that is listed", "birth-sex", "F", "", "us-core-sex", "masked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: tc.param, Value: tc.value}}, guard.Strict)
			if tc.want != "" {
				if err != nil || len(q.Upstream) != 1 || q.Upstream[0].Value != tc.want {
					t.Errorf("got %+v, %v", q, err)
				}
				return
			}
			var r *guard.Refusal
			if !errors.As(err, &r) || tc.rule != "" && r.Rule != tc.rule || !strings.Contains(r.Reason, tc.reason) || strings.Contains(err.Error(), "Smith") {
				t.Errorf("got %+v, %v", q, err)
			}
		})
	}
	for _, name := range []string{"conceived", "city", "linked", "married", "maried"} {
		if q, err := plain.Search(keys, nil, "Patient", []guard.Param{{Name: name, Value: "1980"}}, guard.Strict); err == nil {
			t.Errorf("%s passes without being named: %+v", name, q)
		}
	}
	if _, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "maried", Value: "x"}}, guard.Strict); err == nil || !strings.Contains(err.Error(), `did you mean "married"`) {
		t.Errorf("got %v", err)
	}
	if _, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "_include", Value: "Patient:linked"}}, guard.Strict); err != nil {
		t.Error(err)
	}
	if _, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "_sort", Value: "city"}}, guard.Strict); err == nil {
		t.Error("a masked parameter sorts")
	}
	var listed []string
	for _, p := range g.SearchParams("Patient") {
		listed = append(listed, p.Name)
	}
	if s := strings.Join(listed, " "); !strings.Contains(s, "conceived") || strings.Count(s, " gender ") != 1 {
		t.Errorf("listed are %v", listed)
	}
}

func TestCustomSearchParametersThatAreWrong(t *testing.T) {
	for _, tc := range []struct{ name, param, want string }{
		{"unknown type", `{name: x, base: [Patiet], type: token, expression: Patient.gender}`, `unknown resource type "Patiet" (did you mean "Patient"?)`},
		{"unknown target", `{name: x, base: [Patient], type: reference, targets: [Practitionr], expression: Patient.generalPractitioner}`, `(did you mean "Practitioner"?)`},
		{"unknown element", `{name: x, base: [Patient], type: token, expression: Patient.gendre}`, `Patient has no element "gendre" (did you mean "gender"?)`},
		{"expression of another type", `{name: x, base: [Patient], type: token, expression: Group.type}`, "must be paths that begin at Patient"},
		{"expression of one of two types", `{name: x, base: [Patient, Group], type: token, expression: Patient.gender}`, "must be paths that begin at Group"},
		{"more than a path", `{name: x, base: [Patient], type: token, expression: "Patient.name.exists() and Patient.active"}`, "must be paths"},
		{"unknown kind", `{name: x, base: [Patient], type: tokn, expression: Patient.gender}`, "token"},
		{"a composite", `{name: x, base: [Patient], type: composite, expression: Patient.gender}`, "date"},
		{"no name", `{base: [Patient], type: token, expression: Patient.gender}`, `no "name"`},
		{"a name with a colon", `{name: "x:not", base: [Patient], type: token, expression: Patient.gender}`, "letters, digits and hyphens"},
		{"a result parameter", `{name: _sort, base: [Patient], type: token, expression: Patient.gender}`, "letters, digits and hyphens"},
		{"no base", `{name: x, type: token, expression: Patient.gender}`, `no "base"`},
		{"no expression", `{name: x, base: [Patient], type: token}`, `no "expression"`},
		{"every resource", `{name: x, base: [Resource], type: token, expression: Resource.id}`, "unknown resource type"},
		{"an unknown key", `{name: x, base: [Patient], type: token, expression: Patient.gender, modifier: not}`, "modifier"},
		{"the same twice", "{name: x, base: [Patient], type: token, expression: Patient.gender}\n    - {name: x, base: [Group, Patient], type: string, expression: Patient.name | Group.name}", `"x" of Patient appears twice`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := custom(t, tc.param); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "test.yaml:") {
				t.Errorf("got %v", err)
			}
		})
	}
}
