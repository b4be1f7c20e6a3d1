package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/trace"
)

// errNotRecorded says that an exchange must not be completed, since its audit record
// could not be written.
var errNotRecorded = errors.New("the audit record could not be written")

// Reasons in the records of every listener.
const (
	ReasonCredentials = "credentials"
	ReasonAttempts    = "too many attempts"
	ReasonLimits      = "consumer limits"
)

// Exchange is one request, statement or login in progress: who made it, and what is
// recorded about it. It is not safe for concurrent use.
type Exchange struct {
	l *Listener
	// ID names the exchange in its records and log lines.
	ID string
	// Client is the client's address, as in records.
	Client string
	// Operation is a text such as "read Patient" or "select", never a value.
	Operation string
	// Rule is the rule that refused the exchange, and Object the column, function or
	// relation concerned, for the log. Object is a name that the upstream has, never one
	// that only the client gave.
	Rule, Object string
	// Policy is the policy that was in force when it began.
	Policy *Policy
	// Who is its consumer, and View what that consumer sees; nil until they are known.
	Who     *consumer.Consumer
	View    View
	Started time.Time
	// Span is its trace span, if the listener begins one.
	Span trace.Span

	release func()
}

// Begin begins an exchange of a client.
func (l *Listener) Begin(client net.Addr) Exchange {
	return Exchange{l: l, Policy: l.Policy(), ID: mask.NewRequestID(), Client: consumer.ClientAddress(client), Operation: "unknown", Started: time.Now()}
}

// Next begins another exchange of the same client and consumer, under the same policy.
func (x *Exchange) Next(id, operation string) Exchange {
	return Exchange{l: x.l, Policy: x.Policy, ID: id, Client: x.Client, Operation: operation, Who: x.Who, View: x.View, Started: time.Now()}
}

// Trace begins the span of an exchange, in the trace that the client names, if any.
func (x *Exchange) Trace(name trace.Name, traceparent []byte) {
	x.Span = x.l.config.Tracer.Begin(name, x.Started, traceparent)
}

// Identify sets the consumer of the exchange. It reports whether that consumer has a
// view.
func (x *Exchange) Identify(who *consumer.Consumer) bool {
	x.Who, x.View = who, x.Policy.views[who.View]
	return x.View != nil
}

// Consumer returns the consumer's name, or "unknown".
func (x *Exchange) Consumer() string {
	if x.Who == nil {
		return "unknown"
	}
	return x.Who.Name
}

// Origin returns the origin of the exchange, for a pass.
func (x *Exchange) Origin() mask.Origin {
	return mask.Origin{RequestID: x.ID, Consumer: x.Consumer(), Door: x.l.config.Name, Operation: x.Operation}
}

// Admit counts the exchange against the limits of its consumer. If ok is false,
// retryAfter says when to try again.
func (x *Exchange) Admit() (retryAfter time.Duration, ok bool) {
	x.release, retryAfter, ok = x.Who.Admit()
	return retryAfter, ok
}

// Release ends the exchange for the limits of its consumer.
func (x *Exchange) Release() { x.TakeRelease()() }

// TakeRelease returns Release as a function, for whoever ends the exchange later, such
// as the sender of its response.
func (x *Exchange) TakeRelease() func() {
	release := x.release
	x.release = nil
	if release == nil {
		return func() {}
	}
	return release
}

// Record returns the record of an exchange in which nothing was masked. delivered is
// the type of the resource that Veil created itself, or empty. Without a view, the
// record has no ruleset.
func (x *Exchange) Record(result, reason, delivered string) *mask.Record {
	if x.View == nil {
		return x.bare(result, reason)
	}
	passes := x.Policy.passes[x.Who.View]
	pass := passes.Get().(*mask.Pass)
	defer passes.Put(pass)
	pass.Begin(x.Origin())
	if delivered != "" {
		pass.CountResource(delivered)
	}
	return x.stamp(pass.Record(result, reason))
}

// bare is a record without a ruleset.
func (x *Exchange) bare(result, reason string) *mask.Record {
	return x.stamp(&mask.Record{RequestID: x.ID, Consumer: x.Consumer(), Door: x.l.config.Name, Operation: x.Operation, Result: result, Reason: reason})
}

// stamp adds when the exchange began, how long it took, and from where it came.
func (x *Exchange) stamp(r *mask.Record) *mask.Record {
	r.Time, r.DurationMicros, r.Client = x.Started.UTC(), time.Since(x.Started).Microseconds(), x.Client
	return r
}

// Entry is a record and the additional contents of its log line.
type Entry struct {
	Record *mask.Record
	// event is the message of the line; if empty, the listener's.
	event string
	// rule and object are those of the exchange.
	rule, object string
	// status is that of an HTTP response; 0 for none.
	status int
	view   string
	span   trace.Span
	// applied is how often rules were applied, by category, where that is counted.
	applied []mask.Count
}

// Entry returns the entry for a record of the exchange.
func (x *Exchange) Entry(r *mask.Record, status int) Entry {
	e := Entry{Record: x.stamp(r), rule: x.Rule, object: x.Object, status: status, span: x.Span}
	if x.Who != nil {
		e.view = x.Who.View
	}
	return e
}

// Commit ends the exchange with a record.
func (x *Exchange) Commit(r *mask.Record, status int) error {
	return x.l.Commit(x.Entry(r, status))
}

// Commit makes records durable, then counts them, then logs them: what is counted and
// logged is in the audit log. On an error, none of the recorded exchanges may be
// completed. Commit does not stop when the client disconnects, because masking is
// recorded even then.
func (l *Listener) Commit(entries ...Entry) error {
	if l.config.Metrics != nil {
		for i := range entries { // now, while the record is in the cache
			entries[i].applied = entries[i].Record.AppendByCategory(make([]mask.Count, 0, 20))
		}
	}
	begun := time.Now()
	errs := make([]error, len(entries))
	if len(entries) == 1 {
		errs[0] = l.config.Sink.Append(context.Background(), entries[0].Record)
	} else {
		// A sink waits for the disk, so all records are written with one wait.
		var all sync.WaitGroup
		for i := range entries {
			all.Go(func() { errs[i] = l.config.Sink.Append(context.Background(), entries[i].Record) })
		}
		all.Wait()
	}
	failed := false
	for i := range entries {
		l.config.Metrics.Append(time.Since(begun), errs[i])
		entries[i].trace(begun, errs[i] != nil)
		if errs[i] != nil {
			failed = true
			r := entries[i].Record
			l.config.Logger.Error("audit record could not be written", "request_id", r.RequestID, "consumer", r.Consumer, "door", r.Door,
				"operation", r.Operation, "error", errs[i])
		}
	}
	for i := range entries {
		if errs[i] == nil {
			l.count(&entries[i])
			l.write(&entries[i])
		}
	}
	if failed {
		return errNotRecorded
	}
	return nil
}

// count updates the metrics from a record.
func (l *Listener) count(e *Entry) {
	m, r := l.config.Metrics, e.Record
	switch {
	case r.Result == "refused":
		m.Problem("refused", r.Reason)
	case r.Reason != "": // such as a file that is complete except for invalid lines
		m.Problem("failed", r.Reason)
	}
	for _, c := range e.applied {
		m.Applied(c.Name, c.N)
	}
	for _, f := range r.Found {
		m.Found(f.Detector, f.Label, f.N)
	}
}

// trace adds the contents of the record to the exchange's span, and how long it took to
// write it.
func (e *Entry) trace(begun time.Time, failed bool) {
	if !e.span.Recording() {
		return
	}
	log := e.span.ChildAt(trace.Audit, begun)
	if failed {
		log.Describe(trace.Facts{Outcome: "failed"})
	}
	log.End()
	r := e.Record
	facts := trace.Facts{View: e.view, Ruleset: r.RulesetSHA256, Operation: r.Operation, Outcome: r.Result, Reason: r.Reason, Status: e.status}
	for _, c := range r.Resources {
		facts.Resources += c.N
	}
	for i := range r.Used {
		facts.Applications += r.Used[i].N
	}
	e.span.Describe(facts)
}

// End ends the span of the entry's exchange.
func (e *Entry) End() { e.span.End() }

// write writes the log line for a record.
func (l *Listener) write(e *Entry) {
	if !l.config.Logger.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	r := e.Record
	var count uint64
	for _, c := range r.Resources {
		count += c.N
	}
	event := e.event
	if event == "" {
		event = l.config.Event
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("request_id", r.RequestID), slog.String("consumer", r.Consumer), slog.String("client", r.Client),
		slog.String("door", r.Door), slog.String("operation", r.Operation), slog.String("outcome", r.Result))
	if e.status != 0 {
		attrs = append(attrs, slog.Int("status", e.status))
	}
	attrs = append(attrs, slog.String("reason", r.Reason), slog.String("rule", e.rule))
	if e.object != "" {
		attrs = append(attrs, slog.String("object", e.object))
	}
	attrs = append(attrs, slog.Uint64("count", count), slog.Int64("duration_ms", r.DurationMicros/1000))
	l.config.Logger.LogAttrs(context.Background(), slog.LevelInfo, event, attrs...)
}

// Responded counts an exchange whose response is about to be sent, by the class of its
// HTTP status.
func (l *Listener) Responded(operation string, status int, took time.Duration) {
	l.config.Metrics.Request(operation, status, took)
}
