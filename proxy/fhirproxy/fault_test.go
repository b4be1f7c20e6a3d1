package fhirproxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
)

// Every misbehaviour of the upstream ends in an OperationOutcome or a masked
// resource; nothing of it shows, and the listener goes on serving.
func TestFaultsOfTheUpstream(t *testing.T) {
	t.Parallel()
	var fault atomic.Pointer[http.Handler]
	good := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"p","gender":"female"}`)
	})
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/Patient/p" {
			good(w, q)
			return
		}
		(*fault.Load()).ServeHTTP(w, q)
	}))
	with := func(timeout time.Duration) *rig {
		return newRig(t, up, func(c *Config) { c.Limits.UpstreamTimeout, c.Limits.ResponseBytes = timeout, 8<<20 })
	}
	patient, impatient := with(veiltest.Patience), with(400*time.Millisecond)
	slow := map[string]bool{"hangs": true, "hangs half way": true, "one byte a second": true}
	a := safeHarbor(t)
	faulty, fine := "/Patient/"+pseudonym(t, a, "Patient", "zq-1"), "/Patient/"+pseudonym(t, a, "Patient", "p")
	for _, f := range fhirtest.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			fault.Store(&f.Handler)
			r := patient
			if slow[f.Name] {
				r = impatient
			}
			begun := time.Now()
			for _, path := range []string{faulty, "/Patient?gender=female&_elements=gender"} {
				got := r.get(t, path)
				record := r.sink.find(t, got.header.Get("X-Request-Id"))
				if f.Masks && path == faulty {
					if got.status != 200 || record.Result != "complete" || !bytes.Contains(got.body, []byte(`"resourceType`)) && !bytes.Contains(got.body, []byte(`"resourceTyp\u0065"`)) {
						t.Errorf("status %d, record %s: %.200s", got.status, record.Result, got.body)
					}
					continue
				}
				if got.status < 400 {
					t.Fatalf("status %d: %.200s", got.status, got.body)
				}
				got.outcome(t, got.status)
				if record.Result == "complete" || record.Reason == "" || record.Time.Before(begun.Add(-time.Second)) || record.Time.After(time.Now()) {
					t.Errorf("record %+v", record)
				}
				if f.Name == "hangs" && (got.status != 504 || record.DurationMicros < 400_000) {
					t.Errorf("status %d after %d µs", got.status, record.DurationMicros)
				}
			}
			veiltest.Until(t, "a sound answer is given afterwards", func() bool { return r.get(t, fine).status == 200 })
			r.checkClean(t)
		})
	}
}

func TestUpstreamErrorsAreRebuiltFromCodes(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Location", "http://evil.example/")
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-costly","diagnostics":"`+fhirtest.Marker+`"},{"severity":"warning","code":"`+fhirtest.Marker+`"},{"severity":"fatal","code":"exception","details":{"text":"`+fhirtest.Marker+`"}}]}`)
	}))
	r := newRig(t, up, nil)
	for from, want := range map[int]int{
		204: 502, 206: 502, 301: 502, 302: 502, 304: 502, 307: 502, 400: 400, 401: 502, 403: 502, 404: 404, 405: 502, 410: 404, 412: 502,
		422: 400, 429: 503, 500: 502, 501: 502, 503: 503, 504: 504,
	} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			status.Store(int64(from))
			got := r.get(t, "/Patient?_count=1")
			got.outcome(t, want)
			var o models.OperationOutcome
			if err := json.Unmarshal(got.body, &o); err != nil {
				t.Fatal(err)
			}
			if from == 400 || from == 500 {
				if len(o.Issue) != 3 || o.Issue[1].Code != models.IssueTypeTooCostly || o.Issue[2].Severity != models.IssueSeverityFatal {
					t.Errorf("issues %s", got.body)
				}
			} else if len(o.Issue) < 1 {
				t.Errorf("issues %s", got.body)
			}
		})
	}
	r.checkClean(t)
}

func TestNothingIsAnsweredWithoutARecord(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	failing := &memory{failure: errors.New("no space left on device")}
	r := newRig(t, src.URL, func(c *Config) { c.Sink = failing })
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for _, path := range []string{"/Patient/" + id, "/Patient?_count=3", "/metadata", "/Patient?name=x", "/Patient/none"} {
		got := r.get(t, path)
		if text := got.outcome(t, 500); !strings.Contains(text, "audit record could not be written") {
			t.Errorf("%s: %q", path, text)
		}
		if bytes.Contains(got.body, []byte("Patient")) {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	failing.mu.Lock()
	failing.failure = nil
	failing.mu.Unlock()
	if got := r.get(t, "/Patient/"+id); got.status != 200 {
		t.Errorf("afterwards status %d", got.status)
	}
}

func TestNoByteLeavesBeforeTheRecord(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	r.sink.delay = 300 * time.Millisecond
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET /fhir/Patient?_count=3 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(veiltest.Patience)); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(c)
	if _, err := br.Peek(1); err != nil {
		t.Fatal(err)
	}
	if n := len(r.sink.all()); n != 1 {
		t.Errorf("%d records when the first byte came", n)
	}
}

// panicAtLinks makes all maskers of the view, and each panic at the first link that
// it meets. It returns how many there are.
func (r *rig) panicAtLinks() int {
	places := runtime.GOMAXPROCS(0)
	var fill func(left int)
	fill = func(left int) {
		if left == 0 {
			return
		}
		lend.To(r.view().maskers, func() *masker { return r.listener.newMasker(r.view()) }, func(m *masker) struct{} {
			m.site.Link = func(_, _, _ []byte) ([]byte, bool) { panic("value " + fhirtest.Marker) }
			fill(left - 1) // while this one is lent
			return struct{}{}
		})
	}
	fill(places)
	return places
}

// A panic ends one exchange, not the process, and the masker that it happened
// in is not used again.
func TestPanicsStayInside(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	places := r.panicAtLinks()
	for range places {
		got := r.get(t, "/Patient?_count=1")
		got.outcome(t, 500)
		if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "failed" || rec.Reason != "internal" {
			t.Errorf("record %+v", rec)
		}
	}
	for range 2 * places {
		if got := r.get(t, "/Patient?_count=1"); got.status != 200 {
			t.Errorf("afterwards status %d", got.status)
		}
	}
	if log := r.log.String(); !strings.Contains(log, "fhirproxy.(*Server).serve") || !strings.Contains(log, `"msg":"panic"`) {
		t.Errorf("the log does not say where: %.500s", log)
	}
	r.checkClean(t)
}

func TestPanicOfTheSinkEndsTheConnectionOnly(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) { c.Sink = (*memory)(nil) })
	for range 3 {
		got := r.get(t, "/Patient?_count=1")
		if got.status != 500 || len(got.body) != 0 {
			t.Errorf("status %d: %.100s", got.status, got.body)
		}
	}
	if got := r.get(t, "http://"+r.addr+"/healthz"); got.status != 200 {
		t.Errorf("healthz: %d", got.status)
	}
}

func TestConcurrentExchangesDoNotMix(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) { c.Limits.Exchanges = 3 })
	a := safeHarbor(t)
	paths := []string{"/Patient?_count=4", "/Observation?_count=20", "/Patient?name=x", "/Patient/none", "/metadata", "/Encounter?_count=3"}
	for _, id := range population().PatientIDs()[:4] {
		p := pseudonym(t, a, "Patient", id)
		paths = append(paths, "/Patient/"+p, "/Condition?patient="+p)
	}
	want := map[string][]byte{}
	for _, p := range paths {
		want[p] = r.get(t, p).body
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 3 * len(paths) {
				path := paths[(i*7+worker)%len(paths)]
				resp, err := r.client.Get(r.base + path)
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || !bytes.Equal(b, want[path]) {
					t.Errorf("%s: another answer (%v): %.200s", path, err, b)
				}
			}
		}()
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, rec := range r.sink.all() {
		if ids[rec.RequestID] {
			t.Error("a request id twice")
		}
		ids[rec.RequestID] = true
	}
	if n := len(paths) + 8*3*len(paths); len(ids) != n {
		t.Errorf("%d records of %d requests", len(ids), n)
	}
}

func TestMoreExchangesThanPlacesWaitOrAreRefused(t *testing.T) {
	t.Parallel()
	gate, entered := make(chan struct{}), make(chan struct{}, 8)
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-gate
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	}))
	r := newRig(t, up, func(c *Config) { c.Limits.Exchanges = 1; c.Limits.UpstreamTimeout = 500 * time.Millisecond })
	status := make(chan int, 2)
	ask := func() {
		resp, err := r.client.Get(r.base + "/Patient?_count=1")
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}
	go ask()
	for waiting := true; waiting; {
		select {
		case <-entered:
			waiting = false
		case <-status: // a busy machine has not come as far as the upstream in time
			go ask()
		}
	}
	go ask()
	first, second := <-status, <-status
	if !(first == 504 && (second == 503 || second == 504) || first == 503 && second == 504) {
		t.Errorf("answers %d and %d", first, second)
	}
	close(gate)
	veiltest.Until(t, "a request is answered afterwards", func() bool { return r.get(t, "/Patient?_count=1").status == 200 })
}

func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	gate, entered := make(chan struct{}), make(chan struct{}, 1)
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-gate
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	}))
	r := newRig(t, up, nil)
	type result struct {
		status int
		body   []byte
		err    error
	}
	answer := make(chan result, 1)
	go func() {
		resp, err := r.client.Get(r.base + "/Patient?_count=1")
		if err != nil {
			answer <- result{err: err}
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		answer <- result{resp.StatusCode, b, err}
	}()
	<-entered
	down := make(chan error, 1)
	go func() { down <- r.listener.Shutdown(t.Context()) }()
	veiltest.Until(t, "the listener takes no more connections", func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case err := <-down:
		t.Fatalf("shutdown did not wait: %v", err)
	default:
	}
	close(gate)
	if got := <-answer; got.err != nil || got.status != 200 || !bytes.Contains(got.body, []byte("Bundle")) {
		t.Errorf("%+v", got)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if n := len(r.sink.all()); n != 1 {
		t.Errorf("%d records", n)
	}
}
