package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/internal/tablecheck"
)

func newPostgres(a *app) *cobra.Command {
	return cli.Group(&cobra.Command{Use: "postgres", Short: "Check how PostgreSQL tables are masked"}, newPostgresCheck(a))
}

// postgresCheck are the flags of veil postgres check.
type postgresCheck struct {
	file, view string
	format     cli.Format
	complete   bool
	discover   bool
}

func newPostgresCheck(a *app) *cobra.Command {
	var o postgresCheck
	c := &cobra.Command{
		Use: "check", Short: "List how each column is masked, and rules that have no effect",
		Long: `Connects to the PostgreSQL upstream as veil serve would, and lists every
relation and column with what consumers see of it and the rule that decides.
Columns without a rule are listed with the default treatment, so that you
notice new columns.

A rule without effect is a fault: it matches no column (the nearest name is
shown), never applies because a more specific or stricter rule does, or refers
to another column that does not exist. A NOTE is about something that may be
intended. DISCOVERY marks a column that passes although a sample of its values
seems to identify persons, or that is masked although its values seem harmless;
neither is a fault. With --discover=false no row is read.

--format json prints the report as an object, to compare after a migration.

Exit status: 0 if there is no fault; 1 if there is one, if the upstream role
can do more than read (unless the configuration allows it), or if a column has
no rule and --complete is set.`,
		Example: `  veil postgres check --config veil.yaml
  veil postgres check --config veil.yaml --view cardio
  veil postgres check --config veil.yaml --complete --format json`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.checkPostgres(c, o) },
	}
	c.Flags().StringVar(&o.file, "config", "", "configuration `FILE` of veil serve")
	c.Flags().StringVar(&o.view, "view", "", "check only this `VIEW` (default: all)")
	c.Flags().BoolVar(&o.complete, "complete", false, "exit with status 1 if a column has no rule of its own")
	c.Flags().BoolVar(&o.discover, "discover", true, "sample the tables, and mark columns that pass although they look identifying")
	o.format.Add(c)
	return c
}

func (a *app) checkPostgres(c *cobra.Command, o postgresCheck) error {
	if o.file == "" {
		return cli.Usagef("no configuration: use --config FILE")
	}
	p, err := a.source(c, o.file).Prepare(c.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if p.Config.Postgres.Upstream == "" {
		return errors.New("postgres.upstream is not set")
	}
	if _, known := p.Postgres.Views[o.view]; o.view != "" && !known {
		return cli.Usagef("unknown view %q", o.view)
	}
	report, err := tablecheck.Run(c.Context(), p, o.view)
	if err != nil {
		return err
	}
	if o.discover {
		if err := report.Discover(c.Context(), p); err != nil {
			fmt.Fprintf(c.ErrOrStderr(), "veil: %v\n", err)
		}
	}
	for _, ruleset := range report.NoTables {
		fmt.Fprintf(c.ErrOrStderr(), "veil: ruleset %s: %s\n", ruleset, serve.NoTables)
	}
	if err := o.format.Print(c.OutOrStdout(), report, report.WriteText); err != nil {
		return err
	}
	for _, power := range report.Powers {
		fmt.Fprintf(c.ErrOrStderr(), "veil: the upstream role %s: use a role that can only read\n", power)
	}
	if report.HasFaults() || o.complete && !report.IsComplete() || len(report.Powers) > 0 && !p.Config.Postgres.PowerfulRole {
		return cli.ErrReported
	}
	return nil
}
