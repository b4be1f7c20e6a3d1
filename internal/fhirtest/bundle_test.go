package fhirtest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPatientBundle(t *testing.T) {
	p := Generate(1, 10)
	id := p.PatientIDs()[8] // a twin, whose Patient refers to another
	for _, kind := range []BundleKind{Collection, Searchset, Transaction} {
		t.Run(string(kind), func(t *testing.T) {
			var b struct {
				ResourceType, Type string
				Total              int
				Entry              []struct {
					FullURL  string `json:"fullUrl"`
					Resource map[string]any
					Request  struct{ Method, URL string }
					Search   struct{ Mode string }
				}
			}
			if err := json.Unmarshal(p.PatientBundle(id, kind), &b); err != nil {
				t.Fatal(err)
			}
			if b.ResourceType != "Bundle" || b.Type != string(kind) || len(b.Entry) < 60 {
				t.Fatalf("%s of type %s with %d entries", b.ResourceType, b.Type, len(b.Entry))
			}
			urls := map[string]bool{}
			types := map[string]int{}
			for _, e := range b.Entry {
				if urls[e.FullURL] {
					t.Error("two entries have one fullUrl")
				}
				urls[e.FullURL] = true
				types[e.Resource["resourceType"].(string)]++
				isURN := strings.HasPrefix(e.FullURL, "urn:uuid:") && isUUID(strings.TrimPrefix(e.FullURL, "urn:uuid:"))
				if isURN != (kind == Transaction) || (e.Request.Method == "POST") != (kind == Transaction) || (e.Search.Mode == "match") != (kind == Searchset) {
					t.Errorf("an entry is not one of a %s", kind)
				}
			}
			if types["Patient"] != 1 || types["Practitioner"] == 0 || types["Organization"] == 0 || types["Location"] == 0 {
				t.Errorf("entries by type: %v", types)
			}
			var dangling int
			for _, e := range b.Entry {
				eachReference(e.Resource, func(reference string) {
					if kind == Searchset && !strings.HasPrefix(reference, Base+"/") && reference[0] != '#' {
						t.Error("a reference is not absolute")
					}
					if kind == Transaction && strings.HasPrefix(reference, "urn:") && !urls[reference] {
						dangling++
					}
					if kind == Transaction && !strings.HasPrefix(reference, "urn:uuid:") && reference[0] != '#' {
						t.Error("a reference is not to a fullUrl")
					}
				})
			}
			if dangling > 1 { // the other twin is not in the Bundle
				t.Errorf("%d references dangle", dangling)
			}
		})
	}
	if p.PatientBundle("nobody", Collection) != nil || p.PatientBundle(id, "batch") != nil {
		t.Error("an unknown patient or kind gives a Bundle")
	}
}
