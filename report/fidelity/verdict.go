package fidelity

import (
	"fmt"
	"math"

	"github.com/veil-proxy/veil/report/signed"
)

// The failures to rule out.
const (
	drift     = "distribution drift"
	integrity = "broken referential integrity"
	edgeCases = "lost edge cases"
)

const (
	weakest       = 0.1  // minimum correlation that counts
	leastInform   = 0.05 // minimum mutual information that counts, in nats
	keptInform    = 0.8
	keptRare      = 0.9
	keptTail      = 0.5
	fewestForPair = 100  // minimum rows for a relation
	fewestForTail = 1000 // minimum values for tails
)

// wilson returns the error of a share in a sample in 19 of 20 cases: half of the Wilson
// interval.
func wilson(share float64, n int) float64 {
	if n == 0 {
		return 1
	}
	const z = 1.96
	m := float64(n)
	return z / (1 + z*z/m) * math.Sqrt(share*(1-share)/m+z*z/(4*m*m))
}

// judge gives a verdict on each failure.
func (r *Report) judge() {
	r.Verdicts = []Verdict{r.drift(), r.integrity(), r.edgeCases()}
}

func verdict(name string, looked int, faults []string, what, passed string) Verdict {
	v := Verdict{Name: name, Outcome: signed.Pass, Reason: passed, Faults: faults}
	switch {
	case looked == 0 && len(faults) == 0:
		v.Outcome, v.Reason = signed.NotRun, "there is nothing to compare"
	case len(faults) > 0:
		v.Outcome, v.Reason = signed.Fail, fmt.Sprintf("%d of %d %s", len(faults), max(looked, len(faults)), what)
	}
	return v
}

// judged returns the distance that decides whether a column has drifted, and whether
// there is one: values that were removed or replaced have no distribution that could
// drift.
func (c *Column) judged() (d Distance, what string, ok bool) {
	switch {
	case c.Outcome == removed || c.Kind == empty.String():
		return d, "", false
	case c.Outcome == replaced:
		if c.TVByRank == nil {
			return d, "", false
		}
		return *c.TVByRank, "total variation by rank", true
	case c.KSFloored != nil:
		return *c.KSFloored, "KS at the masked precision", true
	case c.KS != nil:
		return *c.KS, "KS", true
	case c.TV == nil || c.keyOriginals || c.Outcome == generalized && c.TV.Value == 1:
		return d, "", false
	}
	return *c.TV, "total variation", true
}

func (r *Report) drift() Verdict {
	var faults []string
	looked := 0
	for t := range r.Tables {
		table := &r.Tables[t]
		for i := range table.Columns {
			c := &table.Columns[i]
			name := table.Name + "." + c.Name
			d, what, ok := c.judged()
			if ok {
				looked++
			}
			switch {
			case ok && d.Value-d.Tolerance > r.Limit:
				faults = append(faults, fmt.Sprintf("%s: %s %.3f", name, what, d.Value))
			case c.Outcome != removed && math.Abs(c.Nulls.Masked-c.Nulls.Original) > r.Limit:
				faults = append(faults, fmt.Sprintf("%s: NULL in %.1f %% of rows instead of %.1f %%", name, 100*c.Nulls.Masked, 100*c.Nulls.Original))
			case c.Others.Masked-c.Others.Original > r.Limit:
				faults = append(faults, fmt.Sprintf("%s: %.1f %% of values are no longer of the kind %s", name, 100*c.Others.Masked, c.Kind))
			}
		}
		for i := range table.Pairs {
			looked++
			if fault := table.Pairs[i].fault(r.Limit); fault != "" && table.PairRows.Original >= fewestForPair {
				faults = append(faults, fmt.Sprintf("%s.%s and %s: %s", table.Name, table.Pairs[i].X, table.Pairs[i].Y, fault))
			}
		}
		for i := range table.Intervals {
			looked++
			if v := &table.Intervals[i]; v.KS.Value-v.KS.Tolerance > r.Limit {
				faults = append(faults, fmt.Sprintf("%s: time from %s: KS %.3f", table.Name, v.Name, v.KS.Value))
			}
		}
	}
	return verdict(drift, looked, faults, "distributions, relations and intervals have drifted", fmt.Sprintf("%d distributions, relations and intervals are within %g", looked, r.Limit))
}

// fault describes what is wrong with a relation; "" if nothing is.
func (p *Pair) fault(limit float64) string {
	switch s := p.Spearman; {
	case s != nil && math.Abs(s.Original) >= weakest && math.Abs(s.Original-s.Masked) > limit:
		return fmt.Sprintf("rank correlation %.2f instead of %.2f", s.Masked, s.Original)
	case p.Information.Original >= leastInform && p.Information.Masked < keptInform*p.Information.Original:
		return fmt.Sprintf("mutual information %.3f instead of %.3f", p.Information.Masked, p.Information.Original)
	}
	return ""
}

func (r *Report) integrity() Verdict {
	var faults []string
	for _, name := range r.Missing {
		faults = append(faults, name+": the table is missing")
	}
	for _, j := range r.Joins {
		switch {
		case j.Rows.Original-j.Rows.Masked > max(0.001, j.Tolerance):
			faults = append(faults, fmt.Sprintf("%s to %s: %.1f %% of rows join instead of %.1f %%", j.From, j.To, 100*j.Rows.Masked, 100*j.Rows.Original))
		case j.Unique[0] && !j.Unique[1]:
			faults = append(faults, j.To+": values are no longer unique")
		}
	}
	return verdict(integrity, len(r.Joins)+len(r.Missing), faults, "joins are broken", fmt.Sprintf("%d joins still match", len(r.Joins)))
}

func (r *Report) edgeCases() Verdict {
	var faults []string
	looked := 0
	for t := range r.Tables {
		table := &r.Tables[t]
		looked++
		if table.Rows.Original != table.Rows.Masked {
			faults = append(faults, fmt.Sprintf("%s: %.0f rows instead of %.0f", table.Name, table.Rows.Masked, table.Rows.Original))
		}
		for i := range table.Columns {
			c := &table.Columns[i]
			name := table.Name + "." + c.Name
			if c.Rare != nil && c.Rare.Original > 0 {
				looked++
				if c.Rare.Kept < keptRare*c.Rare.Original {
					faults = append(faults, fmt.Sprintf("%s: %.0f of %.0f rare categories are left", name, c.Rare.Kept, c.Rare.Original))
				}
			}
			if c.Tails != nil && c.Outcome != replaced && table.Rows.Original >= fewestForTail {
				looked++
				for _, end := range []struct {
					name string
					tail Both
				}{{"lowest", c.Tails.Low}, {"highest", c.Tails.High}} {
					if end.tail.Masked < keptTail*end.tail.Original {
						faults = append(faults, fmt.Sprintf("%s: %.2f %% of values are as the %s instead of %.2f %%", name, 100*end.tail.Masked, end.name, 100*end.tail.Original))
					}
				}
			}
		}
	}
	return verdict(edgeCases, looked, faults, "checks of rows, rare categories and extremes fail", fmt.Sprintf("%d checks of rows, rare categories and extremes pass", looked))
}
