package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// TestPrometheusReadsTheMetrics: they parse, and each of Veil's own has a text and a
// name and unit as Prometheus wants them (promtool check metrics).
func TestPrometheusReadsTheMetrics(t *testing.T) {
	t.Parallel()
	s := New()
	for _, name := range []string{"fhir", "postgres"} {
		d := s.Listener(name)
		d.Request("read Patient", 200, time.Second)
		d.Problem("refused", "x")
		d.Problem("failed", "x")
		d.Applied("A", 1)
		d.Found("known-name", "NAME", 1)
		d.Upstream(200, time.Second)
		d.Append(time.Second, nil)
		d.FailedLogin()
	}
	s.Reload("applied")
	s.Build("v1.0.0", "go1.26")
	for name := range help {
		if strings.HasSuffix(name, "_total") || name == "veil_build_info" || name == "veil_policy_loaded_timestamp_seconds" {
			continue
		}
		s.Gauge(name, func() float64 { return 1 })
	}
	text := written(s)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# HELP "); ok && len(strings.Fields(name)) < 3 {
			t.Errorf("no text: %s", line)
		}
	}
}
