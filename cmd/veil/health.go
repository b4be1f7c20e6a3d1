package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy"
)

func newHealth(a *app) *cobra.Command {
	var file string
	var live bool
	var timeout time.Duration
	c := &cobra.Command{
		Use: "health [ADDRESS]", Short: "Ask a running veil serve whether it is ready",
		Long: `Asks the operator's listener of a running veil serve for /readyz, or for /healthz
with --live, and exits 0 if it says yes and 1 if it says no, with the reason. It is
for probes and for HEALTHCHECK in images without a shell.

ADDRESS is the operator's: by default that of --config, of $VEIL_OPERATOR_LISTEN, or
127.0.0.1:9090.`,
		Example: `  veil health
  veil health --live 127.0.0.1:9090
  veil health --config /etc/veil/veil.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageLine(c)
			}
			return nil
		},
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
			if listen == "" {
				listen = "127.0.0.1:9090"
			}
			addr, err := config.OperatorAddress(listen)
			if err != nil {
				return usagef("%v", err)
			}
			path := "/readyz"
			if live {
				path = "/healthz"
			}
			return askHealth(c.OutOrStdout(), "http://"+reachable(addr)+path, timeout)
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration file of veil serve")
	c.Flags().BoolVar(&live, "live", false, "ask whether the process runs, not whether it is ready")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "for the answer")
	return c
}

// reachable is the address of a listener as this machine reaches it.
func reachable(addr string) string {
	for _, all := range []string{"0.0.0.0:", "[::]:"} {
		if port, ok := strings.CutPrefix(addr, all); ok {
			return "localhost:" + port
		}
	}
	return addr
}

func askHealth(out io.Writer, url string, timeout time.Duration) error {
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: nil}}
	resp, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("%s does not answer (%s): is operator.listen set, and does veil serve run?", url, proxy.Cause(err))
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("%s did not complete its answer (%s)", url, proxy.Cause(err))
	}
	if resp.StatusCode != 200 {
		return errors.New(strings.TrimSpace(string(text)))
	}
	_, err = out.Write(text)
	return err
}
