package runs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/runs"
	"github.com/veil-proxy/veil/mask"
)

// appendAll writes records to the log of a folder.
func appendAll(t *testing.T, dir string, records ...*mask.Record) {
	t.Helper()
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := log.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCollectInterrupted: where collecting a run was interrupted, it is collected again,
// and nothing that its tasks have recorded is lost.
func TestCollectInterrupted(t *testing.T) {
	t.Parallel()
	record := func(operation, result string) *mask.Record {
		return &mask.Record{Time: time.Now(), Run: "task", RequestID: "task", Consumer: "local", Project: "p", Door: "file", Operation: operation, Result: result, RulesetSHA256: "aa", KeyFingerprint: "bb"}
	}
	masked := record("mask", "complete")
	masked.InputDigest, masked.OutputDigest = "in", "out"
	dir := t.TempDir()
	log, tasks := filepath.Join(dir, "audit"), filepath.Join(dir, "audit.tasks")
	appendAll(t, filepath.Join(tasks, "job1", "000000-0"), record(file.RunOperation, "started"), masked, record(file.RunOperation, "complete"))
	begun := record(file.RunOperation, "started")
	begun.Run, begun.RequestID = "job1", "job1"
	appendAll(t, log, begun)

	for range 2 { // the second time there is nothing left
		if _, err := runs.Collect(t.Context(), log, tasks, func() (*audit.Log, error) { return audit.Open(log, audit.Options{}) }); err != nil {
			t.Fatal(err)
		}
	}
	r, err := runs.Find(log, "job1")
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != "complete" || len(r.Files) != 1 || r.Files[0].OutputDigest != "out" {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(tasks); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
