package fhirproxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir/fhirtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// bulk is an upstream with bulk exports of the population.
type bulk struct {
	url     string
	polls   atomic.Int64
	ended   atomic.Bool
	mu      sync.Mutex
	asked   []*http.Request
	packed  bool
	file    http.HandlerFunc // in place of the Patients' file
	members string           // further ones of the manifest
	files   string           // base of the files
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
	b.asked = append(b.asked, q)
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
			_, _ = out.Write(append(r.JSON, '\n'))
		}
	}
}

// export walks an export to its manifest.
func (r *rig) export(t testing.TB, path string, header ...string) (status string, m manifest) {
	t.Helper()
	got := r.get(t, path, append(header, "Prefer", "respond-async", "Accept", "application/fhir+json")...)
	status = got.header.Get("Content-Location")
	if got.status != 202 || !strings.HasPrefix(status, r.base+"?_export=") || len(got.body) != 0 {
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
						if rec.Result == "complete" && (len(rec.Resources) == 0 || len(rec.Applied) == 0) {
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
	if len(up.asked) > 0 {
		t.Errorf("the upstream was asked %s", up.asked[0].URL)
	}
	_, m := r.export(t, "/Group/"+group+"/$export?_since=2024-03-05T00:00:00Z&_typeFilter=Observation%3Fcode%3Dhttp%3A%2F%2Floinc.org%7C8867-4&_elements=Patient.gender")
	if q := up.asked[0]; q.URL.Path != "/Group/zq-1/$export" || q.URL.Query().Get("_since") != "2024-01-01T00:00:00Z" || !strings.Contains(q.URL.Query().Get("_typeFilter"), "Observation?code=") || q.URL.Query().Has("_elements") {
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
	up := newBulk(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"}, consumer.Account{Name: "eve"}, consumer.Account{Name: "few", Scopes: "system/Observation.rs"})
	r := newRig(t, up.url, func(c *Config) { c.Policy = p })
	status, m := r.export(t, "/$export", "X-API-Key", keys["ada"])
	if !m.RequiresAccessToken {
		t.Error("the manifest says that no token is needed")
	}
	asked := len(up.asked)
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
	if len(up.asked) != asked || up.ended.Load() {
		t.Error("the upstream was asked")
	}
	up.polls.Store(0)
	if _, m := r.export(t, "/$export", "X-API-Key", keys["few"]); len(m.Output) != 1 || m.Output[0].Type != "Observation" {
		t.Errorf("types beyond the scopes are listed: %+v", m.Output)
	}
}

// Files elsewhere are never fetched, and the consumer is told what to configure.
func TestExportFilesElsewhere(t *testing.T) {
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

func TestFilesThatBreakOff(t *testing.T) {
	const line = `{"resourceType":"Patient","id":"zq-1","gender":"female","name":[{"family":"Marjorie"}]}` + "\n"
	write := func(w http.ResponseWriter, s string) {
		w.Header().Set("Content-Type", "application/fhir+ndjson")
		_, _ = io.WriteString(w, s)
	}
	for name, c := range map[string]struct {
		file http.HandlerFunc
		want string // reason of the record; of a refusal, its status
	}{
		"not JSON":        {func(w http.ResponseWriter, _ *http.Request) { write(w, line+"Marjorie\n") }, "upstream syntax"},
		"half a resource": {func(w http.ResponseWriter, _ *http.Request) { write(w, line+line[:40]) }, "upstream syntax"},
		"another type": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, line+`{"resourceType":"Observation","id":"o","status":"final"}`)
		}, "upstream type"},
		"an error page": {func(w http.ResponseWriter, _ *http.Request) { write(w, "<html>Marjorie</html>") }, "upstream syntax"},
		"duplicate member": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, `{"resourceType":"Patient","id":"zq-1","id":"zq-1"}`)
		}, "upstream syntax"},
		"a line too long": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, line+`{"resourceType":"Patient","id":"`+strings.Repeat("Marjorie", 1<<18))
		}, "response too large"},
		"a gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/fhir+ndjson")
			z := gzip.NewWriter(w)
			for range 3000 {
				_, _ = io.WriteString(z, line+strings.Repeat("\n", 4000))
			}
			_ = z.Close()
		}, "upstream broke off"},
		"shorter than it says": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nContent-Length: 1000\r\n\r\n%s", line)
			_ = rw.Flush()
		}, "upstream broke off"},
		"chunks without an end": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(line), line)
			_ = rw.Flush()
		}, "upstream broke off"},
		"no end stated": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nConnection: close\r\n\r\n%s", line)
			_ = rw.Flush()
		}, "502"},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, line)
		}, "502"},
		"a redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(302)
		}, "502"},
		"gone":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); _, _ = io.WriteString(w, "Marjorie") }, "404"},
		"other coding": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "br"); write(w, line) }, "502"},
		"hangs": {func(w http.ResponseWriter, q *http.Request) {
			write(w, line)
			w.(http.Flusher).Flush()
			<-q.Context().Done()
		}, "upstream broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newBulk(t)
			up.file = c.file
			with := func(timeout time.Duration) *rig {
				return newRig(t, up.url, func(c *Config) { c.Limits.ResponseBytes, c.Limits.UpstreamTimeout = 1<<20, timeout })
			}
			r := with(patience)
			url := r.fileAt(t)
			if name == "hangs" { // another listener opens the link as well
				impatient := with(5 * time.Second)
				r, url = impatient, strings.Replace(url, r.base, impatient.base, 1)
			}
			before := len(r.sink.all())
			body, noticed := r.broken(t, url)
			if !noticed {
				t.Errorf("the client took it for whole: %.200s", body)
			}
			all := r.sink.all()[before:]
			last := all[len(all)-1]
			records := slices.DeleteFunc(all, func(r *mask.Record) bool { return r.RequestID != last.RequestID }) // clients may ask again
			if len(c.want) == 3 {
				if len(records) != 1 || last.Result == "complete" {
					t.Errorf("records %+v", last)
				}
			} else if len(records) != 2 || records[0].Result != "started" || last.Result != "failed" || last.Reason != c.want {
				t.Errorf("%d records, the last %+v", len(records), last)
			}
			r.checkClean(t)
			eventually(t, "the stream's place is free", func() bool { return r.listener.streams.Taken() == 0 })
		})
	}
}

func TestFileWithoutARecordIsNotWhole(t *testing.T) {
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	url := r.fileAt(t)
	begun, fail := make(chan struct{}), make(chan struct{})
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 2000))
		w.(http.Flusher).Flush()
		<-fail
	}
	go func() { // the record that it began is written, the last one cannot be
		<-begun
		r.sink.mu.Lock()
		r.sink.failure = errors.New("no space left on device")
		r.sink.mu.Unlock()
		close(fail)
	}()
	resp, err := r.client.Get(url)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(err, resp)
	}
	defer resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	close(begun)
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the client took it for whole")
	}
	r.get(t, url).outcome(t, 500)
}

// What a file has inside its resources is held against the scopes as well.
func TestFileBeyondTheScopes(t *testing.T) {
	up := newBulk(t)
	up.members = `"deleted":[{"type":"Bundle","url":"UP/Binary/p"}],`
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "few", Scopes: "system/Patient.rs system/Bundle.rs"}, consumer.Account{Name: "all"})
	r := newRig(t, up.url, func(c *Config) { c.Policy = p })
	up.members = strings.ReplaceAll(up.members, "UP", up.url)
	inner := `{"resourceType":"Observation","id":"o","status":"final"}`
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":`+inner+`}]}`+"\n")
	}
	for name, whole := range map[string]bool{"few": false, "all": true} {
		up.polls.Store(0)
		_, m := r.export(t, "/$export", "X-API-Key", keys[name])
		req, err := http.NewRequest("GET", m.Deleted[0].URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", keys[name])
		var b []byte
		resp, err := r.client.Do(req)
		if err == nil {
			b, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if (err == nil) != whole || bytes.Contains(b, []byte("Observation")) != whole {
			t.Errorf("%s: %v %s", name, err, b)
		}
	}
}

// panics is a Sink that panics once it is armed.
type panics struct {
	memory
	armed atomic.Bool
}

func (p *panics) Append(ctx context.Context, r *mask.Record) error {
	if p.armed.Load() {
		panic("value " + fhirtest.Marker)
	}
	return p.memory.Append(ctx, r)
}

func TestPanicBeforeAFileGivesItsPlaceBack(t *testing.T) {
	up := newBulk(t)
	sink := &panics{}
	r := newRig(t, up.url, func(c *Config) { c.Sink, c.Limits.Streams = sink, 1 })
	url := r.fileAt(t)
	for range 3 {
		sink.armed.Store(true)
		if got := r.get(t, url); got.status != 500 {
			t.Errorf("status %d", got.status)
		}
		sink.armed.Store(false)
	}
	if got := r.get(t, url); got.status != 200 {
		t.Errorf("afterwards %d: %s", got.status, got.body)
	}
	r.checkClean(t)
}

func TestFileOfAConsumerThatLeaves(t *testing.T) {
	up := newBulk(t)
	r := newRig(t, up.url, func(c *Config) { c.Limits.Streams = 1 })
	url := r.fileAt(t)
	going := make(chan struct{})
	up.file = func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		for {
			if _, err := io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 1000)); err != nil {
				close(going)
				return
			}
		}
	}
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", strings.TrimPrefix(url, "http://"+r.addr)); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(c).Peek(2000); err != nil {
		t.Fatal(err)
	}
	r.get(t, url).outcome(t, 503) // one stream at once
	c.Close()
	select {
	case <-going:
	case <-time.After(patience):
		t.Fatal("the upstream is still being read")
	}
	eventually(t, "it is recorded that the consumer left", func() bool {
		records := r.sink.all()
		last := records[len(records)-1]
		return last.Result == "failed" && last.Reason == "consumer left" && len(last.Resources) == 1
	})
	if c, err := net.Dial("tcp", r.addr); err == nil {
		fmt.Fprintf(c, "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", strings.TrimPrefix(url, "http://"+r.addr))
		b, _ := io.ReadAll(c)
		if !bytes.Contains(b, []byte("400")) {
			t.Errorf("by HTTP/1.0: %.200s", b)
		}
		c.Close()
	}
}

// The first lines are on their way before the upstream has sent the last.
func TestFileIsMaskedWhileItArrives(t *testing.T) {
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	url := r.fileAt(t)
	gate := make(chan struct{})
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 2000))
		w.(http.Flusher).Flush()
		<-gate
	}
	resp, err := r.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"gender":"female"`) {
		t.Errorf("%v %q", err, line)
	}
	close(gate)
}
