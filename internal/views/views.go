// Package views has the views in force, as shown to operators: what each consumer sees of
// FHIR and of PostgreSQL, with the ruleset and the key of its project, and the schema
// that the PostgreSQL listener knows.
//
// A State does not change; a reload puts another one in force. It holds no connection, and
// nothing of an upstream except the names and types of relations.
package views

import (
	"context"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// State is what is in force at one moment.
type State struct {
	Library *rules.Library
	Views   []View
	// Site is where the FHIR listener shows masked resources.
	Site fhir.Site
	// Catalog returns the relations that the PostgreSQL listener knows. It is nil without
	// such a listener.
	Catalog func(context.Context) (*catalog.Catalog, error)
	// SearchPath is the search path of a new session at the PostgreSQL listener.
	SearchPath []string
	Database   string
	// Discoveries is the folder with results of discovery; empty for none.
	Discoveries string
}

// View is what consumers with a view see.
type View struct {
	// Name is empty for the view of consumers without a view of their own.
	Name string
	// Consumers are the names of those who have the view.
	Consumers []string
	// Ruleset is the setting: the name of a shipped ruleset, or a file.
	Ruleset   string
	Automaton *fhir.Automaton
	// SQL is the view of the PostgreSQL listener, and Timeout its limit.
	SQL     *analysis.Policy
	Timeout time.Duration
}

// Title names the view for people.
func (v *View) Title() string {
	if v.Name == "" {
		return "default view"
	}
	return "view " + v.Name
}

// Named returns the view with a name.
func (s *State) Named(name string) (*View, bool) {
	for i := range s.Views {
		if s.Views[i].Name == name {
			return &s.Views[i], true
		}
	}
	return nil, false
}
