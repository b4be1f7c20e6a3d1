package guard_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

func TestGuard(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g := guard.New(a)
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
		{"code without system", "Observation", "code", "12345-5", "http://loinc.org|12345-5", "", ""},
		{"code that two systems have the form of", "Observation", "code", "8480-6", "http://loinc.org|8480-6,urn:oid:2.16.840.1.113883.6.238|8480-6", "", ""},
		{"code without system that no listed one has", "Observation", "code", "8480-7x", "", "", "system|code"},
		{"code without system in a composite", "Observation", "code-value-quantity", "12345-5$gt1", "http://loinc.org|12345-5$gt1", "", ""},
		{"codes of two systems in a composite", "Observation", "code-value-quantity", "8480-6$gt1", "", "", "system|code"},
		{"reference by id alone, one type for this resource", "Observation", "encounter", seal("Encounter", "1"), "Encounter/1", "", ""},
		{"reference to a type it does not lead to from here", "Observation", "encounter", "EpisodeOfCare/" + seal("EpisodeOfCare", "1"), "EpisodeOfCare/1", "", ""},
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
		{"from a year on", "Patient", "birthdate", "ge1937", "gt1936-12-31", "", ""},
		{"splits the category", "Patient", "birthdate", "lt1930", "", "", "whole year"},
		{"a day", "Patient", "birthdate", "1980-03-05", "", "", "whole year"},
		{"a month", "Patient", "birthdate", "ge1980-03", "", "", "whole year"},
		{"about", "Patient", "birthdate", "ap1980", "", "", "whole year"},
		{"a period", "Encounter", "date", "2024", "2024", "", ""},
		{"missing birth date", "Patient", "birthdate:missing", "true", "", "", "modifier"},
		{"missing reference", "Observation", "encounter:missing", "true", "true", "", ""},
		{"last updated by year", "Patient", "_lastUpdated", "gt2020", "ge2021-01-01T00:00:00", "", ""},
		{"last updated by day", "Patient", "_lastUpdated", "gt2020-01-01", "", "", "whole year"},
		{"date of death", "Patient", "death-date", "2020", "", "death-dates", ""},
		{"name", "Patient", "name", "Smith", "", "names", ""},
		{"family", "Patient", "family:exact", "Smith", "", "names", ""},
		{"phonetic", "Patient", "phonetic", "Smith", "", "names", ""},
		{"identifier", "Patient", "identifier", "urn:mrn|1", "", "identifiers", ""},
		{"phone", "Patient", "phone", "555", "", "telecoms", ""},
		{"city", "Patient", "address-city", "Boston", "", "street-to-county", ""},
		{"postal code", "Patient", "address-postalcode", "02115", "", "zip3", "lets pass"},
		{"postal code by its end", "Patient", "address-postalcode:contains", "115", "", "zip3", "modifier"},
		{"quantity", "Observation", "value-quantity", "gt9", "gt9", "", ""},
		{"quantity of a component", "Observation", "component-value-quantity", "lt140|http://unitsofmeasure.org|mm[Hg]", "lt140|http://unitsofmeasure.org|mm[Hg]", "", ""},
		{"quantity that may be an age", "Observation", "combo-value-quantity", "gt90", "", "", "up to 89"},
		{"length", "Encounter", "length", "gt5", "gt5", "", ""},
		{"length with a unit", "Encounter", "length", "gt5|http://unitsofmeasure.org|d", "gt5|http://unitsofmeasure.org|d", "", ""},
		{"a number that may be an age", "Condition", "onset-age", "gt89.5", "", "", "up to 89"},
		{"about an age", "Condition", "onset-age", "ap85", "", "", "up to 89"},
		{"an age", "Condition", "onset-age", "ge65||a", "ge65||a", "", ""},
		{"an age in months", "Condition", "onset-age", "ge1090|http://unitsofmeasure.org|mo", "", "", "up to 89"},
		{"an age in kiloyears", "Condition", "onset-age", "ge90|http://unitsofmeasure.org|ka", "", "", "up to 89"},
		{"an amount of no time", "ChargeItem", "quantity", "ge140|http://unitsofmeasure.org|mg", "ge140|http://unitsofmeasure.org|mg", "", ""},
		{"a unit of no system", "ChargeItem", "quantity", "ge140||mg", "", "", "up to 89"},
		{"a unit that is text", "ChargeItem", "quantity", "5||Smith", "", "", "up to 89"},
		{"not a quantity", "ChargeItem", "quantity", "5|mg", "", "", "up to 89"},
		{"state", "Patient", "address-state", "MA", "", "state", "address-country=US"},
		{"no state", "Patient", "address-state", "Mr", "", "", "lets pass"},
		{"country", "Patient", "address-country", "US", "US", "", ""},
		{"three digits", "Patient", "address-postalcode", "941", "", "zip3", "address-country=US"},
		{"hidden areas", "Patient", "address-postalcode", "000", "", "zip3", "matches none"},
		{"restricted three digits", "Patient", "address-postalcode", "036", "", "", "lets pass"},
		{"two digits", "Patient", "address-postalcode", "94", "", "", "lets pass"},
		{"whole address", "Patient", "address", "Main", "", "", "masked"},
		{"text value", "Observation", "value-string", "Smith", "", "answer-words", ""},
		{"composite", "Observation", "code-value-quantity", "http://loinc.org|8480-6$gt1", "http://loinc.org|8480-6$gt1", "", ""},
		{"composite of text", "Observation", "code-value-string", "http://loinc.org|8480-6$Smith", "", "answer-words", "parts"},
		{"composite of too much", "Observation", "code-value-quantity", "http://loinc.org|30525-0$gt93", "", "", "part 2"},
		{"composite with a part missing", "Observation", "code-value-quantity", "http://loinc.org|8480-6", "", "", "joined by $"},
		{"composite on components", "Observation", "component-code-value-concept", "http://loinc.org|8480-6$http://snomed.info/sct|22298006", "http://loinc.org|8480-6$http://snomed.info/sct|22298006", "", ""},
		{"subsumption", "Condition", "code:below", "http://snomed.info/sct|22298006", "http://snomed.info/sct|22298006", "", ""},
		{"subsumption without system", "Condition", "clinical-status:below", "active", "", "", "system|code"},
		{"chain", "Observation", "subject.name", "Smith", "", "names", ""},
		{"typed chain", "Observation", "subject:Patient.name", "Smith", "", "names", ""},
		{"chain to a birth date", "Observation", "subject:Patient.birthdate", "1980-03-05", "", "", "whole year"},
		{"chain to what is shown", "Observation", "subject:Patient.gender", "female", "female", "", ""},
		{"untyped chain", "Observation", "patient.gender", "female", "female", "", ""},
		{"chain of two", "Observation", "encounter:Encounter.subject:Patient.gender", "female", "female", "", ""},
		{"chain of two to a name", "Observation", "encounter.subject:Patient.family", "Smith", "", "names", ""},
		{"chain over a masked parameter", "Observation", "code.gender", "female", "", "", "may be followed"},
		{"chain to a type it does not lead to", "Observation", "patient:Group.type", "person", "", "", "refer to Group"},
		{"chain to an id", "Observation", "subject:Patient._id", p1, "1", "", ""},
		{"chain to ids of several types", "Observation", "subject._id", p1, "", "", "name the type"},
		{"chain too long", "Observation", "encounter.part-of.part-of.part-of.part-of.part-of.status", "planned", "", "", "more than"},
		{"reverse chain", "Patient", "_has:Observation:patient:code", "http://loinc.org|8480-6", "http://loinc.org|8480-6", "", ""},
		{"reverse chain to text", "Patient", "_has:Observation:patient:value-string", "Smith", "", "answer-words", ""},
		{"reverse chain to a name", "Patient", "_has:Observation:patient:performer.name", "Smith", "", "", ""},
		{"nested reverse chain", "Patient", "_has:Encounter:patient:_has:Observation:encounter:status", "final", "final", "", ""},
		{"nested reverse chain to text", "Patient", "_has:Encounter:patient:_has:Observation:encounter:value-string", "Smith", "", "answer-words", ""},
		{"reverse chain from a withheld type", "Patient", "_has:AuditEvent:patient:type", "rest", "", "", "withheld"},
		{"reverse chain that does not lead here", "Location", "_has:Observation:patient:status", "final", "", "", "refer to Location"},
		{"reverse chain cut short", "Patient", "_has:Observation:patient", "x", "", "", "is written"},
		{"full text", "Patient", "_text", "Smith", "", "", ""},
		{"content", "Patient", "_content", "Smith", "", "", ""},
		{"filter", "Patient", "_filter", "name eq Smith", "", "", "expressions could test"},
		{"sort by birth", "Patient", "_sort", "birthdate", "", "birth-dates", "sorting"},
		{"sort by name", "Patient", "_sort", "-name", "", "names", "sorting"},
		{"sort by time", "Patient", "_sort", "-_lastUpdated", "", "", "sorting"},
		{"sort by id", "Patient", "_sort", "_id", "", "", "sorting"},
		{"sort by a code that may be unknown", "Observation", "_sort", "code", "", "", "sorting"},
		{"sort by what is shown", "Patient", "_sort", "gender,-active", "gender,-active", "", ""},
		{"sort by what is shown and what is not", "Patient", "_sort", "gender,birthdate", "", "", "sorting"},
		{"unknown elements", "Patient", "_elements", "shoeSize", "", "", "names of elements"},
		{"unknown", "Patient", "shoe-size", "44", "", "", "not a search parameter"},
		{"other case", "Patient", "Gender", "female", "", "", "not a search parameter"},
		{"count", "Patient", "_count", "20", "20", "", ""},
		{"no count", "Patient", "_count", "many", "", "", "number"},
		{"summary count", "Patient", "_summary", "count", "count", "", ""},
		{"unknown summary", "Patient", "_summary", "all", "", "", "must be"},
		{"include", "Observation", "_include", "Observation:subject", "Observation:subject", "", ""},
		{"include of a withheld type", "Observation", "_include", "Observation:subject:Person", "", "", "withheld"},
		{"include everything", "Observation", "_include", "*", "Observation:*", "", ""},
		{"include everything of a type with masked references", "AllergyIntolerance", "_include", "*", "AllergyIntolerance:*", "", ""},
		{"include of another type", "Observation", "_include", "Patient:link", "", "", "without :iterate"},
		{"iterated include", "Observation", "_include:iterate", "Patient:general-practitioner", "Patient:general-practitioner", "", ""},
		{"include with another modifier", "Observation", "_include:recurse", "Observation:subject", "", "", "iterate"},
		{"include of what is no reference", "Observation", "_include", "Observation:code", "", "", "may be followed"},
		{"reverse include of everything", "Patient", "_revinclude", "*", "", "", "must be"},
		{"reverse include", "Patient", "_revinclude", "Observation:subject", "Observation:subject", "", ""},
		{"escaped", "Patient", "gender", `fe\,male`, "", "", "escaped"},
		{"no name", "Patient", "", "x", "", "", "not a search parameter"},
		{"no value", "Patient", "gender", "", "", "", "value set"},
		{"no value of a reference", "Observation", "patient", "", "", "", "must be Type/id"},
		{"no value of an amount", "Encounter", "length", "", "", "", "up to 89"},
		{"one value of two empty", "Patient", "gender", "male,", "", "", "value set"},
		{"no id", "Patient", "_id", "", "veil.no.such.id", "", ""},
		{"id with its type", "Patient", "_id", "Patient/" + p1, "veil.no.such.id", "", ""},
		{"id that is missing", "Patient", "_id:missing", "true", "", "", "modifier"},
		{"id that is not", "Patient", "_id:not", p1, "", "", "modifier"},
		{"two modifiers", "Observation", "subject:Patient:missing", "true", "", "", "modifier"},
		{"two modifiers of a code", "Patient", "gender:not:missing", "true", "", "", "modifier"},
		{"modifier of a masked parameter", "Patient", "name:missing", "true", "", "names", ""},
		{"text of a code", "Patient", "language:code-text", "Smith", "", "", "modifier"},
		{"modifier that is none", "Patient", "gender:", "male", "male", "", ""},
		{"code with its system", "Patient", "gender", "http://hl7.org/fhir/administrative-gender|female", "female", "", ""},
		{"code with another system", "Patient", "gender", "urn:oid:1.2|female", "", "", "value set"},
		{"code of any system", "Patient", "gender", "|female", "", "", "value set"},
		{"code at the end of text", "Patient", "gender", "Smith|male", "", "", "value set"},
		{"dead or not", "Patient", "deceased", "true", "true", "", ""},
		{"dead since", "Patient", "deceased", "2020-02-03", "", "", "true or false"},
		{"reference to a version", "Observation", "patient", "Patient/" + p1 + "/_history/1", "", "", "must be Type/id"},
		{"reference to what is contained", "Observation", "patient", "#" + p1, "", "", "must be Type/id"},
		{"reference with a query", "Observation", "patient", "Patient?name=Smith", "", "", "must be Type/id"},
		{"reference to an unknown type", "Observation", "subject", "Shoe/" + p1, "", "", "must be Type/id"},
		{"reference of another type than the modifier", "Observation", "subject:Patient", "Group/" + p1, "", "", "must be Type/id"},
		{"a year with an exponent", "Patient", "birthdate", "2e3", "", "", "whole year"},
		{"the end of a year", "Patient", "birthdate", "sa1980", "sa1980-12-31", "", ""},
		{"before a year", "Encounter", "date", "eb2020", "eb2020-01-01", "", ""},
		{"not that year of the category", "Patient", "birthdate", "ne1930", "", "", "whole year"},
		{"a year of the category in a list", "Patient", "birthdate", "1980,1930", "", "", "whole year"},
		{"a year in other digits", "Patient", "birthdate", "١٩٨٠", "", "", "whole year"},
		{"a year with a time", "Encounter", "date", "2024-01-01T00:00:00Z", "", "", "whole year"},
		{"an exponent", "Condition", "onset-age", "gt9e1", "", "", "up to 89"},
		{"no number", "Condition", "onset-age", "gtNaN", "", "", "up to 89"},
		{"beyond every number", "Condition", "onset-age", "gt1e999", "", "", "up to 89"},
		{"an age in hundreds of years", "Condition", "onset-age", "gt0.95|http://unitsofmeasure.org|ha", "", "", "up to 89"},
		{"an age in megaseconds", "Condition", "onset-age", "gt89|http://unitsofmeasure.org|Gs", "", "", "up to 89"},
		{"an age in inverse hertz", "Condition", "onset-age", "gt2903040000|http://unitsofmeasure.org|Hz-1", "", "", "up to 89"},
		{"an age as energy by power", "Condition", "onset-age", "gt2903040000|http://unitsofmeasure.org|J/W", "", "", "up to 89"},
		{"an age as a length by speed", "Condition", "onset-age", "gt2903040000|http://unitsofmeasure.org|m/(m/s)", "", "", "up to 89"},
		{"an age as a product", "Condition", "onset-age", "gt33600|http://unitsofmeasure.org|g/g.d", "", "", "up to 89"},
		{"an age in what is no time", "Condition", "onset-age", "gt93|http://unitsofmeasure.org|mg", "", "", "up to 89"},
		{"a pressure", "Observation", "code-value-quantity", "http://loinc.org|8480-6$gt140|http://unitsofmeasure.org|mm[Hg]", "http://loinc.org|8480-6$gt140|http://unitsofmeasure.org|mm[Hg]", "", ""},
		{"a unit of another system", "Condition", "onset-age", "gt93|urn:x|mg", "", "", "up to 89"},
		{"a composite of a year of the category", "Observation", "code-value-date", "http://loinc.org|21112-8$1930", "", "", "part 2"},
		{"a composite escaped", "Observation", "code-value-quantity", `http://loinc.org|8480-6\$5$gt1`, "", "", "escaped"},
		{"a coded value beside its code", "Observation", "code-value-concept", "http://loinc.org|72166-2$http://snomed.info/sct|266919005", "http://loinc.org|72166-2$http://snomed.info/sct|266919005", "", ""},
		{"a coded value of a component beside its code", "Observation", "component-code-value-concept", "72166-2$http://snomed.info/sct|266919005", "http://loinc.org|72166-2$http://snomed.info/sct|266919005", "", ""},
		{"an age group", "Observation", "code-value-concept", "http://loinc.org|30525-0$http://snomed.info/sct|271872005", "", "", "other than an age"},
		{"an age group, bare", "Observation", "combo-code-value-concept", "30525-0$http://snomed.info/sct|271872005", "", "", "other than an age"},
		{"a coded value beside any code", "Observation", "code-value-concept", "http://loinc.org|$http://snomed.info/sct|271872005", "", "", "other than an age"},
		{"a coded value alone", "Observation", "value-concept", "http://snomed.info/sct|271872005", "", "observed-age-groups", "code-value-concept"},
		{"a coded value of a component alone", "Observation", "component-value-concept", "http://snomed.info/sct|271872005", "", "observed-age-groups", "code-value-concept"},
		{"a coded value of a group alone", "Group", "value", "http://snomed.info/sct|271872005", "", "observed-age-groups", "masked"},
		{"a composite of too many parts", "Observation", "code-value-quantity", "http://loinc.org|8480-6$gt1$gt2", "", "", "joined by $"},
		{"a composite missing", "Observation", "code-value-quantity:missing", "true", "", "", "modifier"},
		{"chain that stops", "Observation", "subject.", "x", "", "", "no type that the reference"},
		{"chain from nothing", "Observation", ".name", "x", "", "", "no such reference"},
		{"chain to a withheld type", "Patient", "_has:Provenance:target:recorded", "2024", "", "", "withheld"},
		{"chain by identifier", "Observation", "subject:identifier.value", "x", "", "", "withheld"},
		{"chain with a modifier that tests text", "Observation", "subject:Patient.language:text", "Smith", "", "", "modifier"},
		{"tag", "Patient", "_tag", "urn:x|smith", "", "tags", ""},
		{"source", "Patient", "_source", "urn:smith", "", "sources", ""},
		{"security", "Patient", "_security", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R", "", ""},
		{"profile", "Patient", "_profile", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient", "", ""},
		{"profile of the house", "Patient", "_profile", "http://hospital/Smith", "", "", "canonical"},
		{"profile below", "Patient", "_profile:below", "http://hl7.org/fhir", "", "", "modifier"},
		{"list", "Patient", "_list", "42", "", "", ""},
		{"query", "Patient", "_query", "byName", "", "", ""},
		{"type", "Patient", "_type", "Patient", "", "", "part of the path"},
		{"contained", "Patient", "_contained", "both", "", "", "must be false"},
		{"containing type", "Patient", "_containedType", "container", "", "", "not searched"},
		{"offset", "Patient", "_offset", "20", "", "", "not a search parameter"},
		{"total", "Patient", "_total", "accurate", "accurate", "", ""},
		{"near", "Location", "near", "42.3|-71.1", "", "", ""},
		{"sort by nothing", "Patient", "_sort", "", "", "", "must be search parameters"},
		{"sort by a chain", "Observation", "_sort", "patient.name", "", "", "must be search parameters"},
		{"reverse include of a withheld type", "Patient", "_revinclude", "Provenance:target", "", "", "withheld"},
		{"type that is withheld", "AuditEvent", "date", "2024", "", "", "withheld"},
		{"type that is unknown", "Shoe", "_id", "1", "", "", "unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := g.Search(keys, site, tc.typ, []guard.Param{{Name: tc.param, Value: tc.value}}, guard.Strict)
			if tc.want != "" {
				name := tc.param
				name = strings.TrimSuffix(name, ":")
				if tc.param == "address-country" {
					name += ":exact" // a beginning could be that of a value that is masked
				}
				if err != nil || len(got.Upstream) != 1 || got.Upstream[0].Value != tc.want || got.Upstream[0].Name != name {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			var r *guard.Refusal
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
	g := guard.New(masktest.Shipped(t, "safe-harbor"))
	allowed, refused := 0, 0
	for _, typ := range schema.R4().Types() {
		if typ.Kind != schema.ResourceKind || typ.Abstract {
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
			case p.Type == "string" && !strings.HasPrefix(p.Name, "address-") || p.Type == "special":
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

// TestLenient: only what shapes the result may be left out.
func TestLenient(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g := guard.New(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	q, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "gender", Value: "female"}, {Name: "_sort", Value: "birthdate"}, {Name: "_include", Value: "Patient:name"}}, guard.Lenient)
	if err != nil || len(q.Upstream) != 1 || len(q.Self) != 1 || len(q.Dropped) != 2 || q.Dropped[0].Param != "_sort" || q.Dropped[1].Param != "_include" {
		t.Errorf("%+v, %v", q, err)
	}
	for _, p := range []guard.Param{{Name: "name", Value: "Smith"}, {Name: "birthdate", Value: "1980-01-02"}, {Name: "shoe-size", Value: "44"}, {Name: "_has:Observation:patient:value-string", Value: "x"}} {
		if q, err := g.Search(keys, nil, "Patient", []guard.Param{p}, guard.Lenient); err == nil {
			t.Errorf("%s: left out: %+v", p.Name, q)
		}
	}
	// Contained resources instead of others would be another answer.
	if q, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "_contained", Value: "true"}}, guard.Lenient); err == nil {
		t.Errorf("_contained is left out: %+v", q)
	}
	if _, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: "_count", Value: "1"}, {Name: "_count", Value: "2"}}, guard.Strict); err == nil {
		t.Error("_count twice passes")
	}
}

// TestGuardOfPlaces: what is shown of addresses in one country alone is searched beside
// that country.
func TestGuardOfPlaces(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	for query, upstream := range map[string]string{
		"address-state=MA&address-country=US":                                                                     "address-state:exact=MA address-country:exact=US",
		"address-country:exact=USA&address-postalcode=941,021":                                                    "address-country:exact=USA address-postalcode=941,021",
		"general-practitioner:Practitioner.address-state=MA&general-practitioner:Practitioner.address-country=US": "general-practitioner:Practitioner.address-state:exact=MA general-practitioner:Practitioner.address-country:exact=US",
		"address-country=FR":                                                      "address-country:exact=FR",
		"address-state=MA":                                                        "",
		"address-postalcode=750":                                                  "",
		"address-postalcode=000&address-country=US":                               "",
		"address-state=MA&address-country=FR":                                     "",
		"address-state=MA&address-country=US,FR":                                  "",
		"address-state=MA&address-country=":                                       "",
		"address-state=MA&general-practitioner:Practitioner.address-country=US":   "",
		"general-practitioner:Practitioner.address-state=MA&address-country=US":   "",
		"_has:Patient:link:address-state=MA&_has:Patient:link:address-country=US": "",
		"_has:Patient:link:address-state=MA&address-country=US":                   "",
	} {
		q, err := g.Search(keys, nil, "Patient", asked(t, query), guard.Strict)
		var got []string
		if err == nil {
			for _, p := range q.Upstream {
				got = append(got, p.Name+"="+p.Value)
			}
		}
		if strings.Join(got, " ") != upstream {
			t.Errorf("%s goes upstream as %q, %v", query, got, err)
		}
		filter := "Patient?" + query
		if q, err := g.Operation(keys, nil, "$export", "", []guard.Param{{Name: "_typeFilter", Value: filter}}, guard.Strict); (err == nil) != (upstream != "") {
			t.Errorf("%s goes upstream as %+v, %v", filter, q, err)
		}
	}
}

// TestUntypedChainIsTyped: of the types that a reference may lead to, those that
// were not judged are not asked.
func TestUntypedChainIsTyped(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	for _, tc := range []struct{ name, want string }{
		{"subject.birthdate", "subject:Patient.birthdate"}, // only patients have one
		{"patient.birthdate", "patient.birthdate"},         // it leads to no other type
		{"subject._lastUpdated", "subject._lastUpdated"},   // all have it, and alike
		{"subject:Patient.birthdate", "subject:Patient.birthdate"},
	} {
		q, err := g.Search(keys, nil, "Observation", []guard.Param{{Name: tc.name, Value: "1980"}}, guard.Strict)
		if err != nil || len(q.Upstream) == 0 {
			t.Fatalf("%s: %+v, %v", tc.name, q, err)
		}
		for _, p := range q.Upstream { // the year of the last change is two bounds
			if p.Name != tc.want || len(q.Upstream) > 1 && tc.name != "subject._lastUpdated" {
				t.Errorf("%s: %+v", tc.name, q)
			}
		}
	}
	if q, err := g.Search(keys, nil, "Observation", []guard.Param{{Name: "subject.active", Value: "true"}}, guard.Strict); err == nil && strings.HasPrefix(q.Upstream[0].Name, "subject.") {
		t.Errorf("goes upstream as %+v", q.Upstream)
	}
}

// TestGuardOfOtherRulesets: what a ruleset masks otherwise is not compared.
func TestGuardOfOtherRulesets(t *testing.T) {
	for _, tc := range []struct{ name, rule, typ, query, want, reason string }{
		{"noise", "{id: age-values, match: Quantity.value, method: noise, within: \"5\"}", "Observation", "code-value-quantity=http://loinc.org%7C8480-6$gt1", "", "masked"},
		{"a listed text in a composite", "{id: answer-words, match: Observation.value.ofType(string), method: state}", "Observation", "code-value-string=http://loinc.org%7C8480-6$MA", "", "compared exactly"},
		{"a text that is kept", "{id: series, match: Immunization.protocolApplied.series, method: keep}", "Immunization", "series:contains=any", "series:contains=any", ""},
		{"a text that is kept for some", "{id: series, match: \"Immunization.protocolApplied.where(doseNumberPositiveInt = '1').series\", method: keep}", "Immunization", "series=any", "", "masked"},
		{"a year of the category by another method", "{id: dates, match: [nodesByType('date'), nodesByType('dateTime')], method: date, mode: month}", "Encounter", "date=2024", "", "masked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := masktest.Compile(t, "veil: 1\nname: other\nextends: safe-harbor\nfhir:\n  rules:\n    - "+tc.rule+"\n")
			if err != nil {
				t.Fatal(err)
			}
			q, err := guard.New(a).Search(a.Policy.Keys.NewPseudonymizer(), nil, tc.typ, asked(t, tc.query), guard.Strict)
			if tc.want != "" && (err != nil || written(q.Upstream) != tc.want) || tc.want == "" && (err == nil || !strings.Contains(err.Error(), tc.reason)) {
				t.Errorf("got %+v, %v", q, err)
			}
		})
	}
	a, err := masktest.Compile(t, "veil: 1\nname: other\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: series, match: Immunization.protocolApplied.series, method: keep}\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = guard.New(a).Operation(a.Policy.Keys.NewPseudonymizer(), nil, "$export", "", asked(t, "_typeFilter=Immunization%3Fseries%3Dx%2CPatient%3Fname%3DSmith"), guard.Strict)
	if err == nil {
		t.Error("a filter hides in the value of another")
	}
	_, err = guard.New(a).Operation(a.Policy.Keys.NewPseudonymizer(), nil, "$export", "", asked(t, "_typeFilter=Immunization%3Fseries%3Dx%252CPatient%253Fname%253DSmith"), guard.Strict)
	if err == nil || !strings.Contains(err.Error(), "question mark") {
		t.Errorf("a filter hides in the escaped value of another: %v", err)
	}
}
