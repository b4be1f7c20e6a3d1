package auditshow

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask/keys"
)

// flags are those of veil audit show.
type flags struct {
	Filter
	since, until, path string
	key                config.Key
}

// New returns veil audit show. env looks up environment variables.
func New(env func(string) string) *cobra.Command {
	var f flags
	var format cli.Format
	c := &cobra.Command{
		Use: "show DIR", Short: "Print records of an audit log",
		Long: `Prints the records of an audit log that match all flags. docs/operate.md
describes their fields. A long response has two records, one at its start and
one at its end; if the second one is missing, the response was interrupted.

--file finds the records of a file that veil mask read or wrote. To find an
input, also pass the key and the project it was masked with, since records
contain keyed digests of inputs. Outputs are recorded by their plain SHA-256.`,
		Example: `  veil audit show audit --last 10
  veil audit show audit --consumer ann --outcome refused --since 24h
  veil audit show audit --listener postgres --operation select \
      --since 2026-11-01 --until 2026-12-01
  veil audit show audit --request-id 1f0c… --format json
  veil audit show audit --file masked/patients.ndjson`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.prepare(time.Now(), env); err != nil {
				return err
			}
			records, err := f.Read(args[0])
			if err != nil {
				return err
			}
			if format.JSON() {
				return records.WriteJSON(c.OutOrStdout()) // a record a line
			}
			return records.WriteText(c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.Last, "last", 0, "only the last `N` matching records")
	fl.StringVar(&f.RequestID, "request-id", "", "only records of the request `ID`")
	fl.StringVar(&f.Consumer, "consumer", "", "only records of the consumer `NAME`")
	fl.StringVar(&f.Operation, "operation", "", "only operations that start with `TEXT`, such as select, search or \"read Patient\"")
	fl.StringVar(&f.Listener, "listener", "", "only records of one `LISTENER`: fhir, postgres, operator, console, file or keys")
	fl.StringSliceVar(&f.Outcomes, "outcome", nil, "only records with one `OUTCOME`: complete, refused, failed or started (repeatable)")
	fl.StringVar(&f.since, "since", "", "only records at or after `TIME`: a date, time or age such as 2026-11-29, 2026-11-29T08:00:00Z or 24h")
	fl.StringVar(&f.until, "until", "", "only records before `TIME`")
	fl.StringVar(&f.path, "file", "", "only records of `FILE`, which veil mask read or wrote")
	fl.StringVar(&f.key.File, "key-file", "", "with --file: "+strings.Replace(config.KeyDoc, "file", "`FILE`", 1))
	fl.StringVar(&f.key.Project, "project", "default", "with --file: `NAME` of the project")
	fl.BoolVar(&f.Details, "details", false, "also print each application of a rule")
	format.AddJSON(c)
	return c
}

// prepare reads the flags.
func (f *flags) prepare(now time.Time, env func(string) string) (err error) {
	if f.Last < 0 {
		return cli.Usagef("--last must be 0 or more")
	}
	if f.Since, err = ParseTime(f.since, now); err != nil {
		return cli.Usagef("--since: %v", err)
	}
	if f.Until, err = ParseTime(f.until, now); err != nil {
		return cli.Usagef("--until: %v", err)
	}
	if err := cli.OneOf("--listener", f.Listener, "fhir", "postgres", "operator", "console", "file", "keys"); f.Listener != "" && err != nil {
		return err
	}
	for _, o := range f.Outcomes {
		if err := cli.OneOf("--outcome", o, "complete", "refused", "failed", "started"); err != nil {
			return err
		}
	}
	if f.path == "" {
		return nil
	}
	var ring *keys.Keyring // a file can also be an output, which needs no key
	if f.key.Path(env) != "" || env("VEIL_KEY") != "" {
		if ring, err = f.key.Keyring(env); err != nil {
			return err
		}
	}
	return f.OfFile(f.path, ring)
}
