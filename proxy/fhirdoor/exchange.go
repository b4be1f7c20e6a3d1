package fhirdoor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/mask"
)

// exchange is one request under way.
type exchange struct {
	s         *Server
	ctx       *fasthttp.RequestCtx
	requestID string
	operation string // "read Patient": never a value
	rule      string
	started   time.Time
	keys      *mask.Pseudonymizer
}

// begin starts an exchange and sets the headers that every answer has. No
// other header is set but the type, length and coding of the body.
func (s *Server) begin(ctx *fasthttp.RequestCtx) *exchange {
	x := &exchange{s: s, ctx: ctx, requestID: mask.NewRequestID(), operation: "unknown", started: time.Now()}
	h := &ctx.Response.Header
	h.Set("X-Request-Id", x.requestID)
	h.Set("X-Veil-Ruleset", s.ruleset)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return x
}

// serve answers one request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	x := s.begin(ctx)
	defer x.recover()
	if x.health() {
		return
	}
	x.keys = s.keys.Get().(*mask.Pseudonymizer)
	if p := x.route(); p != nil {
		x.refuse(p)
	}
	// Not deferred: after a panic the hash states may be in the middle of
	// something, and new ones are made instead.
	s.keys.Put(x.keys)
}

// recover answers a panic. What it was about stays here: a panic's text can
// hold a value. The log gets the functions that led to it.
func (x *exchange) recover() {
	if recover() == nil {
		return
	}
	// What panics while the panic is answered ends the connection, not the
	// process.
	defer func() {
		if recover() != nil {
			x.ctx.Response.ResetBody()
			x.ctx.SetStatusCode(500)
			x.ctx.SetConnectionClose()
		}
	}()
	x.s.log.Error("panic", "request_id", x.requestID, "door", "fhir", "operation", x.operation, "stack", stack())
	x.refuse(failed(500, models.IssueTypeException, "internal", "Veil failed to answer this request"))
}

// stack names the functions that led to a panic, without their arguments.
func stack() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(4, pc)])
	var names []string
	for {
		f, more := frames.Next()
		names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			return strings.Join(names, " ")
		}
	}
}

// malformed answers what fasthttp could not read as a request. Nothing of the
// error is repeated: it can quote the request.
func (s *Server) malformed(ctx *fasthttp.RequestCtx, err error) {
	p := refused(400, models.IssueTypeStructure, "malformed request", "the request is not valid HTTP/1.1")
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		p = refused(431, models.IssueTypeTooLong, "headers too large", "the request line and headers are too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = refused(413, models.IssueTypeTooLong, "body too large", "the request body is too large")
	case errors.As(err, &network):
		// Nothing was asked yet, so there is nothing to record.
		p = &problem{status: 408, code: models.IssueTypeTimeout, text: "the request did not come in time"}
	}
	ctx.Response.Reset()
	ctx.SetConnectionClose()
	x := s.begin(ctx)
	defer x.recover()
	x.refuse(p)
}

// commit makes the record of an exchange durable. Without it nothing is
// answered.
func (x *exchange) commit(r *mask.Record, status int) *problem {
	r.Time = x.started.UTC()
	r.DurationMicros = time.Since(x.started).Microseconds()
	// Not the request's context: what was masked is recorded even if the
	// consumer is gone.
	if err := x.s.sink.Append(context.Background(), r); err != nil {
		x.s.log.Error("audit record could not be written", "request_id", x.requestID, "door", "fhir", "operation", x.operation, "error", err)
		return &problem{status: 500, code: models.IssueTypeException, text: "the audit record could not be written, so nothing is answered"}
	}
	var count uint64
	for _, c := range r.Resources {
		count += c.N
	}
	x.s.log.Info("request", "request_id", x.requestID, "consumer", x.s.consumer, "door", "fhir", "operation", x.operation,
		"outcome", r.Result, "status", status, "reason", r.Reason, "rule", x.rule, "count", count,
		"duration_ms", time.Since(x.started).Milliseconds())
	return nil
}

// note commits an exchange in which nothing was masked. delivered is the type
// of the resource that Veil made itself, if any.
func (x *exchange) note(result, reason string, status int, delivered string) *problem {
	pass := x.s.plainPass.Get().(*mask.Pass)
	pass.Begin(x.origin())
	if delivered != "" {
		pass.CountResource(delivered)
	}
	r := pass.Record(result, reason)
	x.s.plainPass.Put(pass)
	return x.commit(r, status)
}

// refuse answers a problem and records it.
func (x *exchange) refuse(p *problem) {
	if p.result != "" {
		if failure := x.note(p.result, p.reason, p.status, ""); failure != nil {
			p = failure
		}
	}
	x.ctx.Response.ResetBody()
	x.ctx.SetStatusCode(p.status)
	x.ctx.SetContentType(fhirJSON)
	x.ctx.SetBody(p.outcome())
}

func (x *exchange) origin() mask.Origin {
	return mask.Origin{RequestID: x.requestID, Consumer: x.s.consumer, Door: "fhir", Operation: x.operation}
}
