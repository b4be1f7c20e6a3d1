package ship

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/audit"
)

// Filter says which lines are sent. Empty fields select all lines.
type Filter struct {
	// Outcomes are outcomes of records, such as "refused", and Operations the first words
	// of operations, such as "read".
	Outcomes, Operations []string
	// Views are the consumers' views.
	Views []View
	// Details adds the lines of single applications. Whole sends all lines unchanged, for a
	// copy that can be verified.
	Details, Whole bool
}

// View is a view as named in records.
type View struct{ Project, Ruleset string }

// takes reports whether a line is sent. Lines about the log itself always are.
func (f *Filter) takes(l *audit.Line) bool {
	switch {
	case f.Whole:
		return true
	case l.Kind == "pruned", l.Kind == "recovered":
		return true
	case l.Kind == "detail":
		return f.Details && len(f.Outcomes)+len(f.Operations)+len(f.Views) == 0
	case l.Kind != "record":
		return false
	}
	operation, _, _ := strings.Cut(l.Operation, " ")
	return (len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, l.Result)) &&
		(len(f.Operations) == 0 || slices.Contains(f.Operations, operation)) &&
		(len(f.Views) == 0 || slices.Contains(f.Views, View{l.Project, l.Ruleset}))
}
