package trace

import (
	"context"
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// queue hands spans that ended to the library's own queue, as long as there is room in that:
// the library drops what is too much, and does not say so.
type queue struct {
	sdk.SpanProcessor
	waiting atomic.Int64
	c       Config
}

func newQueue(to sdk.SpanExporter, c Config) *queue {
	q := &queue{c: c}
	q.SpanProcessor = sdk.NewBatchSpanProcessor(&exporter{SpanExporter: to, q: q}, sdk.WithMaxQueueSize(mostQueued), sdk.WithBatchTimeout(batchTime), sdk.WithExportTimeout(exportTime))
	return q
}

// OnEnd takes a span that ended.
func (q *queue) OnEnd(s sdk.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if q.waiting.Add(1) > mostQueued {
		q.waiting.Add(-1)
		q.drop(1)
		return
	}
	q.SpanProcessor.OnEnd(s)
}

// Shutdown sends what waits. What is left then was not sent.
func (q *queue) Shutdown(ctx context.Context) error {
	err := q.SpanProcessor.Shutdown(ctx)
	q.drop(int(q.waiting.Swap(0)))
	return err
}

func (q *queue) drop(n int) {
	if n > 0 && q.c.Dropped != nil {
		q.c.Dropped(n)
	}
}

// exporter counts what is sent and what is not.
type exporter struct {
	sdk.SpanExporter
	q      *queue
	failed bool // the last export; exports follow each other
}

// ExportSpans sends spans. Its error goes to who logs, not to the library.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.q.waiting.Add(-int64(len(spans)))
	switch {
	case err != nil:
		e.q.drop(len(spans))
		if !e.failed && e.q.c.Failed != nil {
			e.q.c.Failed(err)
		}
	case e.failed && e.q.c.Works != nil:
		e.q.c.Works()
	}
	e.failed = err != nil
	return nil
}
