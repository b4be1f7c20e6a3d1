package trace

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Name is the name of a span.
type Name string

// The names of spans.
const (
	FHIRRequest Name = "fhir request"
	BatchEntry  Name = "fhir batch entry"
	Session     Name = "postgres session"
	Statement   Name = "postgres statement"
	Analysis    Name = "analysis"
	Upstream    Name = "upstream"
	Mask        Name = "mask"
	Stream      Name = "stream"
	Rows        Name = "rows"
	Audit       Name = "audit log"
)

var kinds = map[Name]trace.SpanKind{FHIRRequest: trace.SpanKindServer, Session: trace.SpanKindServer, Statement: trace.SpanKindServer, Upstream: trace.SpanKindClient}

// Span is something that takes time. The zero Span does nothing.
type Span struct {
	t    *Tracer
	span trace.Span
}

// Traced reports whether there is a tracer, be the span sampled or not.
func (s Span) Traced() bool { return s.t != nil }

// Recording reports whether the span will be sent.
func (s Span) Recording() bool { return s.span != nil && s.span.IsRecording() }

// Child begins a span within this one.
func (s Span) Child(name Name) Span { return s.ChildAt(name, time.Now()) }

// ChildAt begins a span within this one at a time that has passed.
func (s Span) ChildAt(name Name, at time.Time) Span {
	if !s.Recording() {
		return Span{span: s.span} // for Parent
	}
	_, span := s.t.tracer.Start(trace.ContextWithSpan(context.Background(), s.span), string(name), trace.WithTimestamp(at), trace.WithSpanKind(kinds[name]))
	return Span{s.t, span}
}

// Beside begins a trace of its own that refers to this span.
func (s Span) Beside(name Name, at time.Time) Span {
	if s.t == nil {
		return Span{}
	}
	_, span := s.t.tracer.Start(context.Background(), string(name), trace.WithTimestamp(at), trace.WithSpanKind(kinds[name]),
		trace.WithLinks(trace.Link{SpanContext: s.span.SpanContext()}))
	return Span{s.t, span}
}

// Parent is the span as a traceparent header; empty for the zero Span.
func (s Span) Parent() string {
	if s.span == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	w3c.Inject(trace.ContextWithSpan(context.Background(), s.span), carrier)
	return carrier[header]
}

// End ends the span.
func (s Span) End() {
	if s.t != nil {
		s.span.End()
	}
}

// EndAt ends the span at a time that has passed.
func (s Span) EndAt(at time.Time) {
	if s.t != nil {
		s.span.End(trace.WithTimestamp(at))
	}
}

// Facts are all that a span says of what it stands for. Empty ones are left out.
type Facts struct {
	// View is the name of a view, and Ruleset the SHA-256 of its ruleset.
	View, Ruleset string
	// Operation is such as "read Patient" or "select", Outcome and Reason are those of an
	// audit record.
	Operation, Outcome, Reason string
	// Status is that of an HTTP response.
	Status int
	// Resources and Applications count resources or rows, and applications of rules.
	Resources, Applications uint64
}

// Describe says what the span stood for.
func (s Span) Describe(f Facts) {
	if !s.Recording() {
		return
	}
	attributes := make([]attribute.KeyValue, 0, 8)
	word := func(key, value string) {
		if value != "" {
			attributes = append(attributes, attribute.String(key, fixed(value)))
		}
	}
	count := func(key string, n uint64) {
		if n > 0 {
			attributes = append(attributes, attribute.Int64(key, int64(n)))
		}
	}
	operation, typ, _ := strings.Cut(f.Operation, " ")
	word("veil.operation", operation)
	word("veil.resource.type", typ)
	word("veil.outcome", f.Outcome)
	word("veil.reason", f.Reason)
	word("veil.view", f.View)
	word("veil.ruleset.sha256", f.Ruleset)
	count("http.response.status_code", uint64(max(f.Status, 0)))
	count("veil.resources", f.Resources)
	count("veil.applications", f.Applications)
	s.span.SetAttributes(attributes...)
}

// longest bounds a word.
const longest = 128

// fixed returns a text that can be words of the code or a name that an operator gave, and
// "other" for any other.
func fixed(s string) string {
	if len(s) > longest || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $._@-,/()") != "" {
		return "other"
	}
	return s
}
