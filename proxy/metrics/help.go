package metrics

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"

	vm "github.com/VictoriaMetrics/metrics"
)

// help are the texts of the process's metrics.
var help = map[string]string{
	"veil_reloads_total":                         "Reloads of the configuration, by result.",
	"veil_policy_loaded_timestamp_seconds":       "When the configuration in force was loaded, in Unix seconds.",
	"veil_build_info":                            "The running build; always 1.",
	"veil_audit_free_bytes":                      "Free space on the disk of the audit log.",
	"veil_trace_dropped_spans_total":             "Spans that the collector of traces did not accept in time.",
	"veil_audit_shipped_lines_total":             "Lines of the audit log that a target received.",
	"veil_audit_ship_failures_total":             "Attempts to ship lines of the audit log that failed, by target.",
	"veil_audit_ship_lag_seconds":                "Age of the oldest line of the audit log that a target has not received; 0 if it has all lines.",
	"veil_audit_ship_behind_bytes":               "Size of the part of the audit log that a target has not received.",
	"veil_audit_removed_segments_total":          "Segments of the audit log that retention removed.",
	"veil_audit_ready":                           "Whether the next audit record could be written, as far as is known: 1 or 0.",
	"veil_certificate_expiry_timestamp_seconds":  "When the certificate of a listener expires, in Unix seconds.",
	"veil_fhir_connections":                      "Open connections of consumers.",
	"veil_postgres_sessions":                     "Sessions of clients.",
	"veil_postgres_upstream_connections":         "Connections to the upstream, by state: used by a session, or idle.",
	"veil_postgres_upstream_connections_allowed": "Maximum number of connections to the upstream.",
	"veil_postgres_upstream_waiting":             "Sessions that wait for a connection to the upstream.",
}

// listenerHelp are the texts of the metrics of each listener, by the part of the name
// after the listener's.
var listenerHelp = map[string]string{
	"requests_total":              "Requests and statements, by operation and class of status.",
	"request_seconds":             "Time to the response, or to the beginning of a streamed one, by operation.",
	"refused_total":               "Requests or statements that were refused, by reason.",
	"failed_total":                "Requests or statements that failed, by reason.",
	"failed_logins_total":         "Credentials that were refused.",
	"masked_bytes_total":          "Bytes of masked responses before compression.",
	"rule_applications_total":     "Applications of rules, by category of 45 CFR 164.514(b)(2)(i).",
	"text_spans_total":            "Spans removed from texts, by detector and label.",
	"upstream_seconds":            "Time to the upstream's response, by class of status.",
	"audit_append_seconds":        "Time until an audit record was on disk.",
	"audit_append_failures_total": "Audit records that could not be written.",
	"exchanges":                   "Requests in progress.",
}

// helpOf returns the text of a metric; those of the Go runtime and the process
// have a common one.
func helpOf(name string) string {
	if text, ok := help[name]; ok {
		return text
	}
	if rest, ok := strings.CutPrefix(name, "veil_"); ok {
		if _, rest, ok = strings.Cut(rest, "_"); ok {
			return listenerHelp[rest]
		}
	}
	switch {
	case strings.HasPrefix(name, "go_"):
		return "Of the Go runtime: see runtime/metrics."
	case strings.HasPrefix(name, "process_"):
		return "Of the process: see proc(5)."
	}
	return ""
}

// misnamed reports whether a line belongs to a metric of the library with a name that
// Prometheus reserves. Such lines are dropped.
func misnamed(line []byte) bool {
	name := bytes.TrimPrefix(bytes.TrimPrefix(line, []byte("# HELP ")), []byte("# TYPE "))
	if end := bytes.IndexAny(name, " {\n"); end >= 0 {
		name = name[:end]
	}
	switch string(name) {
	case "go_cgo_calls_count", "go_cpu_count", "go_gc_forced_count":
		return true
	}
	return false
}

// Write writes all metrics, and those of the process and the Go runtime.
func (s *Set) Write(w io.Writer) {
	var text bytes.Buffer
	s.set.WritePrometheus(&text)
	vm.WriteProcessMetrics(&text)
	var out bytes.Buffer
	out.Grow(text.Len() + text.Len()/4)
	for line := range bytes.Lines(text.Bytes()) {
		if misnamed(line) {
			continue
		}
		if name, ok := bytes.CutPrefix(line, []byte("# TYPE process_io_")); ok {
			// They are counters, which the library declares as gauges.
			line = append([]byte("# TYPE process_io_"), bytes.Replace(name, []byte("_total gauge"), []byte("_total counter"), 1)...)
		}
		if name, ok := bytes.CutPrefix(line, []byte("# HELP ")); ok {
			// The library prints a HELP line, but has no way to set its text.
			name = bytes.TrimSpace(name)
			line = append(append(append([]byte("# HELP "), name...), ' '), helpOf(string(name))+"\n"...)
		}
		out.Write(line)
	}
	_, _ = w.Write(out.Bytes()) // otherwise the scraper has disconnected
}

// Names returns the names of all metrics of a process with these listeners, without
// those of the Go runtime and the process.
func Names(listeners ...string) []string {
	names := slices.Sorted(maps.Keys(help))
	for _, listener := range listeners {
		for _, rest := range slices.Sorted(maps.Keys(listenerHelp)) {
			names = append(names, "veil_"+listener+"_"+rest)
		}
	}
	return names
}
