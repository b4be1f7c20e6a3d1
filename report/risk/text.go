package risk

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "table\t%s, %d rows in %d classes by %s\n", r.Table, r.Rows, r.Classes, strings.Join(r.Quasi, ", "))
	fmt.Fprintf(out, "k-anonymity\t%d, wanted %d\n", r.Smallest, r.K)
	fmt.Fprintf(out, "rows below %d\t%d (%s) in %d classes\n", r.K, r.Below, share(r.Below, r.Rows), r.BelowOf)
	fmt.Fprintf(out, "unique rows\t%d (%s)\n", r.Unique, share(r.Unique, r.Rows))
	fmt.Fprintf(out, "risk of a row\t%.4f at most, %.4f on average\n", r.Highest, r.Average)
	if p := r.Population; p != nil {
		fmt.Fprintf(out, "population\tof %d: a row that is unique here is unique there with a chance of about %.4f: about %.1f rows\n", p.Size, p.Unique, p.Rows)
	}
	if p := r.Presence; p != nil {
		fmt.Fprintf(out, "δ-presence\tfrom %.4f to %.4f, certain for %d rows; %d rows are not in the population\n", p.Least, p.Largest, p.Certain, p.Unlisted)
	}
	for _, s := range r.Sensitive {
		fmt.Fprintf(out, "sensitive\t%s: l-diversity %d, by entropy %.3f; t-closeness %.4f; %d rows (%s) in classes with one value\n", s.Column, s.Distinct, s.Entropy, s.Closeness, s.Single, share(s.Single, r.Rows))
	}
	fmt.Fprintln(out, "\nclasses of\tclasses\trows")
	for _, s := range r.Sizes {
		fmt.Fprintf(out, "%s\t%d\t%d (%s)\n", s.label(), s.Classes, s.Rows, share(s.Rows, r.Rows))
	}
	fmt.Fprintf(out, "\nworst classes: rows\t%s\n", strings.Join(r.Quasi, "\t"))
	for _, c := range r.Worst {
		fmt.Fprintf(out, "%d\t%s\n", c.Rows, strings.Join(printable(c.Values), "\t"))
	}
	if a := r.Advice; a != nil {
		fmt.Fprintf(out, "\nto reach %d\t%s\n", r.K, a.text())
		fmt.Fprintf(out, "or\tleave out the %d rows below it\n", a.Suppress)
	}
	return out.Flush()
}

// text says what to generalize.
func (a *Advice) text() string {
	if len(a.Steps) == 0 {
		return "the table has too few rows, whatever is generalized"
	}
	var steps []string
	for _, s := range a.Steps {
		steps = append(steps, s.Column+": "+s.To)
	}
	return fmt.Sprintf("%s: then the smallest of %d classes has %d rows", strings.Join(steps, "; "), a.Classes, a.Reached)
}

func (s Size) label() string {
	switch {
	case s.From == s.To:
		return fmt.Sprint(s.From)
	case s.To == 0:
		return fmt.Sprintf("%d and more", s.From)
	}
	return fmt.Sprintf("%d to %d", s.From, s.To)
}

func share(n, of uint64) string {
	return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(of, 1)))
}

// printable returns values in a form that a terminal can show.
func printable(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return '�'
			}
			return r
		}, v)
	}
	return out
}
