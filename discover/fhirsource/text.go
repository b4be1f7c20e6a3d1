package fhirsource

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteText writes the report for people. With all, it includes what passes.
func (r *Report) WriteText(w io.Writer, all bool) error {
	for _, part := range []struct {
		title string
		items []Item
		every bool
	}{
		{"RESOURCE TYPE", r.Types, true}, {"PROFILE", r.Profiles, false}, {"EXTENSION", r.Extensions, false},
		{"CODE SYSTEM", r.CodeSystems, false}, {"IDENTIFIER SYSTEM", r.Identifiers, true}, {"ELEMENT", r.Elements, false},
	} {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintf(t, "%s\tCOUNT\tEFFECT\tRULE\n", part.title)
		left := 0
		for i := range part.items {
			item := &part.items[i]
			if item.Passes && !part.every && !all {
				left++
				continue
			}
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", item.Name, item.Count, item.Effect, item.Rule)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if left > 0 {
			fmt.Fprintf(w, "and %d that pass or are masked; --all lists them\n", left)
		}
		fmt.Fprintln(w)
	}
	if r.Unnamed > 0 {
		fmt.Fprintf(w, "%d names are not shown, because they do not look like names of definitions\n", r.Unnamed)
	}
	for _, u := range r.Unread {
		fmt.Fprintf(w, "NOT READ %s\n", u)
	}
	return nil
}
