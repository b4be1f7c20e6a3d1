package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/runs"
)

func newRuns() *cobra.Command {
	return group(&cobra.Command{Use: "runs", Short: "List runs of veil mask and verify their outputs"}, newRunsList(), newRunsShow(), newRunsVerify())
}

func newRunsList() *cobra.Command {
	var format outputFormat
	c := &cobra.Command{
		Use: "list DIR", Short: "List the runs in an audit log",
		Long: `Lists the runs of veil mask in an audit log, oldest first. A run without an
end in the log is shown as interrupted; it may still be in progress.`,
		Example: `  veil runs list audit
  veil runs list audit --format json`,
		Args: exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			list, err := runs.Read(args[0])
			if err != nil {
				return err
			}
			if format.json() {
				return writeJSON(c.OutOrStdout(), list)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "RUN\tSTART\tDURATION\tSTATUS\tFILES\tRULESET")
			for _, r := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", r.ID, r.Start.Format(time.RFC3339), duration(r), r.Status, len(r.Files), r.Ruleset)
			}
			return w.Flush()
		},
	}
	format.add(c)
	return c
}

func duration(r *runs.Run) string {
	if r.DurationMicros == 0 {
		return "-"
	}
	return (time.Duration(r.DurationMicros) * time.Microsecond).Round(time.Millisecond).String()
}

func newRunsShow() *cobra.Command {
	var format outputFormat
	c := &cobra.Command{
		Use: "show DIR [RUN]", Short: "Print one run: its files, counts and digests",
		Long: `Prints a run of veil mask, given by its ID or the beginning of it; without
RUN, the last one. Files are shown by pseudonyms of their names unless they
were masked with --record-names.`,
		Example: `  veil runs show audit
  veil runs show audit 1f0c --format json`,
		Args: cobra.MatchAll(cobra.MinimumNArgs(1), cobra.MaximumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := runs.Find(args[0], second(args))
			if err != nil {
				return err
			}
			if format.json() {
				return writeJSON(c.OutOrStdout(), r)
			}
			return showRun(c.OutOrStdout(), r)
		},
	}
	format.add(c)
	return c
}

func second(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

func showRun(out io.Writer, r *runs.Run) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run\t%s\n", r.ID)
	fmt.Fprintf(w, "status\t%s\n", withReason(r.Status, r.Reason))
	fmt.Fprintf(w, "start\t%s\n", r.Start.Format(time.RFC3339))
	fmt.Fprintf(w, "duration\t%s\n", duration(r))
	fmt.Fprintf(w, "program\tveil %s\n", r.Program)
	fmt.Fprintf(w, "project\t%s\n", r.Project)
	fmt.Fprintf(w, "ruleset\t%s, SHA-256 %s\n", r.Ruleset, r.RulesetSHA256)
	fmt.Fprintf(w, "key\t%s\n", r.KeyFingerprint)
	if r.Resumed > 0 {
		fmt.Fprintf(w, "kept\t%d files of earlier runs\n", r.Resumed)
	}
	for i := range r.Files {
		f := &r.Files[i]
		fmt.Fprintf(w, "\n%s\t%s\n", f.Label(), withReason(f.Status, f.Reason))
		fmt.Fprintf(w, "  input\t%s\n  output\t%s\n", f.InputDigest, f.OutputDigest)
		for _, n := range f.Counts {
			fmt.Fprintf(w, "  %s\t%d\n", n.Name, n.N)
		}
		for _, a := range f.Applied {
			fmt.Fprintf(w, "  %s\t%d × %s by rule %s\n", a.Path, a.N, a.Method, a.Rule)
		}
	}
	return w.Flush()
}

func withReason(status, reason string) string {
	if reason == "" {
		return status
	}
	return status + ": " + reason
}

func newRunsVerify() *cobra.Command {
	var format outputFormat
	var run string
	c := &cobra.Command{
		Use: "verify DIR OUTPUTS", Short: "Compare the outputs of a run with its record",
		Long: `Compares the files in a directory with the digests of outputs that an audit
log has of a run: the last one, or --run. It reports outputs that are missing,
and files that the run did not write or that were changed since, and exits
with status 1 if there are any. Files are compared by content, so they may
have been renamed.`,
		Example: `  veil runs verify audit masked
  veil runs verify audit masked --run 1f0c`,
		Args: exactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := runs.Find(args[0], run)
			if err != nil {
				return err
			}
			v, err := runs.Verify(args[0], r, args[1])
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			if format.json() {
				if err := writeJSON(out, v); err != nil {
					return err
				}
			} else {
				for _, name := range v.Missing {
					fmt.Fprintf(out, "missing: the output of %s\n", name)
				}
				for _, name := range v.Unknown {
					fmt.Fprintf(out, "not an output of the run, or changed: %s\n", name)
				}
				fmt.Fprintf(out, "%d outputs verified of run %s\n", v.Verified, r.ID)
			}
			if !v.OK() {
				return errReported
			}
			return nil
		},
	}
	c.Flags().StringVar(&run, "run", "", "`ID` of the run, or the beginning of it (default: the last run)")
	format.add(c)
	return c
}
