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
}

// Add adds a ruleset to the list, and returns what the list has of it.
func (l *List) Add(rs *ruleset.Ruleset) Listed {
	listed := Listed{rs.Name, rs.Title, len(rs.FHIR.Rules), rs.SHA256()}
	*l = append(*l, listed)
	return listed
}

// WriteText writes the list for people, a ruleset a line.
func (l List) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, rs := range l {
		fmt.Fprintf(w, "%s\t%s\tsha256 %.12s…\n", rs.Name, rs.Title, rs.SHA256)
	}
	return w.Flush()
}
