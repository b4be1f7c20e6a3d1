package rulesetshow

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// List is a list of rulesets.
type List []Listed

// Listed is what a list has of a ruleset.
type Listed struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Rules  int    `json:"rules"`
	SHA256 string `json:"sha256"`
	// Overlay says that it adds to another ruleset and does not work alone.
	Overlay bool `json:"overlay,omitempty"`
}

// Add adds a ruleset to the list, and returns what the list has of it.
func (l *List) Add(rs *ruleset.Ruleset) Listed {
	listed := Listed{rs.Name, rs.Title, len(rs.FHIR.Rules), rs.SHA256(), rs.Overlay}
	*l = append(*l, listed)
	return listed
}

// WriteText writes the list for people, one ruleset per line.
func (l List) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	overlays := false
	for _, rs := range l {
		title := rs.Title
		if rs.Overlay {
			title, overlays = "overlay: "+title, true
		}
		fmt.Fprintf(w, "%s\t%s\tsha256 %.12s…\n", rs.Name, title, rs.SHA256)
	}
	if err := w.Flush(); err != nil || !overlays {
		return err
	}
	_, err := fmt.Fprintln(out, "An overlay adds to a ruleset: --ruleset safe-harbor+us-core, or extends: [safe-harbor, us-core].")
	return err
}
