package main

import (
	"context"
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
		Use: "health [ADDRESS]", Short: "Check whether a running veil serve is ready",
		Long: `Requests /readyz, or with --live /healthz, from the operator listener of a
running veil serve. The exit status is 0 if the check passes. If not, it is 1,
and the reason is printed. Use it for probes, and for HEALTHCHECK in images
without a shell.

ADDRESS is that of the operator listener. By default it is taken from
--config, then from $VEIL_OPERATOR_LISTEN; otherwise it is 127.0.0.1:9090.`,
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
			return askHealth(c.Context(), c.OutOrStdout(), "http://"+reachable(addr)+path, timeout)
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration `FILE` of veil serve")
	c.Flags().BoolVar(&live, "live", false, "check whether the process is running, not whether it is ready")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "time to wait for the response")
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

func askHealth(ctx context.Context, out io.Writer, url string, timeout time.Duration) error {
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: nil}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not respond (%s): check that veil serve is running and that operator.listen is set", url, proxy.Cause(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("%s did not complete its response (%s)", url, proxy.Cause(err))
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(text)))
	}
	_, err = out.Write(text)
	return err
}
