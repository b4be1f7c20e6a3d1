package main

import (
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/veil-proxy/veil/internal/otlptest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// bothProxies is a configuration of both listeners, with further sections.
func bothProxies(t *testing.T, s *site, sections string) (config, dsn string) {
	t.Helper()
	config, addr := clinicConfig(t, pgtest.Reader, "correct horse\n")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	both := strings.Replace(string(text), "consumers:\n", "consumers:\n  anonymous: {allow: true}\n", 1) +
		"fhir: {upstream: " + s.source.URL + ", listen: " + s.addr + ", baseURL: " + s.base + "}\n" + sections
	s.key = strings.TrimSpace(strings.Split(strings.Split(both, "keyFile: ")[1], "\n")[0])
	return write(t, config, both), "postgres://ann:correct%20horse@" + addr + "/clinic"
}

// TestTracesHaveNoValues: whatever clients send and upstreams hold, in requests that
// succeed, are refused and fail, spans have none of it; every step has a span, and the FHIR
// server is sent the trace of the client.
func TestTracesHaveNoValues(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), otlptest.New(t)
	config, dsn := bothProxies(t, s, "tracing: {endpoint: "+r.TracesURL+"}\n")
	b := s.serve(t, config)
	const id, marker = "4bf92f3577b34da6a3ce929d0e0e4736", "QZTRACEPLANTED"
	header := []string{"traceparent", "00-" + id + "-00f067aa0ba902b7-01", "tracestate", "x=" + marker, "X-Request-Id", marker, "User-Agent", marker}
	patient := s.patient(t, "trial")
	var upstream int
	for path, want := range map[string]int{
		patient: 200, "/Patient?_count=2": 200, "/Patient?birthdate=" + marker: 0, "/Patient/" + marker: 404, "/" + marker + "/1": 0,
		"/Patient?identifier=" + marker + "|" + marker: 0, "/Observation?subject=" + url.QueryEscape(patient[1:]): 200, "/metadata": 200, "/Patient/1/$" + marker: 0,
		patient + "/$everything": 200, "/?_page=" + marker: 0, "/Observation?code=" + marker: 0,
	} {
		if a := s.ask(t, path, header...); want != 0 && a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, q := range s.source.Source.Requests() {
		if strings.HasPrefix(q.Header.Get("traceparent"), "00-"+id+"-") {
			upstream++
		}
		if q.Header.Get("tracestate") != "" {
			t.Error("the upstream is sent the client's tracestate")
		}
	}
	if upstream < 4 {
		t.Errorf("%d upstream requests have the client's trace", upstream)
	}
	if a := ask(t, http.DefaultClient, s.base+"/Patient", "Authorization", "Bearer "+marker, "traceparent", marker); a.status == 200 {
		t.Error("a stranger is served")
	}
	conn, err := pgx.Connect(t.Context(), dsn+"?application_name="+marker)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT '" + marker + "', mrn FROM patients", "SELECT upper(mrn) FROM patients WHERE mrn = '" + marker + "'", "SELECT " + marker, "SELEC " + marker,
		"PREPARE " + marker + " AS SELECT 1", "EXECUTE " + marker, "SELECT 1/0 AS " + marker, "DROP TABLE " + marker,
	} {
		_, _ = conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol) // refused or not
	}
	if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM patients WHERE mrn = $1", marker); err != nil {
		t.Error(err)
	}
	_ = conn.Close(t.Context())
	b.stop(t)

	bodies, _ := r.Bodies()
	for _, body := range bodies {
		if text := string(body); strings.Contains(strings.ToUpper(text), marker) || strings.Contains(text, "CANARY") || len(s.population.Find(body)) > 0 || strings.Contains(text, strings.TrimPrefix(patient, "/Patient/")) {
			t.Errorf("a value in a span: %q", text)
		}
	}
	seen, byID := map[string]int{}, map[string]*tracepb.Span{}
	for _, span := range r.Spans() {
		seen[span.Name]++
		byID[string(span.SpanId)] = span
	}
	for _, name := range []string{"fhir request", "upstream", "mask", "audit log", "postgres session", "postgres statement", "analysis", "rows"} {
		if seen[name] == 0 {
			t.Errorf("no span %s: %v", name, seen)
		}
	}
	for _, span := range r.Spans() {
		parent := byID[string(span.ParentSpanId)]
		switch root := span.Name == "postgres session" || span.Name == "postgres statement"; {
		case root && len(span.ParentSpanId) > 0, !root && parent == nil && span.Name != "fhir request":
			t.Errorf("%s has the parent %v", span.Name, parent)
		case parent != nil && (span.StartTimeUnixNano < parent.StartTimeUnixNano-1e6 || span.EndTimeUnixNano > parent.EndTimeUnixNano+1e6) && span.Name != "analysis":
			t.Errorf("%s is not within %s", span.Name, parent.Name)
		case span.Name == "postgres statement" && len(span.Links) != 1:
			t.Error("a statement has no session")
		}
		if span.Name == "fhir request" && hex.EncodeToString(span.TraceId) != id && !strings.Contains(span.String(), `"login"`) {
			t.Errorf("a request outside of its client's trace: %s", span)
		}
	}
	attributes := map[string]bool{}
	for _, span := range r.Spans() {
		for _, a := range span.Attributes {
			attributes[a.Key] = true
		}
	}
	want := []string{"http.response.status_code", "veil.applications", "veil.operation", "veil.outcome", "veil.reason", "veil.resource.type", "veil.resources", "veil.ruleset.sha256"}
	if got := slices.Sorted(maps.Keys(attributes)); !slices.Equal(got, want) {
		t.Errorf("attributes %v", got)
	}
}

// TestCollectorDown: requests are served as ever, and what is not sent is counted.
func TestCollectorDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := veiltest.FreeAddress(t)
	b := s.serve(t, s.config(t, "", "operator: {listen: \""+operator+"\"}\ntracing: {endpoint: \"http://"+veiltest.FreeAddress(t)+"/v1/traces\"}\n"+anybody))
	for range 20 {
		if a := s.ask(t, s.patient(t, "trial")); a.status != 200 {
			t.Fatalf("%d: %s", a.status, a.body)
		}
	}
	b.until(t, `msg="traces cannot be sent and are dropped" reason=refused`)
	veiltest.Until(t, "dropped spans are counted", func() bool {
		_, text, _ := get(t, "http://"+operator+"/metrics")
		return strings.Contains(text, "\nveil_trace_dropped_spans_total ") && !strings.Contains(text, "\nveil_trace_dropped_spans_total 0\n")
	})
	b.stop(t)
}
