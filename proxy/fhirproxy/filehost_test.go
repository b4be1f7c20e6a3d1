package fhirproxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// signature signs in to the upstream with a header that nobody else may see.
type signature struct{}

func (signature) Authorize(_ context.Context, req *fasthttp.Request) error {
	req.Header.Set("Authorization", "Bearer of-the-upstream")
	return nil
}

func (signature) Refused() {}

// Files at a configured host are requested exactly as the upstream names them, and
// without its credentials: the remedy that the error names works.
func TestFileHosts(t *testing.T) {
	t.Parallel()
	const path = "/x%2Fy/Patient.ndjson?sig=a%2Bb%3D&X-Amz-Date=20240101T000000Z"
	var requested []string
	store := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		requested = append(requested, q.Method+" "+q.RequestURI+" "+q.Header.Get("Authorization"))
		if q.RequestURI != path {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "<Error>zq-1</Error>")
			return
		}
		w.Header().Set("Content-Type", "binary/octet-stream")
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"zq-1","gender":"female","name":[{"family":"Marjorie"}]}`+"\n")
	}))
	elsewhere := newHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a host that is not configured was asked") }))
	file := store + path
	var manifestOf string
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") == "" {
			t.Error("the upstream is asked without credentials")
		}
		if strings.HasSuffix(q.URL.Path, "$export") {
			w.Header().Set("Content-Location", "/status/1")
			w.WriteHeader(202)
			return
		}
		_, _ = io.WriteString(w, manifestOf)
	}))
	list := func(url string) string {
		return `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"` + url + `"}]}`
	}
	begin := func(r *rig) reply {
		return r.get(t, r.get(t, "/$export", "Prefer", "respond-async").header.Get("Content-Location"))
	}
	without := newRig(t, up, func(c *Config) { c.Credentials = signature{} })
	manifestOf = list(file)
	if text := begin(without).outcome(t, 502); !strings.Contains(text, "fhir.fileHosts") {
		t.Error(text)
	}
	r := newRig(t, up, func(c *Config) {
		c.Credentials = signature{}
		c.FileHosts = []string{store + "/"}
	})
	got := r.get(t, urlOf(t, begin(r)), "Accept", ndjson)
	if got.status != 200 || !strings.Contains(string(got.body), `"gender":"female"`) || len(requested) != 1 || requested[0] != "GET "+path+" " {
		t.Errorf("%d %s, asked %q", got.status, got.body, requested)
	}
	// A URL that is no longer valid is reported as that.
	manifestOf = list(store + "/gone.ndjson?sig=x")
	if text := r.get(t, urlOf(t, begin(r)), "Accept", ndjson).outcome(t, 502); !strings.Contains(text, "file host") || !strings.Contains(text, "status again") {
		t.Error(text)
	}
	for _, other := range []string{elsewhere + "/f", strings.Replace(store, "http://", "http://"+strings.TrimPrefix(elsewhere, "http://")+"@", 1) + "/f", strings.Replace(store, "http://", "https://", 1) + "/f", store + "/../f", store + "/%2e%2e/f", store} {
		manifestOf = list(other)
		begin(r).outcome(t, 502)
	}
	if len(requested) != 2 {
		t.Errorf("the store was asked %q", requested)
	}
	r.checkClean(t)
	if _, err := New(Config{Upstream: up, BaseURL: "http://x/fhir", Policy: policyOf(t, safeHarbor(t), "x"), Sink: &memory{}, FileHosts: []string{"s3://bucket"}}); err == nil {
		t.Error("a file host of another protocol is taken")
	}
}

// The first file of a manifest.
func urlOf(t *testing.T, p reply) string {
	t.Helper()
	_, after, ok := strings.Cut(string(p.body), `"url":"`)
	url, _, _ := strings.Cut(after, `"`)
	if !ok || p.status != 200 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	return url
}
