package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
)

func newAudit(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "audit", Short: "Verify and read audit logs"}, newAuditVerify(), newAuditShow(a))
}

func newAuditVerify() *cobra.Command {
	var key string
	var format outputFormat
	c := &cobra.Command{
		Use: "verify DIR", Short: "Check that nothing in a log was removed, changed or moved",
		Long: `Checks every line of an audit log: its form, its hash, its number, the chain and
the order of the segments. Where something is wrong it says in which segment, line
and number. A folder without a log is an error, and so is one whose last line was
cut off: veil serve sets such a line aside when it opens the log.

That the end of a log was not cut off can only be checked against a signed
checkpoint, with --verifier-key, or by comparing the hash that is printed with one
noted earlier. The verifier's key is the text or the file that veil keys sign made.`,
		Example: `  veil audit verify audit
  veil audit verify audit --verifier-key audit.pub --format json`,
		Args: exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			verifier, err := verifierKey(key)
			if err != nil {
				return err
			}
			rep, err := audit.Verify(args[0], verifier)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			out := c.OutOrStdout()
			if format.json() {
				return writeJSON(out, rep)
			}
			fmt.Fprintf(out, "ok: %d records in %d lines and %d segments; last hash %s\n", rep.Records, rep.Lines, rep.Segments, rep.LastHash)
			if rep.Checkpoint > 0 {
				fmt.Fprintf(out, "ok: the checkpoint of line %d is signed and true\n", rep.Checkpoint)
			}
			return nil
		},
	}
	c.Flags().StringVar(&key, "verifier-key", "", "key that checkpoints are verified with, or the file that has it")
	format.add(c)
	return c
}
