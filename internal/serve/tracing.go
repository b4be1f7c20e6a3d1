package serve

import (
	"context"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/trace"
	"github.com/veil-proxy/veil/proxy/trace/collector"
)

// lastSpans is how long the last spans have to reach the collector when the process stops.
const lastSpans = 2 * time.Second

func (s *Server) openTracing(ctx context.Context, p *config.Prepared) (err error) {
	if p.Tracing == nil {
		return nil
	}
	c := *p.Tracing
	c.Version = s.options.Version
	c.Dropped = s.metrics.Counter("veil_trace_dropped_spans_total")
	c.Failed = func(err error) {
		s.log.Warn("traces cannot be sent, and are dropped until they can", "reason", proxy.Cause(err))
	}
	c.Works = func() { s.log.Info("traces are sent again") }
	if s.tracer, err = trace.New(ctx, c, collector.New(c.Endpoint, c.Headers, c.TLS)); err == nil {
		s.log.Info("tracing", "endpoint", c.Endpoint, "ratio", c.SampleRatio)
	}
	return err
}

func (s *Server) closeTracing() {
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	s.tracer.Shutdown(ctx)
}
