package fhir_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

var updateSubjects = flag.Bool("update-subjects", false, "write the table of patients anew")

const anUUID = "urn:uuid:11111111-2222-4333-8444-555555555555"

// TestSubject: a date is shifted by the patient that the resource leads to, by
// whatever reference it does, and cut to the year where that is not known.
func TestSubject(t *testing.T) {
	a := masktest.Shipped(t, "research")
	const day = "2020-06-15"
	shifted := func(entries ...string) (first string) {
		t.Helper()
		m := masktest.NewMasker(a, fhir.RememberAlways)
		m.Site = &fhir.Site{Upstream: []string{"http://ehr/fhir"}, Subject: func(dst []byte, typ string, id []byte) ([]byte, bool) {
			if typ == "Encounter" && string(id) == "far" || typ == "Claim" && string(id) == "far" {
				return append(dst, '1'), true
			}
			return dst, false
		}}
		out, err := m.Mask([]byte(`{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`"(?:effectiveDateTime|date|created|end|start|recordedDate|issued|manufactureDate|deceasedDateTime)":"([^"]+)"`).FindStringSubmatch(string(out))
		if found == nil {
			t.Fatalf("no date in %s", out)
		}
		return found[1]
	}
	entry := func(resource string) string { return `{"resource":` + resource + `}` }
	of := func(typ, id, rest string) string {
		return fmt.Sprintf(`{"resourceType":%q,"id":%q,%s}`, typ, id, rest)
	}
	patient := func(ref string) string { return fmt.Sprintf(`{"reference":%q}`, ref) }
	observation := func(rest string) string {
		return entry(of("Observation", "o", `"status":"final","effectiveDateTime":"`+day+`"`+rest))
	}
	one := shifted(observation(`,"subject":` + patient("Patient/1")))
	two := shifted(observation(`,"subject":` + patient("Patient/2")))
	if one == two || len(one) != 10 || one == day {
		t.Fatalf("the shifts of two patients are %s and %s", one, two)
	}
	slot := func(rest string) string {
		return entry(of("Slot", "s", `"status":"busy","start":"`+day+`T10:00:00Z"`+rest))
	}
	seen := map[string]string{}
	for _, tc := range []struct {
		name    string
		entries []string
		want    string
	}{
		{"absolute", []string{observation(`,"subject":` + patient("http://ehr/fhir/Patient/1"))}, one},
		{"of a version", []string{observation(`,"subject":` + patient("Patient/1/_history/3"))}, one},
		{"of another server", []string{observation(`,"subject":` + patient("http://other/Patient/1"))}, "2020"},
		{"none", []string{observation("")}, "2020"},
		{"by identifier", []string{observation(`,"subject":{"identifier":{"value":"1"}}`)}, "2020"},
		{"contained", []string{observation(`,"contained":[{"resourceType":"Patient","id":"1"}],"subject":` + patient("#1"))}, "2020"},
		{"a patient's own", []string{entry(of("Patient", "1", `"deceasedDateTime":"`+day+`","birthDate":"1950"`))}, "2020"}, // by another rule
		{"a location that names no patient", []string{observation(`,"subject":` + patient("Location/1"))}, "2020"},
		{"participant", []string{entry(of("Appointment", "a", `"status":"booked","created":"`+day+`","participant":[{"status":"accepted","actor":`+patient("Practitioner/7")+`},{"status":"accepted","actor":`+patient("Patient/1")+`}]`))}, one},
		{"two patients", []string{entry(of("Appointment", "a", `"status":"booked","created":"`+day+`","participant":[{"status":"accepted","actor":`+patient("Patient/1")+`},{"status":"accepted","actor":`+patient("Patient/2")+`}]`))}, "2020"},
		{"one patient twice", []string{entry(of("Appointment", "a", `"status":"booked","created":"`+day+`","participant":[{"status":"accepted","actor":`+patient("Patient/1")+`},{"status":"accepted","actor":`+patient("http://ehr/fhir/Patient/1")+`}]`))}, one},
		{"two patients of an account", []string{entry(of("Account", "a", `"status":"active","servicePeriod":{"end":"`+day+`"},"subject":[`+patient("Patient/1")+`,`+patient("Patient/2")+`]`))}, "2020"},
		{"beneficiary, not subscriber", []string{entry(of("Coverage", "c", `"status":"active","period":{"end":"`+day+`"},"subscriber":`+patient("Patient/2")+`,"beneficiary":`+patient("Patient/1")+`,"payor":[`+patient("Patient/2")+`]`))}, one},
		{"focus of no account", []string{observation(`,"focus":[` + patient("Patient/2") + `],"subject":` + patient("Patient/1"))}, one},
		{"member of a group of one", []string{entry(of("Group", "g", `"type":"person","actual":true,"member":[{"entity":`+patient("Patient/1")+`,"period":{"end":"`+day+`"}}]`))}, one},
		{"members of a group", []string{entry(of("Group", "g", `"type":"person","actual":true,"member":[{"entity":`+patient("Patient/1")+`,"period":{"end":"`+day+`"}},{"entity":`+patient("Patient/2")+`}]`))}, "2020"},
		{"a device of a patient", []string{entry(of("Device", "d", `"manufactureDate":"`+day+`","patient":`+patient("Patient/1")))}, one},
		{"a device of no one", []string{entry(of("Device", "d", `"manufactureDate":"`+day+`"`))}, "2020"},

		{"by the encounter in the Bundle", []string{observation(`,"encounter":` + patient("Encounter/e")), entry(of("Encounter", "e", `"status":"finished","class":{},"subject":`+patient("Patient/1")))}, one},
		{"by the encounter of the server", []string{observation(`,"encounter":` + patient("Encounter/far"))}, one},
		{"by an encounter that is not known", []string{observation(`,"encounter":` + patient("Encounter/none"))}, "2020"},
		{"an encounter does not overrule", []string{observation(`,"subject":` + patient("Patient/2") + `,"encounter":` + patient("Encounter/far"))}, two},
		{"slot by schedule", []string{slot(`,"schedule":` + patient("Schedule/h")), entry(of("Schedule", "h", `"actor":[`+patient("Location/1")+`,`+patient("Patient/1")+`]`))}, one + "T10:00:00Z"},
		{"slot by schedule by URN", []string{slot(`,"schedule":` + patient(anUUID)), `{"fullUrl":"` + anUUID + `","resource":` + of("Schedule", "h", `"actor":[`+patient("Patient/1")+`]`) + `}`}, one + "T10:00:00Z"},
		{"slot of a schedule that is not there, to an instant", []string{slot(`,"schedule":` + patient("Schedule/h"))}, "2020"},
		{"slot of a schedule that is there twice, to an instant", []string{slot(`,"schedule":` + patient("Schedule/h")), entry(of("Schedule", "h", `"actor":[`+patient("Patient/1")+`]`)), entry(of("Schedule", "h", `"actor":[`+patient("Patient/2")+`]`))}, "2020"},
		{"notice by claim of the server", []string{entry(of("PaymentNotice", "n", `"status":"active","created":"`+day+`","request":`+patient("Claim/far")))}, one},
		{"notice by two claims that agree", []string{entry(of("PaymentNotice", "n", `"status":"active","created":"`+day+`","request":`+patient("Claim/far")+`,"response":`+patient("ClaimResponse/r"))), entry(of("ClaimResponse", "r", `"patient":`+patient("Patient/1")))}, one},
		{"notice by two claims that do not", []string{entry(of("PaymentNotice", "n", `"status":"active","created":"`+day+`","request":`+patient("Claim/far")+`,"response":`+patient("ClaimResponse/r"))), entry(of("ClaimResponse", "r", `"patient":`+patient("Patient/2")))}, "2020"},
		{"notice by a claim and by one that is not known", []string{entry(of("PaymentNotice", "n", `"status":"active","created":"`+day+`","request":`+patient("Claim/far")+`,"response":`+patient("ClaimResponse/none")))}, "2020"},
		{"a circle, to an instant", []string{slot(`,"schedule":` + patient("Schedule/h")), entry(of("Schedule", "h", `"actor":[`+patient("Device/d")+`]`)), entry(of("Device", "d", `"patient":`+patient("Schedule/h")))}, "2020"},
		{"the URN of a patient with an id", []string{observation(`,"subject":` + patient(anUUID)), `{"fullUrl":"` + anUUID + `","resource":` + of("Patient", "1", `"active":true`) + `}`}, one},
		{"the URN of no entry", []string{observation(`,"subject":` + patient(anUUID))}, "2020"},
		{"the URN of a group", []string{observation(`,"subject":` + patient(anUUID)), `{"fullUrl":"` + anUUID + `","resource":` + of("Group", "1", `"type":"person","actual":true`) + `}`}, "2020"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := shifted(tc.entries...)
			seen[tc.name] = got
			if strings.HasSuffix(tc.name, "to an instant") {
				tc.want += "-01-01T00:00:00Z"
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	frozen(t, "../testdata/vectors/fhir-subject.json", seen)
	// They stand for the old form of an instant whose patient is not known, a bare year,
	// which no instant may be. The cases of these names "to an instant" took their place.
	former(t, "../testdata/vectors/fhir-subject.json", seen, "a circle", "slot of a schedule that is not there", "slot of a schedule that is there twice")
	m := fhir.NewWalker(a, fhir.RememberNothing)
	if id, ok := m.AppendSubject(nil, []byte(of("Encounter", "e", `"subject":`+patient("http://ehr/fhir/Patient/1"))), &fhir.Site{Upstream: []string{"http://ehr/fhir"}}); !ok || string(id) != "1" {
		t.Errorf("the encounter's patient is %q, %v", id, ok)
	}
	for _, none := range []string{"", "{", "[]", `{"resourceType":"Organization","id":"1"}`, `{"resourceType":"Encounter","subject":{"reference":"Group/1"}}`, `{"resourceType":"Encounter"`} {
		if id, ok := m.AppendSubject(nil, []byte(none), nil); ok || len(id) > 0 {
			t.Errorf("%s is about %q", none, id)
		}
	}
}

// TestEveryTypeLeads: of each R4 type it is known whether it is about a patient.
func TestEveryTypeLeads(t *testing.T) {
	about, none := fhir.SubjectTypes(schema.R4())
	if len(about) < 75 {
		t.Errorf("only %d types are about a patient", len(about))
	}
	for _, typ := range []string{"Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "Substance", "HealthcareService", "Questionnaire", "ValueSet", "ActivityDefinition"} {
		if !strings.Contains(" "+strings.Join(none, " ")+" ", " "+typ+" ") {
			t.Errorf("%s is about a patient", typ)
		}
	}
}

// former holds that the vectors that nothing gives any more are those of the names.
func former(t *testing.T, file string, seen map[string]string, names ...string) {
	t.Helper()
	want := map[string]string{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if _, ok := seen[name]; ok == slices.Contains(names, name) {
			t.Errorf("%s: given %v", name, ok)
		}
	}
}

// frozen holds what is seen against vectors: a case may be added, none may change.
func frozen(t *testing.T, file string, seen map[string]string) {
	t.Helper()
	want := map[string]string{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil && !*updateSubjects {
		t.Fatal(err)
	}
	for name, got := range seen {
		if old, ok := want[name]; ok && old != got || !ok && !*updateSubjects {
			t.Errorf("%s: %s, frozen is %q", name, got, old)
		}
		want[name] = got
	}
	if *updateSubjects && !t.Failed() {
		out, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
