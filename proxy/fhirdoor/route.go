package fhirdoor

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
)

// allowed are the methods of the Allow header. POST is one for _search alone.
const allowed = "GET, HEAD, OPTIONS"

// health answers /healthz and /readyz, which are outside of FHIR and not
// recorded, and reports whether it did.
func (x *exchange) health() bool {
	target := string(x.ctx.Request.Header.RequestURI())
	if target != "/healthz" && target != "/readyz" || !x.ctx.IsGet() && !x.ctx.IsHead() {
		return false
	}
	x.ctx.SetContentType("text/plain; charset=utf-8")
	if target == "/healthz" {
		x.ctx.SetBodyString("ok\n")
		return true
	}
	_, p := x.s.ready.get(5*time.Second, func() ([]byte, *problem) {
		a, p := x.s.up.get([]byte("/metadata"), x.s.limits.ReadyTimeout)
		if p != nil {
			return nil, p
		}
		defer a.release()
		return nil, a.check()
	})
	if p != nil {
		x.ctx.SetStatusCode(503)
		x.ctx.SetBodyString("not ready: " + p.text + "\n")
		return true
	}
	x.ctx.SetBodyString("ready\n")
	return true
}

// route takes the request apart and answers it, or says why not.
func (x *exchange) route() *problem {
	req := &x.ctx.Request
	if p := checkFraming(&req.Header); p != nil {
		x.ctx.SetConnectionClose()
		return p
	}
	raw := req.Header.RequestURI()
	path, _, _ := bytes.Cut(raw, []byte("?"))
	isForm := x.ctx.IsPost() && bytes.HasSuffix(path, []byte("/_search"))
	switch {
	case x.ctx.IsGet(), x.ctx.IsHead(), isForm:
	case x.ctx.IsOptions():
		return x.options()
	default:
		x.operation = "write"
		x.ctx.Response.Header.Set("Allow", allowed)
		return refused(405, models.IssueTypeNotSupported, "method not allowed",
			"this server is read-only: GET and HEAD are allowed, and POST to [type]/_search")
	}
	if !isForm && len(req.Body()) > 0 {
		x.ctx.SetConnectionClose()
		return refused(400, models.IssueTypeStructure, "unexpected body", "a read or search by GET has no body")
	}
	t, err := parseTarget(string(raw), x.s.path)
	if err != nil {
		return refused(400, models.IssueTypeInvalid, "malformed target", err.Error())
	}
	if isForm {
		if p := x.form(&t); p != nil {
			return p
		}
	}
	if p := negotiate(&t, string(req.Header.Peek("Accept"))); p != nil {
		return p
	}
	switch n := len(t.segments); {
	case n == 0 && len(t.params) == 1 && t.params[0].Name == "_page" && !isForm:
		return x.page(t.params[0].Value)
	case n == 1 && t.segments[0] == "metadata":
		return x.capabilities()
	case n == 1 && !isForm && !special(t.segments[0]), n == 2 && isForm:
		return x.search(t.segments[0], t.params)
	case n == 2 && !special(t.segments[1]):
		return x.read(t.segments[0], t.segments[1], t.params)
	}
	x.operation = "unsupported"
	return refused(400, models.IssueTypeNotSupported, "unsupported interaction",
		"this interaction is not supported: read ([type]/[id]), search ([type]?…, [type]/_search) and metadata are")
}

// special reports whether a segment is an interaction or operation, such as
// _history or $everything.
func special(segment string) bool { return segment[0] == '_' || segment[0] == '$' }

// options answers what may be asked.
func (x *exchange) options() *problem {
	x.operation = "options"
	x.ctx.Response.Header.Set("Allow", allowed)
	x.ctx.SetStatusCode(204)
	return x.note("complete", "", 204, "")
}

// form reads the parameters of POST [type]/_search. A request has its parameters
// in one place.
func (x *exchange) form(t *target) *problem {
	mime, _, _ := strings.Cut(string(x.ctx.Request.Header.ContentType()), ";")
	if strings.TrimSpace(strings.ToLower(mime)) != "application/x-www-form-urlencoded" {
		return refused(415, models.IssueTypeNotSupported, "content type", "a search by POST needs application/x-www-form-urlencoded")
	}
	if len(x.ctx.Request.Header.Peek("Content-Encoding")) > 0 {
		return refused(415, models.IssueTypeNotSupported, "content encoding", "a request body may not be compressed")
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

// usable refuses types that are unknown (404, as FHIR R4, http.html#read asks)
// or withheld.
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
	path := append(make([]byte, 0, len(typ)+66), '/')
	path = append(append(path, typ...), '/')
	id, ok := x.s.guard.OpenID(x.keys, typ, []byte(pseudonym))
	if !ok || string(id) == "." || string(id) == ".." {
		return notFound()
	}
	return x.fetch(append(path, id...), typ, "")
}

// search answers GET [type]?… and POST [type]/_search.
func (x *exchange) search(typ string, params []fhir.Param) *problem {
	x.operation = "search"
	if p := x.usable(typ); p != nil {
		return p
	}
	x.operation = "search " + typ
	query, err := x.s.guard.Search(x.keys, x.s.site, typ, params, false)
	if err != nil {
		var r *fhir.Refusal
		if errors.As(err, &r) {
			x.rule = r.Rule
		}
		return refused(403, models.IssueTypeForbidden, "search parameter", err.Error())
	}
	// The entries of a search for Bundles have links of their own, which are
	// stored data and not pages of this search: such a search has no links.
	self := ""
	if typ != "Bundle" {
		self = string(appendQuery([]byte(x.s.base+"/"+typ), params))
	}
	return x.fetch(appendQuery([]byte("/"+typ), query.Upstream), "Bundle", self)
}

// page answers a page of an earlier search.
func (x *exchange) page(token string) *problem {
	x.operation = "search page"
	path, ok := x.keys.AppendOpenedToken(nil, x.s.pageSlot, []byte(token), x.s.pageScope)
	if !ok {
		return notFound()
	}
	return x.fetch(path, "Bundle", x.s.base+"?_page="+token)
}

// capabilities answers GET metadata.
func (x *exchange) capabilities() *problem {
	x.operation = "capabilities"
	body, p := x.s.metadata.get(time.Minute, func() ([]byte, *problem) {
		a, p := x.s.up.get([]byte("/metadata"), x.s.limits.UpstreamTimeout)
		if p != nil {
			return nil, p
		}
		defer a.release()
		if p := a.check(); p != nil {
			return nil, failed(502, models.IssueTypeProcessing, "upstream metadata", "the FHIR server did not answer with its metadata")
		}
		return x.s.capability(x.keys, a.body)
	})
	if p == nil {
		p = x.note("complete", "", 200, "CapabilityStatement")
	}
	if p == nil {
		x.ctx.SetContentType(fhirJSON)
		x.ctx.SetBody(body)
	}
	return p
}

// fetch asks the upstream for a path, masks the answer, makes its record durable
// and only then lets the answer go. want is the type of resource it must be;
// self is the URL of the search that it answers, or empty.
func (x *exchange) fetch(path []byte, want, self string) *problem {
	if p := x.s.enter(); p != nil {
		return p
	}
	defer x.s.leave()
	a, p := x.s.up.get(path, x.s.limits.UpstreamTimeout)
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
	// The response is not sent before this function returns: where the record
	// cannot be written, refuse still takes the body back.
	return x.commit(record, 200)
}

// enter waits for one of the places of Limits.Exchanges.
func (s *Server) enter() *problem {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(s.limits.UpstreamTimeout)
	defer t.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-t.C:
		return failed(503, models.IssueTypeThrottled, "busy", "too many requests are under way; try again later")
	}
}

func (s *Server) leave() { <-s.slots }
