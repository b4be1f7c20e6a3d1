// Command veil is a de-identifying, read-only proxy for FHIR servers and PostgreSQL,
// and masks FHIR files. See veil --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/discovery"
	"github.com/veil-proxy/veil/internal/keyscmd"
	"github.com/veil-proxy/veil/internal/reportcmd"
	"github.com/veil-proxy/veil/internal/textcmd"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the work failed, or some of it
	exitUsage  = 2 // the command line is wrong: nothing was done
)

// run runs the command with its own streams and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a, err := newApp()
	if err != nil {
		fmt.Fprintln(stderr, "veil:", err)
		return exitFailed
	}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	out := &printed{Writer: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	if err = root.ExecuteContext(ctx); err == nil {
		err = out.err
	}
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, cli.ErrReported) {
		for _, line := range strings.Split(err.Error(), "\n") {
			fmt.Fprintln(stderr, "veil:", line)
		}
	}
	if isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

// printed remembers the first error of standard output, so that commands need not check
// what they print: the command fails if something could not be printed.
type printed struct {
	io.Writer
	err error
}

func (p *printed) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("standard output: %w", err)
	}
	return n, err
}

// output is the original standard output. A job checks which file it is, and handles its
// errors itself.
func output(c *cobra.Command) io.Writer {
	if p, ok := c.OutOrStdout().(*printed); ok {
		return p.Writer
	}
	return c.OutOrStdout()
}

// isUsage reports whether an error is a mistake in the command line.
func isUsage(err error) bool {
	var problems config.Problems
	return cli.IsUsage(err) || errors.Is(err, config.ErrNoKey) || errors.As(err, &problems) && !problems.InFiles()
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "veil",
		Short: "De-identify health data in FHIR servers, PostgreSQL and files",
		Long: `Veil is a proxy that gives researchers and analysts access to de-identified
health data. It runs in front of a FHIR server, a PostgreSQL database or both,
masks what they return by the rules of a ruleset, and uses the same pseudonyms
everywhere. It also masks files. It is read-only: writes never reach the
source.

Start with "veil demo".

Exit status: 0 on success; 1 if all or part of the work failed, or if a check
found a problem; 2 if the command line is wrong, and nothing was done.`,
		Example: `  veil demo
  veil keys new project.key
  veil mask --key-file project.key < patients.ndjson > masked.ndjson
  veil serve --config veil.yaml
  veil postgres check --config veil.yaml`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usagef("unknown command %q (see veil --help)", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return cli.Usagef("%v (see %s --help)", err, c.CommandPath())
	})
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", columns)))
	root.AddCommand(newDemo(a), newServe(a), newMask(a), newRuleset(a), newPostgres(a), (&discovery.Commands{Rules: a.rules, Methods: methods(nil)}).New(), newRuns(), newAudit(a), keyscmd.New(a.env), (&reportcmd.Commands{Version: version(), Rules: a.rules}).New(), textcmd.New(), newSelftest(a), newHealth(a), newVersion())
	return root
}

// columns is the width of help texts.
const columns = 80
