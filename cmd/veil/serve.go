package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/serve"
)

func newServe(a *app) *cobra.Command {
	var file string
	var printConfig bool
	c := &cobra.Command{
		Use: "serve", Short: "Serve de-identified FHIR resources and PostgreSQL tables",
		Long: `Serves the resources of a FHIR server and the tables of a PostgreSQL database,
de-identified by a ruleset, to the consumers in the configuration.

Flags are enough for a FHIR listener with one ruleset, one key and no
authentication. Everything else is set in a configuration file: API keys,
access tokens, client certificates, users of the PostgreSQL listener, views,
TLS, limits and upstream credentials.

On SIGHUP, Veil reads the configuration, rulesets, keys and certificates again.
It applies all of them, or none if one is wrong, and logs the reason. On SIGINT
and SIGTERM, /readyz fails for shutdown.delay; then Veil accepts no more
connections and gives requests in progress shutdown.grace to finish. A second
signal ends the process at once.

$VEIL_FHIR_LISTEN, $VEIL_POSTGRES_LISTEN and $VEIL_OPERATOR_LISTEN set
addresses that neither a flag nor the file sets.

Exit status: 0 after a shutdown by signal; 1 if an error prevented or ended it;
2 if the command line or a setting is wrong.`,
		Example: `  veil serve --fhir-upstream http://fhir.internal/fhir --key-file project.key \
      --audit-dir audit --allow-anonymous
  veil serve --print-config > veil.yaml
  veil serve --config veil.yaml
  veil serve --config veil.yaml --print-config`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			src := a.source(c, file)
			if !printConfig {
				return runServe(c, src)
			}
			conf, err := src.Read()
			if err != nil {
				return err
			}
			return conf.Write(c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.StringVar(&file, "config", "", "configuration `FILE` in YAML (see --print-config)")
	fl.BoolVar(&printConfig, "print-config", false, "print the configuration with all defaults and what they mean, and exit")
	for _, f := range config.Flags(a.env) {
		if f.Bool {
			fl.Bool(f.Name, f.Default == "true", f.Doc)
		} else {
			fl.Var(&cli.Text{Value: f.Default, Kind: f.Value}, f.Name, f.Doc)
		}
	}
	return c
}

// source returns the configuration of a command, from a file and the flags that were
// given.
func (a *app) source(c *cobra.Command, file string) *config.Source {
	src := &config.Source{File: file, Flags: map[string]string{}, Env: a.env, Rules: a.rules, Recognizer: a.recognizer}
	for _, f := range config.Flags(a.env) {
		if given := c.Flags().Lookup(f.Name); given != nil && given.Changed {
			src.Flags[f.Name] = given.Value.String()
		}
	}
	return src
}

// runServe serves until the context of the command ends.
func runServe(c *cobra.Command, src *config.Source) error {
	// First of all, since a SIGHUP ends a process that does not handle it.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	handed, err := serve.TakeHanded(src.Env)
	if err != nil {
		return err
	}
	s, err := serve.Open(c.Context(), src, serve.Options{Log: c.ErrOrStderr(), Version: moduleVersion(), Program: version(), Listen: handed.Listen})
	if err != nil {
		return err
	}
	for _, address := range handed.Unused() {
		_, _ = fmt.Fprintf(c.ErrOrStderr(), "veil: the socket for %s, which was handed over, is closed: no listener has this address\n", address)
	}
	ctx, stop := context.WithCancel(c.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-hup:
				_ = s.Reload(ctx) // which logs what is wrong
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() { stop(); <-done }()
	return s.Run(c.Context())
}
