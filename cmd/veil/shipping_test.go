package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/otlptest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestShipping: what is recorded while a receiver is down is in a copy that verifies, and at
// the receiver once it is there; each target has what its filter takes, and its metrics.
func TestShipping(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), otlptest.New(t)
	operator, copied := veiltest.FreeAddress(t), s.path("copy")
	if r := veil(t, "", "keys", "sign", s.path("audit.key")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	text := strings.Replace(s.text("", "operator: {listen: \""+operator+"\"}\n"+anybody), "audit: {dir: "+s.path("audit")+"}",
		"audit: {dir: "+s.path("audit")+", signerFile: "+s.path("audit.key")+", retention: {age: 1h}, shipping: [{name: copy, folder: "+copied+"}, {name: siem, otlp: {endpoint: \""+r.LogsURL+"\"}, outcomes: [refused]}]}", 1)
	b := s.serve(t, write(t, s.path("veil.yaml"), text))
	for range 5 {
		if a := s.ask(t, s.patient(t, "trial")); a.status != 200 {
			t.Fatalf("%d: %s", a.status, a.body)
		}
	}
	if a := s.ask(t, "/Patient?family=Smith"); a.status == 200 {
		t.Error("served")
	}
	veiltest.Until(t, "the receiver has what was refused", func() bool { return len(r.Logs()) == 1 })
	_, metrics, _ := get(t, "http://"+operator+"/metrics")
	for _, want := range []string{`veil_audit_shipped_lines_total{target="siem"} `, `veil_audit_ship_lag_seconds{target="copy"} `, `veil_audit_ship_behind_bytes{target="siem"} `,
		`veil_audit_ship_failures_total{target="siem"} 0`, `veil_audit_removed_segments_total 0`} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("no metric %s", want)
		}
	}
	b.stop(t)
	for _, dir := range []string{s.path("audit"), copied} {
		key, err := os.ReadFile(s.path("audit.key.pub"))
		if err != nil {
			t.Fatal(err)
		}
		if v := veil(t, "", "audit", "verify", dir, "--verifier-key", s.path("audit.key.pub")); v.code != 0 || !strings.Contains(v.stdout, "ok: 6 records") || !strings.Contains(v.stdout, "signed checkpoint") {
			t.Errorf("%s: %+v (%s)", dir, v, key)
		}
	}
	for _, name := range []string{"ship-copy.json", "ship-siem.json"} {
		if info, err := os.Stat(filepath.Join(s.path("audit"), name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if n := len(r.Logs()); n != 1 || !strings.Contains(r.Logs()[0].Body.GetStringValue(), `"result":"refused"`) {
		t.Errorf("%d at the receiver", n)
	}
}
