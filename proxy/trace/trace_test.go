package trace

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/veil-proxy/veil/internal/otlptest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/trace/collector"
)

func tracer(t *testing.T, to *otlptest.Receiver, headers map[string]string, c Config) *Tracer {
	t.Helper()
	tr, err := New(t.Context(), c, collector.New(to.TracesURL, headers, nil))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func names(spans []*tracepb.Span) map[string]*tracepb.Span {
	out := map[string]*tracepb.Span{}
	for _, s := range spans {
		out[s.Name] = s
	}
	return out
}

// TestSpans: they arrive in the client's trace, within each other, with headers and what
// was said of them.
func TestSpans(t *testing.T) {
	t.Parallel()
	r := otlptest.New(t)
	tr := tracer(t, r, map[string]string{"X-Key": "k"}, Config{SampleRatio: 1, Version: "v9"})
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	request := tr.Begin(FHIRRequest, time.Now(), []byte("00-"+id+"-00f067aa0ba902b7-01"))
	upstream := request.Child(Upstream)
	if parent := upstream.Parent(); !strings.HasPrefix(parent, "00-"+id+"-") || !strings.HasSuffix(parent, "-01") || strings.Contains(parent, "00f067aa0ba902b7") {
		t.Errorf("the upstream gets %q", parent)
	}
	upstream.Describe(Facts{Status: 200})
	upstream.End()
	request.Describe(Facts{Operation: "read Patient", View: "trial", Outcome: "refused", Reason: "a \"value\"", Resources: 3})
	request.End()
	tr.Shutdown(t.Context())
	got := names(r.Spans())
	parent, child := got["fhir request"], got["upstream"]
	if parent == nil || child == nil || hex.EncodeToString(parent.TraceId) != id || string(child.ParentSpanId) != string(parent.SpanId) ||
		parent.Kind != tracepb.Span_SPAN_KIND_SERVER || child.Kind != tracepb.Span_SPAN_KIND_CLIENT {
		t.Fatalf("got %v", got)
	}
	if text := parent.String(); !strings.Contains(text, `"Patient"`) || !strings.Contains(text, `"trial"`) || !strings.Contains(text, "int_value:3") || strings.Contains(text, "value\\\"") {
		t.Errorf("attributes: %s", text)
	}
	if _, headers := r.Bodies(); headers[0].Get("X-Key") != "k" {
		t.Errorf("headers: %v", headers)
	}
}

// TestSpansAsTheyAreSent: what is written by hand is what the library reads and would write, in
// the protobuf form whatever the environment says.
func TestSpansAsTheyAreSent(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	r := otlptest.New(t)
	tr := tracer(t, r, nil, Config{SampleRatio: 1})
	begun := time.Unix(1_700_000_000, 5)
	session := tr.Begin(Session, begun, []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
	statement := session.Beside(Statement, begun)
	statement.ChildAt(Rows, begun).EndAt(begun.Add(time.Second))
	statement.Describe(Facts{Operation: "select", Outcome: "started", View: "trial"})
	statement.Describe(Facts{
		Outcome: "complete", Reason: strings.Repeat("é", 9), View: strings.Repeat("v", longest), Ruleset: strings.Repeat("a", 64), Status: 200,
		Resources: 1 << 60, Applications: 129,
	})
	statement.EndAt(begun.Add(time.Minute))
	statement.EndAt(begun.Add(time.Hour)) // it has ended
	session.EndAt(begun)
	tr.Shutdown(t.Context())
	spans := names(r.Spans())
	if len(r.Spans()) != 3 || len(spans) != 3 {
		t.Fatalf("got %v", r.Spans())
	}
	outer, got, rows := spans["postgres session"], spans["postgres statement"], spans["rows"]
	text := func(key, value string) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
	}
	number := func(key string, n int64) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}}
	}
	at := uint64(begun.UnixNano()) //nolint:gosec // positive
	for _, c := range []struct{ got, want *tracepb.Span }{
		{got, &tracepb.Span{
			TraceId: got.TraceId, SpanId: got.SpanId, Name: "postgres statement", Kind: tracepb.Span_SPAN_KIND_SERVER, Flags: 0x101,
			StartTimeUnixNano: at, EndTimeUnixNano: at + 60_000_000_000,
			Attributes: []*commonpb.KeyValue{
				text("veil.operation", "select"), text("veil.outcome", "complete"), text("veil.reason", "other"), text("veil.view", strings.Repeat("v", longest)),
				text("veil.ruleset.sha256", strings.Repeat("a", 64)), number("http.response.status_code", 200), number("veil.resources", 1<<60), number("veil.applications", 129),
			},
			Links: []*tracepb.Span_Link{{TraceId: outer.TraceId, SpanId: outer.SpanId, Flags: 0x101}},
		}},
		{rows, &tracepb.Span{
			TraceId: got.TraceId, SpanId: rows.SpanId, ParentSpanId: got.SpanId, Name: "rows", Kind: tracepb.Span_SPAN_KIND_INTERNAL, Flags: 0x101,
			StartTimeUnixNano: at, EndTimeUnixNano: at + 1_000_000_000,
		}},
		{outer, &tracepb.Span{
			TraceId: outer.TraceId, SpanId: outer.SpanId, ParentSpanId: []byte{0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}, Name: "postgres session",
			Kind: tracepb.Span_SPAN_KIND_SERVER, Flags: 0x301, StartTimeUnixNano: at, EndTimeUnixNano: at,
		}},
	} {
		if !proto.Equal(c.got, c.want) {
			t.Errorf("got  %v\nwant %v", c.got, c.want)
		}
	}
	if len(got.TraceId) != 16 || len(got.SpanId) != 8 || string(got.TraceId) == string(outer.TraceId) {
		t.Errorf("ids: %x %x", got.TraceId, got.SpanId)
	}
}

// TestUnsampledAllocatesNothing: what is not sampled costs next to nothing.
func TestUnsampledAllocatesNothing(t *testing.T) {
	r := otlptest.New(t)
	tr := tracer(t, r, nil, Config{})
	at := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		s := tr.Begin(FHIRRequest, at, nil)
		c := s.Child(Upstream)
		c.Describe(Facts{Status: 200})
		c.End()
		s.Describe(Facts{Operation: "read Patient"})
		s.End()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	tr.Shutdown(t.Context())
}

// BenchmarkRequest is a request as the FHIR listener traces it, with what sending it costs.
func BenchmarkRequest(b *testing.B) {
	for _, ratio := range []float64{0, 0.1, 1} {
		b.Run(fmt.Sprint(ratio), func(b *testing.B) {
			r := otlptest.New(b)
			r.Instead(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
			tr, err := New(b.Context(), Config{SampleRatio: ratio}, collector.New(r.TracesURL, nil, nil))
			if err != nil {
				b.Fatal(err)
			}
			sum := strings.Repeat("a", 64)
			b.ReportAllocs()
			cpu := veiltest.CPU(b)
			for b.Loop() {
				at := time.Now()
				s := tr.Begin(FHIRRequest, at, nil)
				up := s.Child(Upstream)
				_ = up.Parent()
				up.Describe(Facts{Status: 200})
				up.End()
				s.Child(Mask).End()
				s.ChildAt(Audit, at).End()
				s.Describe(Facts{View: "trial", Ruleset: sum, Operation: "search Observation", Outcome: "complete", Status: 200, Resources: 20, Applications: 900})
				s.End()
			}
			tr.Shutdown(b.Context())
			b.ReportMetric(float64((veiltest.CPU(b)-cpu).Nanoseconds())/float64(b.N), "cpu-ns")
		})
	}
}

// TestSampling: a client can have its trace left out, and not more sampled than the
// operator wants; a malformed traceparent begins a new trace.
func TestSampling(t *testing.T) {
	t.Parallel()
	r := otlptest.New(t)
	all, none := tracer(t, r, nil, Config{SampleRatio: 1}), tracer(t, r, nil, Config{})
	for _, tc := range []struct {
		tr     *Tracer
		parent string
		want   bool
	}{
		{all, "", true}, {none, "", false},
		{all, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false},
		{none, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
		{all, "00-PLANTED-x-01", true}, {all, strings.Repeat("x", 9000), true},
	} {
		s := tc.tr.Begin(FHIRRequest, time.Now(), []byte(tc.parent))
		if s.Recording() != tc.want || s.Child(Mask).Recording() != tc.want || s.Parent() == "" || strings.Contains(s.Parent(), "PLANTED") {
			t.Errorf("%q: recording is %t, parent %s", tc.parent, s.Recording(), s.Parent())
		}
		s.End()
	}
	all.Shutdown(t.Context())
	none.Shutdown(t.Context())
}

// TestCollectorThatHangs: whoever ends a span does not wait, what is too much is dropped,
// and every span is either taken or counted.
func TestCollectorThatHangs(t *testing.T) {
	t.Parallel()
	r := otlptest.New(t)
	hold := make(chan struct{})
	r.Instead(func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		http.Error(w, "PLANTED", http.StatusBadRequest)
	})
	var dropped, failed, works atomic.Int64
	tr := tracer(t, r, nil, Config{SampleRatio: 1, Dropped: func(n int) { dropped.Add(int64(n)) },
		Failed: func(error) { failed.Add(1) }, Works: func() { works.Add(1) }})
	const ended = 3 * mostQueued
	for range ended {
		tr.Begin(Statement, time.Now(), nil).End()
	}
	if n := dropped.Load(); n < ended-mostQueued {
		t.Errorf("%d dropped of %d, though %d have room", n, ended, mostQueued)
	}
	r.Instead(nil)
	close(hold)
	tr.Shutdown(t.Context())
	if taken := int64(len(r.Spans())); taken+dropped.Load() != ended || failed.Load() > 1 {
		t.Errorf("%d taken and %d dropped of %d, failed %d", taken, dropped.Load(), ended, failed.Load())
	}
	if failed.Load() != works.Load() {
		t.Errorf("failed %d times, and works again %d times", failed.Load(), works.Load())
	}
}

// TestOffCostsNothing: without a tracer nothing is allocated.
func TestOffCostsNothing(t *testing.T) {
	var tr *Tracer
	header := []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	at := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		s := tr.Begin(FHIRRequest, at, header)
		c := s.Child(Upstream)
		if c.Parent() != "" || c.Recording() || s.Traced() {
			t.Error("a span without a tracer")
		}
		c.Describe(Facts{Operation: "read Patient"})
		c.End()
		s.Beside(Statement, at).EndAt(at)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	tr.Shutdown(t.Context())
}
