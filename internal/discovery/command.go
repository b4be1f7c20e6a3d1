package discovery

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/discover/pgsource"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Commands is what the commands of veil discover need.
type Commands struct {
	Rules   *rules.Library
	Methods [][]mask.Definition
}

// New returns veil discover.
func (cs *Commands) New() *cobra.Command {
	return cli.Group(&cobra.Command{Use: "discover", Short: "Find columns that identify persons, and propose rules",
		Long: `Looks at the names, types, comments, keys and sampled values of columns, and
says what each holds, whether it identifies persons, and why. Reports contain
counts, percentages and patterns such as 999-99-9999, never a value.`},
		cs.newPostgres(), cs.newFiles(), cs.newFHIR())
}

func (cs *Commands) newPostgres() *cobra.Command {
	o := Options{Load: cs.policy}
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
  veil discover postgres postgres://veil@db/clinic --ruleset clinic.yaml
  veil discover postgres postgres://veil@db/clinic --against clinic.yaml`,
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
			tables, err := pgsource.Read(ctx, args[0], pgsource.Options{Rows: rows, Statement: statement, Progress: Progress(c.ErrOrStderr())})
			if err != nil {
				return err
			}
			return o.Finish(c.OutOrStdout(), "a PostgreSQL database", tables, lex)
		},
	}
	c.Flags().IntVar(&rows, "sample", 1000, "sample `ROWS` of each table")
	c.Flags().DurationVar(&statement, "statement-timeout", 10*time.Second, "spend at most `DURATION` on one table")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "spend at most `DURATION` in all; tables not reached are reported")
	o.AddFlags(c.Flags())
	o.Format.Add(c)
	return c
}

func (cs *Commands) newFiles() *cobra.Command {
	o := Options{Load: cs.policy}
	var rows int
	var timeout time.Duration
	var f formats.Options
	c := &cobra.Command{
		Use: "files [FILE|DIR|PATTERN…]", Short: "Look at the tables in files", Args: cli.Args(1, math.MaxInt),
		Long: `Samples the tables in files, in every format with rows that veil mask reads,
and judges their columns. Files are sampled throughout; standard input only at
its beginning. Nothing is written unless you ask for it.

Exit status: 0 if all files were read; 1 if one could not be read, in which
case the report covers the others.`,
		Example: `  veil discover files export/*.csv --ruleset clinic.yaml
  veil discover files warehouse/ --format json`,
		RunE: func(c *cobra.Command, args []string) error {
			if rows < 1 {
				return cli.Usagef("--sample %d: expected a number of rows of 1 or more", rows)
			}
			lex, err := o.Words()
			if err != nil {
				return err
			}
			report := func(p file.Problem) { fmt.Fprintf(c.ErrOrStderr(), "veil: %s\n", p) }
			look := Files{Paths: args, Stdin: c.InOrStdin(), Rows: rows, Timeout: timeout, Formats: &f, Methods: cs.Methods, Report: report}
			tables, err := look.Tables(c.Context())
			if err != nil {
				return err
			}
			if err := o.Finish(c.OutOrStdout(), "files", tables, lex); err != nil {
				return err
			}
			if look.Unread > 0 {
				return fmt.Errorf("%d files could not be read, see above: the result covers only the others", look.Unread)
			}
			return nil
		},
	}
	c.Flags().IntVar(&rows, "sample", 1000, "sample `ROWS` of each table")
	c.Flags().DurationVar(&timeout, "file-timeout", time.Minute, "spend at most `DURATION` on one file; the rest of the file is not examined")
	o.AddFlags(c.Flags())
	AddFormatFlags(c.Flags(), &f)
	o.Format.Add(c)
	return c
}

func (cs *Commands) newFHIR() *cobra.Command {
	var o FHIR
	c := &cobra.Command{
		Use: "fhir URL|FILE…", Short: "Look at the resources of a FHIR server or of NDJSON files", Args: cli.Args(1, math.MaxInt),
		Long: `Lists the resource types, profiles, extensions, code systems, identifier
systems and elements in use, with counts and with what a ruleset does to each.
From a server it requests the CapabilityStatement, and a count and one page of
each resource type. FILE has one resource per line, as bulk exports do.

A URL is printed only if it looks like the URL of a definition. Codes are
printed only as patterns.`,
		Example: `  veil discover fhir https://fhir.example.org/r4 --token-file token
  veil discover fhir export/*.ndjson --ruleset safe-harbor+us-core \
      --overlay site.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			if o.Sample < 1 {
				return cli.Usagef("--sample %d: expected a number of resources of 1 or more", o.Sample)
			}
			compiled, err := cs.Rules.Public(o.Ruleset)
			if err != nil {
				return err
			}
			return o.Run(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), c.InOrStdin(), args, compiled)
		},
	}
	o.AddFlags(c.Flags())
	o.Format.Add(c)
	return c
}

// policy reads a ruleset and compiles it without a key, since it is only compared.
func (cs *Commands) policy(name string) (*ruleset.Policy, error) {
	compiled, err := cs.Rules.Public(name)
	if err != nil {
		return nil, err
	}
	return compiled.Policy, nil
}
