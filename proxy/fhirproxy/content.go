package fhirproxy

import (
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// isBinary reports whether a request reads a Binary.
func (a *request) isBinary() bool {
	n := len(a.Segments)
	return a.method != "POST" && (n == 2 || n == 4) && a.Segments[0] == "Binary"
}

// takesFHIR reports whether a list of media ranges has one of FHIR.
func takesFHIR(accept string) bool {
	inJSON, inXML := media.Weigh(accept)
	return inJSON > 0 || inXML > 0
}

// content handles a Binary in its own content type (FHIR R4, binary.html#rest). No rule
// can mask it, so it passes, unchanged, only if the ruleset explicitly lists the type.
func (x *exchange) content(a *request, accept string) (*response, *outcome.Problem) {
	x.Operation = "read Binary"
	if p := x.readable("Binary"); p != nil {
		return nil, p
	}
	x.Operation = "read Binary content"
	mime, _, _ := strings.Cut(accept, ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	if len(a.Params) > 0 || !x.view.guard.ContentType(mime) {
		return nil, outcome.Refused(406, models.IssueTypeNotSupported, "content type",
			"content that is not FHIR passes only where the ruleset lists its type (fhir.contentTypes); request application/fhir+json")
	}
	id, p := x.open("Binary", a.Segments[1])
	if p != nil {
		return nil, p
	}
	path := "/Binary/" + id
	if len(a.Segments) == 4 {
		version, p := x.openVersion("Binary", a.Segments[3])
		if p != nil || a.Segments[2] != "_history" {
			return nil, outcome.NotFound()
		}
		path += "/_history/" + version
	}
	if p := x.s.enter(); p != nil {
		return nil, p
	}
	defer x.s.leave()
	r, p := x.s.up.Request(&upstream.Request{Path: path, Accept: mime, Timeout: x.s.limits.UpstreamTimeout, Span: x.Span})
	if p != nil {
		return nil, p
	}
	defer r.Release()
	if r.Status == 200 && r.MIME() != mime {
		return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server responded with content of another type")
	}
	if r.Status != 200 {
		return nil, r.Check()
	}
	body := append([]byte(nil), r.Body...)
	var record *mask.Record
	_ = x.withMasker(func(m *masker) *outcome.Problem {
		m.pass.Begin(x.Origin())
		m.view.guard.CountContent(m.pass)
		record = m.pass.Record("complete", "")
		return nil
	})
	if p := x.commit(record, 200); p != nil {
		return nil, p
	}
	return &response{status: 200, body: body, contentType: mime, header: []outcome.Header{{Name: "Content-Security-Policy", Value: "sandbox"}, {Name: "Content-Disposition", Value: "attachment"}}}, nil
}
