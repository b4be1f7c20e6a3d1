package fhirproxy

import (
	"net/http"
	"strings"
	"testing"
)

// TestUpstreamFaultsAreNotMissingResources: what the upstream answers wrongly is
// a 502 in every interaction, and only what is withheld or missing a 404.
func TestUpstreamFaultsAreNotMissingResources(t *testing.T) {
	t.Parallel()
	a := safeHarbor(t)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"an OperationOutcome":           {`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception","diagnostics":"Smith"}]}`, 502},
		"an unknown type":               {`{"resourceType":"Smith","id":"1"}`, 502},
		"an OperationOutcome, no first": {`{"issue":[{"severity":"error","code":"exception"}],"resourceType":"OperationOutcome"}`, 502},
		"no type":                       {`{"id":"1"}`, 502},
		"a withheld type":               {`{"resourceType":"Person","id":"1"}`, 502},
		"another type":                  {`{"resourceType":"Location","id":"1"}`, 502},
		"a withheld resource":           {`{"resourceType":"WANTED","id":"1","implicitRules":"http://ehr/rules"}`, 404},
		"one that holds the withheld":   {`{"resourceType":"WANTED","id":"1","modifierExtension":[{"url":"http://ehr/not","valueBoolean":true}]}`, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				typ := strings.Split(strings.TrimPrefix(q.URL.Path, "/"), "/")[0]
				w.Header().Set("Content-Type", "application/fhir+json")
				_, _ = w.Write([]byte(strings.ReplaceAll(c.body, "WANTED", typ)))
			}))
			r := newRig(t, up, nil)
			for _, typ := range []string{"Patient", "Observation", "DeviceRequest"} {
				path := "/" + typ + "/" + pseudonym(t, a, typ, "1")
				if text := r.get(t, path).outcome(t, c.status); strings.Contains(text, "Smith") {
					t.Errorf("%s tells %s", path, text)
				}
				if c.status == 404 {
					continue // not what a Bundle was asked for
				}
				for _, path := range []string{"/" + typ, path + "/_history", "/" + typ + "/_history"} {
					r.get(t, path).outcome(t, 502)
				}
			}
		})
	}
}

// TestCompartmentsByPost: a search of a compartment by POST is the one by GET.
func TestCompartmentsByPost(t *testing.T) {
	t.Parallel()
	requested := make(chan string, 4)
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		requested <- q.URL.Path + "?" + q.URL.RawQuery
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Bundle","type":"searchset","total":0}`))
	}))
	r := newRig(t, up, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", "1")
	base := "/Patient/" + id + "/Observation"
	got, want := r.do(t, "POST", base+"/_search", "_count=3", "Content-Type", "application/x-www-form-urlencoded"), r.get(t, base+"?_count=3")
	if got.status != 200 || want.status != 200 || string(got.body) != string(want.body) {
		t.Fatalf("POST %d, GET %d\n got %s\nwant %s", got.status, want.status, got.body, want.body)
	}
	if first, second := <-requested, <-requested; first != second || !strings.HasPrefix(first, "/Patient/1/Observation?") {
		t.Errorf("the upstream was asked for %s and %s", first, second)
	}
	for _, path := range []string{"/Patient/" + id + "/_search", "/Patient/" + id + "/Observation/" + id + "/_search"} {
		if r.do(t, "POST", path, "_count=3", "Content-Type", "application/x-www-form-urlencoded").status < 400 {
			t.Errorf("POST %s passes", path)
		}
	}
}
