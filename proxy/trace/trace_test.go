package trace

import (
	"encoding/hex"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/veil-proxy/veil/internal/otlptest"
)

func tracer(t *testing.T, c Config) *Tracer {
	t.Helper()
	tr, err := New(t.Context(), c)
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
	tr := tracer(t, Config{Endpoint: r.TracesURL, SampleRatio: 1, Version: "v9", Headers: map[string]string{"X-Key": "k"}})
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

// TestSampling: a client can have its trace left out, and not more sampled than the
// operator wants; a malformed traceparent begins a new trace.
func TestSampling(t *testing.T) {
	t.Parallel()
	r := otlptest.New(t)
	all, none := tracer(t, Config{Endpoint: r.TracesURL, SampleRatio: 1}), tracer(t, Config{Endpoint: r.TracesURL})
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
	tr := tracer(t, Config{Endpoint: r.TracesURL, SampleRatio: 1, Dropped: func(n int) { dropped.Add(int64(n)) },
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
