package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/sqlflow"
)

func newPostgres() *cobra.Command {
	return group(&cobra.Command{Use: "postgres", Short: "Look at a PostgreSQL as the door would"}, newPostgresCheck())
}

func newPostgresCheck() *cobra.Command {
	f := &serveFlags{given: *defaultServeConfig()}
	var view string
	c := &cobra.Command{
		Use: "check", Short: "List what becomes of each relation and column",
		Long: `Connects to the upstream of the PostgreSQL door as veil serve would, and lists every
relation and column with what a consumer sees of it and the rule that says so.
Columns that no rule names are listed with the default; whoever adds a column to a
table finds it here.

It exits 1 if the upstream's role may do more than read, unless the configuration
lets it.`,
		Example: `  veil postgres check --config veil.yaml
  veil postgres check --config veil.yaml --view cardio`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.checkPostgres(c, view) },
	}
	c.Flags().StringVar(&f.file, "config", "", "configuration file of veil serve")
	c.Flags().StringVar(&view, "view", "", "one view (default: all)")
	return c
}

// checkPostgres lists the treatments of the views.
func (f *serveFlags) checkPostgres(cmd *cobra.Command, only string) error {
	if f.file == "" {
		return usagef("give --config FILE, the configuration of veil serve")
	}
	p, err := f.prepare(cmd, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	c := &p.config.Postgres
	if c.Upstream == "" {
		return errors.New("postgres.upstream is not set")
	}
	if _, known := p.postgres.Views[only]; only != "" && !known {
		return usagef("there is no view of the name %q", only)
	}
	door, err := c.door(p.postgres, nobody{}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), warmTimeout)
	defer cancel()
	seen, err := door.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("postgres.upstream: %w", err)
	}
	for _, v := range p.config.views() {
		if only != "" && v.Name != only {
			continue
		}
		if rs := p.postgres.Views[v.Name].Policy.Ruleset; rs.Tables == nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "veil: ruleset %s: %s\n", rs.Name, noTables)
		}
		if err := printTreatments(cmd.OutOrStdout(), v.Name, seen.Treatments[v.Name]); err != nil {
			return err
		}
	}
	for _, power := range seen.Powers {
		fmt.Fprintf(cmd.ErrOrStderr(), "veil: the upstream's role %s: give Veil one that may only read\n", power)
	}
	if len(seen.Powers) > 0 && !c.PowerfulRole {
		return errReported
	}
	return nil
}

// nobody takes no record: nothing is asked through the door.
type nobody struct{}

func (nobody) Append(context.Context, *mask.Record) error {
	return errors.New("nothing is recorded here")
}

// printTreatments prints a table of columns, and then how many of each kind there
// are.
func printTreatments(w io.Writer, view string, columns []sqlflow.ColumnTreatment) error {
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
		treatment := c.Treatment.String()
		if c.Column == "" {
			rule, treatment = "", "view"
			if c.Treatment != sqlflow.Clear {
				treatment = "refused"
			}
		}
		count[treatment]++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, treatment, rule, c.Method, c.Note)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d columns clear, %d pushed down, %d sealed, %d hidden; %d relations refused\n\n",
		count[sqlflow.Clear.String()], count[sqlflow.Pushed.String()], count[sqlflow.Sealed.String()], count[sqlflow.Hidden.String()], count["refused"])
	return nil
}
