// Package otlptest has an OpenTelemetry receiver for tests: it accepts traces and logs in
// OTLP over HTTP, and keeps what it received.
package otlptest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logpb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver accepts what is sent to TracesURL and LogsURL.
type Receiver struct {
	TracesURL, LogsURL string

	mu      sync.Mutex
	instead http.HandlerFunc
	bodies  [][]byte
	headers []http.Header
	spans   []*tracepb.Span
	logs    []*logpb.LogRecord
}

// New starts a receiver, which ends with the test.
func New(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.TracesURL, r.LogsURL = s.URL+"/v1/traces", s.URL+"/v1/logs"
	return r
}

// Instead makes a handler respond instead of the receiver; nil ends that.
func (r *Receiver) Instead(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instead = h
}

// Spans returns the received spans.
func (r *Receiver) Spans() []*tracepb.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*tracepb.Span(nil), r.spans...)
}

// Logs returns the received log records.
func (r *Receiver) Logs() []*logpb.LogRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*logpb.LogRecord(nil), r.logs...)
}

// Bodies returns the received bodies, decompressed, and the headers of their requests.
func (r *Receiver) Bodies() ([][]byte, []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.bodies...), append([]http.Header(nil), r.headers...)
}

// ServeHTTP handles a request as the specification says.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	instead := r.instead
	r.mu.Unlock()
	if instead != nil {
		instead(w, req)
		return
	}
	body, err := bodyOf(req)
	if err == nil {
		err = r.take(req, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(req.Body)
	}
	z, err := gzip.NewReader(req.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (r *Receiver) take(req *http.Request, body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.URL.Path == "/v1/logs" {
		var m logs.ExportLogsServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			return err
		}
		for _, resource := range m.ResourceLogs {
			for _, scope := range resource.ScopeLogs {
				r.logs = append(r.logs, scope.LogRecords...)
			}
		}
	} else {
		var m traces.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			return err
		}
		for _, resource := range m.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	}
	r.bodies, r.headers = append(r.bodies, body), append(r.headers, req.Header.Clone())
	return nil
}
