// Package trace makes OpenTelemetry spans of what the listeners do and sends them to a
// collector.
//
//	t, err := trace.New(ctx, trace.Config{Endpoint: "http://collector:4318/v1/traces", …})
//	span := t.Begin(trace.FHIRRequest, time.Now(), traceparent)
//	upstream := span.Child(trace.Upstream)
//	upstream.End()
//	span.Describe(trace.Facts{Operation: "read Patient", Status: 200})
//	span.End()
//
// Invariants: a span has a name of this package and the attributes of Facts, which are words
// of the code, names that the operator gave, and counts; no path, statement, parameter or
// error text, and nothing else of a client but the id of its trace. A span that ends waits
// for nobody: what the collector does not take in time is dropped and counted. The methods of
// a nil Tracer and of a zero Span do nothing, so that a listener without traces needs no care.
//
// Not known here: what a listener does, and what its words mean.
package trace

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config says where spans go.
type Config struct {
	// Endpoint is the URL of a collector's OTLP receiver over HTTP, such as
	// http://localhost:4318/v1/traces.
	Endpoint string
	// Headers are sent with each request to it.
	Headers map[string]string
	// TLS is for an endpoint of https; the system's roots when it is nil.
	TLS *tls.Config
	// SampleRatio is how many of the traces are sampled, from 0 to 1. It holds for traces
	// that a client began, too: one that the client does not sample is not sampled.
	SampleRatio float64
	// Version is that of the build.
	Version string
	// Dropped counts spans that the collector did not take; nil counts nothing.
	Dropped func(spans int)
	// Failed hears of the first of several exports that fail, and Works of the first one
	// after that which does not; nil for nobody.
	Failed func(error)
	Works  func()
}

// Tracer makes spans. It may be used concurrently.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

const (
	// mostQueued is how many spans wait for the collector.
	mostQueued = 4096
	// exportTime bounds a request to the collector, with what is tried again.
	exportTime = 10 * time.Second
	// batchTime is how long a span waits for others.
	batchTime = time.Second
)

// New returns a tracer. It makes no connection.
func New(ctx context.Context, c Config) (*Tracer, error) {
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(c.Endpoint), otlptracehttp.WithHeaders(c.Headers), otlptracehttp.WithTimeout(exportTime),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: exportTime}),
	}
	if c.TLS != nil && strings.HasPrefix(c.Endpoint, "https:") {
		options = append(options, otlptracehttp.WithTLSClientConfig(c.TLS))
	}
	to, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the exporter of traces cannot be made: %w", err)
	}
	// The library has one place for errors, whose texts can quote a collector.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	q := newQueue(to, c)
	provider := sdk.NewTracerProvider(
		sdk.WithSpanProcessor(q),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "veil"), attribute.String("service.version", c.Version))),
		sdk.WithSampler(sampler(c.SampleRatio)),
	)
	return &Tracer{provider, provider.Tracer("github.com/veil-proxy/veil")}, nil
}

// sampler keeps to a client that does not sample its trace, and lets none have more sampled
// than the operator wants.
func sampler(ratio float64) sdk.Sampler {
	some := sdk.TraceIDRatioBased(ratio)
	return sdk.ParentBased(some, sdk.WithRemoteParentSampled(some))
}

// Shutdown sends what is queued as long as the context lasts, and ends the tracer.
func (t *Tracer) Shutdown(ctx context.Context) {
	if t != nil {
		_ = t.provider.Shutdown(ctx) // what was not sent is counted
	}
}

// header is how a trace is named between services (W3C Trace Context). Its second header is
// not passed on: a client can write what it likes there.
const header = "traceparent"

var w3c propagation.TraceContext

// Begin begins the first span of Veil in a trace: in that of the client, if traceparent
// names one.
func (t *Tracer) Begin(name Name, at time.Time, traceparent []byte) Span {
	if t == nil {
		return Span{}
	}
	ctx := context.Background()
	if len(traceparent) > 0 {
		ctx = w3c.Extract(ctx, propagation.MapCarrier{header: string(traceparent)})
	}
	_, span := t.tracer.Start(ctx, string(name), trace.WithTimestamp(at), trace.WithSpanKind(kinds[name]))
	return Span{t, span}
}
