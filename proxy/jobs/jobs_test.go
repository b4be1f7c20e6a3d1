package jobs

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/runs"
)

// TestMaskJob: a job masks a folder into another, says how far it is, and is recorded.
func TestMaskJob(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\nPLANTEDTWO,2\n")
	s.write("deep/b.csv", "id,x\nPLANTEDONE,3\n")
	s.write("c.ndjson", `{"resourceType":"Patient","id":"PLANTEDTHREE","name":[{"family":"PLANTEDFAMILY"}]}`+"\n")
	made := s.call("POST", "/jobs", order)
	if made.status != http.StatusCreated {
		t.Fatal(made)
	}
	job := made.job(t)
	if made.header.Get("Location") != Path+"/jobs/"+job.ID || job.Operator != "ops" || job.Kind != "mask" || len(job.Basis) < 100 {
		t.Errorf("%+v", job)
	}
	done := s.until(job.ID)
	if done.State != "complete" || done.Progress.Files != 3 || done.Progress.AllFiles != 3 || done.Progress.Units != 4 || done.Progress.Bytes != done.Progress.Size || len(done.Progress.Categories) == 0 {
		t.Fatalf("%+v", done)
	}
	out := s.files("out")
	if len(out) != 3 || strings.Contains(fmt.Sprint(out), "PLANTED") || !strings.HasSuffix(out["first/deep/b.csv"], ",3\n") {
		t.Errorf("%q", out)
	}
	// The same pseudonym as in the other file.
	if one, two := strings.Fields(strings.ReplaceAll(out["first/a.csv"], ",", " ")), strings.Fields(strings.ReplaceAll(out["first/deep/b.csv"], ",", " ")); one[2] != two[2] {
		t.Errorf("%q and %q", one, two)
	}
	var operations []string
	for i := range s.sink.Len() {
		r := s.sink.At(i)
		if !slices.Contains(operations, r.Door+" "+r.Operation) {
			operations = append(operations, r.Door+" "+r.Operation)
		}
		if r.Consumer != "ops" || strings.Contains(fmt.Sprintf("%+v", r), "PLANTED") || strings.Contains(fmt.Sprintf("%+v", r), "a.csv") {
			t.Errorf("%+v", r)
		}
	}
	for _, want := range []string{"operator submit job", "operator read job", "operator end of job", "file run", "file mask"} {
		if !slices.Contains(operations, want) {
			t.Errorf("no record of %q in %q", want, operations)
		}
	}
	// Again: nothing is overwritten. With resume everything is kept.
	again := s.call("POST", "/jobs", order)
	if p := again.problem(t); again.status != http.StatusConflict || p.Type != "urn:veil:problem:target-exists" || !strings.Contains(p.Hint, "resume") {
		t.Errorf("%+v", again)
	}
	kept := s.until(s.call("POST", "/jobs", strings.TrimSuffix(order, "}")+`,"options":{"resume":true}}`).job(t).ID)
	if kept.State != "complete" || kept.Progress.Kept != 3 || kept.Progress.Files != 0 {
		t.Errorf("%+v", kept)
	}
	if text := fmt.Sprint(s.log, kept, done); strings.Contains(text, "PLANTED") || strings.Contains(text, s.dir) {
		t.Errorf("a value or a path is shown: %s", text)
	}
	for _, name := range []string{"state", "state/jobs.db"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// TestIdempotency: the same key and request is the same job, another request is refused.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	first := s.call("POST", "/jobs", order, "Idempotency-Key", `"nightly-1"`)
	id := first.job(t).ID
	s.until(id)
	// Its target exists by now, and it is written in another way.
	spaced := strings.ReplaceAll(order, ":", " : ")
	if again := s.call("POST", "/jobs", spaced, "Idempotency-Key", "nightly-1"); first.status != 201 || again.status != 200 || again.job(t).ID != id {
		t.Errorf("%d, then %+v", first.status, again)
	}
	other := s.call("POST", "/jobs", strings.Replace(order, "first", "second", 1), "Idempotency-Key", `"nightly-1"`)
	if p := other.problem(t); other.status != http.StatusUnprocessableEntity || p.Type != "urn:veil:problem:idempotency-key-used" {
		t.Errorf("%+v", other)
	}
	if bad := s.call("POST", "/jobs", order, "Idempotency-Key", "PLANTED key"); bad.status != http.StatusBadRequest || strings.Contains(bad.body, "PLANTED") {
		t.Errorf("%+v", bad)
	}
}

// TestList: a list has filters, and pages that follow each other.
func TestList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	var ids []string
	for i := range 5 {
		id := s.call("POST", "/jobs", strings.Replace(order, "first", fmt.Sprint("out", i), 1)).job(t).ID
		s.until(id)
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	var got []string
	after := ""
	for range 4 {
		page := decode[struct {
			Jobs []view
			Next string
		}](t, s.call("GET", "/jobs?limit=2"+after, ""))
		for i := range page.Jobs {
			got = append(got, page.Jobs[i].ID)
		}
		if page.Next == "" {
			break
		}
		after = "&after=" + page.Next
	}
	if !slices.Equal(got, ids) {
		t.Errorf("%q, want %q", got, ids)
	}
	for query, want := range map[string]int{"?state=complete": 5, "?state=failed&state=queued": 0, "?kind=discover": 0, "?operator=ops": 5, "?operator=other": 0} {
		if page := decode[struct{ Jobs []view }](t, s.call("GET", "/jobs"+query, "")); len(page.Jobs) != want {
			t.Errorf("%s: %d jobs, want %d", query, len(page.Jobs), want)
		}
	}
}

// TestRecord: the record of a run has what the audit log has, and verifies the outputs.
func TestRecord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	id := s.call("POST", "/jobs", order).job(t).ID
	s.until(id)
	a := s.call("GET", "/jobs/"+id+"/record", "")
	path := s.path("record.json")
	if err := os.WriteFile(path, []byte(a.body), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err := runs.ReadRecord(path)
	if err != nil || run.ID != id || run.Status != "complete" || run.Program != "v1.2.3" || len(run.Files) != 1 || len(run.Files[0].Applied) == 0 || run.Files[0].Applied[0].Rule == "" {
		t.Fatalf("%+v %v", run, err)
	}
	if v, err := runs.VerifyRecord(run, s.path("out")); err != nil || !v.OK() || v.Verified != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if err := os.WriteFile(s.path("out", "first", "a.csv"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := runs.VerifyRecord(run, s.path("out")); err != nil || v.OK() {
		t.Errorf("%+v %v", v, err)
	}
}
