package metrics

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

func written(s *Set) string {
	var b strings.Builder
	s.Write(&b)
	return b.String()
}

func TestMetrics(t *testing.T) {
	s := New()
	d := s.Listener("fhir")
	done := d.Begin()
	d.Begin()()
	d.Request("read Patient", 200, 20*time.Millisecond)
	d.Request("read Observation", 201, time.Minute)
	d.Request("search page", 403, 0)
	d.Problem("refused", "search parameter")
	d.Problem("failed", "upstream timeout")
	d.Masked(1000)
	d.Masked(24)
	d.Applied("A", 3)
	d.Applied("", 2)
	d.Applied("GHIJKLR", 1)
	d.Found("known-name", "NAME", 7)
	d.Found("Zq", "N\"AME", 1)
	d.Upstream(0, time.Second)
	d.Upstream(503, time.Second)
	d.Append(time.Millisecond, nil)
	d.Append(time.Millisecond, errors.New("disk full"))
	s.Reload("refused")
	s.Loaded(time.Unix(1700000000, 0))
	text := written(s)
	for _, line := range []string{
		`# TYPE veil_fhir_request_seconds histogram`,
		`veil_fhir_exchanges 1`,
		`veil_fhir_requests_total{operation="read",status="2xx"} 2`,
		`veil_fhir_requests_total{operation="search",status="4xx"} 1`,
		`veil_fhir_request_seconds_bucket{operation="read",le="0.025"} 1`,
		`veil_fhir_request_seconds_count{operation="read"} 2`,
		`veil_fhir_refused_total{reason="search parameter"} 1`,
		`veil_fhir_failed_total{reason="upstream timeout"} 1`,
		`veil_fhir_masked_bytes_total 1024`,
		`veil_fhir_rule_applications_total{category="A"} 3`,
		`veil_fhir_rule_applications_total{category="none"} 2`,
		`veil_fhir_text_spans_total{detector="known-name",label="name"} 7`,
		`veil_fhir_text_spans_total{detector="other",label="other"} 1`,
		`veil_fhir_rule_applications_total{category="GHIJKLR"} 1`,
		`veil_fhir_upstream_seconds_count{status="none"} 1`,
		`veil_fhir_upstream_seconds_count{status="5xx"} 1`,
		`veil_fhir_audit_append_seconds_count 2`,
		`veil_fhir_audit_append_failures_total 1`,
		`veil_reloads_total{result="refused"} 1`,
		`veil_policy_loaded_timestamp_seconds 1700000000`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, line+"\n") && !strings.Contains(text, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	done()
	if text := written(s); !strings.Contains(text, "veil_fhir_exchanges 0\n") {
		t.Error("an exchange that is done counts as under way")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestNoTextOfARequestBecomesALabel: what is not fixed words, or too many of
// them, is "other".
func TestNoTextOfARequestBecomesALabel(t *testing.T) {
	s := New()
	d := s.Listener("fhir")
	for _, text := range []string{"Smith", "smith\"} 1\nx{a=\"", "o'neill", "müller", "", " x", strings.Repeat("a", 41), "1980-03-05T00:00"} {
		d.Request(text, 200, 0)
		d.Problem("refused", text)
		d.Applied(text+"\n", 1)
	}
	for i := range 10 * maxMembers {
		d.Problem("failed", fmt.Sprint("reason ", i))
	}
	text := written(s)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "veil_") && !strings.Contains(line, "reason ") && strings.ContainsAny(line, "'üSO") {
			t.Errorf("a label from a request: %s", line)
		}
	}
	if n := strings.Count(text, "veil_fhir_failed_total{"); n != maxMembers+1 {
		t.Errorf("%d members, want %d", n, maxMembers+1)
	}
	if !strings.Contains(text, fmt.Sprintf("veil_fhir_failed_total{reason=\"other\"} %d\n", 9*maxMembers)) {
		t.Error("those that are too many are not counted together")
	}
	if !strings.Contains(text, `veil_fhir_refused_total{reason="other"} 8`) {
		t.Error("texts that are not fixed words are not counted together")
	}
}

func TestNilListener(t *testing.T) {
	var d *Listener
	d.Begin()()
	d.Request("read", 200, 0)
	d.Problem("refused", "x")
	d.Masked(1)
	d.Applied("A", 1)
	d.Upstream(200, 0)
	d.Append(0, nil)
}

func TestConcurrent(t *testing.T) {
	s := New()
	d := s.Listener("fhir")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				d.Request("read", 200, 0)
				d.Problem("refused", fmt.Sprint("reason ", i%20))
				s.Write(io.Discard)
			}
		})
	}
	wg.Wait()
	if !strings.Contains(written(s), `veil_fhir_requests_total{operation="read",status="2xx"} 800`) {
		t.Error("lost counts")
	}
}
