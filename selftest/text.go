package selftest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// mostShown bounds the failures of one probe in the text; the JSON has all.
const mostShown = 3

// WriteText writes the report for people: what was probed, by kind; what failed, with
// what to do; and the grade.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 3, ' ', 0)
	fmt.Fprintln(t, "PROBES\tPASSED\tFAILED\tNOT RUN")
	passed, failed, notRun := 0, 0, 0
	for _, k := range r.Kinds {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", k.Kind, k.Passed, dash(k.Failed), dash(k.NotRun))
		passed, failed, notRun = passed+k.Passed, failed+k.Failed, notRun+k.NotRun
	}
	fmt.Fprintf(t, "all\t%d\t%s\t%s\n", passed, dash(failed), dash(notRun))
	if err := t.Flush(); err != nil {
		return err
	}
	r.writeFailures(w)
	r.writeNotRun(w)
	fmt.Fprintf(w, "\nGrade %s", r.Grade)
	if len(r.Suites) > 0 {
		fmt.Fprintf(w, "  (suites: %s; %d known originals)", strings.Join(r.Suites, ", "), r.Canaries)
	}
	fmt.Fprintln(w)
	for i, reason := range r.Reasons {
		if i == mostReasons {
			fmt.Fprintf(w, "  and %d more reasons\n", len(r.Reasons)-i)
			break
		}
		fmt.Fprintf(w, "  %s\n", reason)
	}
	return nil
}

// mostReasons bounds the reasons for a grade in the text.
const mostReasons = 5

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// writeFailures writes each failed probe once, with what it failed for.
func (r *Report) writeFailures(w io.Writer) {
	var ids []string
	of := map[string][]Probe{}
	for _, p := range r.Failed() {
		key := string(p.Severity) + p.ID + p.Seen
		if of[key] == nil {
			ids = append(ids, key)
		}
		of[key] = append(of[key], p)
	}
	for _, id := range ids {
		p := of[id][0]
		fmt.Fprintf(w, "\n%-8s  %s\n", strings.ToUpper(string(p.Severity)), p.ID)
		if about := abouts(of[id]); about != "" {
			fmt.Fprintf(w, "          %s\n", about)
		}
		fmt.Fprintf(w, "          %s\n", p.Seen)
		if p.Do != "" {
			fmt.Fprintf(w, "          -> %s\n", p.Do)
		}
	}
}

// abouts returns what probes are about, each once.
func abouts(probes []Probe) string {
	var all []string
	for _, p := range probes {
		if p.Of != "" && !slices.Contains(all, p.Of) {
			all = append(all, p.Of)
		}
	}
	if n := len(all); n > mostShown {
		all = append(all[:mostShown], fmt.Sprintf("and %d more", n-mostShown))
	}
	return strings.Join(all, ", ")
}

// writeNotRun writes what could not be probed, and why.
func (r *Report) writeNotRun(w io.Writer) {
	first := true
	for _, p := range r.Probes {
		if p.Outcome != NotRun {
			continue
		}
		if first {
			fmt.Fprint(w, "\nNot run:\n")
			first = false
		}
		about := ""
		if p.Of != "" {
			about = " " + p.Of
		}
		fmt.Fprintf(w, "  %s%s: %s\n", p.ID, about, p.Seen)
	}
}
