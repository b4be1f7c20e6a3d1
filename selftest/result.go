package selftest

import (
	"strings"
	"time"

	"github.com/veil-proxy/veil/report/signed"
)

// Result returns the report in the form that can be signed and included in evidence:
// the counts of each kind as figures, the probes as findings.
func (r *Report) Result(at time.Time, inputs []signed.Input) *signed.Result {
	out := &signed.Result{Kind: "selftest", Version: r.Veil, Time: at, Inputs: inputs, Grade: r.Grade, Figures: []signed.Figure{}, Findings: []signed.Finding{}, Details: r}
	var all Kind
	for _, k := range r.Kinds {
		all.Passed, all.Failed, all.NotRun = all.Passed+k.Passed, all.Failed+k.Failed, all.NotRun+k.NotRun
	}
	for _, k := range append([]Kind{all}, r.Kinds...) {
		for _, f := range []signed.Figure{{Name: "probes passed", Value: float64(k.Passed)}, {Name: "probes failed", Value: float64(k.Failed)}, {Name: "probes not run", Value: float64(k.NotRun)}} {
			f.Of, f.Unit = k.Kind, "probes"
			out.Figures = append(out.Figures, f)
		}
	}
	out.Figures = append(out.Figures, signed.Figure{Name: "known originals", Value: float64(r.Canaries), Unit: "values"})
	for _, p := range r.Probes {
		name := p.ID
		if p.Of != "" {
			name += " " + p.Of
		}
		reason := p.Seen
		if p.Outcome == Fail {
			reason = strings.Join([]string{string(p.Severity), p.Seen, p.Do}, "; ")
		}
		out.Findings = append(out.Findings, signed.Finding{Name: name, Outcome: signed.Outcome(p.Outcome), Reason: reason})
	}
	return out
}
