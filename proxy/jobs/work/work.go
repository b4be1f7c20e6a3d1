// Package work does the work of jobs: it masks files or an export of the FHIR upstream
// with the engine of veil mask, and examines files and upstreams as veil discover does.
//
//	w := &work.World{Views: views, Sources: places, Targets: places, …}
//	order, err := w.Plan(ctx, spec)   // an *Error says what is wrong with the request
//	err = w.Run(ctx, attempt)         // in the process that the queue chose
//
// Invariants: a job reads and writes only below configured places. It masks with the
// ruleset and key that its view had when it was ordered, or not at all. It overwrites
// nothing.
package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
)

// View has the ruleset and keys that mask the outputs of a job.
type View struct {
	Automaton *fhir.Automaton
	Detail    bool
}

// World is what jobs may use. It must not change once it is in use.
type World struct {
	// Views are the views that jobs may name.
	Views map[string]View
	// Jobs may read Sources and write Targets.
	Sources, Targets []Place
	// Store opens the places that are in object stores.
	Store file.Store
	// Upstream is the FHIR upstream, Database the PostgreSQL upstream; either may be nil.
	Upstream *upstream.Server
	Database *pgconn.Config
	// Rules has rulesets and methods, for discoveries.
	Rules *rules.Library
	// Site are the bases of references.
	Site fhir.Site
	// Workers is how many workers mask blocks of a job in parallel.
	Workers int
	// AuditDir is the directory of the audit log, which no job may read or write.
	AuditDir string
	// RecordNames says that records contain the names of files.
	RecordNames bool
	// Sink takes the records of jobs. Program is the version that they state.
	Sink    mask.Sink
	Program string
}

// Error is a problem with a request for a job.
type Error struct {
	// Field is the member of the request that is wrong, as a JSON pointer.
	Field string
	// What says what is wrong and what to do, without a value of the request.
	What, Hint string
	// Exists says that something would be overwritten.
	Exists bool
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.What
	}
	return e.What + ": " + e.Hint
}

// basis identifies the ruleset and key of a job.
type basis struct {
	Ruleset        string `json:"ruleset,omitempty"`
	RulesetSHA256  string `json:"rulesetSha256,omitempty"`
	Project        string `json:"project,omitempty"`
	KeyFingerprint string `json:"keyFingerprint,omitempty"`
}

// basis returns the basis for a view.
func (v *View) basis() basis {
	p := v.Automaton.Plan
	return basis{p.Ruleset, p.RulesetSHA256, p.Keys.Project(), p.Keys.Fingerprint()}
}

// Plan checks a job and returns the order for the queue. It writes nothing.
func (w *World) Plan(ctx context.Context, s *Spec) (*queue.Order, error) {
	spec, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	o := &queue.Order{ID: mask.NewRequestID(), Kind: s.Kind, View: s.View, Spec: spec}
	var with basis
	switch s.Kind {
	case Mask:
		var v View
		if v, err = w.view(s.View); err == nil {
			with = v.basis()
			o.Target, err = w.checkMask(ctx, s, v)
		}
	case Export:
		var v View
		if v, err = w.view(s.View); err == nil {
			with = v.basis()
			o.Target, err = w.checkExport(s, v)
		}
	case Discover:
		err = w.checkDiscover(s)
	default:
		return nil, fmt.Errorf("unknown kind %s", s.Kind)
	}
	if err != nil {
		return nil, err
	}
	o.Basis, err = json.Marshal(with)
	return o, err
}

// Run does the work of a job.
func (w *World) Run(ctx context.Context, a *queue.Attempt) error {
	s := &Spec{}
	with := basis{}
	if err := errors.Join(json.Unmarshal(a.Spec, s), json.Unmarshal(a.Basis, &with)); err != nil {
		return errors.New("the job was submitted with another version of Veil: submit it again")
	}
	if s.Kind == Discover {
		return w.discover(ctx, a, s)
	}
	v, err := w.view(s.View)
	switch {
	case err != nil:
		return err
	case v.basis() != with:
		return errors.New("the ruleset or the key of the view was replaced since the job was submitted: submit it again, into another folder")
	case s.Kind == Mask:
		return w.mask(ctx, a, s, v)
	case s.Kind == Export:
		return w.export(ctx, a, s, v)
	}
	return fmt.Errorf("unknown kind %s", s.Kind)
}

// view finds the view of a job.
func (w *World) view(name string) (View, error) {
	v, ok := w.Views[name]
	if !ok {
		return View{}, &Error{Field: "/view", What: "jobs have no such view", Hint: "expected " + choice(sortedNames(w.Views)) + ", as operator.jobs.views lists them"}
	}
	return v, nil
}

// sortedNames returns the keys of a map, sorted.
func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// choice lists names of the configuration.
func choice(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " or ")
}

// place finds the place of a location.
func place(list []Place, l *Location, field string) (*Place, error) {
	var names []string
	for i := range list {
		if list[i].Name == l.Place {
			return &list[i], nil
		}
		names = append(names, list[i].Name)
	}
	return nil, &Error{Field: field + "/place", What: "jobs have no such place", Hint: "expected " + choice(names) + ", as operator.jobs lists them"}
}
