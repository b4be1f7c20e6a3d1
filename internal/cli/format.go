package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// Format is how a command prints what it found: as text for people, or as JSON for
// programs.
type Format struct {
	name   string
	asJSON bool // --json, the older form
}

// Add adds the flag --format to a command.
func (f *Format) Add(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "format", "text", "output `FORMAT`: text or json")
	before := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := OneOf("--format", f.name, "text", "json"); err != nil {
			return err
		}
		if before == nil {
			return nil
		}
		return before(c, args)
	}
}

// AddJSON gives it --json as well, which means the same as --format json.
func (f *Format) AddJSON(c *cobra.Command) {
	f.Add(c)
	c.Flags().BoolVar(&f.asJSON, "json", false, "same as --format json")
}

// JSON reports whether the output is JSON.
func (f *Format) JSON() bool { return f.asJSON || f.name == "json" }

// Print prints v as JSON, or as text with the given function.
func (f *Format) Print(w io.Writer, v any, text func(io.Writer) error) error {
	if !f.JSON() {
		return text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
