package fhirdoor

import (
	"errors"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// largestKept is how large a buffer may be and still be kept for the next
// answer. Buffers of answers stay with the connections that they went out on.
const largestKept = 256 << 10

// masker is a walker with its pass and buffer. It masks one answer at a time.
// Its site stays the same, since the walker forgets what it remembers when the
// site changes; what belongs to the answer being masked is in self.
type masker struct {
	s      *Server
	walker *fhir.Walker
	pass   *mask.Pass
	site   *fhir.Site
	out    []byte
	self   string // the URL of the search being answered
}

func newMasker(s *Server) *masker {
	m := &masker{s: s, walker: fhir.NewWalker(s.automaton, fhir.RememberAlways), pass: mask.NewPass(s.automaton.Plan)}
	m.pass.Detail = s.detail
	m.site = &fhir.Site{Upstream: s.origins, Base: s.base, Link: m.link}
	return m
}

// maskInto masks an answer into the response. It holds a masker for that long
// only, not while the record is written.
func (x *exchange) maskInto(body []byte, want, self string) (*mask.Record, *problem) {
	m := <-x.s.maskers
	whole := false
	defer func() {
		if !whole { // a panic: the walker may be in the middle of something
			m = newMasker(x.s)
		}
		x.s.maskers <- m
	}()
	out, record, p := m.mask(x.origin(), body, want, self)
	if p == nil {
		m.deliver(x, out)
	}
	whole = true
	return record, p
}

// deliver hands the masked bytes to the response without copying them.
func (m *masker) deliver(x *exchange, out []byte) {
	if cap(out) > largestKept {
		x.ctx.Response.SetBodyRaw(out) // goes with the response
		m.out = nil
		return
	}
	m.out = x.ctx.Response.SwapBody(out)[:0]
}

// mask masks an answer that must be a resource of the wanted type. The bytes are
// in the masker's buffer.
func (m *masker) mask(o mask.Origin, body []byte, want, self string) ([]byte, *mask.Record, *problem) {
	m.pass.Begin(o)
	m.self = self
	if cap(m.out) < len(body) {
		// Masked answers are rarely larger than the original by more than the
		// labels of their resources.
		m.out = make([]byte, 0, len(body)+len(body)/8+1024)
	}
	out, err := m.walker.AppendJSON(m.out[:0], body, m.pass, m.site)
	if err != nil {
		return nil, nil, m.problem(err)
	}
	m.out = out[:0]
	if m.walker.ResourceType() != want {
		return nil, nil, failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server answered with a resource of another type")
	}
	return out, m.pass.Record("complete", ""), nil
}

// problem tells the consumer what kind of error masking met. Where it was is for
// the log alone: a place in the original is more than the consumer may know.
func (m *masker) problem(err error) *problem {
	var syntax *fhir.SyntaxError
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &withheld):
		return notFound()
	case errors.As(err, &syntax):
		m.s.log.Warn("upstream answer is not valid", "request_id", m.pass.Origin.RequestID, "door", "fhir",
			"operation", m.pass.Origin.Operation, "path", syntax.Path, "offset", syntax.Offset, "reason", syntax.What)
		return failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's answer is not valid: "+syntax.What)
	}
	return failed(502, models.IssueTypeProcessing, "masking failed", "the FHIR server's answer could not be masked")
}

// link rewrites a Bundle link: self is the consumer's own request, pages are
// sealed tokens, and every other link goes.
func (m *masker) link(dst, relation, link []byte) ([]byte, bool) {
	if m.self == "" {
		return dst, false
	}
	switch string(relation) {
	case "self":
		return append(dst, m.self...), true
	case "first", "previous", "prev", "next", "last":
	default:
		return dst, false
	}
	rest, ok := m.s.relative(link)
	if !ok {
		return dst, false
	}
	dst = append(append(dst, m.s.base...), "?_page="...)
	return m.pass.Keys.AppendSealedToken(dst, m.s.pageSlot, rest, m.s.pageScope), true
}
