package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/jobs"
)

// jobSite is a site with the jobs API and a folder of visits.
type jobSite struct {
	*site
	visits, url, key, conf string
}

func newJobSite(t *testing.T, count, rows int) *jobSite {
	t.Helper()
	s := &jobSite{site: newSite(t), visits: visits(t, count, rows)}
	folder(t, s.path("out"))
	key, line := apiKey("pipeline", "")
	addr := veiltest.FreeAddress(t)
	s.key, s.url = key, "http://"+addr+jobs.Path
	s.conf = s.config(t, "", fmt.Sprintf(`consumers: {anonymous: {allow: true, view: files}}
views:
  files: {project: files, ruleset: %s}
operator:
  listen: %s
  keys:
%s  jobs:
    stateDir: %s
    views: [files]
    workers: 1
    sources: [{name: exports, dir: %s}]
    targets: [{name: masked, dir: %s}]
`, filepath.Join(s.visits, "rules.yaml"), addr, line, s.path("state"), filepath.Join(s.visits, "in"), s.path("out")))
	return s
}

// api sends a request, with headers as names and values, and again until the database is open.
func (s *jobSite) api(t *testing.T, method, path, body string, into any, header ...string) (status int) {
	t.Helper()
	veiltest.Until(t, "the jobs API responds", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", s.key)
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false // it is being started
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode == http.StatusServiceUnavailable {
			return false
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%d %s: %v", resp.StatusCode, text, err)
		}
		status = resp.StatusCode
		return true
	})
	return status
}

// jobState is a job as the API returns it.
type jobState struct {
	ID, State, Error string
	Starts           int
	Progress         struct{ Files, KeptFiles int }
}

const visitOrder = `{"kind":"mask","view":"files","source":{"place":"exports"},"target":{"place":"masked","path":"visits"}}`

// over waits for the end of a job.
func (s *jobSite) over(t *testing.T, id string) (job jobState) {
	t.Helper()
	veiltest.Until(t, "the job is over", func() bool {
		s.api(t, "GET", "/jobs/"+id, "", &job)
		return job.State == "complete" || job.State == "failed" || job.State == "cancelled"
	})
	return job
}

// TestJobsKilled kills Veil again and again while it runs a job. The job goes on each time,
// whatever has a name is whole, and its record verifies the outputs.
func TestJobsKilled(t *testing.T) {
	t.Parallel()
	s := newJobSite(t, 9, 30_000)
	p := s.process(t, s.conf)
	var job jobState
	if status := s.api(t, "POST", "/jobs", visitOrder, &job); status != http.StatusCreated {
		t.Fatalf("%d %+v", status, job)
	}
	kills := 0
	for ; kills < 4; kills++ {
		seen := len(outputs(t, s.path("out")))
		veiltest.Until(t, "a file more, or the end", func() bool {
			s.api(t, "GET", "/jobs/"+job.ID, "", &job)
			return job.State == "complete" || len(outputs(t, s.path("out"))) > seen
		})
		if job.State == "complete" {
			break
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-p.done
		for name, text := range outputs(t, s.path("out")) {
			if strings.Count(text, "\n") != 30_001 || strings.Contains(text, "PLANTED") {
				t.Fatalf("after %d kills %s has %d lines", kills+1, name, strings.Count(text, "\n"))
			}
		}
		p = s.process(t, s.conf)
	}
	if job = s.over(t, job.ID); job.State != "complete" || job.Progress.Files+job.Progress.KeptFiles != 9 || job.Starts != kills+1 {
		t.Fatalf("after %d kills: %+v", kills, job)
	}
	if kills == 0 {
		t.Error("the job was over before it could be killed")
	}
	if got := files(t, s.path("out")); len(got) != 9 {
		t.Errorf("%d files are left", len(got))
	}
	var record json.RawMessage
	s.api(t, "GET", "/jobs/"+job.ID+"/record", "", &record)
	p.stop(t)
	file := write(t, s.path("record.json"), string(record))
	for _, args := range [][]string{{file, s.path("out")}, {s.path("audit"), s.path("out"), "--run", job.ID}} {
		if r := veil(t, "", append([]string{"runs", "verify"}, args...)...); r.code != 0 || !strings.Contains(r.stdout, "9 outputs of run ") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := veil(t, "", "audit", "verify", s.path("audit")); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if text := p.out.String() + string(record); strings.Contains(text, "PLANTED") || strings.Contains(text, "visits0.csv") {
		t.Error("the log or the record has a value or the name of a file")
	}
}

// TestJobsStopped: a process that is stopped lets go of its job, and the next one goes on
// with it, under a key that is the same.
func TestJobsStopped(t *testing.T) {
	t.Parallel()
	s := newJobSite(t, 6, 30_000)
	p := s.process(t, s.conf)
	var job jobState
	s.api(t, "POST", "/jobs", visitOrder, &job)
	veiltest.Until(t, "a file", func() bool { return len(outputs(t, s.path("out"))) > 0 })
	p.stop(t)
	if left := files(t, s.path("out")); len(left) != len(outputs(t, s.path("out"))) {
		t.Error("something half masked is left")
	}
	began := time.Now()
	p = s.process(t, s.conf)
	job = s.over(t, job.ID)
	t.Logf("over %s after the start", time.Since(began))
	if job.State != "complete" || len(outputs(t, s.path("out"))) != 6 {
		t.Errorf("%+v", job)
	}
	p.stop(t)
	if bytes.Contains([]byte(p.out.String()), []byte("level=ERROR")) {
		t.Error(p.out.String())
	}
	if _, err := os.Stat(s.path("state/jobs.db")); err != nil {
		t.Error(err)
	}
}
