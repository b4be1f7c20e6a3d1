package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
)

func newAudit() *cobra.Command {
	return group(&cobra.Command{Use: "audit", Short: "Verify and read audit logs"}, newAuditVerify(), newAuditShow())
}

func newAuditVerify() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use: "verify DIR", Short: "Check that nothing in a log was removed, changed or moved",
		Long: `Checks every line of an audit log: its form, its hash, its number, the chain and
the order of the segments. Where something is wrong it says in which segment, line
and number. That the end of a log was not cut off can only be checked against a
signed checkpoint, with --verifier-key, or by comparing the hash that is printed
with one noted earlier.`,
		Example: "  veil audit verify audit",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			rep, err := audit.Verify(args[0], key)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintf(c.OutOrStdout(), "ok: %d records in %d lines and %d segments; last hash %s\n", rep.Records, rep.Lines, rep.Segments, rep.LastHash)
			if rep.Checkpoint > 0 {
				fmt.Fprintf(c.OutOrStdout(), "ok: the checkpoint of line %d is signed and true\n", rep.Checkpoint)
			}
			return nil
		},
	}
	c.Flags().StringVar(&key, "verifier-key", "", "key that checkpoints are verified with")
	return c
}

func newAuditShow() *cobra.Command {
	var last int
	var requestID string
	var asJSON, details bool
	c := &cobra.Command{
		Use: "show DIR", Short: "Print records of a log",
		Example: `  veil audit show audit --last 10
  veil audit show audit --request-id 1f0c… --json`,
		Args: exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var lines []*audit.Line
			for l, err := range audit.Read(args[0]) {
				if err != nil {
					return fmt.Errorf("%w (run: veil audit verify %s)", err, args[0])
				}
				if l.Kind != "record" && !(details && l.Kind == "detail") || requestID != "" && l.RequestID != requestID {
					continue
				}
				if lines = append(lines, l); last > 0 && len(lines) > 2*last {
					lines = append(lines[:0], lines[len(lines)-last:]...)
				}
			}
			if last > 0 && len(lines) > last {
				lines = lines[len(lines)-last:]
			}
			return showLines(c, lines, asJSON)
		},
	}
	c.Flags().IntVar(&last, "last", 0, "only the newest so many")
	c.Flags().StringVar(&requestID, "request-id", "", "only those of one request")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON lines")
	c.Flags().BoolVar(&details, "details", false, "single applications too")
	return c
}

func showLines(c *cobra.Command, lines []*audit.Line, asJSON bool) error {
	out := c.OutOrStdout()
	if asJSON {
		e := json.NewEncoder(out)
		for _, l := range lines {
			if err := e.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		if l.Kind == "detail" {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.Resource, l.Path, l.Rule, l.Outcome)
			continue
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s %s\tby %s\n", l.Seq, l.Time.Format(time.RFC3339), l.RequestID, l.Operation, l.Result, l.Reason, l.Consumer)
		for _, r := range l.Resources {
			fmt.Fprintf(w, "  %d %s\n", r.N, r.Name)
		}
		for _, a := range l.Applied {
			fmt.Fprintf(w, "  %d×\t%s\t%s\t%s\t%s\n", a.N, a.Path, a.Rule, a.Method, a.Category)
		}
	}
	return w.Flush()
}
