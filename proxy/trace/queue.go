package trace

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// queue has the encoded spans that have ended: whoever ends a span writes it there, and
// one goroutine sends batches. What the collector does not accept in time is dropped and
// counted.
type queue struct {
	c        Config
	to       otlptrace.Client
	resource *resourcepb.Resource
	ready    chan struct{} // a batch is full
	end      chan struct{} // send what is left
	done     chan struct{} // nothing more is sent
	cancel   context.CancelFunc

	mu      sync.Mutex
	batches []batch // the last one may not be full
	waiting int     // spans in them, and in the one that is being sent
	spare   []byte
	ended   bool

	failed bool // the last export, of the goroutine
}

// batch is spans, each a field of a ScopeSpans message.
type batch struct {
	text  []byte
	spans int
}

func newQueue(to otlptrace.Client, c Config) *queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &queue{c: c, to: to, resource: resourceOf(c.Version), ready: make(chan struct{}, 1), end: make(chan struct{}), done: make(chan struct{}), cancel: cancel}
	go q.run(ctx)
	return q
}

func resourceOf(version string) *resourcepb.Resource {
	text := func(key, value string) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
	}
	return &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("service.name", "veil"), text("service.version", version)}}
}

// add queues a span.
func (q *queue) add(d *data) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || q.waiting == mostQueued {
		q.drop(1)
		return
	}
	n := len(q.batches) - 1
	if n < 0 || q.batches[n].spans == batchSpans {
		q.batches = append(q.batches, batch{text: q.spare[:0]})
		q.spare = nil
		n++
	}
	b := &q.batches[n]
	b.text = d.append(b.text)
	b.spans++
	q.waiting++
	if b.spans == batchSpans {
		select {
		case q.ready <- struct{}{}:
		default:
		}
	}
}

func (q *queue) drop(n int) {
	if n > 0 && q.c.Dropped != nil {
		q.c.Dropped(n)
	}
}

// run sends batches: full ones at once, and everything every batchTime.
func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	tick := time.NewTicker(batchTime)
	defer tick.Stop()
	for {
		all := false
		select {
		case <-q.ready:
		case <-tick.C:
			all = true
		case <-q.end:
			q.send(ctx, true)
			return
		}
		q.send(ctx, all)
	}
}

// send sends batches until none is left, or only one that is not full.
func (q *queue) send(ctx context.Context, all bool) {
	for ctx.Err() == nil {
		q.mu.Lock()
		var b batch
		if len(q.batches) > 0 && (all || q.batches[0].spans == batchSpans) {
			b, q.batches = q.batches[0], q.batches[1:]
		}
		q.mu.Unlock()
		if b.spans == 0 {
			return
		}
		q.export(ctx, b)
	}
}

// export sends a batch. The spans are already encoded, so the message contains them as
// unknown fields, which gives the same bytes.
func (q *queue) export(ctx context.Context, b batch) {
	spans := &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: scope}}
	spans.ProtoReflect().SetUnknown(b.text)
	ctx, cancel := context.WithTimeout(ctx, exportTime)
	defer cancel()
	err := q.to.UploadTraces(ctx, []*tracepb.ResourceSpans{{Resource: q.resource, ScopeSpans: []*tracepb.ScopeSpans{spans}}})
	q.mu.Lock()
	q.waiting -= b.spans
	q.spare = b.text
	q.mu.Unlock()
	switch {
	case err != nil:
		q.drop(b.spans)
		if !q.failed && q.c.Failed != nil {
			q.c.Failed(fmt.Errorf("traces export: %w", err))
		}
	case q.failed && q.c.Works != nil:
		q.c.Works()
	}
	q.failed = err != nil
}

// shutdown sends what is queued until the context ends. The rest is dropped.
func (q *queue) shutdown(ctx context.Context) {
	q.mu.Lock()
	ended := q.ended
	q.ended = true
	q.mu.Unlock()
	if !ended {
		close(q.end)
	}
	stop := context.AfterFunc(ctx, q.cancel)
	<-q.done
	stop()
	q.cancel()
	_ = q.to.Stop(ctx) // nothing is being sent
	q.mu.Lock()
	defer q.mu.Unlock()
	left := 0
	for _, b := range q.batches {
		left += b.spans
	}
	q.batches = nil
	q.drop(left)
}
