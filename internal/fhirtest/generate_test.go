package fhirtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func digest(p *Population) string {
	h := sha256.New()
	for _, r := range p.Resources() {
		h.Write(r.JSON)
		h.Write([]byte{'\n'})
	}
	for _, v := range p.Planted() {
		fmt.Fprintf(h, "%q\n", v)
	}
	return fmt.Sprintf("%x\n", h.Sum(nil))
}

func TestGenerateIsFrozen(t *testing.T) {
	veiltest.Golden(t, "testdata/generate-1-20.sha256", digest(Generate(1, 20)), *update)
}

func TestGenerateDependsOnSeedAndExtends(t *testing.T) {
	small, large, other := Generate(1, 5), Generate(1, 9), Generate(2, 5)
	for i, r := range small.Resources() {
		if !bytes.Equal(r.JSON, large.Resources()[i].JSON) {
			t.Fatalf("resource %d differs between a small population and a larger one", i)
		}
	}
	if digest(small) == digest(other) {
		t.Error("two seeds give one population")
	}
}

// eachReference calls f with each literal reference in v, and with the
// resource that contains it.
func eachReference(v any, f func(reference string)) {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["reference"].(string); ok {
			f(s)
		}
		for _, item := range v {
			eachReference(item, f)
		}
	case []any:
		for _, item := range v {
			eachReference(item, f)
		}
	}
}

// eachObject calls f with every JSON object of every resource.
func eachObject(t *testing.T, p *Population, f func(r Resource, o map[string]any)) {
	t.Helper()
	var walk func(r Resource, v any)
	walk = func(r Resource, v any) {
		switch v := v.(type) {
		case map[string]any:
			f(r, v)
			for _, item := range v {
				walk(r, item)
			}
		case []any:
			for _, item := range v {
				walk(r, item)
			}
		}
	}
	for _, r := range p.Resources() {
		var doc any
		if err := json.Unmarshal(r.JSON, &doc); err != nil {
			t.Fatalf("%s: %v", r.Type, err)
		}
		walk(r, doc)
	}
}

func TestResourcesParseAndReferencesResolve(t *testing.T) {
	p := Generate(1, 60)
	forms := map[string]int{}
	for _, r := range p.Resources() {
		var doc map[string]any
		if err := json.Unmarshal(r.JSON, &doc); err != nil {
			t.Fatalf("%s: %v", r.Type, err)
		}
		if doc["resourceType"] != r.Type || doc["id"] != r.ID {
			t.Fatalf("%s: type or id is not the one it is filed under", r.Type)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, r.JSON); err != nil || compact.Len() != len(r.JSON) {
			t.Errorf("%s is not compact", r.Type)
		}
		eachReference(doc, func(reference string) {
			if id, ok := strings.CutPrefix(reference, "#"); ok {
				forms["contained"]++
				contained := fmt.Sprint(doc["contained"])
				if !strings.Contains(contained, "id:"+id) {
					t.Errorf("%s: a reference to a contained resource dangles", r.Type)
				}
				return
			}
			rest, isAbsolute := strings.CutPrefix(reference, Base+"/")
			key, _, isVersioned := strings.Cut(rest, "/_history/")
			forms[fmt.Sprintf("absolute=%v versioned=%v", isAbsolute, isVersioned)]++
			typ, id, _ := strings.Cut(key, "/")
			if _, ok := p.Get(typ, id); !ok {
				t.Errorf("%s: a reference to a %s dangles", r.Type, typ)
			}
		})
		if logical := bytes.Contains(r.JSON, []byte(`"subject":{"type":"Patient"`)); logical {
			forms["logical"]++
		}
	}
	for _, form := range []string{"contained", "logical", "absolute=false versioned=false", "absolute=true versioned=false", "absolute=false versioned=true"} {
		if forms[form] == 0 {
			t.Errorf("no reference is %s", form)
		}
	}
}

func TestEveryKindOfResourceIsMade(t *testing.T) {
	want := strings.Fields(`AllergyIntolerance Appointment AuditEvent Binary CarePlan Claim
		Communication Condition Coverage Device DiagnosticReport DocumentReference Encounter
		ExplanationOfBenefit FamilyMemberHistory ImagingStudy Immunization Location
		MedicationRequest Observation Organization Patient Person Practitioner
		PractitionerRole Procedure Provenance QuestionnaireResponse RelatedPerson`)
	if got := Generate(1, 10).Types(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("types are %v, want %v", got, want)
	}
}

func TestRecordsHaveTheSizeOfRealOnes(t *testing.T) {
	p := Generate(1, 40)
	bytesOf, resourcesOf := map[string]int{}, map[string]int{}
	for _, r := range p.Resources() {
		bytesOf[r.Patient] += len(r.JSON)
		resourcesOf[r.Patient]++
	}
	total := 0
	for _, id := range p.PatientIDs() {
		total += bytesOf[id]
		if n := resourcesOf[id]; n < 60 || n > 150 {
			t.Errorf("a patient has %d resources", n)
		}
		if n := bytesOf[id]; n < 80_000 || n > 220_000 {
			t.Errorf("a patient has %d bytes", n)
		}
	}
	if mean := total / 40; mean < 100_000 || mean > 160_000 {
		t.Errorf("patients have %d bytes on average", mean)
	}
}

func TestPopulationHasEverySort(t *testing.T) {
	var alive90, dead90, deadNoDate, twins, abroad, child, escaped, partial int
	p := Generate(1, 100)
	for _, id := range p.PatientIDs() {
		r, _ := p.Get("Patient", id)
		var pat struct {
			BirthDate        string
			DeceasedDateTime string
			DeceasedBoolean  bool
			MultipleBirth    int `json:"multipleBirthInteger"`
			Address          []struct{ Country, PostalCode string }
			Link             []any
		}
		if err := json.Unmarshal(r.JSON, &pat); err != nil {
			t.Fatal(err)
		}
		switch born := pat.BirthDate[:4]; {
		case born < "1934" && pat.DeceasedDateTime != "":
			dead90++
		case born < "1934":
			alive90++
		case born > "2008":
			child++
		}
		if pat.DeceasedBoolean {
			deadNoDate++
		}
		if pat.MultipleBirth == 2 && len(pat.Link) == 1 {
			twins++
		}
		if pat.Address[0].Country != "US" {
			abroad++
		}
		if len(pat.BirthDate) < 10 {
			partial++
		}
		if bytes.Contains(r.JSON, []byte(`\u`)) {
			escaped++
		}
	}
	for name, n := range map[string]int{
		"over 89 and alive": alive90, "over 89 and dead": dead90, "dead without a date": deadNoDate,
		"twin": twins, "abroad": abroad, "child": child, "with escapes": escaped, "with a partial birth date": partial,
	} {
		if n == 0 {
			t.Errorf("no patient is %s", name)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = 0
		for _, r := range Generate(1, 100).Resources() {
			n += len(r.JSON)
		}
	}
	b.SetBytes(int64(n))
}
