// Package metrics counts what the listeners do, in Prometheus's text format:
//
//	all := metrics.New()
//	listener := all.Listener("fhir")
//	listener.Request("read Patient", 200, took)
//	all.Write(w)
//
// Invariants: labels are few and consist of fixed words, since any other text could
// contain a value: only the first word of an operation counts, and only the class of a
// status; a text that cannot come from the code, or exceeds maxMembers, is counted as
// "other". The methods of a nil *Listener do nothing, so a listener without metrics
// needs no special case.
//
// Not known here: who may read the metrics (the operator's listener), what a reason or
// a category means.
package metrics

import (
	"strings"
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// Set is the metrics of a process.
type Set struct {
	set     *vm.Set
	reloads *family[*vm.Counter]
	loaded  atomic.Int64 // Unix seconds
}

// New returns a set in which nothing has been counted.
func New() *Set {
	s := &Set{set: vm.NewSet()}
	vm.ExposeMetadata(true) // the library has one global switch
	s.reloads = counters(s.set, "veil_reloads_total", "result")
	s.set.NewGauge("veil_policy_loaded_timestamp_seconds", func() float64 { return float64(s.loaded.Load()) })
	return s
}

// Loaded sets the time when the current policy was put in force.
func (s *Set) Loaded(at time.Time) { s.loaded.Store(at.Unix()) }

// Reload counts an attempt to reload: "applied" or "refused".
func (s *Set) Reload(result string) { s.reloads.of(result, "").Inc() }

// Build sets the version of the running build. It is called once.
func (s *Set) Build(version, goVersion string) {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' || r == '"' || r == '\\' {
				return '_'
			}
			return r
		}, s)
	}
	s.Gauge(`veil_build_info{version="`+clean(version)+`",goversion="`+clean(goVersion)+`"}`, func() float64 { return 1 })
}

// Gauge adds a metric whose value is read when the metrics are written. The name may
// have labels of fixed words, such as veil_x{state="idle"}.
func (s *Set) Gauge(name string, read func() float64) { s.set.NewGauge(name, read) }

// Counter adds a metric that only grows, and returns a function that adds to it.
func (s *Set) Counter(name string) (add func(n int)) { return s.set.NewCounter(name).Add }

// Listener counts what one listener does. It is safe for concurrent use.
type Listener struct {
	exchanges    atomic.Int64
	requests     *family[*vm.Counter]
	seconds      *family[*vm.PrometheusHistogram]
	refused      *family[*vm.Counter]
	failed       *family[*vm.Counter]
	maskedBytes  *vm.Counter
	applied      *family[*vm.Counter]
	found        *family[*vm.Counter]
	upstream     *family[*vm.PrometheusHistogram]
	failedLogins *vm.Counter
	appends      *vm.PrometheusHistogram
	appendFails  *vm.Counter
}

// seconds are the upper bounds of the histograms: a record on a fast disk takes
// a millisecond, a large search half a minute.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// Listener returns the metrics of a listener. It is called once for each name.
func (s *Set) Listener(name string) *Listener {
	head := "veil_" + name + "_"
	d := &Listener{
		requests:     counters(s.set, head+"requests_total", "operation", "status"),
		seconds:      histograms(s.set, head+"request_seconds", "operation"),
		refused:      counters(s.set, head+"refused_total", "reason"),
		failed:       counters(s.set, head+"failed_total", "reason"),
		maskedBytes:  s.set.NewCounter(head + "masked_bytes_total"),
		applied:      newFamily(head+"rule_applications_total", []string{"category"}, category, s.set.NewCounter),
		found:        counters(s.set, head+"text_spans_total", "detector", "label"),
		upstream:     histograms(s.set, head+"upstream_seconds", "status"),
		failedLogins: s.set.NewCounter(head + "failed_logins_total"),
		appends:      s.set.NewPrometheusHistogramExt(head+"audit_append_seconds", seconds),
		appendFails:  s.set.NewCounter(head + "audit_append_failures_total"),
	}
	s.set.NewGauge(head+"exchanges", func() float64 { return float64(d.exchanges.Load()) })
	return d
}

// Begin counts an exchange as in progress until done is called.
func (d *Listener) Begin() (done func()) {
	if d == nil {
		return func() {}
	}
	d.exchanges.Add(1)
	return func() { d.exchanges.Add(-1) }
}

// Request counts a request that was responded to, by the first word of its operation. For a
// response that is masked while it arrives, took is the time until its first byte.
func (d *Listener) Request(operation string, status int, took time.Duration) {
	if d == nil {
		return
	}
	class, _, _ := strings.Cut(operation, " ")
	d.requests.of(class, statusClass(status)).Inc()
	d.seconds.of(class, "").Update(took.Seconds())
}

// Problem counts a request, or an entry of a batch, that was refused or failed,
// by its reason in fixed words.
func (d *Listener) Problem(result, reason string) {
	switch {
	case d == nil:
	case result == "refused":
		d.refused.of(reason, "").Inc()
	default:
		d.failed.of(reason, "").Inc()
	}
}

// FailedLogin counts credentials that were refused.
func (d *Listener) FailedLogin() {
	if d != nil {
		d.failedLogins.Inc()
	}
}

// Masked counts bytes of masked responses, uncompressed.
func (d *Listener) Masked(bytes int) {
	if d != nil {
		d.maskedBytes.Add(bytes)
	}
}

// Applied counts applications of rules of a category, such as "A" or "DEFN".
func (d *Listener) Applied(letters string, n uint64) {
	if d != nil {
		d.applied.of(letters, "").AddInt64(int64(n))
	}
}

// Found counts what a detector removed from texts, by label, such as "NAME".
func (d *Listener) Found(detector, label string, n uint64) {
	if d != nil {
		d.found.of(detector, strings.ToLower(label)).AddInt64(int64(n))
	}
}

// Upstream counts a request to the upstream. The status is 0 if there was no response.
func (d *Listener) Upstream(status int, took time.Duration) {
	if d != nil {
		d.upstream.of(statusClass(status), "").Update(took.Seconds())
	}
}

// Append counts an audit record, and whether it was written.
func (d *Listener) Append(took time.Duration, err error) {
	if d == nil {
		return
	}
	d.appends.Update(took.Seconds())
	if err != nil {
		d.appendFails.Inc()
	}
}

// statusClass returns a class such as "2xx", or "none" without a status.
func statusClass(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return statusClasses[status/100]
}

var statusClasses = [...]string{1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}
