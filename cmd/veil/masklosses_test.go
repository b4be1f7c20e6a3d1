package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/audit"
)

// TestRecordNamesFiles: the record of a file has a pseudonym of its name and the
// digests of input and output, and is found by either.
func TestRecordNamesFiles(t *testing.T) {
	t.Parallel()
	key, dir := newKey(t), t.TempDir()
	in := write(t, filepath.Join(dir, "smith-anna.ndjson"), twoPatients)
	log, out := filepath.Join(dir, "log"), filepath.Join(dir, "out")
	if r := veil(t, "", "mask", "--key-file", key, "--audit-dir", log, "--out", out, in); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if r := veil(t, `{"resourceType":"Person"}`, "mask", "--key-file", key, "--audit-dir", log); r.code != 0 {
		t.Fatal(r.stderr)
	}
	masked, err := os.ReadFile(filepath.Join(out, "smith-anna.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	sum, plain := sha256.Sum256(masked), sha256.Sum256([]byte(twoPatients))
	for file, flags := range map[string][]string{filepath.Join(out, "smith-anna.ndjson"): nil, in: {"--key-file", key}} {
		r := veil(t, "", append([]string{"audit", "show", log, "--format", "json", "--file", file}, flags...)...)
		var l audit.Line
		if err := json.Unmarshal([]byte(r.stdout), &l); err != nil || r.code != 0 {
			t.Fatalf("%s: %v\n%s%s", file, err, r.stdout, r.stderr)
		}
		if l.OutputDigest != "sha256:"+hex.EncodeToString(sum[:]) || !strings.HasPrefix(l.InputDigest, "hmac-sha256:") || !strings.HasPrefix(l.File, "file-") {
			t.Errorf("%s: %+v", file, l)
		}
		if strings.Contains(r.stdout, "smith") || strings.Contains(r.stdout, hex.EncodeToString(plain[:])) {
			t.Error("the record shows a name, or a digest that could be tried out")
		}
	}
	if r := veil(t, "", "audit", "show", log, "--file", in); r.stdout != "" {
		t.Errorf("an input is found without the key: %s", r.stdout)
	}
	r := veil(t, "", "audit", "show", log, "--operation", "mask", "--last", "1", "--format", "json")
	if !strings.Contains(r.stdout, `"reason":"resources or elements were left out"`) {
		t.Errorf("the record of a file that lost all: %s", r.stdout)
	}
}
