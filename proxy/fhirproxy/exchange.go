package fhirproxy

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/trace"
)

// exchange is one request in progress, or one entry of a batch.
type exchange struct {
	proxy.Exchange
	s    *Server
	view *view // nil until it is known who the caller is
	keys *keys.Pseudonymizer
	// credentialed: the caller sent credentials.
	credentialed bool
}

// begin starts an exchange and sets the headers that every response has.
func (s *Server) begin(ctx *fasthttp.RequestCtx) *exchange {
	x := &exchange{Exchange: s.shared.Begin(ctx.RemoteAddr()), s: s}
	h := &ctx.Response.Header
	h.Set("X-Request-Id", x.ID)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return x
}

// serve handles one request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	x := s.begin(ctx)
	defer x.recover(ctx)
	if s.health(ctx) {
		return
	}
	defer s.shared.Metrics().Begin()()
	x.Trace(trace.FHIRRequest, ctx.Request.Header.Peek("traceparent"))
	f := media.Format{}
	a, p := x.route(ctx, &f)
	if p != nil {
		a = x.refuse(p)
	}
	x.write(ctx, a, f)
	x.Release()
}

// authenticate finds who the caller is and what they may see. An attempt that fails is
// recorded here.
func (x *exchange) authenticate(ctx *fasthttp.RequestCtx) *outcome.Problem {
	r := consumer.Request{
		Authorization: peekAll(&ctx.Request.Header, "Authorization"),
		APIKey:        peekAll(&ctx.Request.Header, "X-API-Key"),
		Certificates:  peer(ctx),
	}
	who, err := x.s.shared.LogIn(ctx, ctx.RemoteAddr(), "", func() (*consumer.Consumer, error) {
		return x.Policy.Consumers().Authenticate(ctx, r)
	})
	if err != nil {
		p := x.unknown(err)
		if x.RecordLogin("unknown", p.Result, p.Reason, p.Status) != nil {
			return notRecorded()
		}
		p.Result = "" // the attempt has been recorded
		return p
	}
	if !x.Identify(who) {
		return outcome.Failed(500, models.IssueTypeException, "view", "the consumer's view is not configured")
	}
	x.view = x.View.(*view)
	x.credentialed = len(r.Authorization)+len(r.APIKey)+len(r.Certificates) > 0
	if retry, ok := x.Admit(); !ok {
		return outcome.Refused(429, models.IssueTypeThrottled, proxy.ReasonLimits, "too many requests: this consumer's limit is reached").
			With("Retry-After", strconv.Itoa(int(retry/time.Second)))
	}
	ctx.Response.Header.Set("X-Veil-Ruleset", x.view.ruleset)
	return nil
}

// unknown returns the problem if the caller could not be authenticated.
func (x *exchange) unknown(err error) *outcome.Problem {
	switch {
	case errors.Is(err, consumer.ErrUnavailable):
		return outcome.Failed(503, models.IssueTypeTransient, "credentials cannot be checked", err.Error())
	case errors.Is(err, consumer.ErrNoCredentials), errors.Is(err, consumer.ErrBadCredentials):
		return outcome.Refused(401, models.IssueTypeLogin, proxy.ReasonCredentials, err.Error()).With("WWW-Authenticate", x.Policy.Consumers().Challenge())
	}
	return outcome.Refused(429, models.IssueTypeThrottled, proxy.ReasonAttempts, consumer.ErrTooManyAttempts.Error()).With("Retry-After", "10")
}

// notRecorded is the response if the audit record could not be written.
func notRecorded() *outcome.Problem {
	return &outcome.Problem{Status: 500, Code: models.IssueTypeException, Text: "the audit record could not be written, so no response is sent"}
}

func peekAll(h *fasthttp.RequestHeader, name string) []string {
	var out []string
	for _, v := range h.PeekAll(name) {
		out = append(out, string(v))
	}
	return out
}

// peer returns the verified certificate chain of the client.
func peer(ctx *fasthttp.RequestCtx) []*x509.Certificate {
	state := ctx.TLSConnectionState()
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	return state.VerifiedChains[0]
}

// recover handles a panic. Its text is dropped, since it may contain a value. The log
// gets the functions on the stack.
func (x *exchange) recover(ctx *fasthttp.RequestCtx) {
	if recover() == nil {
		return
	}
	defer x.Release()
	// A panic while the panic is handled ends the connection, not the process.
	defer func() {
		if recover() != nil {
			ctx.Response.ResetBody()
			ctx.SetStatusCode(500)
			ctx.SetConnectionClose()
		}
	}()
	x.s.shared.Log().Error("panic", "request_id", x.ID, "door", "fhir", "operation", x.Operation, "stack", stack.OfPanic())
	ctx.Response.ResetBody() // discard what was ready
	x.write(ctx, x.refuse(outcome.Failed(500, models.IssueTypeException, "internal", "Veil failed to process this request")), media.Format{})
}

// malformed handles a request that fasthttp could not parse. The error is not repeated,
// since it may quote the request.
func (s *Server) malformed(ctx *fasthttp.RequestCtx, err error) {
	p := outcome.Refused(400, models.IssueTypeStructure, "malformed request", "the request is not valid HTTP/1.1")
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		p = outcome.Refused(431, models.IssueTypeTooLong, "headers too large", "the request line and headers are too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = outcome.Refused(413, models.IssueTypeTooLong, "body too large", "the request body is too large")
	case errors.As(err, &network):
		// Nothing was requested yet, so there is nothing to record.
		p = &outcome.Problem{Status: 408, Code: models.IssueTypeTimeout, Text: "the request did not arrive in time"}
	}
	ctx.Response.Reset()
	ctx.SetConnectionClose()
	x := s.begin(ctx)
	defer x.recover(ctx)
	x.write(ctx, x.refuse(p), media.Format{})
}

// commit makes the record of an exchange durable. Without it no response is sent.
func (x *exchange) commit(r *mask.Record, status int) *outcome.Problem {
	if x.Commit(r, status) != nil {
		return notRecorded()
	}
	return nil
}

// note commits an exchange in which nothing was masked. delivered is the type of the
// resource that Veil created itself, if any.
func (x *exchange) note(result, reason string, status int, delivered string) *outcome.Problem {
	return x.commit(x.Record(result, reason, delivered), status)
}

// refuse records a problem and returns the response for it.
func (x *exchange) refuse(p *outcome.Problem) *response {
	if p.Result != "" {
		if failure := x.note(p.Result, p.Reason, p.Status, ""); failure != nil {
			p = failure
		}
	}
	return &response{status: p.Status, body: p.Resource(), header: p.Header, close: p.Close}
}

// mayRead refuses types that the consumer's scopes do not grant.
func (x *exchange) mayRead(typ string) *outcome.Problem {
	if x.Who.Scopes.MayRead(typ) {
		return nil
	}
	return outOfScope(typ, "read")
}

func (x *exchange) maySearch(typ string) *outcome.Problem {
	if x.Who.Scopes.MaySearch(typ) {
		return nil
	}
	return outOfScope(typ, "search")
}

func outOfScope(typ, what string) *outcome.Problem {
	return outcome.Refused(403, models.IssueTypeForbidden, "scope", fmt.Sprintf("the consumer's scopes do not grant to %s resources of type %s", what, typ))
}

// delivers refuses a response that contains types that the scopes do not grant.
func (x *exchange) delivers(r *mask.Record) *outcome.Problem {
	if x.Who.Scopes == nil {
		return nil
	}
	for _, c := range r.Resources {
		if c.Name == "Bundle" {
			continue
		}
		if p := x.mayRead(c.Name); p != nil {
			return p
		}
	}
	return nil
}

// write turns what a handler returned into the response, in the format that was requested.
func (x *exchange) write(ctx *fasthttp.RequestCtx, a *response, f media.Format) {
	defer func() {
		x.s.shared.Responded(x.Operation, ctx.Response.StatusCode(), time.Since(x.Started))
		if a.stream == nil {
			x.Span.End() // that of a stream ends with it
		}
	}()
	if p := x.respond(ctx, a, f); p != nil {
		_ = x.respond(ctx, &response{status: p.Status, body: p.Resource(), header: p.Header}, f)
	}
}

// Render writes a resource in a format.
func (x *exchange) render(body []byte, f media.Format) (out []byte, contentType string, ok bool) {
	if !f.XML {
		return f.Render(body, nil)
	}
	x.s.up.Convert(func(c *upstream.Converter) { out, contentType, ok = f.Render(body, c.Writer) })
	return out, contentType, ok
}

// respond fills in the response, or returns a problem if it is large and there is no room
// for it.
func (x *exchange) respond(ctx *fasthttp.RequestCtx, a *response, f media.Format) *outcome.Problem {
	for _, h := range a.header {
		ctx.Response.Header.Set(h.Name, h.Value)
	}
	if a.close {
		ctx.SetConnectionClose()
	}
	ctx.SetStatusCode(a.status)
	if a.stream != nil {
		ctx.SetContentType(a.contentType)
		a.stream.conn, a.stream.done = ctx.Conn(), x.TakeRelease()
		if ctx.Request.Header.HasAcceptEncoding("gzip") {
			a.stream.packed = true
			ctx.Response.Header.SetContentEncoding("gzip")
			ctx.Response.Header.Add("Vary", "Accept-Encoding")
		}
		ctx.Response.SetBodyStream(a.stream, -1)
		return nil
	}
	if len(a.body) == 0 {
		return nil
	}
	body, contentType, ok := a.body, a.contentType, true
	if contentType == "" {
		body, contentType, ok = x.render(a.body, f)
	}
	if !ok {
		x.s.shared.Log().Error("the response could not be written in the format", "request_id", x.ID, "door", "fhir", "operation", x.Operation)
		ctx.SetStatusCode(500)
		body, contentType, _ = media.Format{}.Render((&outcome.Problem{Status: 500, Code: models.IssueTypeException, Text: "the response could not be written in the requested format"}).Resource(), nil)
	}
	ctx.SetContentType(contentType)
	if len(body) <= largestKept && cap(body) > largestKept {
		body = bytes.Clone(body) // a small response does not count as a large one, even in a large buffer
	}
	if cap(body) <= largestKept {
		ctx.Response.SwapBody(body)
		return nil
	}
	return x.send(ctx, body)
}
