package fhirproxy

import (
	"errors"
	"io"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/inparts"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lookup"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// streamFrom is how much of a Bundle is read before it is sent while the rest arrives. A
// smaller one is masked whole.
const streamFrom = 256 << 10

// bundleBody is a Bundle that is masked and sent while it arrives. An error in the part
// that arrives before the first byte is sent is reported as for a response that is masked
// whole. A later error cuts the response off.
type bundleBody struct {
	x       *exchange
	q       *retrieval
	r       *upstream.Response
	m       *inparts.Masker
	asXML   bool // the consumer takes XML
	pass    *mask.Pass
	finder  *lookup.Finder
	ends    uint32 // the hour when its links expire
	links   pageLinks
	failure *outcome.Problem // of the part that was masked last
	first   []byte           // to be sent before more is read
	last    []byte           // to be sent after the record
}

// streams reports whether the consumer and the view let a Bundle be sent while it
// arrives. A Bundle is masked whole if something depends on all of it: the types that
// scopes grant, minimum counts, selected elements, an entry that says what was left out,
// or details of the audit log.
func (x *exchange) streams(q *retrieval, a *request) bool {
	return !x.view.unstreamed.Load() && (!a.format.XML || !x.view.unstreamedXML.Load()) && a.chunks && a.method != "HEAD" && q.want == "Bundle" && !a.format.Pretty() &&
		x.Who.Scopes == nil && (!q.counted || x.view.minCount == 0) && q.narrow == nil && len(q.named()) == 0 && !x.view.detail
}

// openBundle returns a response that streams a Bundle, of which r has the beginning. It
// returns nil if the Bundle must be masked whole, or if too many are being streamed
// already, since they last as long as their consumers read.
func (x *exchange) openBundle(q *retrieval, r *upstream.Response, format *media.Format) (ans *response, p *outcome.Problem) {
	if !x.s.bundles.Try() {
		return nil, nil
	}
	defer func() {
		if ans == nil { // unless it panicked
			x.s.bundles.Leave()
		}
	}()
	b := &bundleBody{x: x, q: q, r: r, finder: x.s.lookups.Finder(x.view.lookups, false), ends: hour(x.s.now().Add(x.s.linkAge)), pass: mask.NewPass(x.view.automaton.Plan), asXML: format.XML}
	b.finder.Span = x.Span
	b.pass.Begin(x.Origin())
	if !b.begin() {
		return nil, nil
	}
	var err error
	if b.first, err = b.m.Next(make([]byte, 0, len(r.Body))); err != nil {
		return nil, b.problem(err)
	}
	if p := x.commit(b.pass.Record("started", ""), 200); p != nil {
		return nil, p
	}
	return &response{status: 200, contentType: map[bool]string{false: media.JSON, true: media.XML}[b.asXML], stream: newStream(x, b, x.s.bundles.Leave), header: leftOut(q.dropped)}, nil
}

// begin masks what has arrived. It reports false if the Bundle must be masked whole.
func (b *bundleBody) begin() (ok bool) {
	in := inparts.Source{Limit: b.x.s.limits.ResponseBytes, Lend: b.lend, XML: !b.r.IsJSON(), LargestXML: b.x.s.up.LargestXML()}
	if b.asXML {
		in.Writer = fhirxml.NewWriter(b.x.view.automaton.Schema(), false)
	}
	if b.m, ok = b.x.view.bundles.Begin(in, b.r.Body); !ok {
		return false
	}
	// In XML, links precede the entries. If one follows them, so may others.
	return !b.asXML || b.m.HeadHas("link")
}

// errLost says that a link to a next page could not be made.
var errLost = errors.New("a link to the next page cannot be made")

// lend lends a masker of the view for a part of the Bundle. The masker is not held while
// patients are looked up, or while waiting for the upstream or the consumer.
func (b *bundleBody) lend(counts bool, f func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error) (err error) {
	for {
		b.failure = b.x.withMasker(func(m *masker) *outcome.Problem {
			m.finder = b.finder
			m.begin(b.x, b.q, b.ends)
			err = f(m.walker, m.pass, m.site)
			m.finder = nil // its state contains originals
			switch {
			case errors.Is(err, fhir.ErrNeedsBundle):
				b.finder.Forget() // another entry may have it
				return nil
			case b.finder.Broken():
				err = errSubject
			case b.finder.Needs():
				err = errMissed
			}
			b.links.add(&m.links)
			if err == nil && b.links.lost != nil {
				err = errLost
				return b.links.lost
			}
			if err != nil {
				return m.problem(err)
			}
			b.x.s.seenForeign(m)
			if counts {
				b.pass.Merge(m.pass)
			}
			return nil
		})
		if !errors.Is(err, errMissed) {
			return err
		}
		b.finder.Settle() // if it fails, the next walk reports it
	}
}

// problem returns the problem with what has arrived.
func (b *bundleBody) problem(err error) *outcome.Problem {
	switch {
	case b.failure != nil && b.failure != missed:
		return b.failure
	case errors.Is(err, inparts.ErrTooLarge):
		return b.x.s.up.TooLarge()
	case errors.Is(err, inparts.ErrChanged):
		b.x.view.unstreamed.CompareAndSwap(false, !b.asXML)
		b.x.view.unstreamedXML.Store(true)
		return outcome.Failed(500, models.IssueTypeException, "beginning depends on end", "the rules make the beginning of the response depend on its end; request it again")
	}
	return outcome.Failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's response is not valid")
}

// write masks what arrives and sends it.
func (b *bundleBody) write(send func([]byte) error) (reason string, err error) {
	if err := send(b.first); err != nil {
		return "", err
	}
	out := b.first[:0]
	in := make([]byte, blockSize)
	for {
		n, err := b.r.More(in)
		if err := b.m.Feed(in[:n]); err != nil {
			return b.problem(err).Reason, errStream
		}
		switch {
		case errors.Is(err, io.EOF):
			if b.last, err = b.m.Finish(out[:0]); err != nil {
				return b.problem(err).Reason, errStream
			}
			if b.q.self != "" {
				if p := b.links.whole(b.x, b.m.Frame(), 0, 0); p != nil {
					return p.Reason, errStream
				}
			}
			return "", nil
		case err != nil:
			return "upstream broke off", errStream
		}
		if out, err = b.m.Next(out[:0]); err != nil {
			return b.problem(err).Reason, errStream
		}
		if err := send(out); err != nil {
			return "", err
		}
	}
}

// end returns the last part of the Bundle.
func (b *bundleBody) end() []byte { return b.last }

// record is of what was masked so far.
func (b *bundleBody) record(result, reason string) *mask.Record { return b.pass.Record(result, reason) }

// release releases the upstream's response.
func (b *bundleBody) release() {
	if b.r != nil {
		b.r.Release()
		b.r = nil
	}
}
