package fhirproxy

import (
	"errors"
	"fmt"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// usable refuses types that are unknown (404, as FHIR R4, http.html#read asks)
// or withheld.
func (x *exchange) usable(typ string) *outcome.Problem {
	known, withheldBy := x.view.guard.Type(typ)
	if !known {
		return outcome.Refused(404, models.IssueTypeNotSupported, "unknown type", "the resource type does not exist in FHIR R4"+x.hintBase())
	}
	if withheldBy != "" {
		x.Rule = withheldBy
		return outcome.Refused(403, models.IssueTypeForbidden, "withheld type", fmt.Sprintf("resources of type %s are withheld by rule %q", typ, withheldBy))
	}
	return nil
}

// readable refuses types that may not be read.
func (x *exchange) readable(typ string) *outcome.Problem {
	if p := x.usable(typ); p != nil {
		return p
	}
	return x.mayRead(typ)
}

// open opens a pseudonym for a path.
func (x *exchange) open(typ, pseudonym string) (string, *outcome.Problem) {
	id, ok := x.view.guard.OpenID(x.keys, typ, []byte(pseudonym))
	if !ok || string(id) == "." || string(id) == ".." {
		return "", outcome.NotFound()
	}
	return string(id), nil
}

// read handles GET [type]/[id].
func (x *exchange) read(a *request) (*response, *outcome.Problem) {
	typ := a.Segments[0]
	x.Operation = "read"
	if p := x.readable(typ); p != nil {
		return nil, p
	}
	x.Operation = "read " + typ
	return x.readAt(a, "")
}

// vread handles GET [type]/[id]/_history/[vid].
func (x *exchange) vread(a *request) (*response, *outcome.Problem) {
	typ := a.Segments[0]
	x.Operation = "vread"
	if p := x.readable(typ); p != nil {
		return nil, p
	}
	x.Operation = "vread " + typ
	version, p := x.openVersion(typ, a.Segments[3])
	if p != nil {
		return nil, p
	}
	return x.readAt(a, "/_history/"+version)
}

// openVersion opens the pseudonym of a version id for a path.
func (x *exchange) openVersion(typ, pseudonym string) (string, *outcome.Problem) {
	if !x.view.guard.ShowsVersions(typ) {
		return "", outcome.Refused(403, models.IssueTypeForbidden, "version ids", "the ruleset hides version ids, so no version can be named")
	}
	version, ok := x.view.guard.OpenVersion(x.keys, []byte(pseudonym))
	if !ok || string(version) == "." || string(version) == ".." {
		return "", outcome.NotFound()
	}
	return string(version), nil
}

func (x *exchange) readAt(a *request, version string) (*response, *outcome.Problem) {
	typ := a.Segments[0]
	narrow, dropped, err := x.view.guard.Shape(typ, a.Params, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	id, p := x.open(typ, a.Segments[1])
	if p != nil {
		return nil, p
	}
	return x.fetch(&retrieval{path: "/" + typ + "/" + id + version, want: typ, narrow: narrow, dropped: dropped,
		tagged: x.view.guard.ShowsVersions(typ), known: a.known}, a)
}

// refusal returns the problem for what the guard refused.
func (x *exchange) refusal(err error) *outcome.Problem {
	var r *guard.Refusal
	if errors.As(err, &r) {
		x.Rule = r.Rule
	}
	return outcome.Refused(403, models.IssueTypeForbidden, "search parameter", err.Error())
}

// history handles _history of a resource, of a type and of the whole server.
func (x *exchange) history(a *request) (*response, *outcome.Problem) {
	x.Operation = "history"
	types := x.view.guard.UsableTypes()
	path := ""
	if n := len(a.Segments) - 1; n > 0 {
		typ := a.Segments[0]
		if p := x.readable(typ); p != nil {
			return nil, p
		}
		x.Operation = "history " + typ
		types, path = []string{typ}, "/"+typ
		if n == 2 {
			id, p := x.open(typ, a.Segments[1])
			if p != nil {
				return nil, p
			}
			path += "/" + id
		}
	}
	query, err := x.view.guard.History(types, a.Params, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	q := &retrieval{path: path + "/_history" + string(parse.AppendQuery(nil, query.Upstream)), want: "Bundle", format: a.format.Param, counted: len(a.Segments) < 3,
		dropped: query.Dropped, handling: a.prefer.Handling}
	q.self = x.s.base + "/" + strings.Join(a.Segments, "/") + string(parse.AppendQuery(nil, query.Self))
	return x.fetch(q, a)
}
