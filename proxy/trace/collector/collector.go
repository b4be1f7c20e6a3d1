// Package collector sends spans to an OpenTelemetry collector over HTTP. It is separate from
// package trace, so that programs that only make spans do not link the exporter and its
// dependencies.
//
// Not known here: what a span says.
package collector

import (
	"crypto/tls"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

// exportTime bounds a request to the collector, including retries.
const exportTime = 10 * time.Second

// New returns a client of the collector's OTLP receiver at the endpoint, such as
// http://localhost:4318/v1/traces, that sends the headers with each request. If the TLS
// configuration is nil, an https endpoint is verified against the system's roots.
func New(endpoint string, headers map[string]string, config *tls.Config) otlptrace.Client {
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(endpoint), otlptracehttp.WithHeaders(headers), otlptracehttp.WithTimeout(exportTime),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: exportTime}),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf), // the encoding of spans, regardless of the environment
	}
	if config != nil && strings.HasPrefix(endpoint, "https:") {
		options = append(options, otlptracehttp.WithTLSClientConfig(config))
	}
	// The library has one global error handler, and error texts may quote a collector.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	return otlptracehttp.NewClient(options...)
}
