package fhirproxy

import (
	"errors"
	"fmt"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
	"github.com/veil-proxy/veil/proxy/trace"
)

// allowed are the methods of the Allow header. POST is one for searches,
// operations that read and batches of reads; DELETE ends a bulk export.
const allowed = "GET, HEAD, POST, DELETE, OPTIONS"

// served lists what may be requested, for errors about anything else.
const served = "read ([type]/[id]), vread ([type]/[id]/_history/[vid]), history (_history of an id, a type or all), search ([type]?…, [type]/_search, " +
	"[Patient|Encounter|…]/[id]/[type]?…), $everything, $lastn, $expand, $lookup, $validate-code, $export, a batch Bundle of GETs, and metadata are"

// health handles /healthz and /readyz, which are not part of FHIR and not recorded, and
// reports whether it did.
func (s *Server) health(ctx *fasthttp.RequestCtx) bool {
	target := string(ctx.Request.Header.RequestURI())
	if target != "/healthz" && target != "/readyz" || !ctx.IsGet() && !ctx.IsHead() {
		return false
	}
	ctx.SetContentType("text/plain; charset=utf-8")
	if target == "/healthz" {
		ctx.SetBodyString("ok\n")
		return true
	}
	if err := s.Ready(); err != nil {
		ctx.SetStatusCode(503)
		ctx.SetBodyString("not ready: " + err.Error() + "\n")
		return true
	}
	ctx.SetBodyString("ready\n")
	return true
}

// Ready returns an error, in fixed words, if a request that arrived now could not be
// served.
func (s *Server) Ready() error { return s.shared.Ready() }

// full returns the limit that a new consumer would reach, if any.
func (s *Server) full() error {
	if s.Connections() >= s.limits.Connections {
		return errors.New("all consumer connections are in use (connections)")
	}
	return nil
}

// upstreamReady requests the upstream's metadata.
func (s *Server) upstreamReady() error {
	r, p := s.up.Get([]byte("/metadata"), s.limits.ReadyTimeout, trace.Span{})
	if p == nil {
		defer r.Release()
		p = r.Check()
	}
	if p != nil {
		return fmt.Errorf("%s (%s)", p.Text, p.Reason)
	}
	if r.ToJSON() == nil {
		s.seenMetadata(r.Body)
	}
	return nil
}

// request is a parsed request.
type request struct {
	parse.Target
	method string
	form   bool   // a search by POST
	body   []byte // of a POST other than a search
	prefer media.Prefer
	format *media.Format
	known  string // If-None-Match
	chunks bool   // the consumer can distinguish a complete response from one that was cut off
	// buf is the buffer for the response.
	buf []byte
}

// route parses the request and responds to it, or returns the problem.
func (x *exchange) route(ctx *fasthttp.RequestCtx, f *media.Format) (*response, *outcome.Problem) {
	req := &ctx.Request
	if p := parse.Framing(&req.Header); p != nil {
		return nil, p.Closing()
	}
	x.s.origins.Allow(ctx)
	if ctx.IsOptions() {
		return x.options(ctx)
	}
	if p := x.authenticate(ctx); p != nil {
		return nil, p
	}
	a := request{method: string(req.Header.Method()), format: f, chunks: req.Header.IsHTTP11(), prefer: media.PreferOf(peekAll(&req.Header, "Prefer")),
		known: strings.Join(peekAll(&req.Header, "If-None-Match"), ",")}
	switch {
	case ctx.IsGet(), ctx.IsHead(), ctx.IsDelete():
		if len(req.Body()) > 0 {
			return nil, outcome.Refused(400, models.IssueTypeStructure, "unexpected body", "a request by "+a.method+" has no body").Closing()
		}
	case ctx.IsPost():
		a.body = req.Body()
	default:
		x.Operation = "write"
		return nil, readOnly()
	}
	raw, err := parse.OriginForm(string(req.Header.RequestURI()), x.s.baseURL, ctx.LocalAddr())
	if err != nil {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "another server", err.Error()+x.hintBase())
	}
	if a.Target, err = parse.TargetOf(raw, x.s.path); errors.Is(err, parse.ErrBase) {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "outside of the base", err.Error()+x.hintBase())
	} else if err != nil {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "malformed target", err.Error())
	}
	n := len(a.Segments)
	if a.form = a.method == "POST" && n > 0 && a.Segments[n-1] == "_search"; a.form {
		if p := a.readForm(&req.Header); p != nil {
			return nil, p
		}
	} else if _, params, _ := strings.Cut(string(req.Header.ContentType()), ";"); len(a.body) > 0 && !media.IsR4(params) {
		return nil, outcome.Refused(415, models.IssueTypeNotSupported, "content type", "the body must be FHIR R4 in UTF-8: send it without fhirVersion, or with fhirVersion=4.0")
	}
	accept := strings.Join(peekAll(&req.Header, "Accept"), ",")
	a.buf = ctx.Response.SwapBody(nil)[:0]
	// Not put back in a deferred call: after a panic, the hash states may be inconsistent,
	// and new ones are created instead.
	x.keys = x.view.keys.Get().(*keys.Pseudonymizer)
	ans, p := x.negotiated(&a, accept)
	x.view.keys.Put(x.keys)
	return ans, p
}

// negotiated determines the format of the response and handles the request. Content other
// than FHIR has formats of its own.
func (x *exchange) negotiated(a *request, accept string) (*response, *outcome.Problem) {
	if a.isBinary() && !takesFHIR(accept) {
		return x.content(a, accept)
	}
	if k := a.link(); k != "" && k != linkPage { // bulk export has one format
		if !media.TakesR4(accept) {
			return nil, media.NotR4()
		}
		return x.dispatch(a)
	}
	if p := a.format.Negotiate(&a.Target, accept); p != nil {
		return nil, p
	}
	return x.dispatch(a)
}

// dispatch handles a request, or an entry of a batch, by the form of its path.
func (x *exchange) dispatch(a *request) (*response, *outcome.Problem) {
	seg := a.Segments
	n := len(seg)
	last := ""
	if n > 0 {
		last = seg[n-1]
	}
	switch kind := a.link(); {
	case kind == linkPage && a.method != "DELETE":
		return x.page(a)
	case kind == linkStatus:
		return x.exportStatus(a)
	case kind == linkFile, kind == linkDeleted, kind == linkErrors:
		return x.exportFile(a, kind)
	case a.method == "DELETE":
		x.Operation = "write"
		return nil, readOnly()
	case last != "" && last[0] == '$':
		return x.operate(a)
	case a.method == "POST" && !a.form:
		if n == 0 && len(a.Params) == 0 {
			return x.batch(a)
		}
		x.Operation = "write"
		return nil, readOnly()
	case n == 1 && last == "metadata" && !a.form:
		return x.capabilities(a)
	case !a.form && (n == 1 || n == 2 || n == 3) && last == "_history":
		return x.history(a)
	case n == 4 && seg[2] == "_history" && !special(last):
		return x.vread(a)
	case a.form && n > 1:
		a.Segments = seg[:n-1]
		n--
	}
	switch {
	case n == 1 && !special(seg[0]):
		return x.search(a)
	case n == 2 && !a.form && !special(seg[0]) && !special(seg[1]):
		return x.read(a)
	case n == 3 && !special(seg[0]) && !special(seg[1]) && (seg[2] == "*" || !special(seg[2])):
		return x.compartment(a)
	}
	x.Operation = "unsupported"
	return nil, outcome.Refused(400, models.IssueTypeNotSupported, "unsupported interaction", "this interaction is not supported: "+served+x.hintBase())
}

// hintBase adds the base URL of the server, for requests outside it.
func (x *exchange) hintBase() string {
	return "; the base of this server is " + x.s.base + ": begin with " + x.s.base + "/metadata"
}

// link returns the kind of link that a request follows; empty for none.
func (a *request) link() linkKind {
	if len(a.Segments) > 0 || len(a.Params) != 1 || a.method == "POST" {
		return ""
	}
	switch kind := linkKind(a.Params[0].Name); kind {
	case linkPage, linkStatus, linkFile, linkDeleted, linkErrors:
		return kind
	}
	return ""
}

// special reports whether a segment is an interaction or operation, such as
// _history or $everything.
func special(segment string) bool { return segment[0] == '_' || segment[0] == '$' }

// options responds to everyone with what may be requested.
func (x *exchange) options(ctx *fasthttp.RequestCtx) (*response, *outcome.Problem) {
	x.Operation = "options"
	x.s.origins.Preflight(ctx, allowed)
	return &response{status: 204, header: []outcome.Header{{Name: "Allow", Value: allowed}}}, x.note("complete", "", 204, "")
}

// readForm reads the parameters of a search by POST, from both the URL and the body.
func (a *request) readForm(h *fasthttp.RequestHeader) *outcome.Problem {
	mime, params, _ := strings.Cut(string(h.ContentType()), ";")
	if mime = strings.TrimSpace(strings.ToLower(mime)); mime != "application/x-www-form-urlencoded" && (mime != "" || len(a.body) > 0) {
		return outcome.Refused(415, models.IssueTypeNotSupported, "content type", "a search by POST needs application/x-www-form-urlencoded")
	}
	if charset, given := media.Param(params, "charset"); given && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return outcome.Refused(415, models.IssueTypeNotSupported, "content type", "a search by POST is read as UTF-8: send charset=utf-8, or none")
	}
	if len(h.Peek("Content-Encoding")) > 0 {
		return outcome.Refused(415, models.IssueTypeNotSupported, "content encoding", "a request body must not be compressed")
	}
	inBody, err := parse.Query(string(a.body))
	if err == nil {
		a.Params, err = parse.Join(a.Params, inBody)
	}
	if err != nil {
		return outcome.Refused(400, models.IssueTypeInvalid, "malformed form", err.Error())
	}
	a.body = nil
	return nil
}

// readOnly refuses requests that would write.
func readOnly() *outcome.Problem {
	return outcome.Refused(405, models.IssueTypeNotSupported, "method not allowed",
		"this server is read-only: GET and HEAD are allowed, POST to [type]/_search, to operations that read and of a batch Bundle of GETs, and DELETE of a bulk export").
		With("Allow", allowed)
}
