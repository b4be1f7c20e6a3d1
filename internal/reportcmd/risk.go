package reportcmd

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/report/risk"
	"github.com/veil-proxy/veil/report/signed"
)

func (cs *Commands) newRisk() *cobra.Command {
	var o outputs
	var options risk.Options
	var text formats.Options
	var register string
	var strict bool
	c := &cobra.Command{
		Use: "risk MASKED", Short: "Measure how likely persons are to be found in masked data", Args: cli.Args(1, 1),
		Long: `Measures how likely persons are to be found in masked data by what others may
know of them, the quasi-identifiers: k-anonymity, unique rows, and for
sensitive columns l-diversity and t-closeness. It lists the smallest classes
with their masked values, and says what to generalize to reach k.

MASKED is a file (CSV, TSV, Parquet, Arrow, or FHIR as NDJSON, also
compressed), a directory or a connection string of PostgreSQL. Elements of
FHIR are named by their path, such as address.postalCode.

--population is the people that the rows come from, with the same columns
masked by the same rules: it gives δ-presence. --population-size is only their
number: it gives an estimate of unique rows in the population. Figures are
exact for any number of rows; beyond a million rows, hashes of them are kept in
temporary files, so that memory does not grow.`,
		Example: `  veil report risk masked/patients.csv --quasi sex,birth_date,zip
  veil report risk masked/visits.parquet --quasi sex,age,zip \
      --sensitive diagnosis -k 11 --html risk.html
  veil report risk masked/Patient.ndjson --table Patient \
      --quasi gender,birthDate,address.postalCode --population-size 500000`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkRisk(&options); err != nil {
				return err
			}
			csv, err := text.CSV()
			if err != nil {
				return cli.Usage(err)
			}
			if err := o.check(); err != nil {
				return err
			}
			csv.Named = func(column string) bool {
				return slices.Contains(options.Quasi, column) || slices.Contains(options.Sensitive, column)
			}
			p := newProgress(c.ErrOrStderr())
			defer p.end()
			sets := map[string]*records.Set{}
			for role, name := range map[string]string{"masked": args[0], "population": register} {
				if name == "" {
					continue
				}
				set, err := records.Open(c.Context(), name, records.Options{CSV: csv, Progress: p.of(role)})
				if err != nil {
					return err
				}
				defer set.Close()
				sets[role] = set
			}
			options.Register = sets["population"]
			return cs.measure(c, &o, options, sets, strict)
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&options.Quasi, "quasi", nil, "comma-separated `COLUMNS` by which a person may be found")
	fl.StringSliceVar(&options.Sensitive, "sensitive", nil, "comma-separated `COLUMNS` that nobody should learn about a person")
	fl.Uint64VarP(&options.K, "k", "k", risk.DefaultK, "a class should have at least `N` rows")
	fl.StringVar(&options.Table, "table", "", "`TABLE` to measure (default: the one that has the columns)")
	fl.StringVar(&register, "population", "", "`FILE` with the population that the rows come from, masked by the same rules")
	fl.Uint64Var(&options.Population, "population-size", 0, "size `N` of the population that the rows come from")
	fl.BoolVar(&strict, "strict", false, "exit with status 1 if a class has fewer than k rows")
	o.add(c)
	text.AddCSVFlags(fl)
	return c
}

func checkRisk(o *risk.Options) error {
	switch {
	case len(o.Quasi) == 0:
		return cli.Usagef("--quasi is missing: list the columns by which persons may be found")
	case o.K < 2:
		return cli.Usagef("-k %d: expected 2 or more", o.K)
	case len(o.Sensitive) > risk.MostSensitive:
		return cli.Usagef("--sensitive: expected at most %d columns", risk.MostSensitive)
	}
	for _, list := range [][]string{o.Quasi, o.Sensitive} {
		for i, c := range list {
			if slices.Contains(list[:i], c) {
				return cli.Usagef("column %q is listed twice", c)
			}
		}
	}
	return nil
}

// measure measures, and writes what was found.
func (cs *Commands) measure(c *cobra.Command, o *outputs, options risk.Options, sets map[string]*records.Set, strict bool) error {
	report, err := risk.Measure(c.Context(), sets["masked"], options)
	if err != nil {
		return err
	}
	var result *signed.Result
	if o.result != "" {
		if result, err = cs.result("risk", sets, "masked", "population"); err != nil {
			return err
		}
		report.Fill(result)
	}
	if err := o.write(c.OutOrStdout(), report, result); err != nil {
		return err
	}
	if strict && report.Smallest < report.K {
		return cli.ErrReported
	}
	return nil
}
