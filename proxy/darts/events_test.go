package darts

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// TestEventsFollowTheProfile: each AuditEvent has what IHE's profile of a
// de-identification at its source demands, and tells of one patient.
func TestEventsFollowTheProfile(t *testing.T) {
	t.Parallel()
	var sent struct {
		Type  string
		Entry []struct {
			Resource struct {
				ResourceType string
				Meta         struct{ Profile []string }
				Type         struct{ Code string }
				Subtype      []struct{ System, Code string }
				Action       string
				Outcome      string
				Recorded     string
				Source       struct{ Observer json.RawMessage }
				Agent        []struct {
					Type    struct{ Coding []struct{ Code string } }
					Who     json.RawMessage
					Network struct{ Address, Type string }
				}
				Entity []struct {
					Type struct{ Code string }
					Role json.RawMessage // of an AuditEvent, a Coding
					What struct {
						Type       string
						Identifier struct{ System, Value string }
					}
				}
			}
			Request struct{ Method, URL string }
		}
	}
	events := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(events.Close)
	s := newSite(t, &AuditServer{URL: events.URL})
	_, bundle := population(8)
	want := s.ids("/$anonymize", parameters(bundle))
	if sent.Type != "transaction" || len(sent.Entry) != len(want)+1 || sent.Entry[len(want)].Resource.ResourceType != "Provenance" {
		t.Fatalf("sent %+v", sent)
	}
	for i, id := range want {
		e := &sent.Entry[i].Resource
		if e.ResourceType != "AuditEvent" || e.Meta.Profile[0] != profile || e.Type.Code != "110106" || e.Action != "R" || e.Outcome != "0" || e.Recorded == "" ||
			len(e.Subtype) != 1 || e.Subtype[0].Code != "deidentify" {
			t.Errorf("event %d: %+v", i, e)
		}
		agents := map[string]int{}
		for _, a := range e.Agent {
			code := a.Type.Coding[0].Code
			agents[code]++
			if len(a.Who) == 0 || a.Network.Address == "" || a.Network.Type == "" || code == "110153" && !bytes.Equal(a.Who, e.Source.Observer) {
				t.Errorf("event %d: agent %+v", i, a)
			}
		}
		patients := 0
		for _, n := range e.Entity {
			if n.Type.Code == "1" && bytes.Contains(n.Role, []byte(`"code":"1"`)) && n.What.Type == "Patient" && n.What.Identifier.Value == id && n.What.Identifier.System == "urn:veil:project:darts" {
				patients++
			}
		}
		if agents["110153"] != 1 || agents["110152"] != 1 || patients != 1 || len(e.Entity) < 2 {
			t.Errorf("event %d: agents %v, %d patients", i, agents, patients)
		}
	}
}

// TestRealDARTS: what the service makes and returns is valid, and a HAPI FHIR server
// takes its events.
func TestRealDARTS(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server and its validator")
	}
	hapi := hapitest.Start(t)
	s := newSite(t, &AuditServer{URL: hapi.URL})
	status, statement := s.call(http.MethodGet, "/metadata", nil)
	if status != http.StatusOK {
		t.Fatalf("metadata: status %d: %s", status, statement)
	}
	resources := [][]byte{statement}
	p, bundle := population(23)
	for _, c := range calls(bundle) {
		status, text := s.call(http.MethodPost, c.path, c.body)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", c.path, status, text)
		}
		resources = append(resources, text)
	}
	for _, search := range []string{"AuditEvent?_count=200", "Provenance?_count=200"} {
		resp, err := http.Get(hapi.URL + "/" + search)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range p.Find(text) {
			t.Errorf("%s: %s is in an event", search, found.Kind)
		}
		var page struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(text, &page); err != nil {
			t.Fatal(err)
		}
		// Two patients, and four calls.
		if want := map[bool]int{true: 8, false: 4}[strings.HasPrefix(search, "AuditEvent")]; len(page.Entry) < want {
			t.Errorf("%s: %d on the server, expected %d", search, len(page.Entry), want)
		}
		for _, e := range page.Entry {
			var compact bytes.Buffer
			if err := json.Compact(&compact, e.Resource); err != nil {
				t.Fatal(err)
			}
			resources = append(resources, compact.Bytes())
		}
	}
	for i, found := range hapitest.Validate(t, resources) {
		for _, v := range found {
			if v.ID == "Validation_VAL_Profile_Unknown" {
				continue // the validator has no guide; TestEventsFollowTheProfile checks IHE's
			}
			t.Errorf("resource %d: %s at %s: %s", i, v.ID, v.Place, v.Text)
		}
	}
}
