package fhirtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// bundle is what the tests read of a searchset.
type bundle struct {
	ResourceType string
	Total        *int
	Link         []struct{ Relation, URL string }
	Entry        []struct {
		FullURL  string `json:"fullUrl"`
		Resource struct {
			ResourceType, ID, BirthDate string
			Meta                        struct{ Tag []struct{ Code string } }
			Text                        any
		}
		Search struct{ Mode string }
	}
	Issue []struct{ Code, Diagnostics string }
}

func (b *bundle) next() string {
	for _, l := range b.Link {
		if l.Relation == "next" {
			return l.URL
		}
	}
	return ""
}

func serve(t *testing.T, patients int) (*Server, *Population) {
	t.Helper()
	p := Generate(1, patients)
	s, err := NewServer(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, p
}

func get(t *testing.T, address string, into any) *http.Response {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, resp, into)
}

func decode(t *testing.T, resp *http.Response, into any) *http.Response {
	t.Helper()
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestSourceRead(t *testing.T) {
	s, p := serve(t, 2)
	id := p.PatientIDs()[0]
	for _, path := range []string{"/Patient/" + id, "/Patient/" + id + "/_history/1"} {
		var doc struct{ ResourceType, ID string }
		resp := get(t, s.URL+path, &doc)
		if resp.StatusCode != 200 || doc.ResourceType != "Patient" || doc.ID != id {
			t.Fatalf("status %d with a %s", resp.StatusCode, doc.ResourceType)
		}
		h := resp.Header
		if h.Get("ETag") != `W/"1"` || h.Get("Last-Modified") == "" || h.Get("Server") == "" || h.Get("Set-Cookie") == "" ||
			!strings.Contains(h.Get("Content-Location"), id) || !strings.HasPrefix(h.Get("Content-Type"), "application/fhir+json") {
			t.Errorf("headers are %v", h)
		}
	}
}

func TestSourceServesItsOwnAddress(t *testing.T) {
	s, _ := serve(t, 2)
	resp, err := http.Get(s.URL + "/Observation?_count=1000")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || strings.Contains(string(b), Base) || !strings.Contains(string(b), `"reference":"`+s.URL) {
		t.Errorf("the population's address is in the answer, or no reference is absolute (%v)", err)
	}
}

func TestSourceRefusals(t *testing.T) {
	s, p := serve(t, 1)
	patient := s.URL + "/Patient/" + p.PatientIDs()[0]
	for _, tc := range []struct {
		name, method, address string
		status                int
		says                  string
	}{
		{"unknown id", "GET", s.URL + "/Patient/nobody-7", 404, "nobody-7"},
		{"unknown type", "GET", s.URL + "/Patents", 404, "Patents"},
		{"unknown type with id", "GET", s.URL + "/Patents/1", 404, "Patents/1"},
		{"unknown version", "GET", patient + "/_history/9", 404, "_history/9"},
		{"outside the base", "GET", strings.TrimSuffix(s.URL, "/fhir") + "/other", 404, "/other"},
		{"unknown parameter", "GET", s.URL + "/Patient?shoe-size=Smith", 400, "Smith"},
		{"bad date", "GET", s.URL + "/Patient?birthdate=Smith", 400, "Smith"},
		{"bad page", "GET", s.URL + "/Patient?_page=Smith", 400, "Smith"},
		{"bad count", "GET", s.URL + "/Patient?_count=Smith", 400, "Smith"},
		{"bad sort", "GET", s.URL + "/Patient?_sort=Smith", 400, "Smith"},
		{"bad include", "GET", s.URL + "/Patient?_include=Smith", 400, "Smith"},
		{"bad query", "GET", s.URL + "/Patient?name=%zz", 400, "%zz"},
		{"everything of nobody", "GET", s.URL + "/Patient/nobody-7/$everything", 404, "nobody-7"},
		{"everything with a search", "GET", patient + "/$everything?name=Smith", 400, "Smith"},
		{"create", "POST", s.URL + "/Patient", 405, "POST"},
		{"update", "PUT", patient, 405, "PUT"},
		{"patch", "PATCH", patient, 405, "PATCH"},
		{"delete", "DELETE", patient, 405, "DELETE"},
		{"search without a form", "POST", s.URL + "/Patient/_search", 415, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequest(tc.method, tc.address, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			var b bundle
			decode(t, resp, &b)
			if resp.StatusCode != tc.status || b.ResourceType != "OperationOutcome" || len(b.Issue) != 1 || !strings.Contains(b.Issue[0].Diagnostics, tc.says) {
				t.Errorf("status %d with %v", resp.StatusCode, b.Issue)
			}
		})
	}
}

func TestSourceRecordsRequests(t *testing.T) {
	s, _ := serve(t, 1)
	var b bundle
	get(t, s.URL+"/Patient?gender=male", &b)
	resp, err := http.PostForm(s.URL+"/Patient/_search", url.Values{"gender": {"female"}})
	if err != nil {
		t.Fatal(err)
	}
	decode(t, resp, &b)
	got := s.Source.Requests()
	if len(got) != 2 || got[0].Method != "GET" || got[0].URL != "/fhir/Patient?gender=male" || got[1].Method != "POST" || string(got[1].Body) != "gender=female" {
		t.Errorf("recorded %d requests: %+v", len(got), got)
	}
	s.Source.Forget()
	if len(s.Source.Requests()) != 0 {
		t.Error("requests are there after Forget")
	}
}

func TestSourceCompresses(t *testing.T) {
	s, _ := serve(t, 1)
	req, err := http.NewRequest("GET", s.URL+"/Patient", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"identity", "gzip"} {
		req.Header.Set("Accept-Encoding", accept)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != (accept == "gzip") {
			t.Errorf("asked for %s, got %q", accept, resp.Header.Get("Content-Encoding"))
		}
	}
}

func TestCapabilityListsWhatIsSupported(t *testing.T) {
	s, p := serve(t, 1)
	var c struct {
		ResourceType, FHIRVersion string
		Rest                      []struct {
			Resource []struct {
				Type          string
				SearchInclude []string
				SearchParam   []struct{ Name, Type string }
			}
		}
	}
	get(t, s.URL+"/metadata", &c)
	if c.ResourceType != "CapabilityStatement" || c.FHIRVersion != "4.0.1" || len(c.Rest) != 1 || len(c.Rest[0].Resource) != len(p.Types()) {
		t.Fatalf("%s for %s with %d rest", c.ResourceType, c.FHIRVersion, len(c.Rest))
	}
	probe := map[string]string{"string": "zz", "token": "zz", "date": "1900", "reference": "zz", "uri": "zz"}
	for _, r := range c.Rest[0].Resource {
		for _, sp := range r.SearchParam {
			var b bundle
			resp := get(t, s.URL+"/"+r.Type+"?"+sp.Name+"="+probe[sp.Type], &b)
			if resp.StatusCode != 200 || b.Total == nil || *b.Total != 0 {
				t.Errorf("%s?%s: status %d", r.Type, sp.Name, resp.StatusCode)
			}
		}
		for _, in := range r.SearchInclude {
			var b bundle
			if resp := get(t, s.URL+"/"+r.Type+"?_count=1&_include="+in, &b); resp.StatusCode != 200 {
				t.Errorf("%s?_include=%s: status %d", r.Type, in, resp.StatusCode)
			}
		}
	}
}

func TestNewSourceRefusesOtherBases(t *testing.T) {
	for _, base := range []string{"", "/fhir", "fhir", "http://", "http://h/?q", "http://h/#f", "::"} {
		if _, err := NewSource(Generate(1, 0), base); err == nil {
			t.Errorf("base %q is taken", base)
		}
	}
}
