package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRuns: a run over a directory is listed, shown and verified; one that failed in
// part is resumed; outputs that are changed, added or missing are named.
func TestRuns(t *testing.T) {
	t.Parallel()
	key, dir := newKey(t), t.TempDir()
	in, out, log := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "log")
	if err := os.MkdirAll(filepath.Join(in, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	const patient = `{"resourceType":"Patient","id":"p1","name":[{"family":"Planted"}]}` + "\n"
	write(t, filepath.Join(in, "a.ndjson"), patient)
	broken := write(t, filepath.Join(in, "deep", "b.ndjson.gz"), "not compressed")

	r := veil(t, "", "mask", "--key-file", key, "--out", out, "--audit-dir", log, "--summary", "json", in)
	if r.code != 1 || !strings.Contains(r.stderr, "b.ndjson.gz: not a gzip file") || !strings.Contains(r.stderr, `"failedFiles":1`) {
		t.Fatalf("%+v", r)
	}
	if err := os.Rename(write(t, filepath.Join(dir, "b"), patient+strings.ReplaceAll(patient, "p1", "p2")), filepath.Join(in, "deep", "b.ndjson")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if r := veil(t, "", "mask", "--key-file", key, "--out", out, "--audit-dir", log, in); r.code != 1 || !strings.Contains(r.stderr, "already exists") {
		t.Fatalf("without --resume: %+v", r)
	}
	r = veil(t, "", "mask", "--key-file", key, "--out", out, "--audit-dir", log, "--resume", "--record-names", "--summary", "text", in)
	if r.code != 0 || !strings.Contains(r.stderr, "1 files written, 0 failed, 1 kept from an earlier run") {
		t.Fatalf("resumed: %+v", r)
	}

	var list []struct {
		Run, Status, RulesetSHA256 string
		Files                      []struct{ Name, Status string }
	}
	if r := veil(t, "", "runs", "list", log, "--format", "json"); r.code != 0 || json.Unmarshal([]byte(r.stdout), &list) != nil || len(list) != 2 {
		t.Fatalf("%+v", r)
	}
	if list[0].Status != "failed" || list[1].Status != "complete" || len(list[1].Files) != 1 || list[1].Files[0].Name != filepath.Join(in, "deep", "b.ndjson") {
		t.Errorf("%+v", list)
	}
	if r := veil(t, "", "runs", "show", log, list[1].Run[:8]); !strings.Contains(r.stdout, "Patient.name") || !strings.Contains(r.stdout, "kept      1 files of earlier runs") {
		t.Errorf("%+v", r)
	}
	if r := veil(t, "", "runs", "verify", log, out); r.code != 0 || !strings.Contains(r.stdout, "2 outputs verified") {
		t.Errorf("%+v", r)
	}
	write(t, filepath.Join(out, "a.ndjson"), "changed\n")
	if err := os.Remove(filepath.Join(out, "deep", "b.ndjson")); err != nil {
		t.Fatal(err)
	}
	r = veil(t, "", "runs", "verify", log, out)
	if r.code != 1 || !strings.Contains(r.stdout, "changed: "+filepath.Join(out, "a.ndjson")) || !strings.Contains(r.stdout, "missing: the output of "+filepath.Join(in, "deep", "b.ndjson")) {
		t.Errorf("%+v", r)
	}
	for _, tc := range []struct{ args, want string }{
		{"runs show " + log + " ffffzz", "has no run ffffzz"},
		{"runs list " + in, "there is no audit log"},
		{"mask --key-file " + key + " --resume --out " + out + " " + in, "--audit-dir"},
		{"mask --key-file " + key + " --summary xml", "--summary must be text or json"},
	} {
		if r := veil(t, "", strings.Fields(tc.args)...); r.code == 0 || !strings.Contains(r.stderr, tc.want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: %+v", tc.args, r)
		}
	}
	if text, err := os.ReadFile(filepath.Join(log, "veil-00000000000000000001.jsonl")); err != nil || strings.Contains(string(text), "Planted") {
		t.Errorf("the log shows a value, or cannot be read: %v", err)
	}
}
