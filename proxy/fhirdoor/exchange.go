package fhirdoor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

const fhirJSON = "application/fhir+json; charset=utf-8"

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

// serve answers one request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	x := &exchange{s: s, ctx: ctx, requestID: mask.NewRequestID(), operation: "unknown", started: time.Now()}
	defer x.recover()
	x.keys = s.keys.Get().(*mask.Pseudonymizer)
	defer s.keys.Put(x.keys)
	h := &ctx.Response.Header
	h.Set("X-Request-Id", x.requestID)
	h.Set("X-Veil-Ruleset", s.ruleset)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	switch string(ctx.Request.Header.RequestURI()) {
	case "/healthz":
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("ok\n")
		return
	case "/readyz":
		x.readyz()
		return
	}
	if p := x.route(); p != nil {
		x.refuse(p)
	}
}

// recover answers a panic. What it was about stays here: a panic's text can
// hold a value. The log gets the functions that led to it.
func (x *exchange) recover() {
	if recover() == nil {
		return
	}
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	var stack []string
	for {
		f, more := frames.Next()
		stack = append(stack, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			break
		}
	}
	x.s.log.Error("panic", "request_id", x.requestID, "operation", x.operation, "stack", strings.Join(stack, " "))
	x.refuse(failed(500, models.IssueTypeException, "internal", "Veil failed to answer this request"))
}

// malformed answers what fasthttp could not read as a request.
func (s *Server) malformed(ctx *fasthttp.RequestCtx, err error) {
	p := refused(400, models.IssueTypeStructure, "malformed request", "the request is not valid HTTP/1.1")
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		p = refused(431, models.IssueTypeTooLong, "headers too large", "the request line and headers are too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = refused(413, models.IssueTypeTooLong, "body too large", "the request body is too large")
	}
	ctx.Response.Reset()
	x := &exchange{s: s, ctx: ctx, requestID: mask.NewRequestID(), operation: "unknown", started: time.Now()}
	ctx.Response.Header.Set("X-Request-Id", x.requestID)
	x.refuse(p)
	ctx.SetConnectionClose()
}

// route takes the request apart and answers it, or says why not.
func (x *exchange) route() *problem {
	req := &x.ctx.Request
	if p := checkFraming(&req.Header); p != nil {
		x.ctx.SetConnectionClose()
		return p
	}
	isForm := x.ctx.IsPost() && bytes.HasSuffix(pathOf(req.Header.RequestURI()), []byte("/_search"))
	if !x.ctx.IsGet() && !x.ctx.IsHead() && !isForm {
		x.operation = "write"
		x.ctx.Response.Header.Set("Allow", "GET, HEAD")
		return refused(405, models.IssueTypeNotSupported, "method not allowed",
			"this server is read-only: GET and HEAD are allowed, and POST to [type]/_search")
	}
	if !isForm && len(req.Body()) > 0 {
		x.ctx.SetConnectionClose()
		return refused(400, models.IssueTypeStructure, "unexpected body", "a read or search by GET has no body")
	}
	t, err := parseTarget(string(req.Header.RequestURI()), x.s.path)
	if err != nil {
		return refused(400, models.IssueTypeInvalid, "malformed target", err.Error())
	}
	if isForm {
		if p := x.form(&t); p != nil {
			return p
		}
	}
	if p := x.negotiate(&t); p != nil {
		return p
	}
	switch n := len(t.segments); {
	case n == 0 && len(t.params) == 1 && t.params[0].Name == "_page":
		return x.page(t.params[0].Value)
	case n == 1 && t.segments[0] == "metadata":
		return x.metadata()
	case n == 1 || n == 2 && isForm:
		return x.search(t.segments[0], t.params)
	case n == 2 && t.segments[1][0] != '$' && t.segments[1][0] != '_':
		return x.read(t.segments[0], t.segments[1], t.params)
	}
	x.operation = "unsupported"
	return refused(400, models.IssueTypeNotSupported, "unsupported interaction",
		"this interaction is not supported: read ([type]/[id]), search ([type]?…, [type]/_search) and metadata are")
}

func pathOf(target []byte) []byte {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		return target[:i]
	}
	return target
}

// checkFraming refuses headers that two servers could read in two ways
// (RFC 9112, 11.2): both kinds of length, a length twice, folded lines, bare
// line feeds.
func checkFraming(h *fasthttp.RequestHeader) *problem {
	bad := refused(400, models.IssueTypeStructure, "ambiguous framing", "the request's headers can be read in more than one way")
	lengths, codings := 0, 0
	for _, line := range bytes.SplitAfter(h.RawHeaders(), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		if len(line) < 2 || line[len(line)-2] != '\r' || line[0] == ' ' || line[0] == '\t' {
			return bad
		}
		name, _, ok := bytes.Cut(line[:len(line)-2], []byte(":"))
		if len(line) > 2 && (!ok || bytes.ContainsAny(name, " \t")) {
			return bad
		}
		switch strings.ToLower(string(name)) {
		case "content-length":
			lengths++
		case "transfer-encoding":
			codings++
		}
	}
	if lengths > 1 || codings > 1 || lengths > 0 && codings > 0 {
		return bad
	}
	return nil
}

// form reads the parameters of POST [type]/_search. A request has its parameters
// in one place.
func (x *exchange) form(t *target) *problem {
	mime, _, _ := strings.Cut(string(x.ctx.Request.Header.ContentType()), ";")
	if strings.TrimSpace(strings.ToLower(mime)) != "application/x-www-form-urlencoded" {
		return refused(415, models.IssueTypeNotSupported, "content type", "a search by POST needs application/x-www-form-urlencoded")
	}
	if len(t.params) > 0 {
		return refused(400, models.IssueTypeInvalid, "parameters in two places", "a search by POST has its parameters in the body alone")
	}
	params, err := parseQuery(string(x.ctx.Request.Body()))
	if err != nil {
		return refused(400, models.IssueTypeInvalid, "malformed form", err.Error())
	}
	t.params = params
	return nil
}

// negotiate takes _format and _pretty off the parameters and makes sure that the
// consumer takes FHIR JSON.
func (x *exchange) negotiate(t *target) *problem {
	accept := string(x.ctx.Request.Header.Peek("Accept"))
	kept := t.params[:0]
	for _, p := range t.params {
		switch p.Name {
		case "_format":
			accept = p.Value
		case "_pretty":
		default:
			kept = append(kept, p)
		}
	}
	t.params = kept
	if accept == "" || strings.Contains(accept, "json") || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/*") {
		return nil
	}
	if strings.HasPrefix(accept, "text/html") { // a browser that follows a link
		return nil
	}
	return refused(406, models.IssueTypeNotSupported, "format", "only FHIR JSON is served: ask for application/fhir+json")
}

// usable refuses types that are unknown or withheld.
func (x *exchange) usable(typ string) *problem {
	known, withheldBy := x.s.guard.Type(typ)
	if !known {
		return refused(404, models.IssueTypeNotSupported, "unknown type", "the resource type is not one of FHIR R4")
	}
	if withheldBy != "" {
		x.rule = withheldBy
		return refused(403, models.IssueTypeForbidden, "withheld type", fmt.Sprintf("resources of type %s are withheld by rule %q", typ, withheldBy))
	}
	return nil
}

// read answers GET [type]/[id].
func (x *exchange) read(typ, pseudonym string, params []fhir.Param) *problem {
	x.operation = "read"
	if p := x.usable(typ); p != nil {
		return p
	}
	x.operation = "read " + typ
	if len(params) > 0 {
		return refused(400, models.IssueTypeNotSupported, "parameters on a read", "a read takes no parameters but _format and _pretty")
	}
	id, ok := x.s.guard.OpenID(x.keys, typ, []byte(pseudonym))
	if !ok {
		return notFound()
	}
	path := append([]byte("/"+typ+"/"), id...)
	return x.fetch(path, typ, "")
}

// search answers GET [type]?… and POST [type]/_search.
func (x *exchange) search(typ string, params []fhir.Param) *problem {
	x.operation = "search"
	if p := x.usable(typ); p != nil {
		return p
	}
	x.operation = "search " + typ
	upstream, err := x.s.guard.Search(x.keys, &fhir.Site{Base: x.s.base}, typ, params)
	if err != nil {
		var r *fhir.Refusal
		if errors.As(err, &r) {
			x.rule = r.Rule
		}
		return refused(403, models.IssueTypeForbidden, "search parameter", err.Error())
	}
	path := appendQuery([]byte("/"+typ), upstream)
	self := appendQuery([]byte(x.s.base+"/"+typ), params)
	return x.fetch(path, "Bundle", string(self))
}

// metadata answers GET metadata.
func (x *exchange) metadata() *problem {
	x.operation = "capabilities"
	body, p := x.s.metadata.get(time.Minute, func() ([]byte, *problem) {
		a, p := x.s.up.get([]byte("/metadata"))
		if p != nil {
			return nil, p
		}
		defer a.release()
		if p := a.check(); p != nil {
			return nil, p
		}
		return x.s.capability(a.body)
	})
	if p != nil {
		return p
	}
	pass := x.s.plainPass.Get().(*mask.Pass)
	defer x.s.plainPass.Put(pass)
	pass.Begin(x.origin())
	pass.CountResource("CapabilityStatement")
	if p := x.commit(pass.Record("complete", "")); p != nil {
		return p
	}
	x.ctx.SetContentType(fhirJSON)
	x.ctx.SetBody(body)
	return nil
}

// readyz says whether the upstream answers.
func (x *exchange) readyz() {
	_, p := x.s.ready.get(5*time.Second, func() ([]byte, *problem) {
		a, p := x.s.up.get([]byte("/metadata"))
		if p != nil {
			return nil, p
		}
		defer a.release()
		return nil, a.check()
	})
	x.ctx.SetContentType("text/plain; charset=utf-8")
	if p != nil {
		x.ctx.SetStatusCode(503)
		x.ctx.SetBodyString("not ready: " + p.text + "\n")
		return
	}
	x.ctx.SetBodyString("ready\n")
}

func (x *exchange) origin() mask.Origin {
	return mask.Origin{RequestID: x.requestID, Consumer: x.s.consumer, Door: "fhir", Operation: x.operation}
}

// fetch asks the upstream for a path, masks the answer, makes its record durable
// and only then hands it to the consumer.
func (x *exchange) fetch(path []byte, want, self string) *problem {
	a, p := x.s.up.get(path)
	if p != nil {
		return p
	}
	defer a.release()
	if p := a.check(); p != nil {
		return p
	}
	record, p := x.maskInto(a.body, want, self)
	if p != nil {
		return p
	}
	x.ctx.SetContentType(fhirJSON)
	// The response is not sent before this function returns: a record that
	// cannot be written still takes the body back.
	return x.commit(record)
}

// maskInto masks an answer into the response. It holds a masker for that long
// only, not while the record is written.
func (x *exchange) maskInto(body []byte, want, self string) (*mask.Record, *problem) {
	m := <-x.s.maskers
	defer func() { x.s.maskers <- m }()
	masked, record, p := m.mask(x.origin(), body, want, self)
	if p == nil {
		m.out = x.ctx.Response.SwapBody(masked)
	}
	return record, p
}

// commit makes a record durable. Without it nothing is answered.
func (x *exchange) commit(r *mask.Record) *problem {
	if err := x.s.sink.Append(context.Background(), r); err != nil {
		x.s.log.Error("audit record could not be written", "request_id", x.requestID, "error", err)
		return &problem{status: 500, code: models.IssueTypeException, text: "the audit record could not be written, so nothing is answered", result: ""}
	}
	x.report(r.Result, 200, r.Reason)
	return nil
}

// refuse answers a problem and records it.
func (x *exchange) refuse(p *problem) {
	ctx := x.ctx
	body := p.outcome()
	if p.result != "" {
		pass := x.s.plainPass.Get().(*mask.Pass)
		pass.Begin(x.origin())
		record := pass.Record(p.result, p.reason)
		x.s.plainPass.Put(pass)
		if err := x.s.sink.Append(context.Background(), record); err != nil {
			x.s.log.Error("audit record could not be written", "request_id", x.requestID, "error", err)
		}
		x.report(p.result, p.status, p.reason)
	}
	ctx.Response.ResetBody()
	ctx.SetStatusCode(p.status)
	ctx.SetContentType(fhirJSON)
	ctx.SetBody(body)
}

func (x *exchange) report(result string, status int, reason string) {
	x.s.log.Info("request", "request_id", x.requestID, "consumer", x.s.consumer, "door", "fhir", "operation", x.operation,
		"outcome", result, "status", status, "reason", reason, "rule", x.rule, "duration_ms", time.Since(x.started).Milliseconds())
}
