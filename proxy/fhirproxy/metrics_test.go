package fhirproxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// TestWhatTheListenerCounts: masked bytes of responses and of files are those that were
// delivered, a file that breaks off is a failure, and in the end no exchange is
// under way.
func TestWhatTheListenerCounts(t *testing.T) {
	t.Parallel()
	all := metrics.New()
	up := newBulk(t)
	r := newRig(t, up.url, func(c *Config) { c.Metrics = all.Listener("fhir") })
	_, m := r.export(t, "/Patient/$export?_type=Patient,Observation")
	masked := 0
	for _, o := range m.Output {
		masked += len(r.get(t, o.URL).body)
	}
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+ndjson")
		fmt.Fprint(w, `{"resourceType":"Patient","name":[{"family":"`+fhirtest.Marker+"\n")
	}
	r.broken(t, m.Output[0].URL)
	r.get(t, "/Patient/none").outcome(t, 404)
	r.sink.mu.Lock()
	r.sink.failure = errors.New("disk full")
	r.sink.mu.Unlock()
	if got := r.get(t, "/Patient/none"); got.status != 500 {
		t.Errorf("without a record: %d", got.status)
	}
	text := ""
	want := []string{
		fmt.Sprintf("veil_fhir_masked_bytes_total %d", masked),
		`veil_fhir_failed_total{reason="upstream syntax"} `, // the client may ask again

		`veil_fhir_audit_append_failures_total 1`,
		`veil_fhir_refused_total{reason="not found"} 1`, // the one that has a record
		`veil_fhir_requests_total{operation="read",status="5xx"} 1`,
		`veil_fhir_exchanges 0`,
	}
	missing := func() (lines []string) {
		var b strings.Builder
		all.Write(&b)
		text = b.String()
		for _, line := range want {
			if !strings.HasSuffix(line, " ") {
				line += "\n"
			}
			if !strings.Contains(text, "\n"+line) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	for deadline := time.Now().Add(veiltest.Patience); len(missing()) > 0 && time.Now().Before(deadline); { // an exchange ends after its response
		time.Sleep(10 * time.Millisecond)
	}
	for _, line := range missing() {
		t.Errorf("no line %s in\n%s", line, text)
	}
	if strings.Contains(strings.ToLower(text), strings.ToLower(fhirtest.Marker)) {
		t.Error("the metrics show a value")
	}
}
