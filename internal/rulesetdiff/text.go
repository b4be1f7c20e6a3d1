package rulesetdiff

import (
	"fmt"
	"io"
	"strings"
)

// shown is how many elements of one change the text lists.
const shown = 4

// WriteText writes the differences for people. Elements that change in the same way are
// grouped; with all, every one of them is listed.
func (d *Diff) WriteText(out io.Writer, all bool) error {
	if d.Empty() {
		_, err := fmt.Fprintf(out, "%s and %s treat everything in the same way\n", d.A.Name, d.B.Name)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (sha256 %.12s…) → %s (sha256 %.12s…)\n", d.A.Name, d.A.SHA256, d.B.Name, d.B.SHA256)
	for _, part := range []struct {
		title   string
		changes []Change
		limit   int
	}{{"FHIR elements", d.Elements, shown}, {"columns", d.Columns, 0}, {"settings", d.Settings, 0}} {
		if len(part.changes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s: %d differ\n", part.title, len(part.changes))
		limit := part.limit
		if all || limit == 0 {
			limit = len(part.changes)
		}
		for _, g := range grouped(part.changes) {
			fmt.Fprintf(&b, "  %s → %s\n", g.a.words(), g.b.words())
			for i, what := range g.what {
				if i == limit {
					fmt.Fprintf(&b, "    and %d more\n", len(g.what)-limit)
					break
				}
				fmt.Fprintf(&b, "    %s\n", what)
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// words writes a treatment with its rule.
func (t Treatment) words() string {
	if t.Rule == "" || t.Rule == "(structure)" {
		return t.Text
	}
	return fmt.Sprintf("%s [%s]", t.Text, t.Rule)
}

// group is a set of elements that change in the same way.
type group struct {
	a, b Treatment
	what []string
}

// grouped puts together what changes in the same way, in the order of the first.
func grouped(changes []Change) []*group {
	var out []*group
	known := map[[2]Treatment]*group{}
	for _, c := range changes {
		key := [2]Treatment{c.A, c.B}
		if known[key] == nil {
			known[key] = &group{a: c.A, b: c.B}
			out = append(out, known[key])
		}
		known[key].what = append(known[key].what, c.What)
	}
	return out
}
