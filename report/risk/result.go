package risk

import (
	"fmt"

	"github.com/veil-proxy/veil/report/signed"
)

// Fill adds the figures of the report to a result.
func (r *Report) Fill(out *signed.Result) {
	out.Details = r
	finding := signed.Finding{Name: fmt.Sprintf("k-anonymity of %d", r.K), Outcome: signed.Pass, Reason: fmt.Sprintf("the smallest class has %d rows", r.Smallest)}
	if r.Smallest < r.K {
		finding.Outcome = signed.Fail
		finding.Reason = fmt.Sprintf("%d of %d rows are in classes of fewer than %d", r.Below, r.Rows, r.K)
	}
	out.Findings = append(out.Findings, finding)
	add := func(name, of string, value float64, unit string) {
		out.Figures = append(out.Figures, signed.Figure{Name: name, Of: of, Value: value, Unit: unit})
	}
	add("rows", r.Table, float64(r.Rows), "rows")
	add("k-anonymity", r.Table, float64(r.Smallest), "rows")
	add("classes", r.Table, float64(r.Classes), "")
	add("unique rows", r.Table, float64(r.Unique), "rows")
	add("rows below k", r.Table, float64(r.Below), "rows")
	add("average risk", r.Table, r.Average, "")
	if p := r.Population; p != nil {
		add("expected unique rows in the population", r.Table, p.Rows, "rows")
	}
	if p := r.Presence; p != nil {
		add("δ-presence, largest", r.Table, p.Largest, "")
	}
	for _, s := range r.Sensitive {
		add("l-diversity", s.Column, float64(s.Distinct), "")
		add("entropy l-diversity", s.Column, s.Entropy, "")
		add("t-closeness", s.Column, s.Closeness, "")
	}
}
