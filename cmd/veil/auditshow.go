package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/config"
)

// auditFilter chooses records of a log.
type auditFilter struct {
	last                                     int
	requestID, consumer, operation, listener string
	outcomes                                 []string
	since, until                             string
	path                                     string // of a file
	key                                      config.Key
	details                                  bool

	// begun are the requests whose answer began and has no end so far.
	begun    map[string]bool
	from, to time.Time
	digests  []string
	result   map[string]bool
}

func newAuditShow(a *app) *cobra.Command {
	var f auditFilter
	var format outputFormat
	c := &cobra.Command{
		Use: "show DIR", Short: "Print records of a log",
		Long: `Prints the records of an audit log that fit all of the flags. What a record stands
for is in docs/operate.md. A long answer has two, one where it began and one at its
end: where the latter is missing, it was interrupted.

--file finds the records of a file that veil mask read or wrote. A record has the
SHA-256 of an output as it is, and of an input keyed: to find an input, give the
key and the project that it was masked with.`,
		Example: `  veil audit show audit --last 10
  veil audit show audit --consumer ann --outcome refused --since 24h
  veil audit show audit --listener postgres --operation select --since 2026-11-01 --until 2026-12-01
  veil audit show audit --request-id 1f0c… --format json
  veil audit show audit --file masked/patients.ndjson`,
		Args: exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.prepare(time.Now(), a.env); err != nil {
				return err
			}
			lines, err := f.read(args[0])
			if err != nil {
				return err
			}
			return showLines(c.OutOrStdout(), lines, f.begun, format.json())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.last, "last", 0, "only the newest so many")
	fl.StringVar(&f.requestID, "request-id", "", "only those of one request")
	fl.StringVar(&f.consumer, "consumer", "", "only those of one consumer")
	fl.StringVar(&f.operation, "operation", "", "only operations that begin with this, such as select, search or \"read Patient\"")
	fl.StringVar(&f.listener, "listener", "", "only those of fhir, postgres or file")
	fl.StringSliceVar(&f.outcomes, "outcome", nil, "only those with this outcome: complete, refused, failed or started (may be repeated)")
	fl.StringVar(&f.since, "since", "", "not older: a day, a time such as 2026-11-29T08:00:00Z, or an age such as 24h")
	fl.StringVar(&f.until, "until", "", "older: the same")
	fl.StringVar(&f.path, "file", "", "only those of a file that veil mask read or wrote")
	fl.StringVar(&f.key.File, "key-file", "", "with --file: the key that it was masked with (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)")
	fl.StringVar(&f.key.Project, "project", "default", "with --file: the project that it was masked for")
	fl.BoolVar(&f.details, "details", false, "single applications too")
	format.addJSON(c)
	return c
}

// prepare reads the flags.
func (f *auditFilter) prepare(now time.Time, env func(string) string) (err error) {
	if f.last < 0 {
		return usagef("--last must be 0 or more")
	}
	if f.from, err = timeOrAge(f.since, now); err != nil {
		return usagef("--since: %v", err)
	}
	if f.to, err = timeOrAge(f.until, now); err != nil {
		return usagef("--until: %v", err)
	}
	if f.listener != "" && f.listener != "fhir" && f.listener != "postgres" && f.listener != "file" {
		return usagef("--listener %q is not known: want fhir, postgres or file", f.listener)
	}
	f.result = map[string]bool{}
	for _, o := range f.outcomes {
		switch o {
		case "complete", "refused", "failed", "started":
			f.result[o] = true
		default:
			return usagef("--outcome %q is not known: want complete, refused, failed or started", o)
		}
	}
	if f.path != "" {
		return f.digest(env)
	}
	return nil
}

// digest makes the digests that records of the file have.
func (f *auditFilter) digest(env func(string) string) error {
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	f.digests = []string{file.OutputDigest(sum)}
	if f.key.Path(env) == "" && env("VEIL_KEY") == "" {
		return nil // it can still be an output
	}
	keys, err := f.key.Keyring(env)
	if err != nil {
		return err
	}
	f.digests = append(f.digests, file.InputDigest(keys, sum))
	return nil
}

// timeOrAge reads a day, a time or an age; no text is no time.
func timeOrAge(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(s); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: want 2026-11-29, 2026-11-29T08:00:00Z or an age such as 24h", s)
}

func (f *auditFilter) fits(l *audit.Line) bool {
	return (f.requestID == "" || l.RequestID == f.requestID) &&
		(f.consumer == "" || l.Consumer == f.consumer) &&
		(f.listener == "" || l.Door == f.listener) &&
		strings.HasPrefix(l.Operation, f.operation) &&
		(len(f.result) == 0 || f.result[l.Result]) &&
		(f.from.IsZero() || !l.Time.Before(f.from)) && (f.to.IsZero() || l.Time.Before(f.to)) &&
		(f.digests == nil || slices.Contains(f.digests, l.InputDigest) || slices.Contains(f.digests, l.OutputDigest))
}

// read returns the records that fit, each behind its details.
func (f *auditFilter) read(dir string) ([]*audit.Line, error) {
	var lines, details []*audit.Line
	f.begun = map[string]bool{}
	for l, err := range audit.Read(dir) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w (run: veil audit verify %s)", err, dir)
		case l.Kind == "detail":
			if f.details {
				details = append(details, l)
			}
			continue
		case l.Kind != "record":
			continue
		}
		if l.Result == "started" {
			f.begun[l.RequestID] = true
		} else {
			delete(f.begun, l.RequestID)
		}
		if f.fits(l) {
			lines = append(append(lines, details...), l)
		}
		details = details[:0]
		if f.last > 0 {
			lines = newest(lines, f.last)
		}
	}
	return lines, nil
}

// newest keeps the last records with their details.
func newest(lines []*audit.Line, n int) []*audit.Line {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Kind == "record" {
			if n--; n < 0 {
				return append(lines[:0:0], lines[i+1:]...)
			}
		}
	}
	return lines
}

func showLines(out io.Writer, lines []*audit.Line, begun map[string]bool, asJSON bool) error {
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
		reason := l.Reason
		if l.Result == "started" && begun[l.RequestID] {
			reason = "(no end: interrupted, or still under way)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s %s\tby %s", l.Seq, l.Time.Format(time.RFC3339), l.RequestID, l.Operation, l.Result, reason, l.Consumer)
		if l.Client != "" {
			fmt.Fprintf(w, " from %s", l.Client)
		}
		fmt.Fprintln(w)
		if l.File != "" {
			fmt.Fprintf(w, "  %s\tinput %s\toutput %s\n", l.File, l.InputDigest, l.OutputDigest)
		}
		for _, r := range l.Resources {
			fmt.Fprintf(w, "  %d %s\n", r.N, r.Name)
		}
		for _, a := range l.Applied {
			fmt.Fprintf(w, "  %d×\t%s\t%s\t%s\t%s\n", a.N, a.Path, a.Rule, a.Method, a.Category)
		}
	}
	return w.Flush()
}
