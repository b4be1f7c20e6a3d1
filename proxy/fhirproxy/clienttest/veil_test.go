package clienttest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// veil is the command, built as it ships, serving.
type veil struct {
	binary, auditDir string
	keys             map[string]string // API keys by consumer
	process          *exec.Cmd
	log              bytes.Buffer
}

const (
	startTimeout = 3 * time.Minute
	stopTimeout  = 3 * time.Minute
)

// build makes the command.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "veil")
	cmd := veiltest.Command(t, veiltest.Works, "go", "build", "-trimpath", "-o", binary, "github.com/veil-proxy/veil/cmd/veil")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// serve runs veil serve on an address before an upstream, under the shipped
// Safe Harbor ruleset, for consumers that have an API key each.
func serve(t *testing.T, addr, upstream, baseURL string, consumers []string) *veil {
	t.Helper()
	dir := t.TempDir()
	v := &veil{binary: build(t), auditDir: filepath.Join(dir, "audit"), keys: map[string]string{}}
	key, config := filepath.Join(dir, "project.key"), filepath.Join(dir, "veil.yaml")
	if out, err := veiltest.Command(t, veiltest.Works, v.binary, "keys", "new", key).CombinedOutput(); err != nil {
		t.Fatalf("veil keys new: %v\n%s", err, out)
	}
	var accounts strings.Builder
	for _, name := range consumers {
		out, err := veiltest.Command(t, veiltest.Works, v.binary, "keys", "api", name).Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || len(lines) != 4 {
			t.Fatalf("veil keys api: %v, %d lines", err, len(lines))
		}
		v.keys[name] = lines[1]
		fmt.Fprintf(&accounts, "    %s\n", lines[3])
	}
	text := fmt.Sprintf(`veil: 1
fhir:
  upstream: %q
  listen: %q
  baseURL: %q
ruleset: safe-harbor
keyFile: %q
project: clients
consumers:
  keys:
%saudit:
  dir: %q
`, upstream, addr, baseURL, key, accounts.String(), v.auditDir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v.process = exec.Command(v.binary, "serve", "--config", config)
	v.process.Stdout, v.process.Stderr = &v.log, &v.log
	if err := v.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v.process.ProcessState == nil {
			_ = v.process.Process.Kill()
			_ = v.process.Wait()
		}
	})
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return v
			}
		}
		if time.Now().After(deadline) {
			_ = v.process.Process.Kill()
			_ = v.process.Wait()
			t.Fatalf("veil serve does not get ready; its log:\n%s", v.log.Bytes())
		}
	}
}

// stop ends the command and checks what it leaves behind: an audit log that
// verifies and names every consumer, and no planted value or key in it or beside
// it.
func (v *veil) stop(t *testing.T, p *fhirtest.Population) {
	t.Helper()
	if err := v.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(stopTimeout, func() { _ = v.process.Process.Kill() })
	if err := v.process.Wait(); err != nil {
		t.Errorf("veil serve: %v; its log:\n%s", err, v.log.Bytes())
	}
	late.Stop()
	for _, f := range shown(p, durations.ReplaceAll(v.log.Bytes(), nil)) {
		t.Errorf("the log shows a planted %s of %s", f.Kind, f.Path)
	}
	if out, err := veiltest.Command(t, veiltest.Works, v.binary, "audit", "verify", v.auditDir).CombinedOutput(); err != nil {
		t.Errorf("veil audit verify: %v\n%s", err, out)
	}
	recorded := bytes.Clone(v.log.Bytes())
	segments, err := filepath.Glob(filepath.Join(v.auditDir, "*.jsonl"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("no audit log: %v", err)
	}
	for _, s := range segments {
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, text...)
		for _, f := range shown(p, durations.ReplaceAll(text, nil)) {
			if f.Kind != "date" { // records have times of their own
				t.Errorf("the audit log shows a planted %s of %s", f.Kind, f.Path)
			}
		}
	}
	for name, key := range v.keys {
		if !bytes.Contains(recorded, fmt.Appendf(nil, `"consumer":%q`, name)) {
			t.Errorf("the audit log does not name %s", name)
		}
		if bytes.Contains(recorded, []byte(key)) {
			t.Errorf("a log shows the key of %s", name)
		}
	}
}
