package hapitest

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirtest"
)

// all skips a test that is not asked for: make test-all does.
func all(t *testing.T) {
	t.Helper()
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/fhir+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %s", url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	all(t)
	s := Start(t)
	p := s.Load(t, 3, 41)
	count := map[string]int{}
	for _, r := range p.Resources() {
		count[r.Type]++
		var got struct{ ResourceType, ID string }
		get(t, s.URL+"/"+r.Type+"/"+r.ID, &got)
		if got.ResourceType != r.Type || got.ID != r.ID {
			t.Errorf("read of %s/%s: got %s/%s", r.Type, r.ID, got.ResourceType, got.ID)
		}
	}
	total := func(typ string) int {
		var got struct{ Total int }
		get(t, s.URL+"/"+typ+"?_summary=count", &got)
		return got.Total
	}
	before := map[string]int{}
	for typ, n := range count {
		if before[typ] = total(typ); before[typ] < n {
			t.Errorf("%s: the server counts %d, want at least %d", typ, before[typ], n)
		}
	}
	s.Load(t, 3, 41)
	for typ := range count {
		if n := total(typ); n != before[typ] {
			t.Errorf("%s: %d after the second load, want %d", typ, n, before[typ])
		}
	}
}

// TestTransaction holds that the server takes the transaction Bundles of
// fhirtest as they are.
func TestTransaction(t *testing.T) {
	all(t)
	s := Start(t)
	p := fhirtest.Generate(42, 2)
	for _, id := range p.PatientIDs() {
		if err := s.Transaction(p.PatientBundle(id, fhirtest.Transaction)); err != nil {
			t.Error(err)
		}
	}
	if err := s.Transaction([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}`)); err == nil {
		t.Error("a transaction without a request is taken")
	}
}
