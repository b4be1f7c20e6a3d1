package fhirproxy

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// bulk is an upstream with bulk exports of the population.
type bulk struct {
	url       string
	polls     atomic.Int64
	ended     atomic.Bool
	mu        sync.Mutex
	requested []*http.Request
	packed    bool
	file      http.HandlerFunc // in place of the Patients' file
	members   string           // further ones of the manifest
	files     string           // base of the files
}

func newBulk(t testing.TB) *bulk {
	t.Helper()
	b := &bulk{}
	b.url = newHandler(t, b)
	b.files = b.url
	return b
}

func (b *bulk) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	b.mu.Lock()
	b.requested = append(b.requested, q)
	b.mu.Unlock()
	switch path := q.URL.Path; {
	case strings.HasSuffix(path, "/$export"):
		if q.Header.Get("Prefer") != "respond-async" {
			w.WriteHeader(400)
			return
		}
		w.Header().Set("Content-Location", b.url+"/poll?_jobId=job-"+fhirtest.Marker)
		w.WriteHeader(202)
	case path == "/poll" && q.Method == "DELETE":
		b.ended.Store(true)
		w.WriteHeader(202)
	case path == "/poll" && b.polls.Add(1) == 1:
		w.Header().Set("X-Progress", "exporting "+fhirtest.Marker)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(202)
	case path == "/poll":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"transactionTime":"2024-03-05T10:11:12.5+01:00","request":"%[1]s/Group/zq-1/$export","requiresAccessToken":false,"extension":{"note":"%[2]s"},%[3]s
"output":[{"type":"Patient","url":"%[4]s/Binary/p","count":12},{"type":"Observation","url":"%[4]s/Binary/o"},{"type":"AuditEvent","url":"%[4]s/Binary/a"},{"type":"Nonsense","url":"%[4]s/Binary/n"}],
"error":[{"type":"OperationOutcome","url":"%[4]s/Binary/e"}]}`, b.url, fhirtest.Marker, b.members, b.files)
	case path == "/Binary/e":
		w.Header().Set("Content-Type", "application/fhir+ndjson")
		fmt.Fprintf(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","diagnostics":"%s"}]}`+"\nnot JSON\n", fhirtest.Marker)
	case path == "/Binary/p" && b.file != nil:
		b.file(w, q)
	case path == "/Binary/p", path == "/Binary/o":
		b.ndjson(w, map[string]string{"/Binary/p": "Patient", "/Binary/o": "Observation"}[path])
	default:
		http.NotFound(w, q)
	}
}

func (b *bulk) ndjson(w http.ResponseWriter, typ string) {
	w.Header().Set("Content-Type", "application/fhir+ndjson")
	var out io.Writer = w
	if b.packed {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		out = z
	}
	for _, r := range population().Resources() {
		if r.Type == typ {
			_, _ = fmt.Fprintf(out, "%s\n", r.JSON)
		}
	}
}

// export walks an export to its manifest.
func (r *rig) export(t testing.TB, path string, header ...string) (status string, m manifest) {
	t.Helper()
	got := r.get(t, path, append(header, "Prefer", "respond-async", "Accept", "application/fhir+json")...)
	status = got.header.Get("Content-Location")
	if got.status != 202 || !strings.HasPrefix(status, r.listener.root+"?_export=") || len(got.body) != 0 {
		t.Fatalf("kick-off: %d %v %s", got.status, got.header, got.body)
	}
	got = r.get(t, status, append(header, "Accept", "application/json")...)
	if got.status != 202 || got.header.Get("Retry-After") != "1" || got.header.Get("X-Progress") != "in progress" {
		t.Fatalf("status: %d %v", got.status, got.header)
	}
	got = r.get(t, status, append(header, "Accept", "application/json")...)
	if err := json.Unmarshal(got.body, &m); err != nil || got.status != 200 || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("manifest: %d, %v: %s", got.status, err, got.body)
	}
	return status, m
}

func TestExport(t *testing.T) {
	t.Parallel()
	for _, packed := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip=%v", packed), func(t *testing.T) {
			up := newBulk(t)
			up.packed = packed
			r := newRig(t, up.url, nil)
			status, m := r.export(t, "/Patient/$export?_type=Patient,Observation")
			if m.TransactionTime != "2024-03-05T09:11:12.500Z" || m.Request != r.base+"/Patient/$export?_type=Patient%2CObservation" || m.RequiresAccessToken || len(m.Output) != 2 || len(m.Error) != 1 {
				t.Fatalf("manifest %+v", m)
			}
			want := map[string]int{}
			for _, res := range population().Resources() {
				want[res.Type]++
			}
			for _, o := range m.Output {
				got := r.get(t, o.URL, "Accept", "application/fhir+ndjson")
				lines := strings.Split(strings.TrimSuffix(string(got.body), "\n"), "\n")
				if got.status != 200 || got.header.Get("Content-Type") != ndjson || len(lines) != want[o.Type] {
					t.Fatalf("%s: %d %v, %d lines, want %d", o.Type, got.status, got.header, len(lines), want[o.Type])
				}
				var one struct{ ResourceType, ID string }
				if err := json.Unmarshal([]byte(lines[0]), &one); err != nil || one.ResourceType != o.Type {
					t.Errorf("%v: %s", err, lines[0])
				}
				records := map[string]int{}
				for _, rec := range r.sink.all() {
					if rec.RequestID == got.header.Get("X-Request-Id") {
						records[rec.Result]++
						if rec.Result == "complete" && (len(rec.Resources) == 0 || len(rec.Used) == 0) {
							t.Errorf("record %+v", rec)
						}
					}
				}
				if records["started"] != 1 || records["complete"] != 1 || len(records) != 2 {
					t.Errorf("records %v", records)
				}
				small := r.get(t, o.URL, "Accept-Encoding", "gzip")
				z, err := gzip.NewReader(bytes.NewReader(small.body))
				if err != nil || small.header.Get("Content-Encoding") != "gzip" {
					t.Fatalf("compressed: %v %v", err, small.header)
				}
				if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, got.body) {
					t.Errorf("the compressed file differs: %v", err)
				}
			}
			errs := r.get(t, m.Error[0].URL)
			if string(errs.body) != `{"issue":[{"severity":"error","code":"processing"}],"resourceType":"OperationOutcome"}`+"\n" {
				t.Errorf("errors: %s", errs.body)
			}
			if got := r.do(t, "DELETE", status, ""); got.status != 202 || !up.ended.Load() {
				t.Errorf("DELETE: %d", got.status)
			}
			r.checkClean(t)
		})
	}
}

func TestExportIsJudged(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	group := pseudonym(t, safeHarbor(t), "Group", "zq-1")
	for path, status := range map[string]int{
		"/$export?_typeFilter=Patient%3Fname%3DSmith": 403, "/$export?_typeFilter=Patient%3Fbirthdate%3D1980-03-05": 403, "/$export?_since=x": 403,
		"/$export?_type=AuditEvent": 403, "/$export?includeAssociatedData=x": 403, "/$export?_outputFormat=text/csv": 403, "/$export?patient=Patient/1": 403,
		"/Group/zq-1/$export": 404, "/Group/$export": 400, "/Observation/$export": 400, "/Patient/" + group + "/$export": 400,
	} {
		r.get(t, path, "Prefer", "respond-async").outcome(t, status)
	}
	r.get(t, "/$export").outcome(t, 400)
	if len(up.requested) > 0 {
		t.Errorf("the upstream was asked %s", up.requested[0].URL)
	}
	_, m := r.export(t, "/Group/"+group+"/$export?_since=2024-03-05T00:00:00Z&_typeFilter=Observation%3Fcode%3Dhttp%3A%2F%2Floinc.org%7C8867-4&_elements=Patient.gender")
	if q := up.requested[0]; q.URL.Path != "/Group/zq-1/$export" || q.URL.Query().Get("_since") != "2024-01-01T00:00:00Z" || !strings.Contains(q.URL.Query().Get("_typeFilter"), "Observation?code=") || q.URL.Query().Has("_elements") {
		t.Errorf("the upstream was asked %s", q.URL)
	}
	if !strings.HasPrefix(m.Request, r.base+"/Group/"+group+"/$export?") {
		t.Errorf("request %q", m.Request)
	}
	got := r.get(t, m.Output[0].URL)
	if !bytes.Contains(got.body, []byte("SUBSETTED")) || bytes.Contains(got.body, []byte("birthDate")) {
		t.Errorf("_elements is not heard: %.300s", got.body)
	}
	r.checkClean(t)
}

func TestExportLinksAreTheConsumersOwn(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"}, consumer.Account{Name: "eve"}, consumer.Account{Name: "few", Scopes: "system/Observation.rs"})
	r := newRig(t, up.url, func(c *Config) { c.Policy = p })
	status, m := r.export(t, "/$export", "X-API-Key", keys["ada"])
	if !m.RequiresAccessToken {
		t.Error("the manifest says that no token is needed")
	}
	requested := len(up.requested)
	for _, url := range []string{status, m.Output[0].URL, m.Error[0].URL} {
		r.get(t, url, "X-API-Key", keys["eve"]).outcome(t, 404)
		r.get(t, url).outcome(t, 401)
	}
	r.do(t, "DELETE", status, "", "X-API-Key", keys["eve"]).outcome(t, 404)
	for from, to := range map[string]string{"_export": "_file", "_file": "_export"} { // a token of another kind
		for _, url := range []string{status, m.Output[0].URL} {
			r.get(t, strings.Replace(url, from, to, 1)+"x", "X-API-Key", keys["ada"]).outcome(t, 404)
		}
	}
	r.get(t, strings.Replace(status, "_export", "_page", 1), "X-API-Key", keys["ada"]).outcome(t, 404)
	r.get(t, strings.Replace(m.Output[0].URL, "_file", "_errors", 1), "X-API-Key", keys["ada"]).outcome(t, 404)
	if len(up.requested) != requested || up.ended.Load() {
		t.Error("the upstream was asked")
	}
	up.polls.Store(0)
	if _, m := r.export(t, "/$export", "X-API-Key", keys["few"]); len(m.Output) != 1 || m.Output[0].Type != "Observation" {
		t.Errorf("types beyond the scopes are listed: %+v", m.Output)
	}
}

// Files elsewhere are never fetched, and the consumer is told what to configure.
func TestExportFilesElsewhere(t *testing.T) {
	t.Parallel()
	var touched atomic.Bool
	elsewhere := newHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched.Store(true) }))
	up := newBulk(t)
	up.files = elsewhere
	r := newRig(t, up.url, nil)
	got := r.get(t, "/$export", "Prefer", "respond-async")
	r.get(t, got.header.Get("Content-Location"))
	if text := r.get(t, got.header.Get("Content-Location")).outcome(t, 502); !strings.Contains(text, "fhir.upstreamAliases") || !strings.Contains(text, "fhir.fileHosts") || touched.Load() {
		t.Errorf("%q, fetched: %v", text, touched.Load())
	}
}

// FileAt begins an export and returns the URL of the Patients' file.
func (r *rig) fileAt(t testing.TB) string {
	t.Helper()
	_, m := r.export(t, "/$export")
	return m.Output[0].URL
}

// broken reads a file and reports whether the client noticed that it broke off.
func (r *rig) broken(t testing.TB, url string) (body []byte, noticed bool) {
	t.Helper()
	resp, err := r.client.Get(url)
	if err != nil {
		return nil, true
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	r.sent = append(r.sent, b...)
	return b, err != nil || resp.StatusCode != 200
}
