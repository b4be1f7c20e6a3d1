package fhirproxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// TestConditionalRead: the ETag is that of the sealed version, a consumer that has it gets
// a 304 with a record, and whatever else is sent changes nothing.
func TestConditionalRead(t *testing.T) {
	t.Parallel()
	var version atomic.Int64
	version.Store(1)
	r := newRig(t, newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("ETag", fmt.Sprintf(`W/"%d"`, version.Load()))
		for _, never := range []string{"If-None-Match", "If-Modified-Since"} {
			if q.Header.Get(never) != "" {
				t.Errorf("the upstream got %s", never)
			}
		}
		_, _ = fmt.Fprintf(w, `{"resourceType":"Patient","id":"zq-1","meta":{"versionId":"%d"},"active":true}`, version.Load())
	})), nil)
	path := "/Patient/" + pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	first := r.get(t, path)
	var masked struct{ Meta struct{ VersionID string } }
	if err := json.Unmarshal(first.body, &masked); err != nil {
		t.Fatal(err)
	}
	tag := first.header.Get("ETag")
	if tag != `W/"`+masked.Meta.VersionID+`"` || len(masked.Meta.VersionID) < 10 {
		t.Fatalf("ETag %s, version %q", tag, masked.Meta.VersionID)
	}
	for _, c := range []struct {
		name, method, path, match string
		status                    int
	}{
		{"weak", "GET", path, tag, 304}, {"strong", "GET", path, strings.TrimPrefix(tag, "W/"), 304}, {"one of several", "GET", path, `W/"x", ` + tag + `,"y"`, 304},
		{"HEAD", "HEAD", path, tag, 304}, {"vread", "GET", path + "/_history/" + masked.Meta.VersionID, tag, 304}, {"elements", "GET", path + "?_elements=active", tag, 304},
		{"any", "GET", path, "*", 200}, {"the original", "GET", path, `W/"1"`, 200}, {"forged", "GET", path, tag[:8] + "A" + tag[9:], 200}, {"cut", "GET", path, tag[:len(tag)-1], 200},
		{"no tag", "GET", path, ",,,\"", 200}, {"a long list", "GET", path, strings.Repeat(`"zq",`, 900), 200}, {"a search", "GET", "/Patient?_id=" + path[len("/Patient/"):], tag, 502},
	} {
		got := r.do(t, c.method, c.path, "", "If-None-Match", c.match, "Prefer", "return=minimal", "Prefer", "handling=lenient")
		if got.status != c.status {
			t.Errorf("%s: status %d: %.200s", c.name, got.status, got.body)
		}
		if c.status < 400 && got.header.Get("ETag") != tag || c.status == 304 && len(got.body) > 0 || c.status == 200 && c.path == path && len(got.body) == 0 {
			t.Errorf("%s: ETag %q, %d bytes", c.name, got.header.Get("ETag"), len(got.body))
		}
		rec := r.sink.find(t, got.header.Get("X-Request-Id"))
		if unchanged := strings.HasSuffix(rec.Operation, "not modified"); unchanged != (c.status == 304) || unchanged && (rec.Result != "complete" || len(rec.Resources) > 0) {
			t.Errorf("%s: record %+v", c.name, rec)
		}
	}
	version.Store(2)
	if got := r.get(t, path, "If-None-Match", tag); got.status != 200 || got.header.Get("ETag") == tag {
		t.Errorf("another version: status %d, ETag %s", got.status, got.header.Get("ETag"))
	}
	r.sink.mu.Lock()
	r.sink.failure = io.ErrShortWrite
	r.sink.mu.Unlock()
	if got := r.get(t, path, "If-None-Match", r.get(t, path).header.Get("ETag")); got.status != 500 {
		t.Errorf("without a record: status %d", got.status)
	}
	r.checkClean(t)
}

// TestNoVersionNoTag: where the rules hide versions there is no ETag, and nothing matches.
func TestNoVersionNoTag(t *testing.T) {
	t.Parallel()
	a := extend(t, "fhir:\n  rules:\n    - {id: versions, match: Meta.versionId, method: remove, why: a test}\n")
	r := newRig(t, newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"zq-1","meta":{"versionId":"1"},"active":true}`)
	})), func(c *Config) { c.Policy = policyOf(t, a, "anonymous") })
	for _, match := range []string{"", `W/""`, `""`, "*", `W/"1"`} {
		got := r.get(t, "/Patient/"+pseudonym(t, a, "Patient", "zq-1"), "If-None-Match", match)
		if got.status != 200 || got.header.Get("ETag") != "" {
			t.Errorf("%q: status %d, ETag %q", match, got.status, got.header.Get("ETag"))
		}
	}
}

// TestRealConditionalRead reads a resource of a HAPI FHIR server, and again after it
// changed.
func TestRealConditionalRead(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
	hapi := hapitest.Start(t)
	put := func(gender string) {
		t.Helper()
		if err := hapi.Transaction([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"etag-1","gender":"` + gender +
			`"},"request":{"method":"PUT","url":"Patient/etag-1"}}]}`)); err != nil {
			t.Fatal(err)
		}
	}
	put("female")
	r := newRig(t, hapi.URL, nil)
	path := "/Patient/" + pseudonym(t, safeHarbor(t), "Patient", "etag-1")
	first := r.get(t, path)
	tag := first.header.Get("ETag")
	if again := r.get(t, path, "If-None-Match", tag); first.status != 200 || tag == "" || again.status != 304 || again.header.Get("ETag") != tag {
		t.Fatalf("status %d with ETag %s, then %d with %s", first.status, tag, again.status, again.header.Get("ETag"))
	}
	put("male")
	if changed := r.get(t, path, "If-None-Match", tag); changed.status != 200 || changed.header.Get("ETag") == tag {
		t.Errorf("after a change: status %d with ETag %s", changed.status, changed.header.Get("ETag"))
	}
}
