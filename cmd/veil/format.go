package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// outputFormat is how a command prints what it found: as text for people, or as
// JSON for programs.
type outputFormat struct {
	name   string
	asJSON bool // --json, the older form
}

// add gives a command the flag --format.
func (f *outputFormat) add(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "format", "text", "`FORMAT` of the output: text or json")
	before := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := oneOf("--format", f.name, "text", "json"); err != nil {
			return err
		}
		if before == nil {
			return nil
		}
		return before(c, args)
	}
}

// addJSON gives it --json as well, which says the same.
func (f *outputFormat) addJSON(c *cobra.Command) {
	f.add(c)
	c.Flags().BoolVar(&f.asJSON, "json", false, "same as --format json")
}

func (f *outputFormat) json() bool { return f.asJSON || f.name == "json" }

// writeJSON writes a value for programs, and for people who look at it.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
