package fidelity

import "github.com/veil-proxy/veil/report/signed"

// Fill adds the figures and verdicts of the report to a result.
func (r *Report) Fill(out *signed.Result) {
	out.Details = r
	for _, v := range r.Verdicts {
		out.Findings = append(out.Findings, signed.Finding{Name: "no " + v.Name, Outcome: v.Outcome, Reason: v.Reason})
	}
	add := func(name, of string, value float64, unit string) {
		out.Figures = append(out.Figures, signed.Figure{Name: name, Of: of, Value: value, Unit: unit})
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		add("rows of the originals", t.Name, t.Rows.Original, "rows")
		add("masked rows", t.Name, t.Rows.Masked, "rows")
	}
	for _, j := range r.Joins {
		add("rows that join", j.From+" to "+j.To, 100*j.Rows.Masked, "%")
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		for k := range t.Columns {
			c := &t.Columns[k]
			if d, what, ok := c.judged(); ok {
				add(what, t.Name+"."+c.Name, d.Value, "")
			}
		}
	}
}
