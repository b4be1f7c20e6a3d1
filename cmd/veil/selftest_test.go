package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/demo"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/signed"
)

// TestSelftestOfTheDemo: the command that the demo prints gives it the best grade, in a
// signed file that has no original, and that the demo's log has a record of.
func TestSelftestOfTheDemo(t *testing.T) {
	t.Parallel()
	if _, err := demo.Programs(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	b := start(t, "demo", "--patients", "8", "--listen", "127.0.0.1:0", "--source-listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0")
	defer b.stop(t)
	b.until(t, "Ctrl-C")
	m := regexp.MustCompile(`selftest --rate 0 --config (\S+) --postgres '(\S+)'`).FindStringSubmatch(b.out.String())
	if m == nil {
		t.Fatalf("the demo printed\n%s", b.out)
	}
	dir := t.TempDir()
	key, out := filepath.Join(dir, "sign.key"), filepath.Join(dir, "result.json")
	verifier, err := keys.CreateSigner(key, "auditor")
	if err != nil {
		t.Fatal(err)
	}
	r := veil(t, "", "selftest", "--rate", "0", "--timeout", "1m", "--config", m[1], "--postgres", m[2], "--min-free", "1", "--out", out, "--sign", key)
	if r.code != 0 || !strings.Contains(r.stdout, "\nGrade A ") || strings.Contains(r.stdout, "Not run") {
		t.Errorf("status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Open(file, verifier); err != nil {
		t.Error(err)
	}
	result, err := signed.ParseResult(file, "selftest")
	if err != nil || result.Grade != "A" || len(result.Findings) < 1000 {
		t.Fatalf("grade %s, %d findings, %v", result.Grade, len(result.Findings), err)
	}
	source := regexp.MustCompile(`http://\S+/Patient/([0-9a-f-]{36})`).FindStringSubmatch(b.out.String())
	if source == nil || strings.Contains(string(file), source[1]) {
		t.Errorf("the result has an original: %v", source)
	}
}
