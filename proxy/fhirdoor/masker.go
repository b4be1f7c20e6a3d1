package fhirdoor

import (
	"errors"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// masker is a walker with its pass. It masks one answer at a time. Its site
// stays the same, since the walker forgets what it remembers when the site
// changes; what belongs to the answer being masked is in self and page.
type masker struct {
	s      *Server
	view   *view
	walker *fhir.Walker
	pass   *mask.Pass
	site   *fhir.Site
	finder *finder
	plain  []byte // of the token being made

	self   string // the URL of the search being answered
	page   link   // what its pages have in common
	scope  []byte // of their tokens
	suffix string // of their URLs
}

func (s *Server) newMasker(v *view) *masker {
	m := &masker{s: s, view: v, walker: fhir.NewWalker(v.automaton, fhir.RememberAlways), pass: mask.NewPass(v.automaton.Plan)}
	m.pass.Detail = v.detail
	m.finder = newFinder(s, v)
	m.site = &fhir.Site{Upstream: s.origins, Base: s.base, Link: m.link, Subject: m.finder.Subject}
	return m
}

// withMasker lends a masker of the view to f. It is held for that long only, not
// while a record is written.
func (x *exchange) withMasker(f func(m *masker) *problem) *problem {
	m := <-x.view.maskers
	whole := false
	defer func() {
		if !whole { // a panic: the walker may be in the middle of something
			m = x.s.newMasker(x.view)
		}
		x.view.maskers <- m
	}()
	p := f(m)
	whole = true
	return p
}

// mask masks the answer to a question, which must be a resource of the wanted
// type, and appends it to dst.
func (m *masker) mask(x *exchange, dst, body []byte, q *question) ([]byte, *mask.Record, *problem) {
	m.pass.Begin(x.origin())
	m.self, m.page, m.suffix = q.self, link{at: q.typ, shape: q.shape}, ""
	if q.self != "" {
		m.scope = x.scope(linkPage)
		if q.format != "" {
			m.suffix = "&_format=" + q.format
		}
	}
	if cap(dst) < len(body) {
		// Masked answers are rarely larger than the original by more than the
		// labels of their resources.
		dst = make([]byte, 0, len(body)+len(body)/8+1024)
	}
	out, err := m.appendJSON(dst, body)
	if err != nil {
		return nil, nil, m.problem(err)
	}
	if m.walker.ResourceType() != q.want {
		return nil, nil, failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server answered with a resource of another type")
	}
	return out, m.pass.Record("complete", ""), nil
}

// appendJSON masks one resource.
func (m *masker) appendJSON(dst, src []byte) ([]byte, error) {
	m.finder.begin()
	out, err := m.walker.AppendJSON(dst, src, m.pass, m.site)
	if err == nil && m.finder.broken {
		return dst, errSubject
	}
	return out, err
}

// problem tells the consumer what kind of error masking met. Where it was is for
// the log alone: a place in the original is more than the consumer may know.
func (m *masker) problem(err error) *problem {
	var syntax *fhir.SyntaxError
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &withheld):
		return notFound()
	case errors.Is(err, errSubject):
		return failed(502, models.IssueTypeProcessing, "patient not found out",
			"the FHIR server did not say which patient a resource is about, which a rule needs; ask again, or for fewer resources with _count")
	case errors.As(err, &syntax):
		m.s.log.Warn("upstream answer is not valid", "request_id", m.pass.Origin.RequestID, "door", "fhir",
			"operation", m.pass.Origin.Operation, "path", syntax.Path, "offset", syntax.Offset, "reason", syntax.What)
		return failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's answer is not valid: "+syntax.What)
	}
	return failed(502, models.IssueTypeProcessing, "masking failed", "the FHIR server's answer could not be masked")
}

// link rewrites a Bundle link: self is the consumer's own request, pages are
// sealed tokens, and every other link goes.
func (m *masker) link(dst, relation, url []byte) ([]byte, bool) {
	if m.self == "" {
		return dst, false
	}
	switch string(relation) {
	case "self":
		return append(append(dst, m.self...), m.suffixOf(m.self)...), true
	case "first", "previous", "prev", "next", "last":
	default:
		return dst, false
	}
	rest, ok := m.s.relative(url)
	if !ok {
		return dst, false
	}
	m.page.path = string(rest)
	dst = append(append(dst, m.s.base...), "?_page="...)
	return append(m.appendToken(dst, &m.page, m.scope), m.suffix...), true
}

// suffixOf joins the suffix to a URL with or without a query.
func (m *masker) suffixOf(url string) string {
	if m.suffix == "" {
		return ""
	}
	for i := range len(url) {
		if url[i] == '?' {
			return m.suffix
		}
	}
	return "?" + m.suffix[1:]
}
