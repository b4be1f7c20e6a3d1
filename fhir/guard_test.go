package fhir_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
)

func TestGuard(t *testing.T) {
	a := shipped(t, "safe-harbor")
	g := fhir.NewGuard(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	seal := func(typ, id string) string {
		s, ok := keys.AppendSealed(nil, a.Policy.Keys.SealSlot(typ), []byte(id))
		if !ok {
			t.Fatal("not sealed")
		}
		return string(s)
	}
	p1, p2 := seal("Patient", "1"), seal("Patient", "2")
	site := &fhir.Site{Base: "http://veil/fhir"}
	for _, tc := range []struct {
		name, typ, param, value string
		want                    string // value upstream, or
		rule                    string // the rule that refuses, or
		reason                  string // why it is refused
	}{
		{"id", "Patient", "_id", p1, "1", "", ""},
		{"ids", "Patient", "_id", p1 + "," + p2, "1,2", "", ""},
		{"an original id is one that nobody has", "Patient", "_id", "1", "veil.no.such.id", "", ""},
		{"an id of another type", "Observation", "_id", p1, "veil.no.such.id", "", ""},
		{"reference", "Observation", "subject", "Patient/" + p1, "Patient/1", "", ""},
		{"reference by id alone, several types", "Observation", "subject", p1, "", "", "must be Type/id"},
		{"reference by id alone, type as modifier", "Observation", "subject:Patient", p1, "1", "", ""},
		{"absolute reference", "Observation", "patient", "http://veil/fhir/Patient/" + p1, "Patient/1", "", ""},
		{"original reference", "Observation", "patient", "Patient/1", "Patient/veil.no.such.id", "", ""},
		{"reference elsewhere", "Observation", "patient", "http://ehr/Patient/1", "", "", "must be Type/id"},
		{"reference by identifier", "Observation", "subject:identifier", "urn:x|1", "", "", "modifier"},
		{"code with system", "Observation", "code", "http://loinc.org|8480-6", "http://loinc.org|8480-6", "", ""},
		{"codes", "Observation", "code", "http://loinc.org|8480-6,http://loinc.org|8462-4", "http://loinc.org|8480-6,http://loinc.org|8462-4", "", ""},
		{"code without system", "Observation", "code", "8480-6", "", "", "system|code"},
		{"code of an unknown system", "Observation", "code", "urn:oid:1.2|SMITH", "", "", "system|code"},
		{"no code of its system", "Observation", "code", "http://loinc.org|SMITH", "", "", "system|code"},
		{"code of no system", "Observation", "code", "|8480-6", "", "", "system|code"},
		{"bare code of the value set", "Condition", "clinical-status", "active", "http://terminology.hl7.org/CodeSystem/condition-clinical|active", "", ""},
		{"code not", "Observation", "status:not", "final", "final", "", ""},
		{"code text", "Observation", "code:text", "Smith", "", "", "modifier"},
		{"code in", "Observation", "code:in", "http://x", "", "", "modifier"},
		{"gender", "Patient", "gender", "female", "female", "", ""},
		{"no gender", "Patient", "gender", "Smith", "", "", "value set"},
		{"boolean", "Patient", "active", "true", "true", "", ""},
		{"no boolean", "Patient", "active", "Smith", "", "", "true or false"},
		{"year of birth", "Patient", "birthdate", "1980", "1980", "", ""},
		{"from a year on", "Patient", "birthdate", "ge1937", "ge1937", "", ""},
		{"splits the category", "Patient", "birthdate", "lt1930", "", "", "whole year"},
		{"a day", "Patient", "birthdate", "1980-03-05", "", "", "whole year"},
		{"a month", "Patient", "birthdate", "ge1980-03", "", "", "whole year"},
		{"about", "Patient", "birthdate", "ap1980", "", "", "whole year"},
		{"a period", "Encounter", "date", "2024", "2024", "", ""},
		{"missing birth date", "Patient", "birthdate:missing", "true", "", "", "modifier"},
		{"missing reference", "Observation", "encounter:missing", "true", "true", "", ""},
		{"last updated by year", "Patient", "_lastUpdated", "gt2020", "gt2020", "", ""},
		{"last updated by day", "Patient", "_lastUpdated", "gt2020-01-01", "", "", "whole year"},
		{"date of death", "Patient", "death-date", "2020", "", "death-dates", ""},
		{"name", "Patient", "name", "Smith", "", "names", ""},
		{"family", "Patient", "family:exact", "Smith", "", "names", ""},
		{"phonetic", "Patient", "phonetic", "Smith", "", "names", ""},
		{"identifier", "Patient", "identifier", "urn:mrn|1", "", "identifiers", ""},
		{"phone", "Patient", "phone", "555", "", "telecoms", ""},
		{"city", "Patient", "address-city", "Boston", "", "street-to-county", ""},
		{"postal code", "Patient", "address-postalcode", "02115", "", "zip3", ""},
		{"quantity", "Observation", "value-quantity", "gt89", "", "observed-ages", "masked"},
		{"text value", "Observation", "value-string", "Smith", "", "text", ""},
		{"composite", "Observation", "code-value-quantity", "http://loinc.org|8480-6$gt1", "", "", "could test"},
		{"chain", "Observation", "subject.name", "Smith", "", "", "chained"},
		{"typed chain", "Observation", "subject:Patient.name", "Smith", "", "", "modifier"},
		{"reverse chain", "Patient", "_has:Observation:patient:code", "x", "", "", "chained"},
		{"full text", "Patient", "_text", "Smith", "", "", ""},
		{"content", "Patient", "_content", "Smith", "", "", ""},
		{"filter", "Patient", "_filter", "name eq Smith", "", "", "not a search parameter"},
		{"sort", "Patient", "_sort", "birthdate", "", "", "not a search parameter"},
		{"elements", "Patient", "_elements", "deceasedDateTime", "", "", "not a search parameter"},
		{"unknown", "Patient", "shoe-size", "44", "", "", "not a search parameter"},
		{"other case", "Patient", "Gender", "female", "", "", "not a search parameter"},
		{"count", "Patient", "_count", "20", "20", "", ""},
		{"no count", "Patient", "_count", "many", "", "", "number"},
		{"summary count", "Patient", "_summary", "count", "count", "", ""},
		{"summary", "Patient", "_summary", "true", "", "", "summary"},
		{"include", "Observation", "_include", "Observation:subject", "Observation:subject", "", ""},
		{"include of a withheld type", "Observation", "_include", "Observation:subject:Person", "", "", "withheld"},
		{"include everything", "Observation", "_include", "*", "", "", "must be Type:parameter"},
		{"iterated include", "Observation", "_include:iterate", "Observation:subject", "", "", "without modifiers"},
		{"reverse include", "Patient", "_revinclude", "Observation:subject", "Observation:subject", "", ""},
		{"escaped", "Patient", "gender", `fe\,male`, "", "", "escaped"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := g.Search(keys, site, tc.typ, []fhir.Param{{Name: tc.param, Value: tc.value}})
			if tc.want != "" {
				if err != nil || got[0].Value != tc.want || got[0].Name != tc.param {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			var r *fhir.Refusal
			if !errors.As(err, &r) {
				t.Fatalf("got %v, %v", got, err)
			}
			if r.Param != tc.param && r.Param == "" || r.Rule != tc.rule && tc.rule != "" || !strings.Contains(r.Reason, tc.reason) {
				t.Errorf("refused with %+v", r)
			}
			if strings.Contains(err.Error(), "Smith") || strings.Contains(err.Error(), "02115") {
				t.Errorf("shows the value: %v", err)
			}
		})
	}
}

// TestGuardJudgesEveryParameter: each R4 parameter of each type has a verdict,
// and none of the kinds that can hold names is ever allowed.
func TestGuardJudgesEveryParameter(t *testing.T) {
	g := fhir.NewGuard(shipped(t, "safe-harbor"))
	allowed, refused := 0, 0
	for _, typ := range fhir.R4().Types() {
		if typ.Kind != fhir.ResourceKind || typ.Abstract {
			continue
		}
		for _, p := range g.SearchParams(typ.Name) {
			if p.Why == "" {
				t.Errorf("%s.%s has no reason", typ.Name, p.Name)
			}
			if !p.Allowed {
				refused++
				continue
			}
			allowed++
			switch {
			case p.Type == "string" || p.Type == "quantity" || p.Type == "composite" || p.Type == "special":
				t.Errorf("%s.%s of type %s is allowed", typ.Name, p.Name, p.Type)
			case strings.Contains(p.Name, "name") && p.Name != "name-language" || p.Name == "identifier" || p.Name == "telecom" || p.Name == "email" || p.Name == "phone":
				t.Errorf("%s.%s is allowed", typ.Name, p.Name)
			}
		}
	}
	if allowed < 1000 || refused < 1000 {
		t.Errorf("%d allowed, %d refused", allowed, refused)
	}
}
