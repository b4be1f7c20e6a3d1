package main

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/proxy/operator"
	"github.com/veil-proxy/veil/textfile"
)

func newHealth(a *app) *cobra.Command {
	var file, caFile string
	var live bool
	var timeout time.Duration
	c := &cobra.Command{
		Use: "health [ADDRESS]", Short: "Check whether a running veil serve is ready",
		Long: `Requests /readyz, or with --live /healthz, from the operator listener of a
running veil serve. The exit status is 0 if the check passes. If not, it is 1,
and the reason is printed. Use it for probes, and for HEALTHCHECK in images
without a shell.

If the listener has TLS (operator.tls), name the file of its certificate
authority, or of the certificate itself, with --ca-file.

ADDRESS is that of the operator listener. By default it is taken from
--config, then from $VEIL_OPERATOR_LISTEN; otherwise it is 127.0.0.1:9090.`,
		Example: `  veil health
  veil health --live 127.0.0.1:9090
  veil health --ca-file /etc/veil/tls.crt veil.example:9090
  veil health --config /etc/veil/veil.yaml`,
		Args: cli.Args(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			listen := a.env(config.OperatorListenEnv)
			if file != "" {
				conf, err := a.source(c, file).Read()
				if err != nil {
					return err
				}
				listen = conf.Operator.Listen
			}
			if len(args) == 1 {
				listen = args[0]
			}
			addr, err := config.OperatorAddress(cmp.Or(listen, "127.0.0.1:9090"))
			if err != nil {
				return cli.Usagef("%v", err)
			}
			var trust *x509.CertPool
			if caFile != "" {
				if trust, err = trusted(caFile); err != nil {
					return err
				}
			}
			path := operator.PathReady
			if live {
				path = operator.PathLive
			}
			return serve.Check(c.Context(), c.OutOrStdout(), addr, path, trust, timeout)
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration `FILE` of veil serve")
	c.Flags().BoolVar(&live, "live", false, "check whether the process is running, not whether it is ready")
	c.Flags().StringVar(&caFile, "ca-file", "", "use TLS, and trust the certificate authorities in `FILE` (PEM)")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "wait at most `DURATION` for the response")
	return c
}

// trusted reads certificate authorities.
func trusted(file string) (*x509.CertPool, error) {
	text, err := textfile.Read(file)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca-file: %s contains no PEM certificate", file)
	}
	return pool, nil
}
