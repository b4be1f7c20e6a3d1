package reportcmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/report/fidelity"
	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/report/signed"
)

func (cs *Commands) newFidelity() *cobra.Command {
	var o outputs
	var options fidelity.Options
	var text formats.Options
	var strict bool
	c := &cobra.Command{
		Use: "fidelity ORIGINAL MASKED", Short: "Compare masked data with its originals", Args: cli.Args(2, 2),
		Long: `Compares masked data with its originals, column by column: distributions,
correlations and mutual information, times between dates, joins, rare
categories, extremes and NULLs. It gives a verdict on three failures:
distribution drift, broken referential integrity and lost edge cases.

ORIGINAL and MASKED are files (CSV, TSV, Parquet, Arrow, or FHIR as NDJSON,
also compressed), directories of them, or connection strings of PostgreSQL
databases. Tables are matched by the names of files, types of resources or
tables, and columns by name. Give a password in PGPASSWORD or a password file,
not in the connection string.

Run it where the originals may be seen. Its output contains figures and names
of columns, and no value. Memory does not grow with the data: up to 65,536
distinct values of a column are counted exactly; beyond that, figures are
estimates with a stated tolerance.`,
		Example: `  veil report fidelity patients.csv masked/patients.csv
  veil report fidelity export/ masked/ --html fidelity.html
  veil report fidelity postgres://dba@db/clinic postgres://ann@veil/clinic
  veil report fidelity export/ masked/ -o fidelity.json --sign signer.key`,
		RunE: func(c *cobra.Command, args []string) error {
			if options.Limit <= 0 || options.Limit >= 1 {
				return cli.Usagef("--limit %g: expected a distance between 0 and 1", options.Limit)
			}
			csv, err := text.CSV()
			if err != nil {
				return cli.Usage(err)
			}
			if err := o.check(); err != nil {
				return err
			}
			p := newProgress(c.ErrOrStderr())
			defer p.end()
			sets := map[string]*records.Set{}
			roles := []string{"original", "masked"}
			for i, role := range roles {
				set, err := records.Open(c.Context(), args[i], records.Options{CSV: csv, Progress: p.of(role)})
				if err != nil {
					return err
				}
				defer set.Close()
				sets[role] = set
			}
			return cs.compare(c.Context(), c, &o, options, sets, strict)
		},
	}
	fl := c.Flags()
	fl.Float64Var(&options.Limit, "limit", fidelity.DefaultLimit, "report a column as drifted from this `DISTANCE` on, from 0 to 1")
	fl.StringVar(&options.Person, "person", "", "`COLUMN` that identifies the person of a row (default: patient_id or similar)")
	fl.BoolVar(&strict, "strict", false, "exit with status 1 if a failure cannot be ruled out")
	o.add(c)
	text.AddCSVFlags(fl)
	return c
}

// compare compares, and writes what was found.
func (cs *Commands) compare(ctx context.Context, c *cobra.Command, o *outputs, options fidelity.Options, sets map[string]*records.Set, strict bool) error {
	report, err := fidelity.Compare(ctx, sets["original"], sets["masked"], options)
	if err != nil {
		return err
	}
	var result *signed.Result
	if o.result != "" {
		if result, err = cs.result("fidelity", sets, "original", "masked"); err != nil {
			return err
		}
		report.Fill(result)
	}
	if err := o.write(c.OutOrStdout(), report, result); err != nil {
		return err
	}
	for _, v := range report.Verdicts {
		if strict && v.Outcome == signed.Fail {
			return cli.ErrReported
		}
	}
	return nil
}
