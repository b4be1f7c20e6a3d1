package fhirproxy

import (
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/mask"
)

// isBinary reports whether a request reads a Binary.
func (a *request) isBinary() bool {
	n := len(a.segments)
	return a.method != "POST" && (n == 2 || n == 4) && a.segments[0] == "Binary"
}

// takesFHIR reports whether a list of media ranges has one of FHIR.
func takesFHIR(accept string) bool {
	inJSON, inXML := weigh(accept)
	return inJSON > 0 || inXML > 0
}

// content answers a Binary in its own content type (FHIR R4, binary.html#rest).
// No rule reaches into it, so it passes only where the ruleset lists the type in
// so many words, as it is.
func (x *exchange) content(a *request, accept string) (*response, *problem) {
	x.operation = "read Binary"
	if p := x.readable("Binary"); p != nil {
		return nil, p
	}
	x.operation = "read Binary content"
	mime, _, _ := strings.Cut(accept, ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	if len(a.params) > 0 || !x.view.guard.ContentType(mime) {
		return nil, refused(406, models.IssueTypeNotSupported, "content type",
			"content that is not FHIR passes only where the ruleset lists its type (fhir.contentTypes); ask for application/fhir+json")
	}
	id, p := x.open("Binary", a.segments[1])
	if p != nil {
		return nil, p
	}
	path := "/Binary/" + id
	if len(a.segments) == 4 {
		version, p := x.openVersion("Binary", a.segments[3])
		if p != nil || a.segments[2] != "_history" {
			return nil, notFound()
		}
		path += "/_history/" + version
	}
	if p := x.s.enter(); p != nil {
		return nil, p
	}
	defer x.s.leave()
	r, p := x.s.up.request(&upstreamRequest{path: path, accept: mime, timeout: x.s.limits.UpstreamTimeout})
	if p != nil {
		return nil, p
	}
	defer r.release()
	if r.status == 200 && r.mime() != mime {
		return nil, failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server answered with content of another type")
	}
	if r.status != 200 {
		return nil, r.check()
	}
	body := append([]byte(nil), r.body...)
	var record *mask.Record
	_ = x.withMasker(func(m *masker) *problem {
		m.pass.Begin(x.origin())
		m.view.guard.CountContent(m.pass)
		record = m.pass.Record("complete", "")
		return nil
	})
	if p := x.commit(record, 200); p != nil {
		return nil, p
	}
	return &response{status: 200, body: body, contentType: mime, header: []header{{name: "Content-Security-Policy", value: "sandbox"}, {name: "Content-Disposition", value: "attachment"}}}, nil
}
