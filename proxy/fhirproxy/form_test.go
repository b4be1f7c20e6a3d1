package fhirproxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Each of several spellings of a request that mean one thing is handled alike, and
// the upstream is queried in one of its own.
func TestSpellingsOfOneRequest(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[1])
	for plain, others := range map[string][]string{
		"/Patient?_count=2&gender=female":       {"/Patient?_count=2&gender=female&", "/Patient/?_count=2&gender=female", "/Patient?_count=2&_count=2&gender=female", "/%50atient?_count=2&gender=%66emale&&", "/Patient?_count=2&gender=female&_pretty=false"},
		"/Patient/" + id:                        {"/Patient/" + id + "/", "/Patient/" + id + "?", "/Patient/" + id + "?&", "/Patient/" + id + "?_format=json&_format=json", "/Patient/" + id + "?_format=application/fhir+json;fhirVersion=4.0"},
		"/Patient/" + id + "/$everything":       {"/Patient/" + id + "/%24everything", "/Patient/" + id + "/$everything/"},
		"/Encounter?date=ge2022&date=le2023":    {"/Encounter?date=ge2022-01-01&date=lt2024-01-01", "/Encounter?date=ge2022-01-01T00:00:00+01:00&date=le2023-12-31T23:59:59%2B01:00", "/Encounter?date=gt2021-12-31&date=le2023-12"},
		"/Encounter?date=sa2021":                {"/Encounter?date=sa2021-12-31T23:59:59.999Z"},
		"/metadata":                             {"/metadata/", "/metadata?mode=full", "/metadata?_summary=false", "/metadata?mode=normative&unknown=1"},
		"/Patient?_lastUpdated=ge2024":          {"/Patient?_lastUpdated=ge2024-01-01T00:00:00.000+00:00"},
		"/Patient/" + id + "/_history?_count=1": {"/Patient/" + id + "/_history?_count=1&_sort=-_lastUpdated"},
	} {
		requested := func(path string) (string, int, []byte) {
			got := r.get(t, path)
			q := src.Source.Requests()
			var b struct {
				Entry []json.RawMessage
				ID    string
			}
			if err := json.Unmarshal(got.body, &b); err != nil {
				t.Fatalf("%s: %s", path, got.body)
			}
			what, _ := json.Marshal(b)
			return q[len(q)-1].URL, got.status, what
		}
		url, status, body := requested(plain)
		if status >= 300 && status != 404 {
			t.Errorf("%s: %d", plain, status)
		}
		for _, other := range others {
			if u, s, b := requested(other); s != status || !bytes.Equal(b, body) || u != url {
				t.Errorf("%s: %d, the upstream was asked %s, and for %s %d, %s", other, s, u, plain, status, url)
			}
		}
	}
	// A proxy is asked in absolute form.
	for base, want := range map[string]int{
		r.base: 200, strings.ToUpper(r.base[:4]) + r.base[4:]: 200, strings.Replace(r.base, "127.0.0.1", "localhost", 1): 200,
		"http://other.example": 400, "http://user@" + r.base[len("http://"):]: 400,
	} {
		answers, _ := r.raw(t, "GET "+base+"/Patient/"+id+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answers)), nil); err != nil || resp.StatusCode != want {
			t.Errorf("absolute form %s: %v %.200s, want %d", base, err, answers, want)
		}
	}
	r.checkClean(t)
}

func TestExportInASpellingWithABarePlus(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{})
	r := newRig(t, up.url, nil)
	r.get(t, "/$export?_outputFormat=application/fhir+ndjson", "Prefer", "respond-async")
	if requested := strings.Join(up.take(), " "); !strings.Contains(requested, "_outputFormat=application%2Ffhir%2Bndjson") {
		t.Errorf("the upstream was asked %q", requested)
	}
}

// A version or charset that is not served is not answered in another.
func TestVersionOfFHIRInTheMediaType(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	for accept, status := range map[string]int{
		"application/fhir+json; fhirVersion=4.0": 200, `application/fhir+json;fhirVersion="4.0"`: 200, "application/fhir+json; FHIRVERSION=4.0; charset=UTF-8": 200, "application/fhir+xml;fhirVersion=4.0": 200,
		"application/fhir+json; fhirVersion=3.0, application/fhir+json; fhirVersion=4.0; q=0.5": 200, "application/fhir+json; fhirVersion=5.0, */*;q=0.1": 200,
		"application/fhir+json; fhirVersion=3.0": 406, "application/fhir+json;fhirVersion=5.0": 406, "application/fhir+xml; fhirVersion=4.3": 406, "application/fhir+json; fhirVersion=": 406,
		"application/json;fhirVersion=1.0": 406, "*/*; fhirVersion=3.0": 406, "application/fhir+json; fhirVersion=4.0; q=0": 406, "application/fhir+json; charset=utf-16": 406,
	} {
		for _, path := range []string{"/Patient?_count=1", "/metadata"} {
			if got := r.get(t, path, "Accept", accept); got.status != status {
				t.Errorf("%s, %s: %d %.200s", path, accept, got.status, got.body)
			}
		}
	}
	for _, path := range []string{"?_export=x", "?_file=x", "/$export"} { // before anything is opened or sent
		r.get(t, path, "Accept", "application/fhir+ndjson; fhirVersion=3.0", "Prefer", "respond-async").outcome(t, 406)
		if got := r.get(t, path, "Accept", "application/fhir+json; fhirVersion=3.0, application/fhir+json"); got.status == 406 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for format, status := range map[string]int{"application/fhir%2Bjson;fhirVersion=4.0": 200, "application/fhir%2Bjson%3B+fhirVersion=3.0": 406, "application/fhir+xml;fhirVersion=5.0": 406} {
		if got := r.get(t, "/Patient?_count=1&_format="+format); got.status != status {
			t.Errorf("%s: %d %.200s", format, got.status, got.body)
		}
	}
	batch := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient?_count=1"}}]}`
	for kind, status := range map[string]int{"application/fhir+json": 200, "application/fhir+json; fhirVersion=4.0": 200, "application/fhir+json; fhirVersion=3.0": 415, "application/fhir+json; charset=utf-16": 415} {
		if got := r.do(t, "POST", "", batch, "Content-Type", kind); got.status != status {
			t.Errorf("a batch as %s: %d %.200s", kind, got.status, got.body)
		}
	}
}

// metadata is narrowed as any resource.
func TestShapeOfMetadata(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	for query, lacks := range map[string]string{"_elements=status": "implementation", "_elements=rest": "implementation", "_summary=true": ""} {
		got := r.get(t, "/metadata?"+query)
		if got.status != 200 || !bytes.Contains(got.body, []byte(`"CapabilityStatement"`)) || lacks != "" && bytes.Contains(got.body, []byte(`"`+lacks+`":{`)) {
			t.Errorf("%s: %d %.300s", query, got.status, got.body)
		}
	}
	if whole := r.get(t, "/metadata"); !bytes.Contains(whole.body, []byte(`"rest":[`)) {
		t.Errorf("metadata stays narrowed: %.300s", whole.body)
	}
	r.get(t, "/metadata?unknown=1", "Prefer", "handling=strict").outcome(t, 400)
}

// Who asks beside the base is reported where it is.
func TestBaseIsNamed(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	atRoot := newRig(t, src.URL, func(c *Config) { c.BaseURL = strings.TrimSuffix(c.BaseURL, "/fhir") })
	below := newRig(t, src.URL, nil)
	for _, c := range []struct {
		r      *rig
		url    string
		status int
	}{
		{atRoot, "http://" + atRoot.addr + "/fhir/Patient", 404}, {atRoot, "http://" + atRoot.addr + "/", 400}, {atRoot, "http://" + atRoot.addr + "/r4/metadata", 404},
		{below, "http://" + below.addr + "/Patient", 400}, {below, "http://" + below.addr + "/", 400}, {below, below.base, 400}, {below, below.base + "/R4/Patient/1", 404},
	} {
		base := strings.TrimSuffix(c.r.base, "/")
		if c.r == atRoot {
			base = "http://" + atRoot.addr
		}
		if text := c.r.get(t, c.url).outcome(t, c.status); !strings.Contains(text, "the base of this server is "+base+":") {
			t.Errorf("%s: %s", c.url, text)
		}
	}
}
