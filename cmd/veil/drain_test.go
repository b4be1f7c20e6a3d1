package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestDrain: at SIGTERM /readyz says no while requests are still answered. veil health
// tells it. A second signal ends the process at once.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := veiltest.FreeAddress(t)
	p := s.process(t, s.config(t, "", "operator: {listen: \""+operator+"\"}\nshutdown: {delay: 1h}\n"+anybody))
	if r := veil(t, "", "health", operator); r.code != 0 || r.stdout != "ready\n" {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	p.cancel()
	veiltest.Until(t, "/readyz says no", func() bool {
		return ask(t, http.DefaultClient, "http://"+operator+"/readyz").status == 503
	})
	if r := veil(t, "", "health", operator); r.code != 1 || r.stderr != "veil: not ready: shutting down\n" {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	if r := veil(t, "", "health", "--live", operator); r.code != 0 {
		t.Errorf("the process runs: exit %d: %s", r.code, r.stderr)
	}
	if a := ask(t, http.DefaultClient, "http://"+s.addr+"/readyz"); a.status != 503 {
		t.Errorf("the listener's own /readyz: %d", a.status)
	}
	if a := s.ask(t, s.patient(t, "trial")); a.status != 200 {
		t.Errorf("a request meanwhile: %d", a.status)
	}
	p.cancel() // once more: at once
	if err := <-p.done; err == nil {
		t.Error("a second signal ends the process in peace")
	}
	if r := veil(t, "", "health", operator); r.code != 1 || !strings.Contains(r.stderr, "does not respond (refused)") {
		t.Errorf("after the end: exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
}

// TestDrainEnds: after the delay the process ends, without an error.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.process(t, s.config(t, "", "shutdown: {delay: 50ms}\n"+anybody))
	p.stop(t)
	if _, err := try(http.DefaultClient, s.base+"/metadata"); err == nil {
		t.Error("it answers after its end")
	}
}

// TestListenAddressesFromTheEnvironment, as an image sets them.
func TestListenAddressesFromTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{"VEIL_FHIR_LISTEN": ":8080", "VEIL_POSTGRES_LISTEN": ":6432", "VEIL_OPERATOR_LISTEN": "127.0.0.1:9090"} {
		t.Setenv(name, value)
	}
	r := veil(t, "", "serve", "--print-config")
	for _, want := range []string{`listen: ":8080"`, `listen: ":6432"`, `listen: "127.0.0.1:9090"`} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s:\n%s%s", want, r.stdout, r.stderr)
		}
	}
	if r := veil(t, "", "serve", "--print-config", "--listen", "127.0.0.1:1"); !strings.Contains(r.stdout, `listen: "127.0.0.1:1"`) {
		t.Error("a flag does not stand above the environment")
	}
	docker, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"VEIL_FHIR_LISTEN=:8080", "VEIL_POSTGRES_LISTEN=:6432", "VEIL_OPERATOR_LISTEN=127.0.0.1:9090", `HEALTHCHECK CMD ["/veil", "health"]`} {
		if !strings.Contains(string(docker), want) {
			t.Errorf("the Dockerfile has no %s", want)
		}
	}
}
