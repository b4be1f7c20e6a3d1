package main

import (
	"net/http"
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
