package main

import (
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
			return runs.WriteList(c.OutOrStdout(), list)
		},
	}
	format.add(c)
	return c
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
			return r.WriteText(c.OutOrStdout())
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
				v.WriteText(out, r)
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
