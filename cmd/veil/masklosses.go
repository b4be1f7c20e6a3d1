package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// lossActions are the numbers of the actions that leave out something as a whole:
// a resource that a rule withholds, and what the schema does not know. What a rule
// removes from a resource is no loss but the work.
func lossActions(a *fhir.Automaton) []int {
	types := fhir.NewGuard(a).Types()
	var out []int
	for i := range a.Actions {
		switch act := &a.Actions[i]; {
		case act.Path == fhir.UnknownResource, act.Path == fhir.UnknownElement, act.Path == fhir.UnknownBase, act.Method == "withhold", slices.Contains(types, act.Path):
			out = append(out, i)
		}
	}
	return out
}

// losses counts them in what was delivered: a line that was reported with its place
// has no part in it.
type losses struct {
	actions  []int
	before   []uint64 // counts before the line under way
	reported []uint64 // of lines that were reported
}

func (l *losses) begin(actions []int) {
	l.actions = actions
	l.before, l.reported = make([]uint64, len(actions)), make([]uint64, len(actions))
}

// line is called before each line with the pass that counts.
func (l *losses) line(pass *mask.Pass) {
	for i, a := range l.actions {
		l.before[i] = pass.Counts[a]
	}
}

// bad is called after a line that is reported.
func (l *losses) bad(pass *mask.Pass) {
	for i, a := range l.actions {
		l.reported[i] += pass.Counts[a] - l.before[i]
	}
}

// losses says what masking left out of the file, by reason and type.
func (j *maskJob) losses() []string {
	var out []string
	for i, a := range j.lossActions {
		n := j.pass.Counts[a]
		for _, w := range j.workers {
			n -= w.losses.reported[i]
		}
		act := &j.automaton.Actions[a]
		what := strings.Trim(act.Path, "()")
		switch act.Path {
		case fhir.UnknownResource, fhir.UnknownElement:
		case fhir.UnknownBase:
			what += " (name it with --upstream-base if it is the same server)"
		default:
			what += fmt.Sprintf(": withheld by rule %q", act.Rule)
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d × %s", n, what))
		}
	}
	return out
}

// report writes a line to standard error, past the progress bar.
func (j *maskJob) report(format string, args ...any) {
	if j.bar != nil {
		_ = j.bar.Clear() // only the display
	}
	fmt.Fprintf(j.stderr, "veil: "+format+"\n", args...)
}
