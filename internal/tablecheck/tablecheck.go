// Package tablecheck reports what consumers see of the tables of a PostgreSQL database,
// and which rules of a ruleset do nothing in it.
//
//	report, err := tablecheck.Run(ctx, prepared, "")
package tablecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// Report is the result of a check.
type Report struct {
	Views []View `json:"views"`
	// Powers say what the role of the upstream can do besides reading.
	Powers []string `json:"powers"`
	// NoTables are the rulesets of views without rules for tables.
	NoTables []string `json:"-"`
}

// View is what consumers with a view see of a database.
type View struct {
	Name     string             `json:"view"`
	Columns  []Column           `json:"columns"`
	Findings []analysis.Finding `json:"findings"`
}

// Column is a column, or a relation if Column is empty.
type Column struct {
	Schema    string `json:"schema"`
	Relation  string `json:"relation"`
	Column    string `json:"column,omitempty"`
	Treatment string `json:"treatment"`
	Rule      string `json:"rule,omitempty"`
	Method    string `json:"method,omitempty"`
	Note      string `json:"note,omitempty"`
	// Opinion is what discovery finds about a column, if it contradicts the rule.
	Opinion string `json:"opinion,omitempty"`
}

// lookTimeout bounds the time for connecting to the upstream and reading its catalog.
const lookTimeout = 2 * time.Minute

// Run connects to the upstream of a configuration as veil serve would, and reports on
// one view, or on all if view is empty.
func Run(ctx context.Context, p *config.Prepared, view string) (*Report, error) {
	server, err := p.Config.Postgres.Server(p.Postgres, noSink{}, nil, nil, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	seen, err := server.Inspect(ctx)
	if err != nil {
		return nil, fmt.Errorf("postgres.upstream: %w", err)
	}
	out := &Report{Powers: append([]string{}, seen.Powers...)}
	for _, v := range p.Config.ServedViews() {
		if view != "" && v.Name != view {
			continue
		}
		if rs := p.Postgres.Views[v.Name].Policy.Ruleset; rs.Tables == nil {
			out.NoTables = append(out.NoTables, rs.Name)
		}
		one := View{Name: v.Name, Columns: []Column{}, Findings: append([]analysis.Finding{}, seen.Findings[v.Name]...)}
		for _, c := range seen.Treatments[v.Name] {
			one.Columns = append(one.Columns, Column{c.Schema, c.Relation, c.Column, treatmentWord(c), c.Rule, c.Method, c.Note, ""})
		}
		out.Views = append(out.Views, one)
	}
	return out, nil
}

// noSink accepts no records, since a check returns no data.
type noSink struct{}

// Append implements mask.Sink.
func (noSink) Append(context.Context, *mask.Record) error {
	return errors.New("a check writes no records")
}

const refused = "refused"

// treatmentWord is the word for the treatment of a column or relation.
func treatmentWord(c analysis.ColumnTreatment) string {
	switch {
	case c.Column != "":
		return c.Treatment.String()
	case c.Treatment == analysis.Clear:
		return "view"
	}
	return refused
}

// HasFaults reports whether a rule does nothing, other than what is only noted.
func (r *Report) HasFaults() bool {
	return slices.ContainsFunc(r.Views, func(v View) bool {
		return slices.ContainsFunc(v.Findings, func(f analysis.Finding) bool { return !f.Note })
	})
}

// IsComplete reports whether every column has a rule.
func (r *Report) IsComplete() bool {
	return !slices.ContainsFunc(r.Views, func(v View) bool {
		return slices.ContainsFunc(v.Columns, func(c Column) bool { return c.Column != "" && c.Rule == "" })
	})
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	for _, v := range r.Views {
		if err := v.writeColumns(w); err != nil {
			return err
		}
		v.writeFindings(w)
	}
	return nil
}

// writeColumns writes a table of columns, and how many of each kind there are.
func (v *View) writeColumns(w io.Writer) error {
	if v.Name != "" {
		fmt.Fprintf(w, "view %s\n", v.Name)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	count := map[string]int{}
	for _, c := range v.Columns {
		name, rule := c.Schema+"."+c.Relation, c.Rule
		if c.Column == "" {
			rule = ""
		} else {
			name += "." + c.Column
			if rule == "" {
				rule = "(default)"
			}
		}
		count[c.Treatment]++
		note := c.Note
		if c.Opinion != "" {
			note = strings.TrimPrefix(note+"; DISCOVERY "+c.Opinion, "; ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, c.Treatment, rule, c.Method, note)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d columns", count[analysis.Clear.String()])
	for i, treatment := range []analysis.Treatment{analysis.Clear, analysis.Pushed, analysis.Keyed, analysis.Hidden} {
		if i > 0 {
			fmt.Fprintf(w, ", %d", count[treatment.String()])
		}
		fmt.Fprintf(w, " %s", treatment)
	}
	fmt.Fprintf(w, "; %d relations refused\n\n", count[refused])
	return nil
}

// writeFindings lists the findings, one per line.
func (v *View) writeFindings(w io.Writer) {
	for _, f := range v.Findings {
		kind, about := "FAULT", f.Relation
		if f.Note {
			kind = "NOTE"
		}
		if f.Rule != "" {
			about = fmt.Sprintf("rule %q", f.Rule)
		}
		if about != "" {
			about += ": "
		}
		fmt.Fprintf(w, "%s %s%s\n", kind, about, f.Message)
	}
	if len(v.Findings) > 0 {
		fmt.Fprintln(w)
	}
}
