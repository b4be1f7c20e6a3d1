package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// refusesAll checks that each request is refused with a status, and that the
// upstream hears of none.
func (r *rig) refusesAll(t *testing.T, requested func() int, status int, paths []string) {
	t.Helper()
	before := requested()
	for _, path := range paths {
		if got := r.get(t, path); got.status != status {
			t.Errorf("%s: %d, want %d: %.200s", path, got.status, status, got.body)
		}
	}
	if n := requested() - before; n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
}

// Rows 1 and 2: what identifies a person is no parameter, with whatever value and
// modifier.
func TestAttackSearchByIdentity(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	planted := population().Planted()
	values := []string{planted[0].Value, planted[len(planted)/2].Value, id, "S", "S*", "%25", "true", "", "http://terminology.hl7.org/CodeSystem/v2-0203%7CMR%7C123"}
	var paths []string
	for _, at := range []string{"Patient", "RelatedPerson", "Practitioner"} {
		for _, name := range []string{"name", "family", "given", "phonetic", "identifier", "telecom", "phone", "email", "address", "address-city"} {
			if at == "RelatedPerson" && (name == "family" || name == "given") {
				continue
			}
			for _, modifier := range []string{"", ":exact", ":contains", ":missing", ":not", ":text", ":identifier", ":of-type", ":in", ":not-in", ":above", ":below", ":Patient", ":missing:exact"} {
				value := values[len(paths)%len(values)]
				if modifier == "" || modifier == ":exact" {
					for _, v := range values {
						paths = append(paths, "/"+at+"?"+name+modifier+"="+url.QueryEscape(v))
					}
				}
				paths = append(paths, "/"+at+"?"+name+modifier+"="+url.QueryEscape(value))
			}
		}
	}
	for _, q := range []string{"organization:identifier=urn:x%7C1", "general-practitioner:identifier=1", "_id:missing=true", "_id:not=x", "gender:text=female", "gender:in=http://x", "active:of-type=x", "link:identifier=1"} {
		paths = append(paths, "/Patient?"+q)
	}
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, paths)
	r.checkClean(t)
}

// Row 3: a date of birth is searched by the year that is shown, and by nothing
// finer.
func TestAttackSearchByDay(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	var paths []string
	for _, prefix := range []string{"", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"} {
		for _, value := range []string{"1980-03-05", "1980-03", "1980-03-05T10:00", "1980-03-05T10:00:00Z", "1980-03-05T10:00:00.5+01:00"} {
			paths = append(paths, "/Patient?birthdate="+prefix+url.QueryEscape(value), "/Observation?date="+prefix+url.QueryEscape(value), "/Encounter?date="+prefix+url.QueryEscape(value))
		}
	}
	for _, value := range []string{"sa1980-01-01", "eb1980-12-31", "ap1980", "le1980-01-01", "ge1980-12-31", "eq1980-01-01", "1980,1981-02", "19800305", "1980-", "+1980", "1980%20", "80", "01980"} {
		paths = append(paths, "/Patient?birthdate="+value)
	}
	paths = append(paths, "/Patient?birthdate=ge1980-01-01&birthdate=le1980-12-30", "/Patient?death-date=2020", "/Patient?birthdate:missing=false")
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, paths)

	everybody := map[string]string{} // shown year by id
	for _, p := range r.patients(t, "/Patient?_count=100") {
		everybody[p.ID] = p.BirthDate
	}
	for _, year := range []string{"1950", "1960", "1980", "1990"} {
		for _, prefix := range []string{"", "ge", "lt"} {
			want := map[string]bool{}
			for id, born := range everybody {
				if born != "" && (prefix == "" && born == year || prefix == "ge" && born >= year || prefix == "lt" && born < year) {
					want[id] = true
				}
			}
			for _, p := range r.patients(t, "/Patient?_count=100&birthdate="+prefix+year) {
				if !want[p.ID] && p.BirthDate != "" {
					t.Errorf("birthdate=%s%s finds one who is shown as of %q", prefix, year, p.BirthDate)
				}
				delete(want, p.ID)
			}
			if len(want) > 0 {
				t.Errorf("birthdate=%s%s does not find %d", prefix, year, len(want))
			}
		}
	}
	r.checkClean(t)
}

// patient is what the tests read of one.
type patient struct {
	ID, BirthDate  string
	Birth          json.RawMessage `json:"_birthDate"`
	DeceasedString json.RawMessage `json:"deceasedDateTime"`
	Address        []struct{ PostalCode string }
}

func (p patient) over89() bool { return bytes.Contains(p.Birth, []byte("age-category")) }

// patients are those on the first page of a search.
func (r *rig) patients(t testing.TB, path string) []patient {
	t.Helper()
	got := r.get(t, path)
	var b struct{ Entry []struct{ Resource patient } }
	if err := json.Unmarshal(got.body, &b); err != nil || got.status != 200 {
		t.Fatalf("%s: %d, %v: %.200s", path, got.status, err, got.body)
	}
	var out []patient
	for _, e := range b.Entry {
		out = append(out, e.Resource)
	}
	return out
}

// Row 4: whatever search by year is served, it has all of those over 89 or none:
// no two searches tell them apart.
func TestAttackSplitTheOldest(t *testing.T) {
	t.Parallel()
	old := fhirtest.Generate(11, 80)
	src, err := fhirtest.NewServer(old)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	r := newRig(t, src.URL, nil)
	oldest := map[string]bool{}
	for _, p := range r.patients(t, "/Patient?_count=200") {
		if p.over89() {
			oldest[p.ID] = true
		}
	}
	if len(oldest) < 3 {
		t.Fatalf("only %d are over 89", len(oldest))
	}
	women := map[string]bool{} // what is shown may choose among them
	for _, p := range r.patients(t, "/Patient?_count=200&gender=female") {
		if oldest[p.ID] {
			women[p.ID] = true
		}
	}
	answered := 0
	for _, year := range []int{1900, 1925, 1930, 1934, 1935, 1936, 1937, 1938, 1940, 1960} {
		for _, prefix := range []string{"", "eq", "ne", "gt", "ge", "lt", "le"} {
			for _, with := range []string{"", "&birthdate=ge1937", "&birthdate=lt1937", "&gender=female"} {
				q := "/Patient?_count=200&birthdate=" + prefix + strconv.Itoa(year)
				if got := r.get(t, q+with); got.status == 403 {
					continue
				}
				answered++
				found, all := 0, oldest
				if with == "&gender=female" {
					all = women
				}
				for _, p := range r.patients(t, q+with) {
					if all[p.ID] {
						found++
					}
				}
				if found != 0 && found != len(all) {
					t.Errorf("%s has %d of the %d over 89", q+with, found, len(all))
				}
			}
		}
	}
	if answered < 60 {
		t.Errorf("only %d searches were answered", answered)
	}
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, []string{
		"/Patient?birthdate=lt1930", "/Patient?birthdate=ge1936", "/Patient?birthdate=1930,1980", "/Observation?subject:Patient.birthdate=lt1930", "/Observation?patient.birthdate=ge1930",
		"/Practitioner?_has:Patient:general-practitioner:birthdate=lt1930", "/Condition?onset-date=1930", "/Condition?onset-age=gt90", "/Condition?onset-age=gt90%7Chttp://unitsofmeasure.org%7Ca",
		"/Condition?onset-age=ge1100%7Chttp://unitsofmeasure.org%7Cmo", "/Observation?code-value-date=http://loinc.org%7C21112-8$lt1930", "/Patient?death-date=gt1990",
	})
}

// Row 5: a postal code is searched by the three digits that are shown.
func TestAttackSearchByPostalCode(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	var paths []string
	for _, value := range []string{"94110", "94110-1234", "9411", "94", "9", "036", "03601", "692", "821", "94%2A", "941,94110", "K1A", "000", "941"} {
		paths = append(paths, "/Patient?address-postalcode="+value, "/Patient?address-postalcode:exact="+value, "/Patient?address="+value)
	}
	paths = append(paths, "/Patient?address-postalcode:contains=941", "/Patient?address-postalcode:missing=true", "/Observation?patient.address-postalcode=94110", "/Patient?address-postalcode:exact=941")
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, paths)
	shown := map[string]int{}
	for _, p := range r.patients(t, "/Patient?_count=100") {
		for _, a := range p.Address {
			shown[a.PostalCode]++
		}
	}
	tried := 0
	for code := range shown {
		if code == "" || code == "000" {
			continue
		}
		tried++
		for _, p := range r.patients(t, "/Patient?_count=100&address-country=US&address-postalcode="+code) {
			if !slices.ContainsFunc(p.Address, func(a struct{ PostalCode string }) bool { return a.PostalCode == code }) {
				t.Errorf("%s finds one who is shown with %v", code, p.Address)
			}
		}
	}
	if tried == 0 {
		t.Error("no postal code is shown")
	}
	r.checkClean(t)
}

// Row 6: an order tells of values, so none by what is masked.
func TestAttackSort(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	var paths []string
	for _, name := range []string{"birthdate", "name", "family", "given", "phonetic", "identifier", "telecom", "address", "address-postalcode", "address-city", "death-date", "_id", "_lastUpdated", "general-practitioner", "organization", "link"} {
		paths = append(paths, "/Patient?_sort="+name, "/Patient?_sort=-"+name, "/Patient?_sort=gender,"+name, "/Patient?_sort:asc="+name)
	}
	for _, name := range []string{"date", "code", "value-quantity", "value-string", "subject", "patient.name", "subject:Patient.birthdate"} {
		paths = append(paths, "/Observation?_sort="+name, "/Observation?_sort=-"+name)
	}
	for _, path := range paths { // refused, or left out where nothing is said
		before := len(src.Source.Requests())
		r.get(t, path, "Prefer", "handling=strict").outcome(t, 403)
		if n := len(src.Source.Requests()) - before; n != 0 {
			t.Errorf("%s: the upstream was asked %d times", path, n)
		}
		if self := r.get(t, path+"&_count=2").bundle(t).link("self"); strings.Contains(self, "_sort") {
			t.Errorf("%s is said to be applied: %s", path, self)
		}
	}
	for _, q := range src.Source.Requests() {
		if strings.Contains(q.URL, "_sort") {
			t.Errorf("the upstream was asked %s", q.URL)
		}
	}
	r.checkClean(t)
}

// Rows 7 and 8: chains, forward and backward, are judged by their last parameter.
func TestAttackChains(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	paths := []string{
		"/Observation?subject:Patient.name=Smith", "/Observation?subject.name=Smith", "/Observation?patient.family:exact=Smith", "/Observation?subject:Patient.birthdate=1980-03-05", "/Observation?subject.birthdate=1980-03-05",
		"/Observation?subject:Patient.identifier=1", "/Observation?patient.general-practitioner:Practitioner.name=Smith", "/Observation?encounter:Encounter.subject:Patient.name=Smith", "/Observation?encounter.patient.family=Smith",
		"/Observation?encounter.location.name=Ward", "/Observation?patient.organization.name=Clinic", "/Observation?patient.name:missing=true", "/Observation?patient:Patient._text=x", "/Observation?patient:Patient._content=x",
		"/Observation?patient:Patient._filter=x", "/Observation?performer.name=Smith", "/Observation?device:Device.udi-carrier=x", "/Observation?subject:Person.name=x", "/Observation?subject:Patient.link:RelatedPerson.name=x",
		"/Patient?_has:Observation:patient:performer.name=Smith", "/Patient?_has:Observation:patient:value-string=x", "/Patient?_has:RelatedPerson:patient:name=x", "/Patient?_has:Encounter:patient:_has:Observation:encounter:value-string=x",
		"/Patient?_has:Observation:patient:_has:Provenance:target:recorded=2024", "/Patient?_has:AuditEvent:patient:type=x", "/Patient?_has:Person:patient:name=x", "/Patient?_has:Observation:patient:date=2024-03-05",
		"/Patient?_has:Observation:patient:code:text=x", "/Patient?_has:Observation:patient:_text=x", "/Patient?_has:Observation:patient:subject:Patient.name=x", "/Patient?_has:Observation:patient=x", "/Patient?_has:Group:member:identifier=x",
		"/Patient?_has=x", "/Patient?_has:=x", "/Patient?_has:::=x", "/Observation?.name=x", "/Observation?subject..name=x", "/Observation?patient.name.x=x",
	}
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, paths)
	r.checkClean(t)
}

// Row 9: what is included is masked like anything, and what was not asked for or
// is withheld does not pass.
func TestAttackInclude(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{
		"/Observation?_include=Observation%3Aperformer%3APractitioner": `{"resourceType":"Bundle","type":"searchset","entry":[
{"fullUrl":"UP/Observation/o1","resource":{"resourceType":"Observation","id":"o1","status":"final","performer":[{"reference":"Practitioner/zq-1","display":"Marjorie"}]},"search":{"mode":"match"}},
{"fullUrl":"UP/Practitioner/zq-1","resource":{"resourceType":"Practitioner","id":"zq-1","active":true,"name":[{"family":"Marjorie"}],"birthDate":"1951-07-23"},"search":{"mode":"include","score":0.123}},
{"fullUrl":"UP/Provenance/zq-1","resource":{"resourceType":"Provenance","id":"zq-1","recorded":"1951-07-23T00:00:00Z","agent":[{"who":{"display":"Marjorie"}}]},"search":{"mode":"include"}},
{"fullUrl":"UP/Person/zq-1","resource":{"resourceType":"Person","id":"zq-1","name":[{"family":"Marjorie"}]},"search":{"mode":"include"}},
{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"informational","diagnostics":"Marjorie"}]},"search":{"mode":"outcome"}}]}`,
	})
	r := newRig(t, up.url, nil)
	got := r.get(t, "/Observation?_include=Observation:performer:Practitioner")
	b := got.bundle(t)
	var types []string
	for _, e := range b.Entry {
		if e.Resource.ResourceType != "" {
			types = append(types, e.Resource.ResourceType)
		}
	}
	if strings.Join(types, " ") != "Observation Practitioner" || bytes.Contains(got.body, []byte("0.123")) {
		t.Errorf("%v: %s", types, got.body)
	}
	up.take()
	r.refusesAll(t, func() int { return len(up.take()) }, 403, []string{
		"/Observation?_include=Observation:subject:Person", "/Patient?_revinclude=Provenance:target", "/Patient?_revinclude=AuditEvent:patient", "/Patient?_revinclude=*", "/Patient?_include:iterate=Person:patient",
		"/Patient?_include:recurse=Patient:link", "/Patient?_include=Patient:name", "/Patient?_revinclude=Observation:*:Person", "/Observation?_include=Practitioner:*", "/Observation?_include:=x", "/Observation?_include=",
	})
	r.checkClean(t)
}

// Row 10: nothing that is refused is counted, and an original id counts as one
// that nobody has.
func TestAttackCounts(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	var paths []string
	for _, q := range []string{"name=Smith", "birthdate=1980-03-05", "identifier=1", "_has:Observation:patient:value-string=x", "address-city=Boston", "_text=x"} {
		for _, count := range []string{"_summary=count", "_total=accurate", "_total=estimate", "_count=0"} {
			paths = append(paths, "/Patient?"+q+"&"+count, "/Patient?"+count+"&"+q)
		}
	}
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, paths)
	for _, path := range paths { // nor is the parameter dropped, and all counted
		if got := r.get(t, path, "Prefer", "handling=lenient"); got.status != 403 || bytes.Contains(got.body, []byte("total")) {
			t.Errorf("%s, lenient: %d %s", path, got.status, got.body)
		}
	}
	original := population().PatientIDs()[0]
	sealed := pseudonym(t, safeHarbor(t), "Patient", original)
	for id, want := range map[string]int{original: 0, "nobody": 0, sealed: 1} {
		for _, q := range []string{"_summary=count", "_total=accurate"} {
			if b := r.get(t, "/Patient?_id="+id+"&"+q).bundle(t); b.Total == nil || *b.Total != want {
				t.Errorf("_id=%.8s…&%s: total %v, want %d", id, q, b.Total, want)
			}
		}
	}
}

// Row 11: what hides elements from the consumer hides nothing from the rules.
func TestAttackHideTheBirthDate(t *testing.T) {
	t.Parallel()
	const dead = `{"resourceType":"Patient","id":"zq-1","active":true,"birthDate":"1920-03-05","deceasedDateTime":"2015-04-06T10:00:00Z"}`
	up := newCanned(t, map[string]string{
		"/Patient/zq-1": dead, "/Patient": `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + dead + `}]}`,
	})
	r := newRig(t, up.url, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	for _, q := range []string{"", "?_elements=deceased", "?_elements=deceasedDateTime", "?_elements=active", "?_elements=birthDate", "?_summary=true", "?_summary=data", "?_summary=text", "?_elements=deceased&_summary=true"} {
		for _, at := range []string{"/Patient/" + id, "/Patient"} {
			for _, format := range []string{"application/fhir+json", "application/fhir+xml"} {
				got := r.get(t, at+q, "Accept", format)
				if got.status != 200 || bytes.Contains(got.body, []byte("2015")) || bytes.Contains(got.body, []byte("1920")) {
					t.Errorf("%s%s: %d %s", at, q, got.status, got.body)
				}
				if strings.Contains(q, "deceased") && !strings.Contains(q, "summary") && !bytes.Contains(got.body, []byte("deceasedBoolean")) {
					t.Errorf("%s%s does not say that the person died: %s", at, q, got.body)
				}
			}
		}
	}
	for _, requested := range up.take() {
		if strings.Contains(requested, "_elements") || strings.Contains(requested, "_summary") {
			t.Errorf("the upstream was asked %s", requested)
		}
	}
}

// Rows 12 and 14: parameters beside the search parameters, composite and custom
// ones. An original id is handled as one that does not exist.
func TestAttackSpecialParameters(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	r.refusesAll(t, func() int { return len(src.Source.Requests()) }, 403, []string{
		"/Patient?_filter=name%20eq%20Smith", "/Patient?_filter=gender%20eq%20female", "/Patient?_text=Smith", "/Patient?_content=Smith", "/Patient?_query=byName&name=Smith", "/Patient?_list=42", "/Patient?_type=Patient",
		"/Patient?_contained=both", "/Patient?_containedType=contained", "/Patient?_score=1", "/Patient?_source=x", "/Patient?_tag=x", "/Patient?_profile=http://hospital.example/x", "/Patient?_offset=3", "/Patient?_getpages=x", "/Patient?_getpagesoffset=2", "/Patient?_cursor=x",
		"/Patient?_graph=true", "/Patient?_in=x", "/Patient?_language=Smith", "/Patient?_type:not=x", "/Patient?_security=Smith",
		"/Observation?code-value-string=http://loinc.org%7C8480-6$Smith", "/Observation?component-code-value-string=x$y", "/Observation?combo-code-value-concept=http://loinc.org%7C8480-6$urn:oid:1.2%7CSMITH", "/Observation?code-value-date=http://loinc.org%7C21112-8$1951-07-23",
		"/Observation?code-value-quantity=http://loinc.org%7C30525-0$gt93%7Chttp://unitsofmeasure.org%7Ca", "/Patient?mrn=1", "/Patient?us-core-race=x", "/Patient?mothersMaidenName=Smith", "/Patient?x:exact=y",
	})
	r.checkClean(t)
	original := population().PatientIDs()[0]
	answer := func(id string) string {
		got := r.get(t, "/Patient?_id="+id)
		if got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return strings.ReplaceAll(string(got.body), id, "ID")
	}
	if a, b := answer(original), answer("00000000-0000-4000-8000-000000000000"); a != b {
		t.Errorf("an original id is answered\n%s\none that nobody has\n%s", a, b)
	}
	for _, q := range []string{"/Observation?subject=Patient/", "/Observation?patient=", "/Observation?subject:Patient="} {
		if b := r.get(t, q+original).bundle(t); len(b.Entry) != 0 {
			t.Errorf("%s finds by an original id", q)
		}
	}
	for _, q := range src.Source.Requests() {
		if strings.Contains(q.URL, original) {
			t.Errorf("the upstream was asked %s", q.URL)
		}
	}
}

// Row 13: times of changes are asked about by the year that is shown, and _since
// goes upstream as the beginning of its year.
func TestAttackTimesOfChanges(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{})
	r := newRig(t, up.url, nil)
	var paths []string
	for _, value := range []string{"2024-03-05", "ge2024-03", "gt2024-03-05T10:11:12Z", "ap2024", "sa2024-01-01", "eb2024-12-31", "le2024-01-01", "2024-03-05T10:11"} {
		paths = append(paths, "/Patient?_lastUpdated="+value, "/Observation?patient._lastUpdated="+value, "/Patient?_has:Observation:patient:_lastUpdated="+value)
	}
	paths = append(paths, "/Patient/_history?_at=2024-03-05", "/_history?_at=2024")
	r.refusesAll(t, func() int { return len(up.take()) }, 403, paths)
	id := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	for _, path := range []string{"/Patient/_history?_since=2024-07-05T10:11:12Z", "/Patient/" + id + "/_history?_since=2024-07-05T10:11:12.5%2B02:00", "/_history?_since=2024-07", "/Patient/" + id + "/$everything?_since=2024-07-05T10:11:12Z"} {
		r.get(t, path).outcome(t, 404)
		if requested := fmt.Sprint(up.take()); !strings.Contains(requested, "_since=2024-01-01T00%3A00%3A00Z") || strings.Contains(requested, "-07") {
			t.Errorf("%s: the upstream was asked %s", path, requested)
		}
	}
}

// Row 15: there is one reading of parameters. What has two is refused.
func TestAttackAmbiguousParameters(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	requested := func() int { return len(src.Source.Requests()) }
	r.refusesAll(t, requested, 403, []string{ // read rightly, and refused for what they are
		"/Patient?na%6De=Smith", "/Patient?%6eame=Smith", "/Patient?name%3Aexact=Smith", "/Patient?Name=Smith", "/Patient?NAME=Smith", "/Patient?name%20=Smith", "/Patient?name+=Smith", "/Patient?name%E2%80%8B=Smith", "/Patient?%EF%BD%8Eame=Smith",
		"/Patient?name=", "/Patient?name", "/Patient?gender=female&name=Smith", "/Patient?name=a&name=b", "/Patient?gender=female%26name%3DSmith", "/Patient?gender=female%2526name", "/Patient?_count=1&_count=2", "/Patient?_elements=id&_elements=name", "/Patient?_sort=gender&_sort=birthdate",
		"/Patient?name%5B%5D=Smith", "/Patient?gender%5B%5D=female",
	})
	r.refusesAll(t, requested, 400, []string{
		"/Patient?gender=female;name=Smith", "/Patient?gender=female&;name=Smith", "/Patient?gender=female&&name=Smith", "/Patient?&name=Smith", "/Patient?=Smith", "/Patient?gender=female&Gender=male", "/Patient?gender=female&%47ender=male", "/Patient?gender=%66%6",
		"/Patient?gender=fem%u0061le", "/Patient?gender=%C0%AF", "/Patient?gender=%FF", "/Patient?gender=a%0D%0AX-A:%20b", "/Patient?gender=%00", "/Patient?" + strings.Repeat("gender=female&", parse.MaxParams) + "gender=female",
	})
	form := func(path, body string) int {
		return r.do(t, "POST", path, body, "Content-Type", "application/x-www-form-urlencoded").status
	}
	before := requested()
	for body, status := range map[string]int{
		strings.Repeat("a=b&", 10_000) + "a=b": 400, "gender=female;name=Smith": 400, "name=Smith": 403, "n%61me=Smith": 403, "gender=female&Gender=male": 400, "gender=female\r\n": 400, "\xef\xbb\xbfgender=female": 403,
		"g\x00ender=female": 400, "gender=\xff": 400, "--b\r\nContent-Disposition: form-data; name=\"gender\"\r\n\r\nfemale\r\n--b--": 400,
	} {
		if got := form("/Patient/_search", body); got != status {
			t.Errorf("%.40q: %d, want %d", body, got, status)
		}
	}
	if got := form("/Patient/_search?gender=female", "name=Smith"); got != 403 {
		t.Errorf("body and URL: %d", got)
	}
	if got := form("/Patient/_search?name=Smith", "gender=female"); got != 403 {
		t.Errorf("URL and body: %d", got)
	}
	if got := form("/Patient/_search?gender=female", "Gender=male"); got != 400 {
		t.Errorf("names in two cases: %d", got)
	}
	if got := form("/Patient?name=Smith", "gender=female"); got != 405 {
		t.Errorf("a form that is no search: %d", got)
	}
	if got := r.get(t, "/Patient?"+strings.Repeat("a=b&", 10_000)+"a=b"); got.status != 431 {
		t.Errorf("ten thousand in a URL: %d", got.status)
	}
	if n := requested() - before; n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	// What passes is written anew: nothing of how it was written goes on.
	r.get(t, "/Patient?g%65nder=f%65male&_count=%31").bundle(t)
	if q := src.Source.Requests(); !strings.HasSuffix(q[len(q)-1].URL, "/Patient?gender=female&_count=1") || q[len(q)-1].Method != http.MethodGet {
		t.Errorf("the upstream was asked %s", q[len(q)-1].URL)
	}
}
