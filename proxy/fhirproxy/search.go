package fhirproxy

import (
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// search handles GET [type]?… and POST [type]/_search.
func (x *exchange) search(a *request) (*response, *outcome.Problem) {
	typ := a.Segments[0]
	x.Operation = "search"
	if p := x.searchable(typ); p != nil {
		return nil, p
	}
	x.Operation = "search " + typ
	query, err := x.view.guard.Search(x.keys, x.s.site, typ, a.Params, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	return x.run(a, "/"+typ, query)
}

// compartment handles GET [compartment]/[id]/[type]?…
func (x *exchange) compartment(a *request) (*response, *outcome.Problem) {
	owner, pseudonym, typ := a.Segments[0], a.Segments[1], a.Segments[2]
	x.Operation = "search"
	if p := x.readable(owner); p != nil {
		return nil, p
	}
	if typ != "*" {
		if p := x.searchable(typ); p != nil {
			return nil, p
		}
	}
	x.Operation = "search " + typ + " of " + owner
	query, id, err := x.view.guard.Compartment(x.keys, x.s.site, owner, pseudonym, typ, a.Params, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	return x.run(a, "/"+owner+"/"+id+"/"+typ, query)
}

func (x *exchange) searchable(typ string) *outcome.Problem {
	if p := x.usable(typ); p != nil {
		return p
	}
	return x.maySearch(typ)
}

// run queries the upstream for a search that the guard let pass.
func (x *exchange) run(a *request, path string, query *guard.Query) (*response, *outcome.Problem) {
	for _, typ := range query.Types {
		if p := x.maySearch(typ); p != nil {
			return nil, p
		}
	}
	typ, shape := a.Segments[len(a.Segments)-1], shaping(query.Self)
	if typ == "*" && len(shape) > 0 {
		return nil, outcome.Refused(400, models.IssueTypeNotSupported, "unsupported interaction", "a search of every type of a compartment accepts neither _elements nor any _summary except count")
	}
	if p := linkable(shape); p != nil {
		return nil, p
	}
	upstream := query.Upstream
	if x.view.minCount > 0 {
		upstream = withTotal(upstream)
	}
	q := &retrieval{
		path: path + string(parse.AppendQuery(nil, upstream)), want: "Bundle", typ: typ, shape: shape,
		narrow: query.Narrow, dropped: query.Dropped, handling: a.prefer.Handling, format: a.format.Param, counted: true,
		self: x.s.base + "/" + strings.Join(a.Segments, "/") + string(parse.AppendQuery(nil, query.Self)),
	}
	return x.fetch(q, a)
}

// withTotal requests an exact total, which is compared with the minimum count.
func withTotal(params []guard.Param) []guard.Param {
	out := []guard.Param{{Name: "_total", Value: "accurate"}}
	for _, p := range params {
		if p.Name != "_total" {
			out = append(out, p)
		}
	}
	return out
}

// page handles a page of an earlier response.
func (x *exchange) page(a *request) (*response, *outcome.Problem) {
	x.Operation = "search page"
	token := a.Params[0].Value
	l, p := x.openLink(linkPage, token)
	if p != nil {
		return nil, p
	}
	q := &retrieval{path: l.path, want: "Bundle", typ: l.at, shape: l.shape, format: a.format.Param, self: x.s.root + "?_page=" + token}
	if len(l.shape) > 0 {
		var err error
		if q.narrow, _, err = x.view.guard.Shape(l.at, l.shape, guard.Strict); err != nil {
			return nil, outcome.NotFound()
		}
	}
	return x.fetch(q, a)
}
