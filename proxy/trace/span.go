package trace

import (
	"cmp"
	"encoding/hex"
	"sync"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
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

func kindOf(n Name) tracepb.Span_SpanKind {
	switch n {
	case FHIRRequest, Session, Statement:
		return tracepb.Span_SPAN_KIND_SERVER
	case Upstream:
		return tracepb.Span_SPAN_KIND_CLIENT
	}
	return tracepb.Span_SPAN_KIND_INTERNAL
}

// Span is a timed operation. The zero Span does nothing. A Span that is not sampled has
// only its id.
type Span struct {
	t    *Tracer
	id   identity
	data *data // nil: it is not sampled
}

// identity identifies a span and its trace.
type identity struct {
	trace   [16]byte
	span    [8]byte
	sampled bool
}

// data is the part of a span that is sent.
type data struct {
	name      Name
	id        identity
	parent    [8]byte
	hasParent bool
	remote    bool     // the parent is another process's
	linked    bool     // it refers to link
	link      identity // of another trace

	mu       sync.Mutex
	begun    time.Time
	ended    time.Time
	hasEnded bool
	facts    Facts
}

// Traced reports whether there is a tracer, whether or not the span is sampled.
func (s Span) Traced() bool { return s.t != nil }

// Recording reports whether the span will be sent.
func (s Span) Recording() bool {
	if s.data == nil {
		return false
	}
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	return !s.data.hasEnded
}

// Child begins a span within this one.
func (s Span) Child(name Name) Span {
	if s.data == nil {
		return Span{id: s.id} // for Parent
	}
	return s.ChildAt(name, time.Now())
}

// ChildAt begins a span within this one at a past time.
func (s Span) ChildAt(name Name, at time.Time) Span {
	if !s.Recording() {
		return Span{id: s.id} // for Parent
	}
	c := Span{s.t, identity{s.id.trace, newSpanID(), true}, nil}
	c.data = &data{name: name, id: c.id, parent: s.id.span, hasParent: true, begun: at}
	return c
}

// Beside begins a trace of its own that refers to this span.
func (s Span) Beside(name Name, at time.Time) Span {
	if s.t == nil {
		return Span{}
	}
	b := s.t.root(name, at)
	if b.data != nil {
		b.data.link, b.data.linked = s.id, true
	}
	return b
}

// Parent returns the span as a traceparent header, or nothing for the zero Span.
func (s Span) Parent() string {
	if s.id == (identity{}) {
		return ""
	}
	text := append(make([]byte, 0, 55), "00-"...)
	text = append(hex.AppendEncode(text, s.id.trace[:]), '-')
	text = append(hex.AppendEncode(text, s.id.span[:]), "-00"...)
	if s.id.sampled {
		text[len(text)-1] = '1'
	}
	return string(text)
}

// End ends the span.
func (s Span) End() {
	if s.data != nil {
		s.EndAt(time.Now())
	}
}

// EndAt ends the span at a past time.
func (s Span) EndAt(at time.Time) {
	if s.data == nil {
		return
	}
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	if s.data.hasEnded {
		return
	}
	s.data.hasEnded, s.data.ended = true, at
	s.t.queue.add(s.data)
}

// Facts are all that a span says about its operation. Empty ones are omitted.
type Facts struct {
	// View is the name of a view, and Ruleset the SHA-256 of its ruleset.
	View, Ruleset string
	// Operation is, for example, "read Patient" or "select". Outcome and Reason are as in
	// an audit record.
	Operation, Outcome, Reason string
	// Status is the status of an HTTP response.
	Status int
	// Resources and Applications count resources or rows, and applications of rules.
	Resources, Applications uint64
}

// Describe sets the facts of the span. Empty ones keep their previous values.
func (s Span) Describe(f Facts) {
	if s.data == nil {
		return
	}
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	was := &s.data.facts
	*was = Facts{
		View: cmp.Or(f.View, was.View), Ruleset: cmp.Or(f.Ruleset, was.Ruleset), Operation: cmp.Or(f.Operation, was.Operation),
		Outcome: cmp.Or(f.Outcome, was.Outcome), Reason: cmp.Or(f.Reason, was.Reason), Status: cmp.Or(max(f.Status, 0), was.Status),
		Resources: cmp.Or(f.Resources, was.Resources), Applications: cmp.Or(f.Applications, was.Applications),
	}
}
