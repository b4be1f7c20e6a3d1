// Package auditshow selects records of an audit log and prints them for people and
// programs.
//
//	records, err := (&auditshow.Filter{Consumer: "ann", Last: 10}).Read("audit")
//	err = records.WriteText(os.Stdout)
package auditshow

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// Filter selects records. Zero fields exclude nothing.
type Filter struct {
	Last                          int // only the newest so many matching records; 0 for all
	RequestID, Consumer, Listener string
	Operation                     string   // prefix
	Outcomes                      []string // one of them
	Since, Until                  time.Time
	Digests                       []string // of an input or output, one of them
	Details                       bool     // include single applications of rules
}

func (f *Filter) fits(l *audit.Line) bool {
	return (f.RequestID == "" || l.RequestID == f.RequestID) &&
		(f.Consumer == "" || l.Consumer == f.Consumer) &&
		(f.Listener == "" || l.Door == f.Listener) &&
		strings.HasPrefix(l.Operation, f.Operation) &&
		(len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, l.Result)) &&
		(f.Since.IsZero() || !l.Time.Before(f.Since)) && (f.Until.IsZero() || l.Time.Before(f.Until)) &&
		(f.Digests == nil || slices.Contains(f.Digests, l.InputDigest) || slices.Contains(f.Digests, l.OutputDigest))
}

// Records are records of a log, each after its details.
type Records struct {
	lines []*audit.Line
	// begun are the requests whose response has begun and not yet ended.
	begun map[string]bool
}

// Read returns the matching records.
func (f *Filter) Read(dir string) (*Records, error) {
	var lines, details []*audit.Line
	found := &Records{begun: map[string]bool{}}
	for l, err := range audit.Read(dir) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w (run: veil audit verify %s)", err, dir)
		case l.Kind == "detail":
			if f.Details {
				details = append(details, l)
			}
			continue
		case l.Kind != "record":
			continue
		}
		if l.Result == "started" {
			found.begun[l.RequestID] = true
		} else {
			delete(found.begun, l.RequestID)
		}
		if f.fits(l) {
			lines = append(append(lines, details...), l)
		}
		details = details[:0]
		if f.Last > 0 {
			lines = newest(lines, f.Last)
		}
	}
	found.lines = lines
	return found, nil
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

// WriteJSON writes one record per line.
func (r *Records) WriteJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	for _, l := range r.lines {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes the records for people.
func (r *Records) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, l := range r.lines {
		if l.Kind == "detail" {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.Resource, l.Path, l.Rule, l.Outcome)
			continue
		}
		reason := l.Reason
		if l.Result == "started" && r.begun[l.RequestID] {
			reason = "(no end: interrupted, or still in progress)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s %s\tby %s", l.Seq, l.Time.Format(time.RFC3339), l.RequestID, l.Operation, l.Result, reason, l.Consumer)
		if l.Client != "" {
			fmt.Fprintf(w, " from %s", l.Client)
		}
		fmt.Fprintln(w)
		if l.File != "" {
			fmt.Fprintf(w, "  %s\tinput %s\toutput %s\n", l.File, l.InputDigest, l.OutputDigest)
		}
		for _, res := range l.Resources {
			fmt.Fprintf(w, "  %d %s\n", res.N, res.Name)
		}
		for _, a := range l.Applied {
			fmt.Fprintf(w, "  %d×\t%s\t%s\t%s\t%s\n", a.N, a.Path, a.Rule, a.Method, a.Category)
		}
		for _, f := range l.Found {
			fmt.Fprintf(w, "  %d×\tin texts\t%s\t%s\n", f.N, f.Detector, f.Label)
		}
	}
	return w.Flush()
}
