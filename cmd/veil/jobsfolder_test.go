package main

import (
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestJobAndCommandOnOneFolder: the API has two orders for one folder, the second of which is
// refused, and the command writes there meanwhile. Each file is there once, whole, and what
// came second says so.
func TestJobAndCommandOnOneFolder(t *testing.T) {
	t.Parallel()
	s := newJobSite(t, 6, 20_000)
	p := s.process(t, s.conf)
	command := func(out string) result {
		return veil(t, "", "mask", "--key-file", s.site.key, "--project", "files", "--ruleset", filepath.Join(s.visits, "rules.yaml"), "--out", out, "--audit-dir", out+"-log", filepath.Join(s.visits, "in"))
	}
	if r := command(s.path("calm")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	var job, again jobState
	if status := s.api(t, "POST", "/jobs", visitOrder, &job); status != http.StatusCreated {
		t.Fatalf("%d %+v", status, job)
	}
	if status := s.api(t, "POST", "/jobs", visitOrder, &again); status != http.StatusConflict {
		t.Errorf("the second order: %d", status)
	}
	r := command(s.path("out/visits"))
	job = s.over(t, job.ID)
	want, got := outputs(t, s.path("calm")), files(t, s.path("out/visits"))
	if len(want) != 6 || !maps.Equal(got, want) {
		t.Errorf("%d files, and %d without the other: %v", len(got), len(want), job)
	}
	const exists = "already exists and will not be overwritten"
	if job.State == "complete" && r.code == 0 {
		t.Error("both say that they wrote all files")
	}
	if r.code != 0 && !strings.Contains(r.stderr, exists) {
		t.Errorf("the command: %+v", r)
	}
	if job.State != "complete" && !strings.Contains(job.Error, exists) && !strings.Contains(job.Error, "could not be masked: see problems") {
		t.Errorf("%+v", job)
	}
	if text := r.stderr + p.out.String(); strings.Contains(text, "PLANTED") {
		t.Error("a value is in a message")
	}
	p.stop(t)
}
