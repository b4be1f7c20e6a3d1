package joblist

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

const rules = `
veil: 1
name: visits
extends: safe-harbor
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - {id: facts, match: {column: "*"}, method: keep}
`

// serve is the page over a service with folders in and out.
func serve(t *testing.T) (s *consoletest.Site, dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "in", "a.csv"), []byte("id,x\nPLANTEDONE,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := masktest.Compile(t, rules)
	if err != nil {
		t.Fatal(err)
	}
	sink := &masktest.Sink{}
	service, err := jobs.New(&work.World{
		Views: map[string]work.View{"research": {Automaton: a}}, Site: fhir.Site{Base: fhir.DefaultBase}, Workers: 1, Sink: sink,
		Sources: []work.Place{{Name: "exports", Dir: filepath.Join(dir, "in")}}, Targets: []work.Place{{Name: "masked", Dir: filepath.Join(dir, "out")}},
	}, jobs.Options{Queue: queue.Config{Dir: filepath.Join(dir, "state"), Concurrency: 1, Stale: 4 * time.Second}, Sink: sink})
	if err != nil {
		t.Fatal(err)
	}
	service.Start()
	t.Cleanup(service.Close)
	veiltest.Until(t, "the database is open", func() bool {
		_, err := service.List(t.Context(), queue.Filter{})
		return err == nil
	})
	return consoletest.New(t, Page(service)), dir
}

var jobLink = regexp.MustCompile(`/jobs/([0-9a-f]{32})`)

// TestOrder: a job is ordered by the form, shown while it runs and after, and verified.
func TestOrder(t *testing.T) {
	t.Parallel()
	s, dir := serve(t)
	if status, page := s.Get(t, "/jobs"); status != 200 || !strings.Contains(page, "No jobs.") || !strings.Contains(page, "<option>exports") {
		t.Fatalf("%d %s", status, page)
	}
	form := url.Values{"kind": {"mask"}, "view": {"research"}, "source": {"exports"}, "target": {"masked"}, "targetPath": {"first"}, "key": {"console-1"}}
	status, _ := s.Post(t, "/jobs", form)
	again, _ := s.Post(t, "/jobs", form) // a button that is pressed twice
	if status != 303 && status != 200 || again != status {
		t.Fatalf("%d %d", status, again)
	}
	_, page := s.Get(t, "/jobs")
	ids := jobLink.FindAllStringSubmatch(page, -1)
	if len(ids) != 1 {
		t.Fatalf("%d jobs: %s", len(ids), page)
	}
	id := ids[0][1]
	veiltest.Until(t, "the job is complete", func() bool {
		_, page = s.Get(t, "/jobs/"+id)
		return strings.Contains(page, `badge ok">complete`)
	})
	for _, want := range []string{"Record of the run", "1 × pseudonym by rule ids", "Verify outputs", "exports", "masked/first", "sha256:"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	if strings.Contains(page, "Cancel") || strings.Contains(page, "data-live") {
		t.Error("a job that is over can be cancelled, or is fetched again")
	}
	if _, page := s.Post(t, "/jobs/"+id+"/verify", nil); !strings.Contains(page, "1 outputs are unchanged, and there are no other files") {
		t.Error(page)
	}
	if err := os.WriteFile(filepath.Join(dir, "out", "first", "b.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, verified := s.Post(t, "/jobs/"+id+"/verify", nil)
	if !strings.Contains(verified, "1 files were added or changed") {
		t.Error(verified)
	}
	// What is wrong stays in the form.
	form.Set("key", "console-2")
	status, refused := s.Post(t, "/jobs", form)
	if status != 409 || !strings.Contains(refused, "will not be overwritten") || !strings.Contains(refused, `value="first"`) {
		t.Errorf("%d %s", status, refused)
	}
	if text := page + verified + refused + s.Log.String() + fmt.Sprint(s.Sink); strings.Contains(text, "PLANTED") || strings.Contains(text, dir) {
		t.Error("a value or a path is shown")
	}
	if status, page := s.Get(t, "/jobs?state=failed"); status != 200 || jobLink.MatchString(page) {
		t.Errorf("%d %s", status, page)
	}
	if status, _ := s.Get(t, "/jobs/"+strings.Repeat("0", 32)); status != 404 {
		t.Errorf("%d", status)
	}
	if status, page := s.Post(t, "/jobs/"+id+"/cancel", nil); status >= 400 {
		t.Errorf("%d %s", status, page)
	}
}

// TestOff: where jobs are not served the page says how to have them.
func TestOff(t *testing.T) {
	t.Parallel()
	s := consoletest.New(t, Page(nil))
	if status, page := s.Get(t, "/jobs"); status != 200 || !strings.Contains(page, "operator.jobs") {
		t.Errorf("%d %s", status, page)
	}
	if status, _ := s.Get(t, "/jobs/"+strings.Repeat("0", 32)); status != 404 {
		t.Errorf("%d", status)
	}
}
