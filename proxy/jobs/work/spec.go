package work

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/internal/formats"
)

// The kinds of jobs.
const (
	Mask     = "mask"     // files
	Export   = "export"   // $export of the FHIR upstream
	Discover = "discover" // of files or of an upstream
)

// The upstreams that a discovery can examine.
const (
	FHIR     = "fhir"
	Postgres = "postgres"
)

// Spec says what a job is to do. Requests and the database contain it.
type Spec struct {
	Kind string `json:"kind"`
	// View names the ruleset and key space for outputs: those of consumers with this view.
	View string `json:"view,omitempty"`
	// Source and Target are below configured places.
	Source *Location `json:"source,omitempty"`
	Target *Location `json:"target,omitempty"`
	// Upstream is what a discovery examines instead of files.
	Upstream string       `json:"upstream,omitempty"`
	Export   *ExportSpec  `json:"export,omitempty"`
	Options  *OptionsSpec `json:"options,omitempty"`
}

// Location is a file, a folder or a pattern below a place.
type Location struct {
	Place string `json:"place"`
	// Path is relative, with slashes; empty for the place itself.
	Path string `json:"path,omitempty"`
}

// ExportSpec says which resources an export contains.
type ExportSpec struct {
	// Level is system, patient or group.
	Level string `json:"level,omitempty"`
	// Group is the id of the group at the upstream.
	Group string     `json:"group,omitempty"`
	Types []string   `json:"types,omitempty"`
	Since *time.Time `json:"since,omitempty"`
}

// OptionsSpec are the flags of veil mask that a job may set.
type OptionsSpec struct {
	Format   string `json:"format,omitempty"`
	Table    string `json:"table,omitempty"`
	Document string `json:"document,omitempty"`
	// Invalid says what happens if lines cannot be masked: fail, which is the default, or
	// skip.
	Invalid string `json:"invalid,omitempty"`
	// Resume keeps existing outputs that a job made from the same input with the same
	// ruleset and key.
	Resume bool `json:"resume,omitempty"`
	// Sample is how many rows or resources a discovery samples.
	Sample int `json:"sample,omitempty"`
}

// skips reports whether lines that cannot be masked are left out.
func (s *Spec) skips() bool { return s.Options != nil && s.Options.Invalid == "skip" }

// resumes reports whether outputs that exist may be kept.
func (s *Spec) resumes() bool { return s.Options != nil && s.Options.Resume }

// formats returns the flags of veil mask for the options of a job.
func (s *Spec) formats() (*formats.Options, error) {
	o := &formats.Options{}
	var fl pflag.FlagSet
	o.AddFlags(&fl)
	if s.Options == nil {
		return o, nil
	}
	for name, value := range map[string]string{"format": s.Options.Format, "table": s.Options.Table, "document": s.Options.Document} {
		if value != "" && fl.Set(name, value) != nil {
			return nil, &Error{Field: "/options/" + name, What: "the value cannot be used"}
		}
	}
	return o, nil
}
