package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
)

func newPostgres(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "postgres", Short: "Look at a PostgreSQL as the door would"}, newPostgresCheck(a))
}

func newPostgresCheck(a *app) *cobra.Command {
	var o postgresCheck
	c := &cobra.Command{
		Use: "check", Short: "List what becomes of each relation and column",
		Long: `Connects to the upstream of the PostgreSQL door as veil serve would, and lists every
relation and column with what a consumer sees of it and the rule that says so.
Columns that no rule names are listed with the default; whoever adds a column to a
table finds it here.

It names rules that do nothing: a match that fits no column, with the nearest name; a
rule that never acts, since a more exact or a stricter one does; a column that a rule
names beside another and that is not there. A NOTE is of what may be meant so.

It exits 1 if there is such a rule, if the upstream's role may do more than read
(unless the configuration lets it), and with --complete if a column has no rule.
--format json prints all of it as one object, to compare after a migration.`,
		Example: `  veil postgres check --config veil.yaml
  veil postgres check --config veil.yaml --view cardio
  veil postgres check --config veil.yaml --complete --format json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.checkPostgres(c, o) },
	}
	c.Flags().StringVar(&o.file, "config", "", "configuration file of veil serve")
	c.Flags().StringVar(&o.view, "view", "", "one view (default: all)")
	c.Flags().StringVar(&o.format, "format", "text", "text or json")
	c.Flags().BoolVar(&o.complete, "complete", false, "exit 1 if a column has no rule of its own")
	return c
}

// postgresCheck are the flags of veil postgres check.
type postgresCheck struct {
	file, view, format string
	complete           bool
}

// checkedView is what veil postgres check says of a view, as JSON.
type checkedView struct {
	View     string             `json:"view"`
	Columns  []checkedColumn    `json:"columns"`
	Findings []analysis.Finding `json:"findings"`
}

// checkedColumn is a column, or a relation where Column is empty.
type checkedColumn struct {
	Schema    string `json:"schema"`
	Relation  string `json:"relation"`
	Column    string `json:"column,omitempty"`
	Treatment string `json:"treatment"`
	Rule      string `json:"rule,omitempty"`
	Method    string `json:"method,omitempty"`
	Note      string `json:"note,omitempty"`
}

// treatmentWord is what becomes of a column or relation, in a word.
func treatmentWord(c analysis.ColumnTreatment) string {
	switch {
	case c.Column != "":
		return c.Treatment.String()
	case c.Treatment == analysis.Clear:
		return "view"
	}
	return "refused"
}

// checkPostgres lists the treatments of the views.
func (a *app) checkPostgres(cmd *cobra.Command, o postgresCheck) error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format is text or json")
	}
	if o.file == "" {
		return usagef("give --config FILE, the configuration of veil serve")
	}
	p, err := a.source(cmd, o.file).Prepare(cmd.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	c := &p.Config.Postgres
	if c.Upstream == "" {
		return errors.New("postgres.upstream is not set")
	}
	if _, known := p.Postgres.Views[o.view]; o.view != "" && !known {
		return usagef("there is no view of the name %q", o.view)
	}
	door, err := c.Server(p.Postgres, nobody{}, nil, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), serve.WarmTimeout)
	defer cancel()
	seen, err := door.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("postgres.upstream: %w", err)
	}
	failed := false
	var views []checkedView
	for _, v := range p.Config.ServedViews() {
		if o.view != "" && v.Name != o.view {
			continue
		}
		if rs := p.Postgres.Views[v.Name].Policy.Ruleset; rs.Tables == nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "veil: ruleset %s: %s\n", rs.Name, serve.NoTables)
		}
		columns, findings := seen.Treatments[v.Name], seen.Findings[v.Name]
		failed = failed || slices.ContainsFunc(findings, func(f analysis.Finding) bool { return !f.Note }) ||
			o.complete && slices.ContainsFunc(columns, func(c analysis.ColumnTreatment) bool { return c.Column != "" && c.Rule == "" })
		if o.format == "json" {
			views = append(views, checked(v.Name, columns, findings))
			continue
		}
		if err := printTreatments(cmd.OutOrStdout(), v.Name, columns); err != nil {
			return err
		}
		printFindings(cmd.OutOrStdout(), findings)
	}
	if o.format == "json" {
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetIndent("", "  ")
		if err := out.Encode(map[string]any{"views": views, "powers": append([]string{}, seen.Powers...)}); err != nil {
			return err
		}
	}
	for _, power := range seen.Powers {
		fmt.Fprintf(cmd.ErrOrStderr(), "veil: the upstream's role %s: give Veil one that may only read\n", power)
	}
	if failed || len(seen.Powers) > 0 && !c.PowerfulRole {
		return errReported
	}
	return nil
}

// checked is a view's report as JSON has it.
func checked(view string, columns []analysis.ColumnTreatment, findings []analysis.Finding) checkedView {
	out := checkedView{View: view, Columns: []checkedColumn{}, Findings: append([]analysis.Finding{}, findings...)}
	for _, c := range columns {
		out.Columns = append(out.Columns, checkedColumn{c.Schema, c.Relation, c.Column, treatmentWord(c), c.Rule, c.Method, c.Note})
	}
	return out
}

// printFindings prints what of the rules has no effect, a line each.
func printFindings(w io.Writer, findings []analysis.Finding) {
	for _, f := range findings {
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
	if len(findings) > 0 {
		fmt.Fprintln(w)
	}
}

// nobody takes no record: nothing is asked through the door.
type nobody struct{}

func (nobody) Append(context.Context, *mask.Record) error {
	return errors.New("nothing is recorded here")
}

// printTreatments prints a table of columns, and then how many of each kind there
// are.
func printTreatments(w io.Writer, view string, columns []analysis.ColumnTreatment) error {
	if view != "" {
		fmt.Fprintf(w, "view %s\n", view)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	count := map[string]int{}
	for _, c := range columns {
		name := c.Schema + "." + c.Relation
		if c.Column != "" {
			name += "." + c.Column
		}
		rule := c.Rule
		if rule == "" {
			rule = "(default)"
		}
		treatment := treatmentWord(c)
		if c.Column == "" {
			rule = ""
		}
		count[treatment]++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, treatment, rule, c.Method, c.Note)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d columns clear, %d pushed down, %d sealed, %d hidden; %d relations refused\n\n",
		count[analysis.Clear.String()], count[analysis.Pushed.String()], count[analysis.Sealed.String()], count[analysis.Hidden.String()], count["refused"])
	return nil
}
