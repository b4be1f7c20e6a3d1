package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/operator"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

const visitRules = `
veil: 1
name: visits
extends: safe-harbor
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - {id: facts, match: {column: "*"}, method: keep}
`

var compiled = sync.OnceValues(func() (*fhir.Automaton, error) { return masktest.Compile(&testing.T{}, visitRules) })

// site is an operator listener with the jobs API, and folders in, out and state.
type site struct {
	*Service
	t       testing.TB
	dir     string
	sink    *masktest.Sink
	log     *veiltest.Buffer
	url     string
	key     string
	world   *work.World
	options Options
}

func newSite(t testing.TB, change ...func(*site)) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), sink: &masktest.Sink{}, log: &veiltest.Buffer{}}
	for _, name := range []string{"in", "out"} {
		if err := os.Mkdir(s.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	s.world = &work.World{
		Views:   map[string]work.View{"research": {Automaton: a}},
		Sources: []work.Place{{Name: "exports", Dir: s.path("in")}, {Name: "bucket", URL: "mem://data/in"}},
		Targets: []work.Place{{Name: "masked", Dir: s.path("out")}, {Name: "bucket", URL: "mem://data/out"}},
		Store:   bucket.New(), Site: fhir.Site{Base: fhir.DefaultBase}, Workers: 2, Sink: s.sink, Program: "v1.2.3",
	}
	s.options = Options{
		Queue: queue.Config{Dir: s.path("state"), Concurrency: 2, Stale: 4 * time.Second, Backoff: time.Millisecond},
		Sink:  s.sink, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, f := range change {
		f(s)
	}
	s.begin()
	return s
}

func (s *site) path(name ...string) string { return filepath.Join(append([]string{s.dir}, name...)...) }

// begin starts the service and its listener.
func (s *site) begin() {
	s.t.Helper()
	var err error
	if s.Service, err = New(s.world, s.options); err != nil {
		s.t.Fatal(err)
	}
	l, err := operator.New(operator.Config{Sink: s.sink, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Metrics: metrics.New(), Ready: func() error { return nil }, Attempts: consumer.NewAttemptsWith(time.Millisecond, 2*time.Millisecond)})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, route := range s.Routes() {
		l.Handle(route)
	}
	key, sum := consumer.NewKey()
	d, err := consumer.New(s.t.Context(), consumer.Config{Keys: []consumer.Key{{Account: consumer.Account{Name: "ops"}, SHA256: sum}}})
	if err != nil {
		s.t.Fatal(err)
	}
	l.Force(d)
	server := httptest.NewServer(l)
	s.url, s.key = server.URL+Path, key
	s.Start()
	service := s.Service
	s.t.Cleanup(func() { server.Close(); service.Close() })
	veiltest.Until(s.t, "the database is open", func() bool { return s.queue.Ready() == nil })
}

// write writes a file below in.
func (s *site) write(name, text string) {
	s.t.Helper()
	path := s.path("in", name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a *answer) problem(t testing.TB) *Problem {
	t.Helper()
	p := &Problem{}
	if err := json.Unmarshal([]byte(a.body), p); err != nil || a.header.Get("Content-Type") != "application/problem+json" || p.Status != a.status {
		t.Fatalf("no problem: %d %s %v", a.status, a.body, err)
	}
	return p
}

func (a *answer) job(t testing.TB) *view {
	t.Helper()
	v := &view{}
	if err := json.Unmarshal([]byte(a.body), v); err != nil || v.ID == "" {
		t.Fatalf("no job: %d %s %v", a.status, a.body, err)
	}
	return v
}

// call sends a request.
func (s *site) call(method, path, body string, header ...string) *answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-API-Key", s.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err = io.Copy(&b, resp.Body); err != nil {
		s.t.Fatal(err)
	}
	a := &answer{resp.StatusCode, resp.Header, b.String()}
	agree(s.t, method, path, a)
	return a
}

// until waits until a job is over, and returns it.
func (s *site) until(id string) *view {
	s.t.Helper()
	var v *view
	veiltest.Until(s.t, "the job is over", func() bool {
		v = s.call("GET", "/jobs/"+id, "").job(s.t)
		return v.State.Over()
	})
	return v
}

// files are the files below a folder, by name.
func (s *site) files(dir string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(s.path(dir), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(s.path(dir), path)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

const order = `{"kind":"mask","view":"research","source":{"place":"exports"},"target":{"place":"masked","path":"first"}}`

// decode reads the document of a response.
func decode[T any](t testing.TB, a *answer) (out T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status >= 300 {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return out
}

// exportPatience is how long an upstream of a test has.
const exportPatience = time.Minute

// untilState waits for a state of a job.
func untilState(s *site, id string, want queue.State) {
	s.t.Helper()
	veiltest.Until(s.t, "the job is "+string(want), func() bool { return s.call("GET", "/jobs/"+id, "").job(s.t).State == want })
}

// definitions are the methods that rulesets may name.
func definitions() [][]mask.Definition {
	return [][]mask.Definition{general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(nil)}
}
