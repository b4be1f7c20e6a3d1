package fhirproxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lookup"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// errSubject says that a response cannot be masked in the same way as always, since the
// upstream did not say who a resource is about. errMissed says that the upstream must be
// queried first.
var (
	errSubject = errors.New("the patient could not be determined")
	errMissed  = errors.New("a patient must be looked up")
)

// masker is a walker with its pass. It masks one response at a time. Its site stays the
// same, since the walker drops its memory when the site changes; self and page belong to
// the response being masked.
type masker struct {
	s      *Server
	view   *view
	walker *fhir.Walker
	pass   *mask.Pass
	site   *fhir.Site
	finder *lookup.Finder // of the response being masked
	plain  []byte         // of the token being made

	self      string // the URL of the search being handled
	requested string // of the upstream, path and query
	page      link   // shared by its pages
	scope     []byte // of their tokens
	suffix    string // of their URLs
	links     pageLinks
}

// pageLinks is the outcome of rewriting the links of a Bundle.
type pageLinks struct {
	next    bool             // there is a next page, and its link was made
	lost    *outcome.Problem // why its link could not be made
	strayed int              // other links that could not be made
}

// add adds the outcome for the links of a part, which may be the same links again.
func (l *pageLinks) add(m *pageLinks) {
	l.next = l.next || m.next
	if m.lost != nil {
		l.lost = m.lost
	}
	l.strayed = max(l.strayed, m.strayed)
}

func (s *Server) newMasker(v *view) *masker {
	m := &masker{s: s, view: v, walker: fhir.NewWalker(v.automaton, fhir.RememberAlways), pass: mask.NewPass(v.automaton.Plan)}
	m.pass.Detail = v.detail
	m.finder = s.lookups.Finder(v.lookups, true)
	m.site = &fhir.Site{Upstream: s.up.Origins, Base: s.base, Link: m.link, Subject: func(dst []byte, typ string, id []byte) ([]byte, bool) {
		return m.finder.Subject(dst, typ, id)
	}}
	if v.automaton.ScrubsTexts() {
		m.site.People = func(typ, id string) (people.Facts, error) { return m.finder.People(typ, id) }
		m.site.Relatives = func(patient string) (people.Facts, error) { return m.finder.Relatives(patient) }
		m.site.Later = later{m}
	}
	return m
}

// later is mask.Later of the response that a masker is masking.
type later struct{ m *masker }

func (l later) Result(key [32]byte) any                  { return l.m.finder.Result(key) }
func (l later) Leave(key [32]byte, work func() any) bool { return l.m.finder.Leave(key, work) }

// withMasker lends a masker of the view to f. The masker is held only while f runs, not
// while a record is written or the upstream is queried.
func (x *exchange) withMasker(f func(m *masker) *outcome.Problem) *outcome.Problem {
	return lend.To(x.view.maskers, func() *masker { return x.s.newMasker(x.view) }, f)
}

// begin makes the masker ready for a response, or a part of one, whose links end at an
// hour, or after Config.LinkAge if that is 0.
func (m *masker) begin(x *exchange, q *retrieval, ends uint32) {
	m.pass.Begin(x.Origin())
	m.self, m.requested, m.page, m.suffix = q.self, q.path, link{at: q.typ, shape: q.shape, ends: ends}, ""
	m.links = pageLinks{}
	if q.self != "" {
		m.scope = x.scope(linkPage)
		if q.format != "" {
			m.suffix = "&_format=" + q.format
		}
	}
}

// mask masks a response, which must be a resource of the expected type, and appends it to
// dst.
func (m *masker) mask(x *exchange, dst, body []byte, q *retrieval) ([]byte, *mask.Record, *outcome.Problem) {
	m.begin(x, q, 0)
	if cap(dst) < len(body) {
		// Masked responses are rarely larger than the original by more than the
		// labels of their resources.
		dst = make([]byte, 0, len(body)+len(body)/8+1024)
	}
	out, err := m.appendJSON(dst, body)
	if err != nil && !strays(err, body, q.want) {
		return nil, nil, m.problem(err)
	}
	if err != nil || m.walker.ResourceType() != q.want {
		return nil, nil, outcome.Failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server responded with a resource of another type")
	}
	if q.self != "" {
		from, to := m.walker.Entries()
		if p := m.links.whole(x, body, from, to); p != nil {
			return nil, nil, p
		}
	}
	return out, m.pass.Record("complete", ""), nil
}

// appendJSON masks one resource. The error is errMissed if patients must be looked up
// first.
func (m *masker) appendJSON(dst, src []byte) ([]byte, error) {
	out, err := m.walker.AppendJSON(dst, src, m.pass, m.site)
	switch {
	case m.finder.Broken():
		return dst, errSubject
	case m.finder.Needs():
		return dst, errMissed
	}
	return out, err
}

// strays reports whether a withheld resource is of a type that was not requested: that is
// the upstream's mistake, and reveals nothing about the requested resource.
func strays(err error, body []byte, want string) bool {
	var withheld *fhir.WithheldError
	if !errors.As(err, &withheld) {
		return false
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	return json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &head) == nil && head.ResourceType != want
}

// whole refuses a page whose next page could not be reached, since the consumer would
// think it was the last. The entries are body[from:to], if that is known.
func (l *pageLinks) whole(x *exchange, body []byte, from, to int) *outcome.Problem {
	if !l.next && l.lost == nil {
		body = bytes.TrimPrefix(body, fhirjson.ByteOrderMark)
		edit.EachLink(body, from, to, func(relation, url string) {
			if strings.EqualFold(strings.TrimSpace(relation), "next") && (url == "" || relation != "next") {
				l.lost = outcome.Failed(502, models.IssueTypeStructure, "incomplete without the next page",
					"the FHIR server says that there is a next page, but not in the form of FHIR: a link with the relation \"next\" and a url")
			}
		})
	}
	if l.lost == nil && l.strayed == 0 {
		return nil
	}
	x.s.shared.Log().Warn("links of the upstream are not below its base URL", "request_id", x.ID, "door", "fhir",
		"operation", x.Operation, "setting", "fhir.upstreamAliases", "next", l.lost != nil, "others", l.strayed)
	return l.lost
}

// problem returns what kind of error occurred in masking. Its position is only logged,
// since a position in the original is more than the consumer may know.
func (m *masker) problem(err error) *outcome.Problem {
	var syntax *fhirjson.SyntaxError
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &withheld):
		return outcome.NotFound()
	case errors.Is(err, errMissed):
		return missed
	case errors.Is(err, errSubject):
		return outcome.Failed(502, models.IssueTypeProcessing, "patient not determined",
			"the FHIR server did not say which patient a resource is about, which a rule needs; try again, or request fewer resources with _count")
	case errors.As(err, &syntax):
		m.s.shared.Log().Warn("upstream response is not valid", "request_id", m.pass.Origin.RequestID, "door", "fhir",
			"operation", m.pass.Origin.Operation, "path", syntax.Path, "offset", syntax.Offset, "reason", syntax.What)
		return outcome.Failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's response is not valid: "+syntax.What)
	}
	return outcome.Failed(502, models.IssueTypeProcessing, "masking failed", "the FHIR server's response could not be masked")
}

// missed represents errMissed as a problem. It is never sent to a consumer.
var missed = &outcome.Problem{}

// link rewrites a Bundle link: self is the consumer's own request, pages are sealed
// tokens, and all other links are removed. A next page that cannot be reached is noted,
// since a response without it would look complete.
func (m *masker) link(dst, relation, url []byte) ([]byte, bool) {
	if m.self == "" {
		return dst, false
	}
	switch string(relation) {
	case "self":
		m.s.seenSelf(string(url))
		return append(append(dst, m.self...), m.suffixOf(m.self)...), true
	case "first", "previous", "prev", "next", "last":
	default:
		return dst, false
	}
	isNext := string(relation) == "next"
	rest, ok := m.s.up.Below(string(url), m.requested, false)
	if !ok {
		if isNext {
			m.links.lost = lostNext(len(url))
		} else {
			m.links.strayed++
		}
		return dst, false
	}
	m.links.next = m.links.next || isNext
	m.page.path = rest
	dst = append(append(dst, m.s.root...), "?_page="...)
	return append(m.appendToken(dst, &m.page, m.scope), m.suffix...), true
}

// lostNext says why a link to a next page could not be created.
func lostNext(size int) *outcome.Problem {
	if size > upstream.MaxLink {
		return outcome.Failed(502, models.IssueTypeTooLong, "incomplete without the next page",
			fmt.Sprintf("the FHIR server's link to the next page has more than %d bytes, so the response would end early; send fewer or shorter parameters", upstream.MaxLink))
	}
	return outcome.Failed(502, models.IssueTypeProcessing, "incomplete without the next page",
		"the FHIR server's link to the next page is not below its base URL, so the response would end early: "+
			"list the base URL that it writes into its links in fhir.upstreamAliases")
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
