package runs

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// WriteList writes runs for people, one per line.
func WriteList(out io.Writer, list []*Run) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSTART\tDURATION\tSTATUS\tFILES\tRULESET")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", r.ID, r.Start.Format(time.RFC3339), r.duration(), r.Status, len(r.Files), r.Ruleset)
	}
	return w.Flush()
}

func (r *Run) duration() string {
	if r.DurationMicros == 0 {
		return "-"
	}
	return (time.Duration(r.DurationMicros) * time.Microsecond).Round(time.Millisecond).String()
}

// WriteText writes a run for people: its files, counts and digests.
func (r *Run) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run\t%s\n", r.ID)
	fmt.Fprintf(w, "status\t%s\n", withReason(r.Status, r.Reason))
	fmt.Fprintf(w, "start\t%s\n", r.Start.Format(time.RFC3339))
	fmt.Fprintf(w, "duration\t%s\n", r.duration())
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
		for _, n := range f.Found {
			fmt.Fprintf(w, "  in texts\t%d × %s by %s\n", n.N, n.Label, n.Detector)
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

// WriteText writes the result of the comparison for people.
func (v *Verification) WriteText(out io.Writer, r *Run) error {
	for _, name := range v.Missing {
		fmt.Fprintf(out, "missing: the output of %s\n", name)
	}
	for _, name := range v.Unknown {
		fmt.Fprintf(out, "not an output of the run, or changed: %s\n", name)
	}
	_, err := fmt.Fprintf(out, "%d outputs of run %s verified\n", v.Verified, r.ID)
	return err
}
