package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/discover/pgsource"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/discovery"
)

func newDiscover() *cobra.Command {
	return cli.Group(&cobra.Command{Use: "discover", Short: "Find columns that identify persons, and propose rules",
		Long: `Looks at the names, types, comments, keys and sampled values of columns and says
what each holds, whether it identifies persons, and why. Reports have counts,
shares and forms such as 999-99-9999, never a value.`},
		newDiscoverPostgres())
}

func newDiscoverPostgres() *cobra.Command {
	var o discovery.Options
	var rows int
	var statement, timeout time.Duration
	c := &cobra.Command{
		Use: "postgres DSN", Short: "Look at the tables of a PostgreSQL database", Args: cli.Args(1, 1),
		Long: `Reads the catalog of a database and a sample of each table, in read-only
transactions. Use a role that can only read. A table that cannot be read is
reported, and its columns are judged by names, types and keys.

DSN is a connection string such as postgres://veil@db/clinic. Give the
password in PGPASSWORD or a password file, not in the string.`,
		Example: `  veil discover postgres postgres://veil@db/clinic
  veil discover postgres postgres://veil@db/clinic --html report.html
  veil discover postgres postgres://veil@db/clinic --format json > columns.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if rows < 1 {
				return cli.Usagef("--sample %d: expected a number of rows of 1 or more", rows)
			}
			lex, err := o.Words()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			tables, err := pgsource.Read(ctx, args[0], pgsource.Options{Rows: rows, Statement: statement, Progress: discovery.Progress(c.ErrOrStderr())})
			if err != nil {
				return err
			}
			return o.Finish(c.OutOrStdout(), "a PostgreSQL database", tables, lex)
		},
	}
	c.Flags().IntVar(&rows, "sample", 1000, "sample `ROWS` of each table")
	c.Flags().DurationVar(&statement, "statement-timeout", 10*time.Second, "how long reading one table may take")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long reading may take in all; tables not reached are reported")
	o.AddFlags(c.Flags())
	o.Format.Add(c)
	return c
}
