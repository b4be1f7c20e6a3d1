package fidelity

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

const (
	mostFaults = 10
	mostPairs  = 10
)

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	for _, v := range r.Verdicts {
		fmt.Fprintf(w, "%-8s %s: %s\n", v.Outcome, v.Name, v.Reason)
		for i, f := range v.Faults {
			if i == mostFaults {
				fmt.Fprintf(w, "         … and %d more\n", len(v.Faults)-i)
				break
			}
			fmt.Fprintf(w, "         %s\n", f)
		}
	}
	for i := range r.Tables {
		if err := r.Tables[i].writeText(w); err != nil {
			return err
		}
	}
	if len(r.Joins) > 0 {
		fmt.Fprintln(w, "\nJoins")
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, j := range r.Joins {
			fmt.Fprintf(out, "%s\tto %s\t%s of rows\t→ %s%s\n", j.From, j.To, percent(j.Rows.Original), percent(j.Rows.Masked), plusMinus(100*j.Tolerance))
		}
		return out.Flush()
	}
	return nil
}

func (t *Table) writeText(w io.Writer) error {
	fmt.Fprintf(w, "\nTable %s: %.0f rows, masked %.0f\n", t.Name, t.Rows.Original, t.Rows.Masked)
	if len(t.Missing) > 0 {
		fmt.Fprintf(w, "missing: %s\n", list(t.Missing))
	}
	if len(t.Added) > 0 {
		fmt.Fprintf(w, "added: %s\n", list(t.Added))
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "column\tkind\toutcome\tNULL\tdistinct\tKS\tWasserstein\tTV\tby rank")
	for i := range t.Columns {
		c := &t.Columns[i]
		ks := figure(c.KS)
		if c.KSFloored != nil {
			ks += " (by " + c.Precision[1] + " " + figure(c.KSFloored) + ")"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s → %s\t%.0f → %.0f%s\t%s\t%s\t%s\t%s\n", c.Name, c.Kind, c.Outcome, percent(c.Nulls.Original), percent(c.Nulls.Masked), c.Distinct.Original, c.Distinct.Masked, plusMinus(100*c.DistinctTolerance), ks, figure(c.Wasserstein), figure(c.TV), figure(c.TVByRank))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	pairs := t.strongest()
	if len(pairs) > 0 {
		fmt.Fprintf(w, "strongest relations, of %d\n", len(t.Pairs))
		for _, p := range pairs {
			fmt.Fprintf(out, "  %s, %s\trank correlation %s\tmutual information %.3f → %.3f\n", p.X, p.Y, change(p.Spearman), p.Information.Original, p.Information.Masked)
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	if len(t.Intervals) > 0 {
		fmt.Fprintln(w, "intervals")
		for i := range t.Intervals {
			v := &t.Intervals[i]
			fmt.Fprintf(out, "  %s\t%.0f → %.0f\tKS %s\tWasserstein %s days\n", v.Name, v.Count.Original, v.Count.Masked, figure(&v.KS), figure(&v.Wasserstein))
		}
	}
	return out.Flush()
}

// strongest returns the pairs with the most mutual information.
func (t *Table) strongest() []Pair {
	return firstBy(t.Pairs, mostPairs, func(p *Pair) float64 { return -p.Information.Original })
}

func list(names []string) string {
	const most = 12
	text := ""
	for i, n := range names {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

func percent(share float64) string { return fmt.Sprintf("%.1f\u00a0%%", 100*share) }

// plusMinus returns a tolerance in percent, or "" if the figure is exact.
func plusMinus(t float64) string {
	if t == 0 {
		return ""
	}
	return fmt.Sprintf(" ± %.2g\u00a0%%", t)
}

func figure(d *Distance) string {
	switch {
	case d == nil:
		return "–"
	case d.Tolerance > 0:
		return fmt.Sprintf("%s ± %.1g", short(d.Value), d.Tolerance)
	}
	return short(d.Value)
}

func short(v float64) string {
	if math.Abs(v) < 100 {
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.4g", v)
}

func change(b *Both) string {
	if b == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f → %.2f", b.Original, b.Masked)
}
