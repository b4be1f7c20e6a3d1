package fhir_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
)

// frames are Bundles around the same entries: what stands in and behind "%s" differs, and so
// does what the consumer may see of it.
var frames = []string{
	`{"resourceType":"Bundle","id":"a","type":"searchset","total":7,"link":[{"relation":"next","url":"http://ehr/fhir?page=1"}],"entry":%s}`,
	`{"resourceType":"Bundle","id":"b","meta":{"lastUpdated":"2024-03-04T05:06:07Z"},"type":"history","entry":%s,"link":[{"relation":"next","url":"http://ehr/fhir?page=2"}]}`,
	` { "entry" : %s , "type":"collection", "resourceType":"Bundle","timestamp":"2024-03-04T05:06:07Z"}`,
	`{"resourceType":"Bundle","unknown":1,"entry":%s}`,
	`{"resourceType":"Bundle","type":"searchset","entry":%s,"entry":[]}`,
	`{"resourceType":"Bundle","type":"searchset","entry":%s`,
	`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.example/Patient/other","resource":{"resourceType":"Bundle","type":"searchset","entry":%s}}]}`,
	`{"resourceType":"Parameters","parameter":[{"name":"r","resource":{"resourceType":"Bundle","type":"searchset","entry":%s}}]}`,
}

// TestRememberedEntries: what is remembered of all entries of a Bundle decides nothing,
// whatever stands around them, and is counted the same.
func TestRememberedEntries(t *testing.T) {
	t.Parallel()
	arrays := []string{
		`[]`, `[null]`, `[{"resource":{"resourceType":"Unknown"}}]`, `{"resource":{"resourceType":"Patient"}}`,
		`[{"fullUrl":"http://x.example/Patient/p","resource":{"resourceType":"Patient","id":"p","birthDate":"1930-01-02"}},` +
			`{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"http://x.example/Patient/p"},"onsetDateTime":"2021-02-03"}}]`,
		`[{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"http://x.example/Patient/other"},"onsetDateTime":"2021-02-03"}}]`,
	}
	p := fhirtest.Generate(5, 3)
	for _, id := range p.PatientIDs() {
		bundle := string(p.PatientBundle(id, fhirtest.Collection))
		arrays = append(arrays, strings.TrimSuffix(bundle[strings.Index(bundle, `"entry":`)+len(`"entry":`):], "}"))
	}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		a := masktest.Shipped(t, ruleset)
		fresh, warm := masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways)
		calls := 0
		for _, m := range []*masktest.Masker{fresh, warm} {
			m.Site = &fhir.Site{Base: "https://veil/fhir", Upstream: []string{"http://ehr/fhir"}, Link: func(dst, relation, url []byte) ([]byte, bool) {
				calls++
				return append(append(dst, "https://veil/fhir?"...), url[len(url)-1:]...), true
			}}
		}
		for round := range 4 {
			for k, array := range arrays {
				for _, frame := range frames {
					src := fmt.Appendf(nil, frame, array)
					want, wantErr := fresh.Mask(src)
					got, err := warm.Mask(src)
					if string(got) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
						t.Fatalf("%s, round %d: array %d in %s\nbecomes %.600s (%v)\n  alone %.600s (%v)", ruleset, round, k, frame, got, err, want, wantErr)
					}
					a, b := warm.Pass.Record("", ""), fresh.Pass.Record("", "")
					if err == nil && !(slices.Equal(a.AppendApplied(nil), b.AppendApplied(nil)) && slices.Equal(a.Resources, b.Resources)) {
						t.Fatalf("%s, round %d: array %d in %s is counted differently", ruleset, round, k, frame)
					}
				}
			}
		}
		if n := warm.Walker.RememberedEntries(); n < len(p.PatientIDs()) {
			t.Errorf("%s: the entries of only %d Bundles are remembered", ruleset, n)
		}
		if calls == 0 {
			t.Error("no link was asked for")
		}
	}
}

// TestEntriesThatOthersDecide: entries whose patient the server says are not remembered.
func TestEntriesThatOthersDecide(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "research"), fhir.RememberAlways)
	patient := "p"
	m.Site = &fhir.Site{Base: "https://veil/fhir", Subject: func(dst []byte, _ string, _ []byte) ([]byte, bool) { return append(dst, patient...), true }}
	src := []byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Slot","id":"s","status":"busy","start":"2020-06-15T10:00:00Z",` +
		`"schedule":{"reference":"Schedule/1"}}},{"resource":{"resourceType":"ClaimResponse","id":"c","created":"2020-06-15","request":{"reference":"Claim/far"}}},` +
		`{"resource":{"resourceType":"Procedure","id":"p","performedDateTime":"2020-06-15","encounter":{"reference":"Encounter/far"}}}]}`)
	seen := map[string]bool{}
	for k := range 12 {
		patient = fmt.Sprint("p", k%6)
		out, err := m.Mask(src)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(out)] = true
	}
	if len(seen) < 2 {
		t.Fatalf("six patients have one result: %v", seen)
	}
	if n := m.Walker.RememberedEntries(); n != 0 {
		t.Error("entries are remembered")
	}
}

// TestEntriesAreKnown: where the entries stand is told, remembered or not, and nothing of
// the Bundle before.
func TestEntriesAreKnown(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const entries = `[{"resource":{"resourceType":"Patient","id":"p","active":true}}]`
	for range 4 {
		for _, src := range []string{`{"resourceType":"Bundle","type":"searchset","entry":%s}`, "\ufeff {\"entry\": %s ,\"resourceType\":\"Bundle\",\"type\":\"searchset\"}"} {
			text := fmt.Sprintf(src, entries)
			if _, err := m.Mask([]byte(text)); err != nil {
				t.Fatal(err)
			}
			text = strings.TrimPrefix(text, "\ufeff")
			if from, to := m.Walker.Entries(); to == 0 || text[from:to] != entries {
				t.Errorf("in %s the entries stand at %d to %d", text, from, to)
			}
		}
		if _, err := m.Mask([]byte(`{"resourceType":"Patient","id":"p","active":true}`)); err != nil {
			t.Fatal(err)
		}
		if _, to := m.Walker.Entries(); to != 0 {
			t.Error("a Patient has entries")
		}
	}
}
