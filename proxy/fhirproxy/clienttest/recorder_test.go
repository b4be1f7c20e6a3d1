package clienttest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// recorder stands between clients and the listener, and looks for planted values in
// every header and body that a client receives.
type recorder struct {
	// URL is the base that clients are given, and that the listener writes.
	URL        string
	population *fhirtest.Population

	mu       sync.Mutex
	found    []fhirtest.Planted
	bytes    int
	statuses map[int]int
}

// record starts a recorder before the FHIR server that listens on an address.
func record(t *testing.T, addr string, p *fhirtest.Population) *recorder {
	t.Helper()
	r := &recorder{population: p}
	r.reset()
	s := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(&url.URL{Scheme: "http", Host: addr})
		},
		ModifyResponse: r.look,
	})
	t.Cleanup(s.Close)
	r.URL = s.URL + "/fhir"
	return r
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found, r.bytes, r.statuses = nil, 0, map[int]int{}
}

// ports can have the digits of a postal code by chance.
var ports = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// look reads a response whole, and looks at what a client will make of it.
func (r *recorder) look(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	text := body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		if text, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	var headers bytes.Buffer
	if err := resp.Header.Write(&headers); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += len(text)
	r.statuses[resp.StatusCode]++
	r.found = append(r.found, shown(r.population, text)...)
	r.found = append(r.found, shown(r.population, headers.Bytes())...)
	return nil
}

// shown returns what a text shows that it must not.
func shown(p *fhirtest.Population, text []byte) []fhirtest.Planted {
	var found []fhirtest.Planted
	for _, f := range p.Find(ports.ReplaceAll(text, nil)) {
		if !flooredDate(f) {
			found = append(found, f)
		}
	}
	return found
}

// flooredDate reports whether a planted value is a date that masking makes of
// others: an instant is floored to the first of January of its year.
func flooredDate(f fhirtest.Planted) bool {
	return f.Kind == "date" && (strings.HasSuffix(f.Value, "-01-01") || len(f.Value) == len("2006-01") && strings.HasSuffix(f.Value, "-01"))
}

// TestRecorderSees holds that the recorder finds what passes unmasked.
func TestRecorderSees(t *testing.T) {
	p := fhirtest.Generate(1, 1)
	source, err := fhirtest.NewServer(p)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	r := record(t, strings.TrimPrefix(strings.TrimSuffix(source.URL, "/fhir"), "http://"), p)
	for _, encoding := range []string{"identity", "gzip"} {
		r.reset()
		req, err := http.NewRequest(http.MethodGet, r.URL+"/Patient/"+p.PatientIDs()[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", encoding)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || len(r.found) < 10 {
			t.Errorf("%s: status %d, %d values found", encoding, resp.StatusCode, len(r.found))
		}
	}
}
