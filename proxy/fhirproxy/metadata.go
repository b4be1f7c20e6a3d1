package fhirproxy

import (
	"sync"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/capability"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// capabilities handles GET metadata.
func (x *exchange) capabilities(a *request) (*response, *outcome.Problem) {
	x.Operation = "capabilities"
	narrow, p := x.shapeOfMetadata(a)
	if p != nil {
		return nil, p
	}
	body, p := x.view.metadata.get(time.Minute, func() ([]byte, *outcome.Problem) {
		r, p := x.s.up.Get([]byte("/metadata"), x.s.limits.UpstreamTimeout, x.Span)
		if p != nil {
			return nil, p
		}
		defer r.Release()
		if p := r.Check(); p != nil {
			return nil, outcome.Failed(502, models.IssueTypeProcessing, "upstream metadata", "the FHIR server did not respond with its metadata")
		}
		if p := r.ToJSON(); p != nil {
			return nil, p
		}
		statement, err := capability.Statement(&capability.Config{
			Guard: x.view.guard, Keys: x.keys, Site: x.s.site, Ruleset: x.view.automaton.Policy.Ruleset, Base: x.s.base,
		}, r.Body)
		if err != nil {
			return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream metadata", err.Error())
		}
		return statement, nil
	})
	if p == nil {
		p = x.note("complete", "", 200, "CapabilityStatement")
	}
	if p != nil {
		return nil, p
	}
	out, p := shapeResponse(append(a.buf, body...), &retrieval{want: "CapabilityStatement", narrow: narrow})
	if p != nil {
		return nil, p
	}
	return &response{status: 200, body: out}, nil
}

// shapeOfMetadata checks the parameters of metadata. mode may be ignored (FHIR R4,
// http.html#capabilities), _elements and _summary reduce the statement to what was
// requested, and others have no effect.
func (x *exchange) shapeOfMetadata(a *request) (*edit.Selection, *outcome.Problem) {
	var shape []guard.Param
	for _, p := range a.Params {
		switch {
		case p.Name == "_elements", p.Name == "_summary" && p.Value != "count":
			shape = append(shape, p)
		case p.Name == "mode":
		default:
			if a.prefer.Handling == guard.Strict {
				return nil, outcome.Refused(400, models.IssueTypeNotSupported, "parameters of metadata", "metadata takes no parameters except mode, _elements, _summary, _format and _pretty")
			}
		}
	}
	narrow, _, err := x.view.guard.Shape("CapabilityStatement", shape, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	return narrow, nil
}

// cached is a value that is fetched again after some time. It may be used concurrently;
// callers wait for a fetch in progress.
type cached struct {
	mu    sync.Mutex
	until time.Time
	body  []byte
	err   *outcome.Problem
}

// failureAge is how long a failure is cached.
const failureAge = time.Second

// Get returns the value, and fetches it if it is older than age.
func (c *cached) get(age time.Duration, fetch func() ([]byte, *outcome.Problem)) ([]byte, *outcome.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.until) {
		return c.body, c.err
	}
	c.body, c.err = fetch()
	if c.err != nil {
		age = failureAge
	}
	c.until = time.Now().Add(age)
	return c.body, c.err
}
