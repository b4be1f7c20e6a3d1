package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// Bulk export (FHIR Bulk Data Access 2.0.0, export.html). The upstream does the work;
// Veil passes on the kick-off, the status and the end, and masks the files while they
// arrive. Every URL that a consumer gets is a sealed link.

// kickOff begins a bulk export.
func (x *exchange) kickOff(a *request, path string, query *guard.Query) (*response, *outcome.Problem) {
	if !a.prefer.Async {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "synchronous export", "a bulk export needs the header Prefer: respond-async")
	}
	if x.view.minCount > 0 && slices.ContainsFunc(query.Upstream, func(p guard.Param) bool { return p.Name == "_typeFilter" }) {
		return nil, outcome.Refused(403, models.IssueTypeForbidden, "least count",
			fmt.Sprintf("a _typeFilter could choose fewer than %d resources, and a file is sent before they are counted: search instead", x.view.minCount))
	}
	if p := linkable(query.Self); p != nil {
		return nil, p
	}
	requested := path + string(parse.AppendQuery(nil, query.Upstream))
	r, p := x.s.up.Request(&upstream.Request{Path: requested, Async: true, Timeout: x.s.limits.UpstreamTimeout, Span: x.Span})
	if p != nil {
		return nil, p
	}
	defer r.Release()
	if r.Status != 202 {
		if r.Status == 200 {
			return nil, outcome.Failed(502, models.IssueTypeProcessing, "upstream export", "the FHIR server did not begin a bulk export")
		}
		return nil, r.Check()
	}
	rest, ok := x.s.up.Below(r.Header("Content-Location"), requested, false)
	if !ok {
		return nil, outcome.Failed(502, models.IssueTypeProcessing, "upstream export",
			"the FHIR server did not say where the export's status is (Content-Location), or that URL is not below its base URL: "+
				"list the base URL that it writes into its links in fhir.upstreamAliases")
	}
	status := link{at: strings.Join(a.Segments, "/"), shape: query.Self, path: rest}
	location := x.url(linkStatus, &status)
	if p := x.note("complete", "", 202, ""); p != nil {
		return nil, p
	}
	return &response{status: 202, header: append([]outcome.Header{{Name: "Content-Location", Value: location}}, leftOut(query.Dropped)...)}, nil
}

// url is the URL that a consumer may follow.
func (x *exchange) url(kind linkKind, l *link) string {
	var token []byte
	_ = x.withMasker(func(m *masker) *outcome.Problem {
		token = m.appendToken(nil, l, x.scope(kind))
		return nil
	})
	return x.s.root + "?" + string(kind) + "=" + string(token)
}

// exportStatus returns the status of an export, or its manifest when it is complete; by
// DELETE it ends the export.
func (x *exchange) exportStatus(a *request) (*response, *outcome.Problem) {
	x.Operation = "export status"
	if a.method == "DELETE" {
		x.Operation = "export end"
	}
	l, p := x.openLink(linkStatus, a.Params[0].Value)
	if p != nil {
		return nil, p
	}
	r, p := x.s.up.Request(&upstream.Request{Path: l.path, Method: strings.Replace(a.method, "HEAD", "GET", 1), Accept: "application/json, " + upstream.MIMETypes, Timeout: x.s.limits.UpstreamTimeout, Span: x.Span})
	if p != nil {
		return nil, p
	}
	defer r.Release()
	switch {
	case a.method == "DELETE" && r.Status >= 200 && r.Status < 300:
		return &response{status: 202}, x.note("complete", "", 202, "")
	case r.Status == 202:
		return &response{status: 202, header: []outcome.Header{{Name: "X-Progress", Value: "in progress"}, {Name: "Retry-After", Value: retryAfter(r.Header("Retry-After"))}}},
			x.note("complete", "", 202, "")
	case r.Status != 200:
		return nil, r.Check()
	}
	body, p := x.rebuild(l, r.Body)
	if p == nil {
		p = x.note("complete", "", 200, "")
	}
	if p != nil {
		return nil, p
	}
	return &response{status: 200, body: body, contentType: "application/json"}, nil
}

// retryAfter bounds a number of seconds. Anything else, such as a date, becomes a few
// seconds.
func retryAfter(value string) string {
	n, err := strconv.Atoi(value)
	if err != nil {
		n = 5
	}
	return strconv.Itoa(min(max(n, 1), 600))
}

// exportFile handles one file of an export.
func (x *exchange) exportFile(a *request, kind linkKind) (*response, *outcome.Problem) {
	x.Operation = "export file"
	if a.method == "DELETE" {
		x.Operation = "write"
		return nil, readOnly()
	}
	if !a.chunks {
		return nil, outcome.Refused(400, models.IssueTypeNotSupported, "HTTP/1.0", "files are sent by HTTP/1.1, in chunks")
	}
	l, p := x.openLink(kind, a.Params[0].Value)
	if p != nil {
		return nil, p
	}
	typ, at, _ := strings.Cut(l.at, " ")
	x.Operation = "export file " + typ
	f := &fileBody{x: x, kind: kind, typ: typ}
	if kind == linkFile {
		if p := x.readable(typ); p != nil {
			return nil, p
		}
		segments := strings.Split(at, "/")
		level := ""
		if len(segments) > 1 {
			level = segments[0]
		}
		query, err := x.view.guard.Operation(x.keys, x.s.site, "$export", level, l.shape, guard.Lenient)
		if err != nil {
			return nil, outcome.NotFound()
		}
		f.narrow = query.Narrow
	}
	return f.open(l.path)
}

// rebuildOutcome keeps only the codes of a line of errors.
func rebuildOutcome(line []byte) ([]byte, bool) {
	issues := outcome.Issues(bytes.TrimSpace(line))
	if len(issues) == 0 {
		return nil, false
	}
	b, err := json.Marshal(models.OperationOutcome{Issue: issues})
	return b, err == nil
}
