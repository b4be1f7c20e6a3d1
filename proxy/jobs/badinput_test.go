package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

// TestBadOrders: each order that cannot be taken has one clear message, without a value of
// it, and leaves no job.
func TestBadOrders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	s.write(".hidden/b.csv", "id,x\nPLANTEDONE,1\n")
	secret := t.TempDir()
	if err := os.WriteFile(filepath.Join(secret, "c.csv"), []byte("id,x\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{s.path("in", "way"): secret, s.path("out", "way"): secret, s.path("in", "file.csv"): filepath.Join(secret, "c.csv"), s.path("out", "nothing"): filepath.Join(secret, "none")} {
		if err := os.Symlink(to, link); err != nil {
			t.Skip(err)
		}
	}
	if err := os.MkdirAll(s.path("out", "linked"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, s.path("out", "linked", "deep")); err != nil {
		t.Fatal(err)
	}
	source := func(path string) string {
		return `{"kind":"mask","view":"research","source":{"place":"exports","path":"` + path + `"},"target":{"place":"masked","path":"x"}}`
	}
	target := func(path string) string {
		return `{"kind":"mask","view":"research","source":{"place":"exports","path":"a.csv"},"target":{"place":"masked","path":"` + path + `"}}`
	}
	const outside, path = "the path leaves the place through a symbolic link", "expected a relative path without .., empty elements or hidden names"
	for name, tc := range map[string]struct {
		order  string
		status int
		want   string
	}{
		"no JSON":             {`{"kind":`, 400, "the request body is not valid JSON"},
		"two documents":       {order + order, 400, "the request body is not valid JSON"},
		"a list":              {`[` + order + `]`, 422, "expected an object"},
		"no kind":             {`{"view":"PLANTED"}`, 422, "/kind: expected discover or export or mask"},
		"another kind":        {`{"kind":"PLANTED"}`, 422, "/kind: expected discover or export or mask"},
		"a number for a text": {strings.Replace(order, `"research"`, "17", 1), 422, "/view: expected string"},
		"a member too many":   {strings.Replace(order, `"view"`, `"PLANTED":1,"view"`, 1), 422, "unknown member"},
		"a member missing":    {`{"kind":"mask","view":"research"}`, 422, "expected source and target"},
		"too large":           {`{"kind":"` + strings.Repeat("PLANTED", 10_000) + `"}`, 413, "the request is larger than 65536 bytes"},
		"deep":                {strings.Repeat("[", 60_000), 400, "the request body is not valid JSON"},
		"another view":        {strings.Replace(order, "research", "PLANTED", 1), 422, "jobs have no such view"},
		"another place":       {strings.Replace(order, "exports", "PLANTED", 1), 422, "jobs have no such place"},
		"a target as source":  {strings.Replace(order, "exports", "masked", 1), 422, "jobs have no such place"},
		"a format":            {strings.Replace(order, `"target"`, `"options":{"format":"PLANTED"},"target"`, 1), 422, "/options/format: expected csv or pgdump"},

		"up":              {source("../PLANTED"), 422, path},
		"up and down":     {source("deep/../../in/a.csv"), 422, path},
		"absolute":        {source("/etc/PLANTED"), 422, path},
		"hidden":          {source(".hidden/b.csv"), 422, path},
		"backslash":       {source(`..\\PLANTED`), 422, "/source/path: the value does not have the expected form"},
		"null":            {source(`a\u0000b`), 422, "/source/path: the value does not have the expected form"},
		"twice a slash":   {source("deep//b.csv"), 422, path},
		"a link":          {source("way"), 422, outside},
		"through a link":  {source("way/c.csv"), 422, outside},
		"a linked file":   {source("file.csv"), 422, outside},
		"a pattern":       {source("w*/c.csv"), 422, "there is no such file or folder"},
		"a bad pattern":   {source("[PLANTED"), 422, path},
		"nothing":         {source("PLANTED.csv"), 422, "there is no such file or folder"},
		"target up":       {target("../PLANTED"), 422, path},
		"target absolute": {target("/tmp/PLANTED"), 422, path},
		"target link":     {target("way/PLANTED"), 422, outside},
		"target nowhere":  {target("nothing/PLANTED"), 422, outside},
		"target links":    {target("linked"), 422, "the folder contains a symbolic link"},
		"other bucket":    {strings.Replace(target("x"), `"masked","path":"x"`, `"bucket","path":"../PLANTED"`, 1), 422, path},
		"no object":       {strings.Replace(source("PLANTED/"), "exports", "bucket", 1), 422, "there is no such object"},
	} {
		a := s.call("POST", "/jobs", tc.order)
		p := a.problem(t)
		if a.status != tc.status || !strings.Contains(p.Detail, tc.want) || strings.Contains(a.body, "PLANTED") || strings.Contains(a.body, s.dir) || strings.Contains(a.body, secret) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if r := s.sink.Last(); r.Result != "refused" || r.Reason == "" || strings.Contains(fmt.Sprintf("%+v", r), "PLANTED") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for path, want := range map[string]string{
		"/jobs?state=PLANTED": "state: expected queued or", "/jobs?limit=0": "limit: expected 1 or more", "/jobs?limit=PLANTED": "limit: expected integer", "/jobs?limit=1&limit=2": "limit: the parameter is given twice",
		"/jobs?after=PLANTED": "after: the value was not returned by a list", "/jobs?PLANTED=1": "the request has a parameter that the operation does not know", "/jobs?limit=99999999999999999999": "limit: expected",
	} {
		if a := s.call("GET", path, ""); a.status != 400 || !strings.Contains(a.problem(t).Detail, want) || strings.Contains(a.body, "PLANTED") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.call("POST", "/jobs", order, "Content-Type", "text/PLANTED"); a.status != 415 || strings.Contains(a.body, "PLANTED") {
		t.Errorf("%+v", a)
	}
	if page := decode[struct{ Jobs []view }](t, s.call("GET", "/jobs", "")); len(page.Jobs) != 0 {
		t.Errorf("%d jobs", len(page.Jobs))
	}
	if text := s.log.String(); strings.Contains(text, "PLANTED") {
		t.Error(text)
	}
	if found, err := os.ReadDir(secret); err != nil || len(found) != 1 {
		t.Errorf("%d files outside: %v", len(found), err)
	}
}

// held is a site whose jobs wait until they are let go.
func held(t *testing.T, change ...func(*site)) (s *site, letGo func()) {
	t.Helper()
	s = newSite(t, append(change, func(s *site) { s.options.Queue.Concurrency = 1 })...)
	e := newExporter(t)
	e.polls.Store(-1 << 40)
	b := behind(t, e.URL)
	s.world.Upstream = b.world.Upstream
	first := s.call("POST", "/jobs", strings.Replace(exportOrder, "bulk", "elsewhere", 1)).job(t).ID
	untilState(s, first, "running")
	return s, func() {
		s.call("POST", "/jobs/"+first+"/cancel", "")
		s.until(first)
	}
}

// TestBetween: what changes between an order and its job, or while it runs, has one clear
// message, and nothing unmasked or half written stays.
func TestBetween(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(s *site)
		want   string
		files  int
	}{
		"the target exists by now": {func(s *site) {
			if err := os.MkdirAll(s.path("out", "first"), 0o755); err != nil {
				s.t.Fatal(err)
			}
			if err := os.WriteFile(s.path("out", "first", "a.csv"), []byte("mine"), 0o600); err != nil {
				s.t.Fatal(err)
			}
		}, "target/a.csv already exists and will not be overwritten", 1},
		"the place vanishes":  {func(s *site) { _ = os.RemoveAll(s.path("out")) }, "the folder of the place cannot be read", 0},
		"the source vanishes": {func(s *site) { _ = os.RemoveAll(s.path("in", "a.csv")); _ = os.RemoveAll(s.path("in", "b.csv")) }, "source contains no files to mask", 0},
		"the key is rotated": {func(s *site) {
			s.Force(rotated(s.t, s.world))
		}, "the ruleset or the key of the view was replaced since the job was submitted", 0},
		"the view is gone": {func(s *site) {
			w := *s.world
			w.Views = nil
			s.Force(&w)
		}, "jobs have no such view", 0},
		"a file cannot be masked": {func(s *site) { s.write("c.csv.gz", "no gzip") }, "1 of 3 files could not be masked", 2},
	} {
		s, letGo := held(t)
		s.write("a.csv", "id,x\nPLANTEDONE,1\n")
		s.write("b.csv", "id,x\nPLANTEDTWO,1\n")
		id := s.call("POST", "/jobs", order).job(t).ID
		tc.change(s)
		letGo()
		job := s.until(id)
		if job.State != "failed" || !strings.Contains(job.Error, tc.want) || strings.Contains(job.Error, "\n") || strings.Contains(fmt.Sprint(job), "PLANTED") || strings.Contains(fmt.Sprint(job), s.dir) || job.Starts != 1 {
			t.Errorf("%s: %+v", name, job)
		}
		if _, err := os.Stat(s.path("out")); err != nil {
			continue
		}
		out := s.files("out")
		if len(out) != tc.files || strings.Contains(fmt.Sprint(out), "PLANTED") {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// rotated is a world whose view has another key.
func rotated(t testing.TB, w *work.World) *work.World {
	next := *w
	policy, err := masktest.ParsePolicy(t, visitRules, masktest.Methods(t))
	if err != nil {
		t.Fatal(err)
	}
	policy.Keys = masktest.Keyring(t, "another")
	a, err := fhir.Compile(policy, w.Views["research"].Automaton.Schema())
	if err != nil {
		t.Fatal(err)
	}
	next.Views = map[string]work.View{"research": {Automaton: a}}
	return &next
}

// TestTwoJobsOnOneFolder: the second is refused while the first is not over.
func TestTwoJobsOnOneFolder(t *testing.T) {
	t.Parallel()
	s, letGo := held(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	first := s.call("POST", "/jobs", order).job(t)
	for _, path := range []string{"first", "first/deep", ""} {
		again := s.call("POST", "/jobs", strings.Replace(order, `"first"`, `"`+path+`"`, 1))
		if p := again.problem(t); again.status != 409 || p.Type != "urn:veil:problem:target-in-use" {
			t.Errorf("%q: %+v", path, again)
		}
	}
	if beside := s.call("POST", "/jobs", strings.Replace(order, `"first"`, `"first-more"`, 1)); beside.status != 201 {
		t.Errorf("%+v", beside)
	}
	// One that waits is cancelled at once.
	if a := s.call("POST", "/jobs/"+first.ID+"/cancel", ""); a.job(t).State != queue.Cancelled {
		t.Errorf("%+v", a)
	}
	if again := s.call("POST", "/jobs", order); again.status != 201 {
		t.Errorf("%+v", again)
	}
	letGo()
}

// TestLocked: a database that another process uses is an error with a clear message, and
// is opened as soon as it is free.
func TestLocked(t *testing.T) {
	t.Parallel()
	first := newSite(t)
	second := &site{t: t, dir: first.dir, sink: first.sink, log: first.log, world: first.world, options: first.options}
	service, err := New(second.world, second.options)
	if err != nil {
		t.Fatal(err)
	}
	service.Start()
	t.Cleanup(service.Close)
	veiltest.Until(t, "the lock is noticed", func() bool {
		_, err := service.Get(t.Context(), "0")
		return err != nil && strings.Contains(err.Error(), "the jobs database is locked by another process")
	})
	first.Service.Close()
	veiltest.Until(t, "the database is open", func() bool { return service.queue.Ready() == nil })
	if a := first.call("GET", "/jobs", ""); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("%+v", a)
	}
}

// TestDamaged: a file that is no database stays as it is, and is an error.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := strings.Repeat("this is no database ", 500)
	if err := os.WriteFile(filepath.Join(dir, "jobs.db"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	service, err := New(&work.World{}, Options{Queue: queue.Config{Dir: dir, Concurrency: 1}})
	if err != nil {
		t.Fatal(err)
	}
	service.Start()
	t.Cleanup(service.Close)
	veiltest.Until(t, "the damage is noticed", func() bool {
		_, err := service.Get(t.Context(), "0")
		return err != nil && strings.Contains(err.Error(), "the jobs database is damaged")
	})
	if got, err := os.ReadFile(filepath.Join(dir, "jobs.db")); err != nil || string(got) != text {
		t.Errorf("the file was changed: %v", err)
	}
}
