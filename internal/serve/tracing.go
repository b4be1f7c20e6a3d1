package serve

import (
	"context"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/trace"
	"github.com/veil-proxy/veil/proxy/trace/collector"
)

// lastSpans bounds the time for sending the last spans when the process stops.
const lastSpans = 2 * time.Second

func (s *Server) openTracing(ctx context.Context, p *config.Prepared) (err error) {
	if p.Tracing == nil {
		return nil
	}
	to := p.Tracing
	c := trace.Config{
		SampleRatio: to.SampleRatio,
		Version:     s.options.Version,
		Dropped:     s.metrics.Counter("veil_trace_dropped_spans_total"),
		Failed: func(err error) {
			s.log.Warn("traces cannot be sent and are dropped", "reason", proxy.Cause(err))
		},
		Works: func() { s.log.Info("traces are sent again") },
	}
	if s.tracer, err = trace.New(ctx, c, collector.New(to.Endpoint, to.Headers, to.TLS)); err == nil {
		s.log.Info("tracing", "endpoint", to.Endpoint, "ratio", to.SampleRatio)
	}
	return err
}

func (s *Server) closeTracing() {
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	s.tracer.Shutdown(ctx)
}
