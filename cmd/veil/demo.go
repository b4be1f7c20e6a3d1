package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/demo"
	"github.com/veil-proxy/veil/internal/fhirtest"
)

func newDemo(a *app) *cobra.Command {
	o := demo.Options{Rules: a.rules, Command: self(), Version: moduleVersion(), Program: version()}
	var export int64
	var stays bool
	c := &cobra.Command{
		Use: "demo", Short: "Try the proxy on synthetic patients",
		Long: `Starts a FHIR server with synthetic patients and Veil in front of it, prints
commands to try, and runs until you press Ctrl-C. If PostgreSQL 15 or newer is
installed, the same patients are also served from its tables, again through
Veil. A console shows operators the traffic. The data, the key and the audit
log are temporary, and are removed at the end.`,
		Example: `  veil demo
  veil demo --patients 500 --listen 127.0.0.1:9000
  veil demo --export 10000000 > patients.ndjson
  veil demo --stays --patients 4000 > stays.ndjson`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Patients < 1 {
				return cli.Usagef("--patients must be at least 1")
			}
			if stays {
				return fhirtest.Stays(o.Seed, o.Patients).WriteNDJSON(c.OutOrStdout())
			}
			if export > 0 {
				_, err := fhirtest.Generate(o.Seed, o.Patients).BigNDJSON(c.OutOrStdout(), export)
				return err
			}
			err := demo.Run(c.Context(), o, c.OutOrStdout())
			var address demo.AddressError
			if errors.As(err, &address) {
				return cli.Usage(err)
			}
			return err
		},
	}
	fl := c.Flags()
	fl.IntVar(&o.Patients, "patients", 100, "generate `N` patients")
	fl.Uint64Var(&o.Seed, "seed", 1, "seed of the generator: each `N` gives different patients")
	fl.Int64Var(&export, "export", 0, "write about `BYTES` bytes of patient records to standard output as NDJSON, and exit")
	fl.BoolVar(&stays, "stays", false, "write one hospital stay per patient, and whether the patient was readmitted, to standard output as NDJSON, and exit: training data for a model")
	fl.StringVar(&o.Listen, "listen", "127.0.0.1:8090", "`ADDRESS` of the masked view; if the port is in use, another one is chosen")
	fl.StringVar(&o.PostgresListen, "postgres-listen", "127.0.0.1:8092", "`ADDRESS` of the masked view of the tables; likewise")
	fl.StringVar(&o.ConsoleListen, "console-listen", "127.0.0.1:8093", "`ADDRESS` of the console for operators; likewise")
	fl.StringVar(&o.SourceListen, "source-listen", "127.0.0.1:8091", "`ADDRESS` of the source; likewise")
	return c
}

// self is the command that runs this program.
func self() string {
	if exe, err := os.Executable(); err == nil && !strings.Contains(exe, "go-build") {
		return exe
	}
	return "go run ./cmd/veil"
}
