package jobs

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// exporter is a FHIR server with one bulk export of patients and observations.
type exporter struct {
	*httptest.Server
	mu        sync.Mutex
	requests  []string
	polls     atomic.Int64
	deleted   atomic.Bool
	broken    atomic.Int64 // how many downloads of observations break
	patients  string
	wholePart string
}

func newExporter(t *testing.T) *exporter {
	t.Helper()
	e := &exporter{}
	var patients, observations strings.Builder
	p := fhirtest.Generate(3, 5)
	if err := p.WriteNDJSON(&patients, "Patient"); err != nil {
		t.Fatal(err)
	}
	if err := p.WriteNDJSON(&observations, "Observation"); err != nil {
		t.Fatal(err)
	}
	e.patients, e.wholePart = patients.String(), observations.String()
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.requests = append(e.requests, r.Method+" "+r.URL.RequestURI())
		e.mu.Unlock()
		switch r.URL.Path {
		case "/$export", "/Patient/$export", "/Group/g1/$export":
			w.Header().Set("Content-Location", e.URL+"/status")
			w.WriteHeader(http.StatusAccepted)
		case "/status":
			switch {
			case r.Method == "DELETE":
				e.deleted.Store(true)
				w.WriteHeader(http.StatusAccepted)
			case e.polls.Add(1) < 3:
				w.WriteHeader(http.StatusAccepted)
			default:
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"transactionTime":"2026-01-01T00:00:00Z","request":"x","requiresAccessToken":false,"error":[],"output":[{"type":"Patient","url":"%s/files/p"},{"type":"Observation","url":"%s/files/o"},{"type":"Observation","url":"%s/files/p2"}]}`, e.URL, e.URL, e.URL)
			}
		case "/files/p", "/files/p2":
			w.Header().Set("Content-Type", "application/fhir+ndjson")
			_, _ = io.WriteString(w, e.patients)
		case "/files/o":
			w.Header().Set("Content-Type", "application/fhir+ndjson")
			if e.broken.Add(-1) >= 0 {
				w.Header().Set("Content-Length", fmt.Sprint(len(e.wholePart)))
				_, _ = io.WriteString(w, e.wholePart[:len(e.wholePart)/2])
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, e.wholePart)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// behind is a site whose FHIR upstream is a server.
func behind(t *testing.T, url string) *site {
	t.Helper()
	return newSite(t, func(s *site) {
		up, err := upstream.New(upstream.Config{Base: url, Schema: schema.R4(), Metrics: metrics.New().Listener("operator"), Connections: 4, Timeout: exportPatience, ResponseBytes: 8 << 20})
		if err != nil {
			t.Fatal(err)
		}
		s.world.Upstream = up
		if s.world.Rules, err = rules.New(nil, definitions()...); err != nil {
			t.Fatal(err)
		}
	})
}

const exportOrder = `{"kind":"export","view":"research","target":{"place":"masked","path":"bulk"},"export":{"types":["Patient","Observation"],"since":"2026-01-01T01:00:00+01:00"}}`

// TestExport: the files of an export arrive masked, one that broke is fetched again, and
// the upstream is told when it is done.
func TestExport(t *testing.T) {
	t.Parallel()
	e := newExporter(t)
	e.broken.Store(1)
	s := behind(t, e.URL)
	job := s.until(s.call("POST", "/jobs", exportOrder).job(t).ID)
	if job.State != "complete" || job.Progress.Files+job.Progress.Kept != 3 || job.Starts != 2 {
		t.Fatalf("%+v", job)
	}
	out := s.files("out")
	if len(out) != 3 || strings.Count(out["bulk/Patient.1.ndjson"], "\n") != 5 || strings.Count(out["bulk/Observation.1.ndjson"], "\n") != strings.Count(e.wholePart, "\n") || len(out["bulk/Observation.2.ndjson"]) == 0 {
		t.Errorf("%d files", len(out))
	}
	if found := fhirtest.Generate(3, 5).Find([]byte(fmt.Sprint(out))); len(found) > 0 {
		t.Errorf("%d originals are in the output, such as %v", len(found), found[0])
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.deleted.Load() || !slices.Contains(e.requests, "GET /$export?_outputFormat=application%2Ffhir%2Bndjson&_since=2026-01-01T00%3A00%3A00Z&_type=Patient%2CObservation") {
		t.Errorf("%q", e.requests)
	}
	for order, want := range map[string]string{
		`"export":{"level":"group"}`:               "the export of a group needs its id",
		`"export":{"level":"patient","group":"1"}`: "a group is given",
		`"export":{"types":["PLANTED/../x"]}`:      "/export/types/0: the value does not have the expected form",
	} {
		a := s.call("POST", "/jobs", `{"kind":"export","view":"research","target":{"place":"masked","path":"more"},`+order+"}")
		if p := a.problem(t); a.status != 422 || !strings.Contains(p.Detail, want) || strings.Contains(a.body, "PLANTED") {
			t.Errorf("%s: %s", order, a.body)
		}
	}
}

// TestExportCancelled: the upstream is told, and nothing half masked stays.
func TestExportCancelled(t *testing.T) {
	t.Parallel()
	e := newExporter(t)
	e.polls.Store(-1 << 40) // it never ends
	s := behind(t, e.URL)
	id := s.call("POST", "/jobs", exportOrder).job(t).ID
	veiltest.Until(t, "the upstream is exporting", func() bool { return e.polls.Load() > -1<<40 })
	if a := s.call("POST", "/jobs/"+id+"/cancel", ""); a.status != http.StatusAccepted {
		t.Fatal(a)
	}
	if job := s.until(id); job.State != "cancelled" || !e.deleted.Load() || len(s.files("out")) != 0 {
		t.Errorf("%+v, deleted %v", job, e.deleted.Load())
	}
}

// TestDiscover: a discovery looks at files and at an upstream, and proposes rules.
func TestDiscover(t *testing.T) {
	t.Parallel()
	source, err := fhirtest.NewServer(fhirtest.Generate(3, 6))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	s := behind(t, source.URL)
	var b strings.Builder
	b.WriteString("ssn,dob,ward\n")
	for i := range 50 {
		fmt.Fprintf(&b, "%03d-45-%04d,1970-01-%02d,%d\n", 100+i, 1000+i, i%28+1, i%4)
	}
	s.write("people.csv", b.String())
	id := s.until(s.call("POST", "/jobs", `{"kind":"discover","source":{"place":"exports","path":"*.csv"}}`).job(t).ID).ID
	report, ruleset := s.call("GET", "/jobs/"+id+"/report", ""), s.call("GET", "/jobs/"+id+"/ruleset", "")
	if report.status != 200 || !strings.Contains(report.body, `"ssn"`) || strings.Contains(report.body, "100-45-1000") || !strings.Contains(ruleset.body, "veil: 1") || !strings.Contains(ruleset.body, "people") {
		t.Errorf("%+v\n%s", report, ruleset.body)
	}
	id = s.until(s.call("POST", "/jobs", `{"kind":"discover","upstream":"fhir","view":"research"}`).job(t).ID).ID
	if report := s.call("GET", "/jobs/"+id+"/report", ""); report.status != 200 || !strings.Contains(report.body, "Patient") {
		t.Errorf("%+v", report)
	}
	for order, want := range map[string]string{
		`{"kind":"discover"}`:                                         "expected either source or upstream",
		`{"kind":"discover","upstream":"postgres"}`:                   "the upstream is not configured",
		`{"kind":"discover","source":{"place":"exports","path":"x"}}`: "there is no such file or folder",
	} {
		if a := s.call("POST", "/jobs", order); a.status != 422 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %s", order, a.body)
		}
	}
}
