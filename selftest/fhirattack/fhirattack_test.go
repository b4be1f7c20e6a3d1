package fhirattack

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/suite"
)

type discard struct{}

func (discard) Append(context.Context, *mask.Record) error { return nil }

// known are canaries of a population.
func known(p *fhirtest.Population) *selftest.Canaries {
	c := &selftest.Canaries{}
	add := func(typ, element, value string) {
		c.FHIR = append(c.FHIR, selftest.Canary{Type: typ, Element: element, Value: value, Absent: selftest.Absent(value), Parameter: selftest.ParameterOf(element)})
	}
	seen := map[string]bool{}
	for _, planted := range p.Planted() {
		for path, element := range map[string]string{"Patient.name.family": "name.family", "Patient.identifier.value": "identifier.value", "Patient.telecom.value": "telecom.value", "Patient.birthDate": "birthDate", "Patient.address.city": "address.city"} {
			if planted.Path == path && !seen[path] {
				seen[path] = true
				add("Patient", element, planted.Value)
			}
		}
	}
	add("Patient", "id", p.PatientIDs()[0])
	return c
}

func attack(t *testing.T, base string, c *selftest.Canaries) *selftest.Report {
	t.Helper()
	report := selftest.NewReport("test")
	if _, err := Run(t.Context(), base, &Client{}, c, selftest.Limits{Timeout: veiltest.Patience, Bytes: 1 << 20}, report); err != nil {
		t.Fatal(err)
	}
	report.Finish()
	return report
}

func source(t *testing.T) (*fhirtest.Population, string) {
	t.Helper()
	p := fhirtest.Generate(5, 20)
	s, err := fhirtest.NewServer(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return p, s.URL
}

// TestControlsSucceedOverOriginals holds that each attack that is called a control finds
// something where nothing is masked.
func TestControlsSucceedOverOriginals(t *testing.T) {
	t.Parallel()
	p, base := source(t)
	report := attack(t, base, known(p))
	found := map[string]bool{}
	for _, p := range report.Failed() {
		found[p.ID] = true
	}
	for _, a := range suite.FHIR().Attacks {
		if a.Control && !found[prefix+a.ID] {
			t.Errorf("%s finds nothing over originals", a.ID)
		}
	}
	if report.Grade != "F" {
		t.Errorf("grade %s", report.Grade)
	}
}

// serve starts Veil before a FHIR server, under the default ruleset, and returns its base
// URL.
func serve(t *testing.T, upstream string) string {
	t.Helper()
	text, err := os.ReadFile("../../rulesets/safe-harbor.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := masktest.Compile(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	who, err := consumer.New(t.Context(), consumer.Config{Anonymous: &consumer.Account{Name: "anonymous"}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String() + "/fhir"
	server, err := fhirproxy.New(fhirproxy.Config{Upstream: upstream, BaseURL: base, Sink: discard{}, Policy: fhirproxy.Policy{Consumers: who, Views: []fhirproxy.View{{Automaton: a}}}})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }() // ends with Shutdown
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	return base
}

// TestVeilWithstands holds that no attack finds anything at Veil.
func TestVeilWithstands(t *testing.T) {
	t.Parallel()
	p, base := source(t)
	report := attack(t, serve(t, base), known(p))
	for _, p := range report.Failed() {
		t.Errorf("%s %s: %s", p.ID, p.Of, p.Seen)
	}
	if report.Grade != "A" || len(report.Probes) < 250 {
		t.Errorf("grade %s of %d probes: %q", report.Grade, len(report.Probes), report.Reasons)
	}
}

// TestTimeout: a request that a timeout ends says nothing.
func TestTimeout(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	t.Cleanup(func() { close(ended); server.Close() })
	s, err := newTarget(server.URL, &Client{}, selftest.Limits{Timeout: 200 * time.Millisecond, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := s.send(t.Context(), "GET /Patient", nil, ""); err != nil || !a.late {
		t.Errorf("%+v, %v", a, err)
	}
}
