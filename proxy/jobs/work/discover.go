package work

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/discover/pgsource"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/discovery"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
)

// Found is the result of a discovery: counts, percentages and patterns, but no value.
type Found struct {
	// Source is files, fhir or postgres.
	Source string `json:"source"`
	// Report is the JSON report of veil discover, and Ruleset the ruleset that it
	// proposes, in YAML.
	Report  json.RawMessage `json:"report"`
	Ruleset string          `json:"ruleset"`
}

// checkDiscover checks whether a discovery could begin.
func (w *World) checkDiscover(s *Spec) error {
	switch {
	case (s.Source == nil) == (s.Upstream == ""):
		return &Error{What: "expected either source or upstream"}
	case s.Upstream != "" && !slices.Contains(w.Upstreams(), s.Upstream):
		return &Error{Field: "/upstream", What: "the upstream is not configured", Hint: "expected " + choice(w.Upstreams())}
	case s.View != "":
		if _, err := w.view(s.View); err != nil {
			return err
		}
	}
	if s.Source == nil {
		return nil
	}
	_, err := w.looked(s)
	return err
}

// Upstreams are those that a discovery can look at.
func (w *World) Upstreams() []string {
	list := []string{}
	if w.Upstream != nil {
		list = append(list, FHIR)
	}
	if w.Database != nil {
		list = append(list, Postgres)
	}
	return list
}

// looked returns the inputs of a discovery of files.
func (w *World) looked(s *Spec) ([]string, error) {
	from, err := place(w.Sources, s.Source, "/source")
	if err != nil {
		return nil, err
	}
	inputs, err := from.inputs(s.Source.Path)
	if err != nil {
		return nil, &Error{Field: "/source/path", What: err.Error()}
	}
	return inputs, nil
}

// defaultSample is the number of rows or resources sampled of each table or type.
const defaultSample = 1000

// Time limits: for a table or a file, and in total.
const (
	tableTime = time.Minute
	lookTime  = time.Hour
)

// discover examines files or an upstream.
func (w *World) discover(ctx context.Context, a *queue.Attempt, s *Spec) error {
	if err := w.checkDiscover(s); err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	sample := defaultSample
	if s.Options != nil && s.Options.Sample > 0 {
		sample = s.Options.Sample
	}
	var found *Found
	var err error
	switch s.Upstream {
	case FHIR:
		found, err = w.discoverFHIR(looking, a, s, sample)
	case Postgres:
		found, err = w.discoverPostgres(looking, a, sample)
	default:
		found, err = w.discoverFiles(looking, a, s, sample)
	}
	if err != nil {
		return err
	}
	if err := a.SetResult(ctx, found); err != nil {
		return &queue.TransientError{Err: err}
	}
	return nil
}

// judged returns the result for tables.
func judged(source string, tables []discover.Table) (*Found, error) {
	findings := discover.Judge(tables, words.Default())
	var text bytes.Buffer
	if err := report.New(tables, findings).WriteJSON(&text); err != nil {
		return nil, err
	}
	return &Found{Source: source, Report: text.Bytes(), Ruleset: propose.Ruleset("proposed", tables, findings)}, nil
}

// discoverFiles examines files.
func (w *World) discoverFiles(ctx context.Context, a *queue.Attempt, s *Spec, sample int) (*Found, error) {
	inputs, err := w.looked(s)
	if err != nil {
		return nil, err
	}
	names := named("", "", inputs...)
	o, err := s.formats()
	if err != nil {
		return nil, err
	}
	look := discovery.Files{
		Paths: inputs, Store: w.Store, Rows: sample, Timeout: tableTime, Formats: o, Methods: [][]mask.Definition{w.Rules.Methods()},
		Report: func(p file.Problem) {
			a.Problem(queue.Problem{File: names.Replace(shown(p.File)), Line: p.Line, Column: p.Column, What: names.Replace(p.What), Hint: names.Replace(p.Hint)})
			a.Progress(func(to *queue.Progress) { to.Failed++ })
		},
	}
	tables, err := look.Tables(ctx)
	if err != nil {
		return nil, failed(err, names)
	}
	a.Progress(func(to *queue.Progress) { to.Units = uint64(len(tables)) })
	return judged("files", tables)
}

// discoverPostgres examines the PostgreSQL upstream.
func (w *World) discoverPostgres(ctx context.Context, a *queue.Attempt, sample int) (*Found, error) {
	progress := func(done, total int) {
		a.Progress(func(p *queue.Progress) { p.Files, p.AllFiles = done, total })
	}
	tables, err := pgsource.ReadFrom(ctx, w.Database.Copy(), pgsource.Options{Rows: sample, Statement: tableTime, Progress: progress})
	if err != nil {
		return nil, &queue.TransientError{Err: fmt.Errorf("the PostgreSQL upstream: %w", err)}
	}
	return judged(Postgres, tables)
}

// discoverFHIR examines the FHIR upstream.
func (w *World) discoverFHIR(ctx context.Context, a *queue.Attempt, s *Spec, sample int) (*Found, error) {
	automaton, err := w.Rules.Public("safe-harbor")
	if s.View != "" {
		var v View
		v, err = w.view(s.View)
		automaton = v.Automaton
	}
	if err != nil {
		return nil, err
	}
	return w.scan(ctx, a, automaton, sample)
}

func (w *World) scan(ctx context.Context, a *queue.Attempt, automaton *fhir.Automaton, sample int) (*Found, error) {
	scan := fhirsource.NewScan(automaton)
	err := scan.Read(ctx, fhirsource.Server{
		Base: "http://upstream", Client: &http.Client{Transport: transport{w.Upstream}}, Most: sample,
		Progress: func(done, total int) { a.Progress(func(p *queue.Progress) { p.Files, p.AllFiles = done, total }) },
	})
	if err != nil {
		return nil, &queue.TransientError{Err: errors.New("the FHIR upstream did not return its CapabilityStatement: see its log")}
	}
	found := scan.Report()
	text, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	var overlay strings.Builder
	if err := found.WriteOverlay(&overlay, "proposed"); err != nil {
		return nil, err
	}
	return &Found{Source: FHIR, Report: text, Ruleset: overlay.String()}, nil
}

// transport sends requests of net/http to the upstream, with Veil's credentials.
type transport struct{ up *upstream.Server }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	got, p := t.up.Request(&upstream.Request{Path: r.URL.RequestURI(), Accept: r.Header.Get("Accept"), Timeout: exportTimeout})
	if p != nil {
		return nil, errors.New(p.Text)
	}
	defer got.Release()
	return &http.Response{
		StatusCode: got.Status, Status: http.StatusText(got.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(bytes.Clone(got.Body))), ContentLength: int64(len(got.Body)),
	}, nil
}
