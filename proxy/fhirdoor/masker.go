package fhirdoor

import (
	"bytes"
	"errors"
	"fmt"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// largestKept is how large an output buffer may grow and still be kept for the
// next answer.
const largestKept = 4 << 20

// masker is a walker with its pass and buffer. It masks one answer at a time.
type masker struct {
	s      *Server
	walker *fhir.Walker
	pass   *mask.Pass
	site   *fhir.Site
	out    []byte
	self   string // the URL of the search being answered
}

func newMasker(s *Server, detail bool) *masker {
	m := &masker{s: s, walker: fhir.NewWalker(s.automaton, fhir.RememberAlways), pass: mask.NewPass(s.automaton.Plan)}
	m.pass.Detail = detail
	m.site = &fhir.Site{Upstream: []string{s.up.base}, Base: s.base, Link: m.link}
	return m
}

// mask masks an answer that must be a resource of the wanted type. The bytes are
// valid until the next call.
func (m *masker) mask(o mask.Origin, body []byte, want, self string) ([]byte, *mask.Record, *problem) {
	m.pass.Begin(o)
	m.self = self
	if cap(m.out) > largestKept {
		m.out = nil
	}
	out, err := m.walker.AppendJSON(m.out[:0], body, m.pass, m.site)
	if err != nil {
		var syntax *fhir.SyntaxError
		var withheld *fhir.WithheldError
		switch {
		case errors.As(err, &withheld):
			return nil, nil, notFound()
		case errors.As(err, &syntax):
			return nil, nil, failed(502, models.IssueTypeStructure, "upstream syntax", fmt.Sprintf("the FHIR server's answer is not valid: %s", syntax.What))
		}
		return nil, nil, failed(502, models.IssueTypeProcessing, "masking failed", "the FHIR server's answer could not be masked")
	}
	m.out = out
	if m.walker.ResourceType() != want {
		return nil, nil, failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server answered with a resource of another type")
	}
	return out, m.pass.Record("complete", ""), nil
}

// link rewrites a Bundle link: self is the consumer's own request, pages are
// sealed tokens, and every other link goes.
func (m *masker) link(dst, relation, link []byte) ([]byte, bool) {
	switch string(relation) {
	case "self":
		if m.self == "" {
			return dst, false
		}
		return append(dst, m.self...), true
	case "first", "previous", "prev", "next", "last":
	default:
		return dst, false
	}
	rest, ok := bytes.CutPrefix(link, []byte(m.s.up.base))
	if !ok || len(rest) == 0 || rest[0] != '/' && rest[0] != '?' {
		return dst, false
	}
	dst = append(append(dst, m.s.base...), "?_page="...)
	return m.pass.Keys.AppendSealedToken(dst, m.s.pageSlot, rest, m.s.pageScope()), true
}

// pageScope is what a page token is bound to: another ruleset's token does not
// open.
func (s *Server) pageScope() []byte { return []byte(s.automaton.Policy.Ruleset.SHA256()) }

// page answers a page of an earlier search.
func (x *exchange) page(token string) *problem {
	x.operation = "search page"
	path, ok := x.keys.AppendOpenedToken(nil, x.s.pageSlot, []byte(token), x.s.pageScope())
	if !ok {
		return notFound()
	}
	return x.fetch(path, "Bundle", x.s.base+"?_page="+token)
}
