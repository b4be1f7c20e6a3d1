package guard_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/masktest"
)

// asked reads parameters written as in a URL.
func asked(t testing.TB, query string) []guard.Param {
	t.Helper()
	var params []guard.Param
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			t.Fatal(pair)
		}
		params = append(params, guard.Param{Name: name, Value: value})
	}
	return params
}

func written(params []guard.Param) string {
	var out []string
	for _, p := range params {
		out = append(out, p.Name+"="+p.Value)
	}
	return strings.Join(out, "&")
}

func TestGuardOfOperations(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g := guard.New(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	sealed, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot("Patient"), []byte("1"))
	p1 := string(sealed)
	for _, tc := range []struct {
		name, op, typ, query string
		want                 string // what goes upstream, or
		reason               string // why it is refused
	}{
		{"everything", "$everything", "Patient", "", "", ""},
		{"everything of an encounter", "$everything", "Encounter", "_count=10", "_count=10", ""},
		{"everything since", "$everything", "Patient", "_since=2024-07-01T10:00:00Z", "_since=2024-01-01T00:00:00Z", ""},
		{"since by the year in UTC", "$everything", "Patient", "_since=2024-01-01T00:30:00%2B05:00", "_since=2023-01-01T00:00:00Z", ""},
		{"since no time", "$everything", "Patient", "_since=Smith", "", "instant"},
		{"since no day of the calendar", "$everything", "Patient", "_since=2024-13-01", "", "instant"},
		{"everything from a year on", "$everything", "Patient", "start=2020&end=2021", "start=2020-01-01&end=2021-12-31", ""},
		{"everything from a day on", "$everything", "Patient", "start=2020-02-01", "", "whole year"},
		{"everything from long ago", "$everything", "Patient", "start=1930", "", "whole year"},
		{"everything of an encounter by year", "$everything", "Encounter", "start=2020", "", "does not fit"},
		{"everything of types", "$everything", "Patient", "_type=Condition,Observation", "_type=Condition,Observation", ""},
		{"everything of a withheld type", "$everything", "Patient", "_type=Observation,AuditEvent", "", "withheld"},
		{"everything by text", "$everything", "Patient", "_content=Smith", "", "does not fit"},
		{"everything twice limited", "$everything", "Patient", "_count=1&_count=2", "", "more than once"},
		{"everything of an observation", "$everything", "Observation", "", "", "not served here"},
		{"everything of the system", "$everything", "", "", "", "not served here"},
		{"unknown operation", "$process-message", "", "", "", "not served here"},
		{"operation that writes", "$purge", "Patient", "", "", "not served here"},
		{"matching by name", "$match", "Patient", "", "", "not served here"},

		{"last", "$lastn", "Observation", "subject=Patient/" + p1 + "&category=http://terminology.hl7.org/CodeSystem/observation-category%7Cvital-signs&max=3",
			"subject=Patient/1&category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs&max=3", ""},
		{"last by a day", "$lastn", "Observation", "date=ge2024-02-01", "", "whole year"},
		{"last of many", "$lastn", "Observation", "max=many", "", "number"},
		{"last twice", "$lastn", "Observation", "max=1&max=2", "", "once"},
		{"last of another type", "$lastn", "Condition", "max=1", "", "not served here"},

		{"export", "$export", "", "_outputFormat=application/fhir%2Bndjson&_type=Patient&_since=2024-07-01", "_outputFormat=application/fhir+ndjson&_type=Patient&_since=2024-01-01T00:00:00Z", ""},
		{"export as another format", "$export", "", "_outputFormat=text/csv", "", "ndjson"},
		{"export of a withheld type", "$export", "Group", "_type=Provenance", "", "withheld"},
		{"export of no type", "$export", "Group", "_type=", "", "withheld"},
		{"export of an observation", "$export", "Observation", "", "", "not served here"},
		{"filter", "$export", "Patient", "_typeFilter=Observation%3Fstatus%3Dfinal%26date%3Dge2020", "_typeFilter=Observation?status=final&date=gt2019-12-31", ""},
		{"filter of a list", "$export", "", "_typeFilter=Observation%3Fstatus%3Dfinal,amended", "_typeFilter=Observation?status=final%2Camended", ""},
		{"filters in one parameter", "$export", "", "_typeFilter=Observation%3Fstatus%3Dfinal,amended,Patient%3Fgender%3Dmale", "_typeFilter=Observation?status=final%2Camended&_typeFilter=Patient?gender=male", ""},
		{"filters in two", "$export", "", "_typeFilter=Observation%3Fstatus%3Dfinal&_typeFilter=Patient%3Fgender%3Dmale", "_typeFilter=Observation?status=final&_typeFilter=Patient?gender=male", ""},
		{"filter by a pseudonym", "$export", "", "_typeFilter=Observation%3Fpatient%3D" + p1, "_typeFilter=Observation?patient=Patient%2F1", ""},
		{"filter by an original id", "$export", "", "_typeFilter=Observation%3Fpatient%3D1", "_typeFilter=Observation?patient=Patient%2Fveil.no.such.id", ""},
		{"filter by name", "$export", "", "_typeFilter=Patient%3Fname%3DSmith", "", "masked"},
		{"filter by a name escaped twice", "$export", "", "_typeFilter=Patient%3Fn%2561me%3DSmith", "", "masked"},
		{"second filter by name", "$export", "", "_typeFilter=Observation%3Fstatus%3Dfinal,Patient%3Fname%3DSmith", "", "masked"},
		{"filter by a chained name", "$export", "", "_typeFilter=Observation%3Fsubject:Patient.name%3DSmith", "", "masked"},
		{"filter by birth day", "$export", "", "_typeFilter=Patient%3Fbirthdate%3D1980-03-05", "", "whole year"},
		{"filter of a withheld type", "$export", "", "_typeFilter=AuditEvent%3Fdate%3D2024", "", "withheld"},
		{"filter of a type that is not exported", "$export", "", "_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal", "", "not among"},
		{"filter that sorts", "$export", "", "_typeFilter=Patient%3F_sort%3Dbirthdate", "", "takes no _sort"},
		{"filter that includes", "$export", "", "_typeFilter=Patient%3F_include:iterate%3DPatient:link", "", "takes no _include"},
		{"filter of nothing", "$export", "", "_typeFilter=Patient%3F", "", "pairs"},
		{"filter that is no search", "$export", "", "_typeFilter=Patient", "", "searches such as"},
		{"filter with a semicolon", "$export", "", "_typeFilter=Patient%3Fgender%3Dmale%3Bname%3DSmith", "", "pairs"},
		{"elements", "$export", "", "_elements=Patient.gender,status", "", ""},
		{"unknown elements", "$export", "", "_elements=Patient.shoeSize", "", "must be elements"},
		{"unknown parameter of export", "$export", "Group", "includeAssociatedData=LatestProvenanceResources", "", "does not fit"},
		{"patients of an export", "$export", "Group", "patient=Patient/1", "", "does not fit"},

		{"expand", "$expand", "ValueSet", "url=http://hl7.org/fhir/ValueSet/observation-status&filter=fin&count=10&offset=0&activeOnly=true&displayLanguage=en",
			"url=http://hl7.org/fhir/ValueSet/observation-status&filter=fin&count=10&offset=0&activeOnly=true&displayLanguage=en", ""},
		{"expand a local value set", "$expand", "ValueSet", "url=urn:oid:1.2.3", "", "canonical"},
		{"filter a value set by its id", "$expand", "ValueSet", "filter=Smith", "", "needs a url"},
		{"filter a local value set", "$expand", "ValueSet", "filter=Smith&url=http://hospital/ValueSet/doctors", "", "needs a url"},
		{"expand in a context", "$expand", "ValueSet", "context=Smith", "", "does not fit"},
		{"expand by a switch that is none", "$expand", "ValueSet", "activeOnly=Smith", "", "must be true"},
		{"look up", "$lookup", "CodeSystem", "system=http://loinc.org&code=8480-6&property=parent", "system=http://loinc.org&code=8480-6&property=parent", ""},
		{"look up in a local system", "$lookup", "CodeSystem", "system=urn:oid:1.2.3&code=SMITH", "", "code system"},
		{"look up a code of no form", "$lookup", "CodeSystem", "system=http://loinc.org&code=SMITH", "", "code system"},
		{"look up without a system", "$lookup", "CodeSystem", "code=8480-6", "", "code system"},
		{"look up at a time", "$lookup", "CodeSystem", "date=2024", "", "does not fit"},
		{"validate", "$validate-code", "ValueSet", "url=http://loinc.org/vs/LL715-4&system=http://loinc.org&code=LA6568-5&systemVersion=2.74&abstract=false&displayLanguage=en",
			"url=http://loinc.org/vs/LL715-4&system=http://loinc.org&code=LA6568-5&systemVersion=2.74&abstract=false&displayLanguage=en", ""},
		{"validate in a code system", "$validate-code", "CodeSystem", "url=http://loinc.org&code=8867-4&display=Heart rate", "url=http://loinc.org&code=8867-4&display=Heart rate", ""},
		{"validate in a local value set", "$validate-code", "ValueSet", "url=http://hospital/ValueSet/doctors&system=http://loinc.org&code=8867-4", "", "canonical"},
		{"validate a local code", "$validate-code", "ValueSet", "url=http://hl7.org/fhir/ValueSet/x&system=urn:oid:1.2.3&code=SMITH", "", "code system"},
		{"validate a display", "$validate-code", "CodeSystem", "url=http://loinc.org&code=8867-4&display=Smith", "", "tests a display"},
		{"validate in a context", "$validate-code", "ValueSet", "context=Smith", "", "does not fit"},
		{"validate in a system by the name of a set's", "$validate-code", "CodeSystem", "system=http://loinc.org&code=8867-4", "", "does not fit"},
		{"expand all of SNOMED CT below a concept", "$expand", "ValueSet", "url=http://snomed.info/sct?fhir_vs=isa/73211009", "url=http://snomed.info/sct?fhir_vs=isa/73211009", ""},
		{"expand by an expression", "$expand", "ValueSet", "url=http://snomed.info/sct?fhir_vs=ecl/Smith", "", "canonical"},
		{"look up a property that is text", "$lookup", "CodeSystem", "property=John%20Smith", "", "name of a property"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := g.Operation(keys, nil, tc.op, tc.typ, asked(t, tc.query), guard.Strict)
			if tc.reason == "" {
				if err != nil || written(q.Upstream) != tc.want || written(q.Self) != written(asked(t, tc.query)) {
					t.Errorf("got %+v, %v", q, err)
				}
				return
			}
			var r *guard.Refusal
			if !errors.As(err, &r) || !strings.Contains(r.Reason, tc.reason) || strings.Contains(err.Error(), "Smith") {
				t.Errorf("got %+v, %v", q, err)
			}
		})
	}
	q, err := g.Operation(keys, nil, "$export", "", asked(t, "_elements=Patient.gender,status"), guard.Strict)
	if err != nil || q.Narrow == nil {
		t.Fatal(err)
	}
	got, err := q.Narrow.Append(nil, []byte(`{"resourceType":"Patient","active":true,"gender":"male","maritalStatus":{}}`))
	if err != nil || strings.Contains(string(got), "maritalStatus") || !strings.Contains(string(got), `"gender":"male"`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestGuardOfCompartments(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g := guard.New(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	sealed, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot("Patient"), []byte("1"))
	for _, tc := range []struct {
		name, compartment, id, typ, query string
		want, opened, reason              string
	}{
		{"of a patient", "Patient", string(sealed), "Observation", "status=final", "status=final", "1", ""},
		{"an original id is one that nobody has", "Patient", "1", "Observation", "", "", "veil.no.such.id", ""},
		{"an id of another type", "Encounter", string(sealed), "Observation", "", "", "veil.no.such.id", ""},
		{"by name", "Patient", string(sealed), "RelatedPerson", "name=Smith", "", "", "masked"},
		{"by a chained name", "Patient", string(sealed), "Observation", "subject.name=Smith", "", "", "masked"},
		{"of a withheld type", "Patient", string(sealed), "Provenance", "", "", "", "withheld"},
		{"of an unknown type", "Patient", string(sealed), "Shoe", "", "", "", "unknown"},
		{"of a type in no compartment", "Patient", string(sealed), "Organization", "", "", "", "no resource of the type"},
		{"of a type without one", "Organization", string(sealed), "Observation", "", "", "", "no compartment"},
		{"of everything", "Patient", string(sealed), "*", "_lastUpdated=ge2024", "_lastUpdated=ge2024-01-01T00:00:00", "1", ""},
		{"of types", "Patient", string(sealed), "*", "_type=Observation,Condition", "_type=Observation,Condition", "1", ""},
		{"of types, one withheld", "Patient", string(sealed), "*", "_type=Observation,AuditEvent", "", "", "withheld"},
		{"of everything by a parameter of one type", "Patient", string(sealed), "*", "code=http://loinc.org%7C8480-6", "", "", "not a search parameter"},
		{"of everything by day", "Patient", string(sealed), "*", "_lastUpdated=ge2024-02-01", "", "", "whole year"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, id, err := g.Compartment(keys, nil, tc.compartment, tc.id, tc.typ, asked(t, tc.query), guard.Strict)
			if tc.reason == "" {
				if err != nil || id != tc.opened || written(q.Upstream) != tc.want {
					t.Errorf("got %+v, %q, %v", q, id, err)
				}
				return
			}
			var r *guard.Refusal
			if !errors.As(err, &r) || !strings.Contains(r.Reason, tc.reason) || strings.Contains(err.Error(), "Smith") {
				t.Errorf("got %+v, %v", q, err)
			}
		})
	}
	// A ruleset that hides the reference hides the compartment too.
	a, err := masktest.Compile(t, "veil: 1\nname: hidden\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: subjects, match: Observation.subject, method: remove}\n")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = guard.New(a).Compartment(keys, nil, "Patient", string(sealed), "Observation", nil, guard.Strict)
	if r := new(guard.Refusal); !errors.As(err, &r) || r.Rule != "subjects" {
		t.Errorf("got %v", err)
	}
}
