package fhirproxy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// TestRealSearches holds what the guard takes for granted of a HAPI FHIR server: that
// it compares no waveforms as quantities, a code with each system that is named, an
// address's state where the country is named too, and references of one type by id.
func TestRealSearches(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
	hapi := hapitest.Start(t)
	const quantity = `"valueQuantity":{"value":%s,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}`
	observation := func(system, code, value string) string {
		return fmt.Sprintf(`"status":"final","code":{"coding":[{"system":%q,"code":%q}]},"encounter":{"reference":"Encounter/find-e1"},%s`, system, code, value)
	}
	resources := []struct{ typ, id, body string }{
		{"Encounter", "find-e1", `"status":"finished","class":{"code":"AMB"}`},
		{"Observation", "find-o1", observation("http://loinc.org", "8302-2", fmt.Sprintf(quantity, "5"))},
		{"Observation", "find-o2", observation("http://loinc.org", "8302-2", fmt.Sprintf(quantity, "50"))},
		{"Observation", "find-o3", observation("http://hospital.example/codes", "8302-2", fmt.Sprintf(quantity, "60"))},
		{"Observation", "find-o4", observation("http://loinc.org", "11524-6", `"valueSampledData":{"origin":{"value":40},"period":10,"lowerLimit":20,"upperLimit":70,"dimensions":1,"data":"40 50 60"}`)},
		{"Patient", "find-p1", `"active":true,"address":[{"state":"MA","postalCode":"02115","country":"US"}]`},
		{"Patient", "find-p2", `"active":true,"address":[{"state":"MA","postalCode":"02115","country":"FR"}]`},
		{"Patient", "find-p3", `"active":true,"address":[{"state":"NY","postalCode":"10001","country":"US"}]`},
	}
	var entries []string
	sealed := map[string]string{}
	for _, r := range resources {
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":%q,"id":%q,%s},"request":{"method":"PUT","url":"%s/%s"}}`, r.typ, r.id, r.body, r.typ, r.id))
		sealed[pseudonym(t, safeHarbor(t), r.typ, r.id)] = r.id
	}
	if err := hapi.Transaction([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`)); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, hapi.URL, nil)
	encounter := "encounter=" + pseudonym(t, safeHarbor(t), "Encounter", "find-e1")
	us := "&address-country=US"
	for query, want := range map[string]string{
		"/Observation?" + encounter:                                                                            "find-o1 find-o2 find-o3 find-o4",
		"/Observation?" + encounter + "&code=8302-2":                                                           "find-o1 find-o2",
		"/Observation?" + encounter + "&code=8302-2,11524-6":                                                   "find-o1 find-o2 find-o4",
		"/Observation?" + encounter + "&value-quantity=gt9":                                                    "find-o2 find-o3",
		"/Observation?" + encounter + "&value-quantity=lt89":                                                   "find-o1 find-o2 find-o3",
		"/Observation?" + encounter + "&combo-value-quantity=40":                                               "",
		"/Observation?" + encounter + "&code-value-quantity=" + url.QueryEscape("http://loinc.org|8302-2$gt9"): "find-o2",
		"/Patient?_count=200&address-state=MA" + us:                                                            "find-p1",
		"/Patient?_count=200&address-postalcode=021" + us:                                                      "find-p1",
		"/Patient?_count=200&address-postalcode=100" + us:                                                      "find-p3",
	} {
		got := r.get(t, query)
		var b struct {
			Entry []struct{ Resource struct{ ID string } }
		}
		if err := json.Unmarshal(got.body, &b); err != nil || got.status != 200 {
			t.Errorf("%s: %d %.300s", query, got.status, got.body)
			continue
		}
		var found []string
		for _, e := range b.Entry { // those of other tests of the process left out
			if id := sealed[e.Resource.ID]; id != "" {
				found = append(found, id)
			}
		}
		sort.Strings(found)
		if w := strings.Fields(want); !slices.Equal(found, w) {
			t.Errorf("%s finds %v, want %v", query, found, w)
		}
	}
}
