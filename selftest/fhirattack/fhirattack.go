// Package fhirattack runs the FHIR attacks against any target: a proxy, a server that
// masks, or one that does not. It acts as a consumer like any other. It changes
// nothing: requests that try to write concern resources that do not exist.
package fhirattack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/suite"
)

// mostPerElement is how many canaries of an element are used for attacks that need one.
const mostPerElement = 1

// run is a self-test in progress.
type run struct {
	*target
	report    *selftest.Report
	canaries  []selftest.Canary // at most mostPerElement of an element
	originals *selftest.Originals
	// masked are ids of resources as the consumer sees them, by type.
	masked map[string]string
	// requests are the ids that the target gave to requests, if it did.
	requests []string
}

// Result is what a run returns besides its probes.
type Result struct {
	// RequestIDs are the X-Request-Id headers of all responses.
	RequestIDs []string
	// Masked are ids of resources as the consumer sees them, by type.
	Masked map[string]string
}

// Run attacks a FHIR server and adds what it finds to a report. The error says that the self-test itself could not go on.
func Run(ctx context.Context, base string, consumer *Client, canaries *selftest.Canaries, limits selftest.Limits, report *selftest.Report) (*Result, error) {
	t, err := newTarget(base, consumer, limits)
	if err != nil {
		return nil, err
	}
	s := suite.FHIR()
	report.Ran(fmt.Sprintf("%s %s", s.Name, s.Version))
	r := &run{target: t, report: report, canaries: few(canaries.FHIR), originals: selftest.NewOriginals(canaries.Values()), masked: map[string]string{}}
	ok, err := r.controls(ctx)
	if err == nil && ok {
		for i := range s.Attacks {
			if !limits.Runs(prefix + s.Attacks[i].ID) {
				continue
			}
			if err = r.attack(ctx, &s.Attacks[i]); err != nil {
				break
			}
		}
	}
	return &Result{r.requests, r.masked}, err
}

func few(all []selftest.Canary) (out []selftest.Canary) {
	n := map[string]int{}
	for _, c := range all {
		if n[c.Of()]++; n[c.Of()] <= mostPerElement {
			out = append(out, c)
		}
	}
	return out
}

const prefix = "fhir."

// ask sends a request and keeps its id.
func (r *run) ask(ctx context.Context, request string, headers []string, body string) (*answer, error) {
	a, err := r.send(ctx, request, headers, body)
	if err == nil {
		if id := a.header.Get("X-Request-Id"); id != "" {
			r.requests = append(r.requests, id)
		}
	}
	return a, err
}

// controls runs the positive controls, which show that the probes could find something.
// It reports whether the attacks make sense.
func (r *run) controls(ctx context.Context) (bool, error) {
	add := func(id string, outcome selftest.Outcome, of, seen, do string) {
		r.report.Add(selftest.Probe{ID: prefix + "control." + id, Kind: "controls", Of: of, Outcome: outcome, Severity: selftest.Critical, Control: true, Seen: seen, Do: do})
	}
	a, err := r.ask(ctx, "GET /metadata", nil, "")
	switch {
	case err != nil:
		return false, err
	case !a.ok():
		add("connect", selftest.Fail, "", fmt.Sprintf("status %d for the capability statement", a.status), "check URL and TLS")
		return false, nil
	}
	add("connect", selftest.Pass, "", "", "")
	p := selftest.Probe{ID: prefix + "tls", Kind: "transport", Of: r.base.Host, Outcome: selftest.Pass, Severity: selftest.High}
	if loopback.Is(r.base.Hostname()) {
		p.Seen = "loopback"
	} else if r.base.Scheme != "https" {
		p.Outcome, p.Seen, p.Do = selftest.Fail, "plain HTTP to another machine was accepted", "serve FHIR only over TLS"
	}
	r.report.Add(p)
	if len(r.canaries) == 0 {
		add("canaries", selftest.NotRun, "", "no original of an element is known", "name some in a file for --canaries")
	}
	for _, typ := range r.types() {
		a, err := r.ask(ctx, "GET /"+typ+"?_count=1", nil, "")
		if err != nil {
			return false, err
		}
		if id := firstID(a, typ); !a.ok() {
			add("resources", selftest.Fail, typ, fmt.Sprintf("status %d for a search without parameters", a.status), "check the credentials and what they grant")
		} else if id == "" {
			add("resources", selftest.NotRun, typ, "there is no resource for this consumer", "name another type")
		} else {
			r.masked[typ] = id
			add("resources", selftest.Pass, typ, "", "")
		}
	}
	return true, r.detector(ctx, add)
}

// detector checks that an original in a response is found, and that two responses are
// distinguished.
func (r *run) detector(ctx context.Context, add func(id string, outcome selftest.Outcome, of, seen, do string)) error {
	if len(r.canaries) == 0 {
		return nil
	}
	text, err := json.Marshal(map[string]any{"resourceType": "Patient", "name": []any{map[string]string{"family": r.canaries[0].Value}}})
	if err != nil {
		return err
	}
	outcome := selftest.Pass
	if !r.originals.Found(text, "") {
		outcome = selftest.Fail
	}
	add("detector", outcome, "", "", "")
	var signatures []string
	for _, typ := range []string{"metadata", "NoSuchType"} {
		a, err := r.ask(ctx, "GET /"+typ, nil, "")
		if err != nil {
			return err
		}
		signatures = append(signatures, a.signature())
	}
	if signatures[0] == signatures[1] {
		add("distinguish", selftest.Fail, "", "the target gives one response to everything", "check the URL")
	} else {
		add("distinguish", selftest.Pass, "", "", "")
	}
	return nil
}

// firstID returns the id of the first resource of a type in a searchset.
func firstID(a *answer, typ string) string {
	for _, e := range a.bundle().Entry {
		if one := (&answer{body: e.Resource}).bundle(); one.ResourceType == typ {
			return one.ID
		}
	}
	return ""
}

// types returns the types of the canaries.
func (r *run) types() (types []string) {
	for _, c := range r.canaries {
		if !slices.Contains(types, c.Type) {
			types = append(types, c.Type)
		}
	}
	return types
}

// attack runs an attack for everything that it applies to.
func (r *run) attack(ctx context.Context, a *suite.Attack) error {
	return a.Each(r.canaries, func(c *selftest.Canary) bool { return r.fits(a, c) }, func(c *selftest.Canary) error { return r.attempt(ctx, a, c) })
}

// fits reports whether the canary suits the attack: ids are for attacks by id, and an
// element without a search parameter cannot be searched.
func (r *run) fits(a *suite.Attack, c *selftest.Canary) bool {
	return (a.Over != suite.EachCanary || a.Uses("id") == (c.Element == "id")) &&
		(!a.Uses("parameter") || c.Parameter != "") && (!a.Uses("masked") || r.masked[c.Type] != "")
}

// attempt runs an attack once, or twice if answers are compared, and adds a probe.
func (r *run) attempt(ctx context.Context, a *suite.Attack, c *selftest.Canary) error {
	p := selftest.Probe{ID: prefix + a.ID, Kind: a.Kind, Of: a.Of(c), Outcome: selftest.Pass, Severity: selftest.Severity(a.Severity)}
	first, request, err := r.once(ctx, a, c, false)
	if err != nil {
		return err
	}
	switch {
	case r.originals.Found(first.received(), request):
		p.Outcome, p.Severity = selftest.Fail, selftest.Critical
		p.Seen, p.Do = "an original was received", "mask it, or refuse such requests: "+a.Tries
	case first.late:
		p.Outcome, p.Seen = selftest.NotRun, "the request timed out"
	case a.Judge == suite.Rows && first.ok() && first.resources():
		p.Outcome, p.Seen, p.Do = selftest.Fail, "resources were received", "keep consumers from reading this: "+a.Tries
	case a.Judge == suite.Accepted && first.ok() && !r.refusedInside(first):
		p.Outcome, p.Seen, p.Do = selftest.Fail, fmt.Sprintf("the request was accepted with status %d", first.status), "keep consumers from doing this: "+a.Tries
	case a.Judge == suite.Distinguish:
		told, err := r.distinguishes(ctx, a, c, first)
		if err != nil {
			return err
		}
		if told {
			p.Outcome, p.Seen, p.Do = selftest.Fail, "an original can be distinguished from a value that nobody has", "refuse the parameter, or evaluate it over masked values: "+a.Tries
		}
	}
	r.report.Add(p)
	return nil
}

// refusedInside reports whether a batch was accepted but its entry refused.
func (r *run) refusedInside(a *answer) bool {
	b := a.bundle()
	return len(b.Entry) > 0 && b.Entry[0].Response != nil && b.Entry[0].Response.Status > "3"
}

// once runs an attack with the values of a canary, or with values that nobody has.
func (r *run) once(ctx context.Context, a *suite.Attack, c *selftest.Canary, second bool) (*answer, string, error) {
	filled, err := a.Fill(r.values(c, second), second)
	if err != nil {
		return nil, "", err
	}
	answer, err := r.ask(ctx, filled.Request, filled.Headers, filled.Body)
	return answer, filled.Request + "\n" + filled.Body, err
}

func (r *run) values(c *selftest.Canary, second bool) map[string]string {
	if c == nil {
		return nil
	}
	v := c.Value
	if second {
		v = c.Absent
	}
	letters := []rune(v)
	return map[string]string{
		"type": c.Type, "parameter": c.Parameter, "element": c.Element, "masked": url.PathEscape(r.masked[c.Type]),
		"value": url.QueryEscape(v), "prefix": url.QueryEscape(string(letters[:len(letters)-1])), "id": url.PathEscape(v), "raw": quoted(v),
	}
}

// quoted returns a text as the inside of a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) // encoding a string cannot fail
	return string(b[1 : len(b)-1])
}

// distinguishes reports whether the answers differ for an original and for a value that
// nobody has. A difference counts only if it is repeatable, since resources may change in
// the meantime.
func (r *run) distinguishes(ctx context.Context, a *suite.Attack, c *selftest.Canary, first *answer) (bool, error) {
	seen := first.signature()
	for round := range 2 {
		other, _, err := r.once(ctx, a, c, true)
		if err != nil || other.signature() == seen {
			return false, err
		}
		if round > 0 {
			break
		}
		again, _, err := r.once(ctx, a, c, false)
		if err != nil || again.signature() != seen {
			return false, err
		}
	}
	return true, nil
}
