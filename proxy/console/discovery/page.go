// Package discovery has the console's page about the results of veil discover: each column
// with its class, the reasons and how sure it is, or the code systems, profiles and
// extensions of FHIR resources with what a ruleset does to them. An operator accepts or
// changes that, sees the ruleset that follows with the checker's verdict, and downloads it.
//
//	console.Add(discovery.Page(func() *views.State { … }, jobs))
//
// Results contain counts, shares and forms, but never a value. An operator's decisions are
// in the form and nowhere else.
package discovery

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/proxy/console"
)

//go:embed templates/*.html
var files embed.FS

var (
	listPage = console.Parse(files, "templates/list.html")
	showPage = console.Parse(files, "templates/show.html")
	fhirPage = console.Parse(files, "templates/fhir.html")
)

// Result identifies the result of a discovery.
type Result struct {
	// ID is that of Source.Open.
	ID   string
	When time.Time
	// From says what was examined, or where the result is stored.
	From string
}

// Source has results of discovery.
type Source interface {
	// List returns the results, the latest first.
	List(ctx context.Context) ([]Result, error)
	// Open returns a result. The error is shown, so it must not contain a value.
	Open(ctx context.Context, id string) (*Found, error)
}

// Found is the result of a discovery: of columns, or of FHIR resources.
type Found struct {
	Columns   *report.Report
	Resources *fhirsource.Report // nil: of columns
}

// ErrNone says that there is no result with an id.
var ErrNone = errors.New("there is no result with this name")

// pages serves the page.
type pages struct {
	state func() *views.State
	more  []Source
}

// sources are the configured folder, if any, and others.
func (p *pages) sources() []Source {
	var out []Source
	if dir := p.state().Discoveries; dir != "" {
		out = append(out, folder(dir))
	}
	return append(out, p.more...)
}

// decisionBytes bounds a form: a class for each column.
const decisionBytes = 4 << 20

// Page returns the page. state names the directory of results, and checks the rulesets
// that follow from them; more are other sources.
func Page(state func() *views.State, more ...Source) console.Page {
	p := &pages{state, more}
	return console.Page{Path: "/discovery", Title: "Discovery", Group: "Rules", Routes: []console.Route{
		{Pattern: "GET /discovery", Viewer: true, Serve: p.list},
		{Pattern: "GET /discovery/show", Viewer: true, Serve: p.show},
		{Pattern: "POST /discovery/show", Operation: "propose ruleset", Bytes: decisionBytes, Serve: p.decide},
		{Pattern: "POST /discovery/download", Operation: "download proposed ruleset", Bytes: decisionBytes, Serve: p.download},
	}}
}

// list shows the results there are.
func (p *pages) list(w http.ResponseWriter, r *console.Request) error {
	var data struct {
		Results []Result
		None    bool
		Problem string
	}
	sources := p.sources()
	data.None = len(sources) == 0
	for i, s := range sources {
		list, err := s.List(r.Context())
		if err != nil {
			data.Problem = "Some results cannot be listed: " + err.Error()
			continue
		}
		for _, one := range list {
			one.ID = strconv.Itoa(i) + ":" + one.ID
			data.Results = append(data.Results, one)
		}
	}
	return r.Render(w, listPage, "Discovery", data)
}

// open finds a result by the number of its source and its id there.
func (p *pages) open(ctx context.Context, id string) (*Found, error) {
	source, id, _ := strings.Cut(id, ":")
	n, err := strconv.Atoi(source)
	sources := p.sources()
	if err != nil || n < 0 || n >= len(sources) {
		return nil, &console.Problem{Status: http.StatusNotFound, Text: "There is no result with this name."}
	}
	found, err := sources[n].Open(ctx, id)
	switch {
	case errors.Is(err, ErrNone):
		return nil, &console.Problem{Status: http.StatusNotFound, Text: "There is no result with this name."}
	case err != nil:
		return nil, &console.Problem{Status: http.StatusUnprocessableEntity, Reason: "result", Text: "The result cannot be read: " + err.Error() + "."}
	case found.Resources == nil && len(found.Columns.Columns) > mostColumns:
		return nil, &console.Problem{Status: http.StatusUnprocessableEntity, Reason: "size", Text: "The result has too many columns for a page: use veil discover with --ruleset."}
	}
	return found, nil
}

const (
	mostColumns = 20_000
	// mostShown bounds the columns that a page shows; the others keep their classes.
	mostShown = 1500
)

// column is a line of a result.
type column struct {
	Number int
	*discover.Finding
	Name    string
	Unsure  bool
	Percent int
	What    string
	// Given is the class entered in the form, or empty.
	Given    string
	Accepted bool
	Problem  string
}

type shown struct {
	ID, Query                string
	All                      bool
	Columns                  []column
	Left, Total              int
	Sensitive, Quasi, Unsure int
	Classes                  []discover.Class
	Unread                   []report.Unread
	Proposal                 string
	Checked                  string // the checker's message; empty for none
	OK                       bool
	Problem                  string
}

// show shows a result as it was found.
func (p *pages) show(w http.ResponseWriter, r *console.Request) error {
	found, err := p.open(r.Context(), r.FormValue("id"))
	if err != nil {
		return err
	}
	if found.Resources != nil {
		return p.showResources(w, r, found.Resources)
	}
	return r.Render(w, showPage, "Discovery", newShown(r, found.Columns))
}

func newShown(r *console.Request, found *report.Report) *shown {
	d := &shown{ID: r.FormValue("id"), Query: strings.TrimSpace(r.FormValue("q")), All: r.FormValue("all") != "", Total: len(found.Columns),
		Classes: discover.Classes(), Unread: found.Unread}
	for i := range found.Columns {
		f := &found.Columns[i]
		switch {
		case f.Sensitive:
			d.Sensitive++
		case f.Quasi:
			d.Quasi++
		}
		c := column{Number: i, Finding: f, Name: report.Name(f), Unsure: f.Unsure(), Percent: int(100*f.Confidence + 0.5), What: f.Class.What()}
		if c.Unsure {
			d.Unsure++
		}
		field := strconv.Itoa(i)
		c.Given, c.Accepted = strings.TrimSpace(r.PostFormValue("c"+field)), r.PostFormValue("a"+field) != ""
		matters := d.All || f.Sensitive || f.Quasi || c.Unsure
		matches := d.Query == "" || strings.Contains(strings.ToLower(c.Name), strings.ToLower(d.Query)) || string(f.Class) == d.Query
		switch {
		case matters && matches && len(d.Columns) < mostShown, c.Given != "", c.Accepted: // decisions are always in the form
			d.Columns = append(d.Columns, c)
		default:
			d.Left++
		}
	}
	return d
}

// decided applies the decisions in the form to a result, and returns the proposed
// ruleset. Columns of d whose class does not exist get a problem.
func (d *shown) decided(found *report.Report) (text string, ok bool) {
	ok = true
	names := make([]string, 0, len(d.Classes))
	for _, c := range d.Classes {
		names = append(names, string(c))
	}
	for i := range d.Columns {
		c := &d.Columns[i]
		switch {
		case c.Given != "" && !slices.Contains(names, c.Given):
			c.Problem = "There is no such class" + suggest.DidYouMean(c.Given, names) + "."
			ok = false
		case c.Given != "" && discover.Class(c.Given) != c.Class:
			c.Decide(discover.Class(c.Given))
		case c.Given != "" || c.Accepted:
			c.Accept()
		}
	}
	if !ok {
		return "", false
	}
	tables, err := found.Discovered()
	if err != nil {
		d.Problem = "No ruleset can be proposed: " + err.Error() + "."
		return "", false
	}
	return propose.Ruleset("proposed", tables, found.Columns), true
}

// decide shows the ruleset that results from an operator's decisions, and what the
// checker says about it.
func (p *pages) decide(w http.ResponseWriter, r *console.Request) error {
	found, err := p.open(r.Context(), r.PostFormValue("id"))
	if err != nil {
		return err
	}
	if found.Resources != nil {
		return p.decideResources(w, r, found.Resources)
	}
	data := newShown(r, found.Columns)
	text, ok := data.decided(found.Columns)
	if !ok {
		if data.Problem == "" {
			data.Problem = "Some classes do not exist: see below."
		}
		return r.RenderStatus(w, http.StatusUnprocessableEntity, showPage, "Discovery", data)
	}
	data.Proposal, data.OK = text, true
	if _, err := p.state().Library.Draft([]byte(text), nil); err != nil {
		data.Checked, data.OK = err.Error(), false
	}
	return r.Render(w, showPage, "Discovery", data)
}

// download sends the ruleset as a file.
func (p *pages) download(w http.ResponseWriter, r *console.Request) error {
	found, err := p.open(r.Context(), r.PostFormValue("id"))
	if err != nil {
		return err
	}
	var text string
	if found.Resources != nil {
		text = found.Resources.Overlay(overlayName, newResources(r, found.Resources).decision())
	} else {
		var ok bool
		if text, ok = newShown(r, found.Columns).decided(found.Columns); !ok {
			return &console.Problem{Status: http.StatusUnprocessableEntity, Reason: "class", Text: "Some classes do not exist, or the result is too old: show the ruleset first."}
		}
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", `attachment; filename="proposed.yaml"`)
	_, _ = w.Write([]byte(text)) // the browser has disconnected
	return nil
}
