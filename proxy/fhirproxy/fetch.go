package fhirproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/trace"
)

// retrieval is a request to the upstream, and what its response must be.
type retrieval struct {
	// path and query below the upstream's base.
	path string
	// want is the type of resource that the response must be.
	want string
	// self is the URL of the response's own request. Without it the response has no
	// links.
	self string
	// typ and shape go into the links of further pages, format into their URLs.
	typ    string
	shape  []guard.Param
	format string
	narrow *edit.Selection
	// dropped is what was left out, and handling what the consumer prefers in that case.
	dropped  []*guard.Refusal
	handling guard.Handling
	// tagged: the response has the ETag of its version. known is the consumer's
	// If-None-Match.
	tagged bool
	known  string
	// counted: the minimum count of the view applies, as for searches and histories of a
	// type, which select among the resources of many persons.
	counted bool
}

// upstreamJSON requests a path and returns the checked response in JSON, which the
// caller releases.
func (x *exchange) upstreamJSON(path string) (*upstream.Response, *outcome.Problem) {
	r, p := x.s.up.Get([]byte(path), x.s.limits.UpstreamTimeout, x.Span)
	if p != nil {
		return nil, p
	}
	if p := r.Check(); p != nil {
		r.Release()
		return nil, p
	}
	if p := r.ToJSON(); p != nil {
		r.Release()
		return nil, p
	}
	return r, nil
}

// fetch queries the upstream, masks the response into a.buf, makes its record durable and
// only then sends the response. A large Bundle is sent while it arrives, if that is
// possible.
func (x *exchange) fetch(q *retrieval, a *request) (ans *response, p *outcome.Problem) {
	if p := x.s.enter(); p != nil {
		return nil, p
	}
	defer x.s.leave()
	var r *upstream.Response
	defer func() { // also after a panic
		if r != nil && (ans == nil || ans.stream == nil) {
			r.Release()
		}
	}()
	if x.streams(q, a) {
		var whole bool
		if r, whole, p = x.bundleStart(q.path); p != nil {
			return nil, p
		}
		if !whole {
			if ans, p = x.openBundle(q, r, a.format); ans != nil || p != nil {
				return ans, p
			}
			if p = r.ReadAll(x.s.limits.UpstreamTimeout); p == nil {
				p = r.ToJSON()
			}
			if p != nil {
				return nil, p
			}
		}
	} else if r, p = x.upstreamJSON(q.path); p != nil {
		return nil, p
	}
	return x.maskWhole(q, r.Body, a.buf)
}

// bundleStart requests a path and returns the beginning of the checked response, or all of
// it in JSON, which the caller releases.
func (x *exchange) bundleStart(path string) (r *upstream.Response, whole bool, p *outcome.Problem) {
	timeout := x.s.limits.UpstreamTimeout
	if r, whole, p = x.s.up.GetStream(path, streamFrom, timeout, x.Span); p != nil {
		return nil, false, p
	}
	if !whole && !r.IsJSON() && !r.IsXML() { // it cannot be masked in parts, or there is a problem
		whole, p = true, r.ReadAll(timeout)
	}
	if p == nil {
		p = r.Check()
	}
	if p == nil && whole {
		p = r.ToJSON()
	}
	if p != nil {
		r.Release()
		return nil, false, p
	}
	return r, whole, nil
}

// maskWhole masks a response into dst and makes its record durable.
func (x *exchange) maskWhole(q *retrieval, body, dst []byte) (_ *response, p *outcome.Problem) {
	var out []byte
	var record *mask.Record
	span := x.Span.Child(trace.Mask)
	defer span.End()
	finder := x.s.lookups.Finder(x.view.lookups, false)
	finder.Span = span
	for {
		p = x.withMasker(func(m *masker) (p *outcome.Problem) {
			m.finder = finder
			out, record, p = m.mask(x, dst, body, q)
			m.finder = nil // what it knows are originals
			x.s.seenForeign(m)
			return p
		})
		if p != missed {
			break
		}
		finder.Settle() // where it fails, the next walk says so
	}
	span.End()
	if p == nil {
		p = x.delivers(record)
	}
	if p == nil && q.counted && x.view.minCount > 0 {
		p = x.enough(out)
	}
	if p == nil {
		out, p = shapeResponse(out, q)
	}
	if p != nil {
		return nil, p
	}
	header := leftOut(q.dropped)
	if q.tagged {
		if tag := versionTag(out); tag != "" {
			if q.known != "" && matches(q.known, tag) {
				return x.notModified(tag)
			}
			header = append(header, outcome.Header{Name: "ETag", Value: tag})
		}
	}
	if p = x.commit(record, 200); p != nil {
		return nil, p
	}
	x.s.shared.Metrics().Masked(len(out))
	return &response{status: 200, body: out, header: header}, nil
}

// leftOut names the parameters that were left out in a header, since not every response
// has a place for them.
func leftOut(dropped []*guard.Refusal) []outcome.Header {
	if len(dropped) == 0 {
		return nil
	}
	var names []string
	for _, r := range dropped {
		if !slices.Contains(names, r.Param) {
			names = append(names, r.Param)
		}
	}
	return []outcome.Header{{Name: "X-Veil-Left-Out", Value: strings.Join(names, ", ")}}
}

// shapeResponse reduces a masked response to what was requested, and adds what was left
// out.
func shapeResponse(out []byte, q *retrieval) ([]byte, *outcome.Problem) {
	wrong := outcome.Failed(500, models.IssueTypeException, "internal", "Veil failed to build the response")
	var err error
	if q.narrow != nil {
		if out, err = q.narrow.Append(nil, out); err != nil {
			return nil, wrong
		}
	}
	if dropped := q.named(); len(dropped) > 0 {
		entry, err := outcomeEntry(dropped)
		if err == nil {
			out, err = edit.AppendEntry(nil, out, entry)
		}
		if err != nil {
			return nil, wrong
		}
	}
	return out, nil
}

// named are the parameters that an entry of the Bundle says were left out. A consumer
// that does not expect such an entry gets none if nothing depends on it, since some
// clients treat every entry as a match.
func (q *retrieval) named() []*guard.Refusal {
	if q.want != "Bundle" {
		return nil
	}
	if q.handling == guard.Lenient {
		return q.dropped
	}
	var named []*guard.Refusal
	for _, r := range q.dropped {
		if !r.Harmless {
			named = append(named, r)
		}
	}
	return named
}

// enough refuses a response with fewer matches than the view allows.
func (x *exchange) enough(bundle []byte) *outcome.Problem {
	if total, ok := edit.BundleTotal(bundle); ok && total >= x.view.minCount {
		return nil
	}
	return outcome.Refused(403, models.IssueTypeForbidden, "least count",
		fmt.Sprintf("fewer than %d resources were found, or the FHIR server did not say how many, so none are returned: widen the search", x.view.minCount))
}

// enter waits until Limits.Exchanges allows another request.
func (s *Server) enter() *outcome.Problem {
	if s.places.Try() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.UpstreamTimeout)
	defer cancel()
	if s.places.Take(ctx) {
		return nil
	}
	return outcome.Failed(503, models.IssueTypeThrottled, "busy", "too many requests are in progress; try again later").With("Retry-After", "1")
}

func (s *Server) leave() { s.places.Leave() }

// outcomeEntry is the entry of a Bundle that says what was left out (FHIR R4,
// search.html#errors).
func outcomeEntry(dropped []*guard.Refusal) ([]byte, error) {
	var o models.OperationOutcome
	for _, r := range dropped {
		text := r.Error() + "; it was left out"
		o.Issue = append(o.Issue, models.OperationOutcomeIssue{Severity: models.IssueSeverityWarning, Code: models.IssueTypeNotSupported, Diagnostics: &text})
	}
	resource, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	mode := models.SearchEntryModeOutcome
	return json.Marshal(models.BundleEntry{Resource: resource, Search: &models.BundleEntrySearch{Mode: &mode}})
}
