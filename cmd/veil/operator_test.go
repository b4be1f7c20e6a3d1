package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestOperator: metrics and health are on the operator's address, metrics on no
// other, and neither needs credentials.
func TestOperator(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	addr := veiltest.FreeAddress(t)
	_, port, _ := strings.Cut(addr, ":")
	b := s.serve(t, s.config(t, "", "operator: {listen: \""+port+"\"}\nconsumers:\n  keys:\n"+line))
	s.ask(t, s.patient(t, "trial"), "X-API-Key", key)
	s.ask(t, "/Observation?_count=20", "X-API-Key", key)
	s.ask(t, "/Patient?family=Smith", "X-API-Key", key)
	s.ask(t, "/Patient/none", "X-API-Key", key)
	s.ask(t, "/Patient")

	operator := func(path string) answer { return ask(t, http.DefaultClient, "http://"+addr+path) }
	// A request is counted as under way until after its response.
	veiltest.Until(t, "no request is under way", func() bool {
		return strings.Contains(operator("/metrics").body, "\nveil_fhir_exchanges 0\n")
	})
	m := operator("/metrics")
	if kind := m.header.Get("Content-Type"); m.status != 200 || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Errorf("%d, %s", m.status, kind)
	}
	for _, line := range []string{
		`veil_fhir_requests_total{operation="read",status="2xx"} 1`,
		`veil_fhir_requests_total{operation="read",status="4xx"} 1`,
		`veil_fhir_requests_total{operation="search",status="2xx"} 1`,
		`veil_fhir_requests_total{operation="search",status="4xx"} 1`,
		`veil_fhir_requests_total{operation="login",status="4xx"} 1`,
		`veil_fhir_request_seconds_count{operation="read"} 2`,
		`veil_fhir_refused_total{reason="search parameter"} 1`,
		`veil_fhir_refused_total{reason="credentials"} 1`,
		`veil_fhir_refused_total{reason="not found"} 1`,
		`veil_fhir_upstream_seconds_count{status="2xx"} 3`,
		`veil_fhir_audit_append_seconds_count 5`,
		`veil_fhir_audit_append_failures_total 0`,
		`veil_fhir_exchanges 0`,
	} {
		if !strings.Contains(m.body, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, head := range []string{`veil_fhir_rule_applications_total{category="A"} `, `veil_fhir_masked_bytes_total `} {
		if !strings.Contains(m.body, "\n"+head) || strings.Contains(m.body, "\n"+head+"0\n") {
			t.Errorf("%s counts nothing", head)
		}
	}
	if t.Failed() {
		t.Log(m.body)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 404, "/fhir/Patient": 404, "/debug/pprof/": 404, "/debug/vars": 404} {
		veiltest.Until(t, fmt.Sprintf("operator %s: status %d", path, want), func() bool { return operator(path).status == want })
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		for _, base := range []string{"http://" + s.addr, s.base} {
			if a := ask(t, http.DefaultClient, base+path, "X-API-Key", key); a.status < 400 || strings.Contains(a.body, "veil_fhir") {
				t.Errorf("the door answers %s: %d", path, a.status)
			}
		}
	}
	b.stop(t)
	if _, err := try(http.DefaultClient, "http://"+addr+"/healthz"); err == nil {
		t.Error("the operator's address is served after the end")
	}
}

// TestNotReady: without an upstream the operator is informed in fixed words.
func TestNotReady(t *testing.T) {
	s := newSite(t)
	addr := veiltest.FreeAddress(t)
	if err := s.source.Close(); err != nil {
		t.Fatal(err)
	}
	s.serve(t, s.config(t, "", "operator: {listen: \""+addr+"\"}\n"+anybody))
	if a := ask(t, http.DefaultClient, "http://"+addr+"/readyz"); a.status != 503 || a.body != "not ready: the FHIR server could not be reached or did not complete its response (upstream refused)\n" {
		t.Errorf("%d: %s", a.status, a.body)
	}
}
