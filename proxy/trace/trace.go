// Package trace makes OpenTelemetry spans for what the listeners do and sends them to a
// collector.
//
//	to := collector.New("http://collector:4318/v1/traces", headers, nil)
//	t, err := trace.New(ctx, trace.Config{SampleRatio: 0.1, …}, to)
//	span := t.Begin(trace.FHIRRequest, time.Now(), traceparent)
//	upstream := span.Child(trace.Upstream)
//	upstream.End()
//	span.Describe(trace.Facts{Operation: "read Patient", Status: 200})
//	span.End()
//
// Invariants: a span has a name from this package and the attributes of Facts, which are words
// of the code, names that the operator chose, and counts; it has no path, statement, parameter
// or error text, and nothing of a client but the id of its trace. Ending a span never blocks:
// spans that the collector does not accept in time are dropped and counted. The methods of a
// nil Tracer and of a zero Span do nothing, so a listener without traces needs no special
// case.
//
// Not known here: what a listener does, and what its words mean.
package trace

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Config says which spans are made, and who is told what becomes of them.
type Config struct {
	// SampleRatio is the share of traces that are sampled, from 0 to 1. It also applies to
	// traces that a client began; a trace that the client does not sample is never
	// sampled.
	SampleRatio float64
	// Version is the version of the build.
	Version string
	// Dropped counts spans that the collector did not accept, unless nil.
	Dropped func(spans int)
	// Failed is called for the first of several exports that fail, and Works for the first
	// that succeeds again. Both may be nil.
	Failed func(error)
	Works  func()
}

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	queue *queue
	// below is the bound under which a trace's id is sampled: services that sample by ids
	// select the same traces.
	below uint64
}

const (
	// mostQueued bounds the spans that wait for the collector, and batchSpans those that are
	// sent together.
	mostQueued = 4096
	batchSpans = 512
	// exportTime bounds an export.
	exportTime = 10 * time.Second
	// batchTime is how long a span waits for others.
	batchTime = time.Second
	// scope names the instrumentation.
	scope = "github.com/veil-proxy/veil"
)

// New returns a tracer that sends its spans through a client, such as one of package
// collector. It opens no connection.
func New(ctx context.Context, c Config, to otlptrace.Client) (*Tracer, error) {
	if err := to.Start(ctx); err != nil {
		return nil, fmt.Errorf("the exporter of traces cannot be made: %w", err)
	}
	return &Tracer{newQueue(to, c), uint64(min(max(c.SampleRatio, 0), 1) * (1 << 63))}, nil
}

// Shutdown sends what is queued, until the context ends, and stops the tracer.
func (t *Tracer) Shutdown(ctx context.Context) {
	if t != nil {
		t.queue.shutdown(ctx)
	}
}

// header is the header that names a trace between services (W3C Trace Context). The
// second header, tracestate, is not passed on, since clients can write anything into it.
const header = "traceparent"

var w3c propagation.TraceContext

// carrier contains only a traceparent.
type carrier struct{ parent string }

func (c carrier) Get(key string) string {
	if key == header {
		return c.parent
	}
	return ""
}

func (carrier) Set(string, string) {}

func (carrier) Keys() []string { return []string{header} }

// Begin begins Veil's first span in a trace: the client's, if traceparent names one. A
// client can exclude its trace from sampling, but cannot have more sampled than the
// operator wants.
func (t *Tracer) Begin(name Name, at time.Time, traceparent []byte) Span {
	if t == nil {
		return Span{}
	}
	if len(traceparent) > 0 {
		remote := trace.SpanContextFromContext(w3c.Extract(context.Background(), carrier{string(traceparent)}))
		if remote.IsValid() {
			return t.within(remote, name, at)
		}
	}
	return t.root(name, at)
}

// within begins a span in the trace of another process.
func (t *Tracer) within(remote trace.SpanContext, name Name, at time.Time) Span {
	s := Span{t: t, id: identity{trace: remote.TraceID(), span: newSpanID()}}
	if remote.IsSampled() && t.samples(s.id.trace) {
		s.id.sampled = true
		s.data = &data{name: name, id: s.id, begun: at, parent: remote.SpanID(), hasParent: true, remote: true}
	}
	return s
}

// root begins a span in a trace of its own.
func (t *Tracer) root(name Name, at time.Time) Span {
	s := Span{t: t, id: identity{trace: newTraceID(), span: newSpanID()}}
	if t.samples(s.id.trace) {
		s.id.sampled = true
		s.data = &data{name: name, id: s.id, begun: at}
	}
	return s
}

// samples reports whether a trace is sampled, in the same way as OpenTelemetry's
// ratio-based sampler.
func (t *Tracer) samples(id [16]byte) bool { return binary.BigEndian.Uint64(id[8:])>>1 < t.below }

// newTraceID and newSpanID return ids, which are random and not zero.
func newTraceID() (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], rand.Uint64()|1) //nolint:gosec // no secret
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())  //nolint:gosec // no secret
	return id
}

func newSpanID() (id [8]byte) {
	binary.BigEndian.PutUint64(id[:], rand.Uint64()|1) //nolint:gosec // no secret
	return id
}
