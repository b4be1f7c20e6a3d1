package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/runs"
)

func newRuns() *cobra.Command {
	return cli.Group(&cobra.Command{Use: "runs", Short: "List runs of veil mask and verify their outputs"}, newRunsList(), newRunsShow(), newRunsVerify(), newRunsCollect())
}

func newRunsList() *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "list DIR", Short: "List the runs in an audit log",
		Long: `Lists the runs of veil mask in an audit log, oldest first. A run without an
end in the log is shown as interrupted; it may still be in progress.`,
		Example: `  veil runs list audit
  veil runs list audit --format json`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			list, err := runs.Read(args[0])
			if err != nil {
				return err
			}
			return format.Print(c.OutOrStdout(), list, func(w io.Writer) error { return runs.WriteList(w, list) })
		},
	}
	format.Add(c)
	return c
}

func newRunsShow() *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "show DIR [RUN]", Short: "Print one run: its files, counts and digests",
		Long: `Prints a run of veil mask. RUN is its ID or the beginning of it; the default is
the last run. Files are shown under pseudonyms of their names, unless they were
masked with --record-names.`,
		Example: `  veil runs show audit
  veil runs show audit 1f0c --format json`,
		Args: cli.Args(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := runs.Find(args[0], second(args))
			if err != nil {
				return err
			}
			return format.Print(c.OutOrStdout(), r, r.WriteText)
		},
	}
	format.Add(c)
	return c
}

func second(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

func newRunsVerify() *cobra.Command {
	var format cli.Format
	var run string
	c := &cobra.Command{
		Use: "verify DIR OUTPUTS", Short: "Compare the outputs of a run with its record",
		Long: `Compares the files in directory OUTPUTS with the digests that the audit log in
DIR recorded for the outputs of a run: the last one, or --run. It reports
outputs that are missing, and files that the run did not write or that have
changed since. Files are compared by content, so they may have been renamed.
DIR may also be a file: the record of a job that the jobs API returned.

Exit status: 0 if all outputs are as recorded, 1 if not.`,
		Example: `  veil runs verify audit masked
  veil runs verify audit masked --run 1f0c
  veil runs verify record.json masked`,
		Args: cli.Args(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			r, v, err := verifyRun(args[0], run, args[1])
			if err != nil {
				return err
			}
			if err := format.Print(c.OutOrStdout(), v, func(w io.Writer) error { return v.WriteText(w, r) }); err != nil {
				return err
			}
			if !v.OK() {
				return cli.ErrReported
			}
			return nil
		},
	}
	c.Flags().StringVar(&run, "run", "", "`ID` of the run, or the beginning of its ID (default: the last run)")
	format.Add(c)
	return c
}

// verifyRun compares outputs with a run of an audit log, or with one in a file.
func verifyRun(log, run, outputs string) (*runs.Run, *runs.Verification, error) {
	if info, err := os.Stat(log); err == nil && info.Mode().IsRegular() {
		r, err := runs.ReadRecord(log)
		if err != nil {
			return nil, nil, err
		}
		v, err := runs.VerifyRecord(r, outputs)
		return r, v, err
	}
	r, err := runs.Find(log, run)
	if err != nil {
		return nil, nil, err
	}
	v, err := runs.Verify(log, r, outputs)
	return r, v, err
}

func newRunsCollect() *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "collect DIR TASKS", Short: "Combine the logs of Spark tasks into runs",
		Long: `Combines the logs that the tasks of a Spark job left in the directory TASKS
into one run in the audit log DIR, for each job, and removes these logs. Run it
when the jobs are done. The Python package veil-spark leaves the logs in
DIR.tasks. Interrupted attempts of a task are listed as failed; the run has
failed only if no attempt of a task completed.`,
		Example: "  veil runs collect audit audit.tasks",
		Args:    cli.Args(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			list, err := runs.Collect(c.Context(), args[0], args[1], func() (*audit.Log, error) { return audit.Open(args[0], audit.Options{}) })
			if err != nil {
				return err
			}
			return format.Print(c.OutOrStdout(), list, func(w io.Writer) error { return runs.WriteCollected(w, list) })
		},
	}
	format.Add(c)
	return c
}
