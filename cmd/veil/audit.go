package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/auditshow"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
)

func newAudit(a *app) *cobra.Command {
	return cli.Group(&cobra.Command{Use: "audit", Short: "Verify, show and index audit logs"}, newAuditVerify(), auditshow.New(a.env), auditshow.NewIndex())
}

func newAuditVerify() *cobra.Command {
	var key string
	var format cli.Format
	c := &cobra.Command{
		Use: "verify DIR", Short: "Check an audit log for changes",
		Long: `Verifies that no line of an audit log was removed, changed or moved. It checks
the format, hash and number of every line, the hash chain, and the order of the
segments. An error names the segment, line and record number. A directory
without a log is an error, and so is a log whose last line is incomplete; veil
serve sets such a line aside when it opens the log.

To detect that the end of a log was cut off, use a signed checkpoint
(--verifier-key), or compare the printed hash with one noted earlier.

Exit status: 0 if the log is intact, 1 if not.`,
		Example: `  veil audit verify audit
  veil audit verify audit --verifier-key audit.pub --format json`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			verifier, err := keys.ReadVerifier(key)
			if err != nil {
				return cli.Usagef("--verifier-key: %v", err)
			}
			rep, err := audit.Verify(args[0], verifier)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return format.Print(c.OutOrStdout(), rep, rep.WriteText)
		},
	}
	c.Flags().StringVar(&key, "verifier-key", "", "verify checkpoints with `KEY`: a verifier key, or a file that contains one (see veil keys sign)")
	format.Add(c)
	return c
}
