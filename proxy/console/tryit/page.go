// Package tryit has the console's page on which an operator sees what each view makes of a
// resource, a row or a SQL statement, and why.
//
//	console.Add(tryit.Page(func() *views.State { … }))
//
// Masking chosen values reveals how originals are masked, so the page is for operators, and
// each use is recorded: who, how many bytes, and which ruleset and key, but no part of the
// text. The text is only in the form, and in the response to it.
package tryit

import (
	"embed"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/internal/trial"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/ddl"
	"github.com/veil-proxy/veil/proxy/console"
)

//go:embed templates/*.html
var files embed.FS

var (
	fhirPage = console.Parse(files, "templates/parts.html", "templates/fhir.html")
	rowPage  = console.Parse(files, "templates/parts.html", "templates/row.html")
	sqlPage  = console.Parse(files, "templates/parts.html", "templates/sql.html")
)

// formBytes bounds a form: three times the text, as forms encode it, and names.
const formBytes = 3*2*trial.MostBytes + 64<<10

// tryer serves the page.
type tryer struct{ state func() *views.State }

// Page returns the page. state returns the state in force.
func Page(state func() *views.State) console.Page {
	t := &tryer{state}
	return console.Page{Path: "/try", Title: "Try it", Group: "Rules", Routes: []console.Route{
		{Pattern: "GET /try", Serve: t.fhirForm},
		{Pattern: "POST /try", Operation: "try FHIR", Bytes: formBytes, Serve: t.fhir},
		{Pattern: "GET /try/row", Serve: t.rowForm},
		{Pattern: "POST /try/row", Operation: "try row", Bytes: formBytes, Serve: t.row},
		{Pattern: "GET /try/sql", Serve: t.sqlForm},
		{Pattern: "POST /try/sql", Operation: "try SQL", Bytes: formBytes, Serve: t.sql},
	}}
}

// tab leads to a form.
type tab struct {
	Title, Path string
	Current     bool
}

func tabs(current string) []tab {
	out := []tab{{Title: "FHIR", Path: "/try"}, {Title: "Row", Path: "/try/row"}, {Title: "SQL", Path: "/try/sql"}}
	for i := range out {
		out[i].Current = out[i].Path == current
	}
	return out
}

// shown is what the templates get.
type shown struct {
	Tabs     []tab
	Examples []string
	Text     string
	// Table is the table of a row, Schema the table definitions for a statement.
	Table, Schema string
	// Known says that the PostgreSQL listener knows a schema, and Tables its first tables.
	Known    bool
	Tables   []string
	Problem  string
	Results  []trial.Result
	Sessions []trial.Session
}

// note completes the records of a trial, one for each view.
func (t *tryer) note(r *console.Request, s *views.State, size int) {
	for i := range s.Views {
		policy := s.Views[i].Automaton.Policy
		r.Note(func(record *mask.Record) {
			record.Ruleset, record.RulesetSHA256 = policy.Ruleset.Name, policy.Ruleset.SHA256()
			record.Project, record.KeyFingerprint = policy.Keys.Project(), policy.Keys.Fingerprint()
			record.Resources = []mask.Count{{Name: "bytes tried", N: uint64(size)}} //nolint:gosec // a length
		})
	}
}

// refused returns the status for an error of a trial, which the form shows.
func refused(err error) int {
	if errors.Is(err, trial.ErrTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}

// field returns a text of a form, with normalized line ends.
func field(r *console.Request, name string) string {
	return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n")
}

// fhirForm shows the form, with a synthetic resource if one was picked.
func (t *tryer) fhirForm(w http.ResponseWriter, r *console.Request) error {
	data := shown{Tabs: tabs("/try")}
	for _, x := range trial.Examples() {
		data.Examples = append(data.Examples, x.Name)
		if x.Name == r.FormValue("example") {
			data.Text = x.Text
		}
	}
	return r.Render(w, fhirPage, "Try it", data)
}

func (t *tryer) fhir(w http.ResponseWriter, r *console.Request) error {
	s := t.state()
	data := shown{Tabs: tabs("/try"), Text: field(r, "text")}
	for _, x := range trial.Examples() {
		data.Examples = append(data.Examples, x.Name)
	}
	t.note(r, s, len(data.Text))
	status := http.StatusOK
	var err error
	if data.Results, err = trial.FHIR(r.Context(), s, []byte(data.Text)); err != nil {
		data.Problem, status = err.Error(), refused(err)
	}
	data.bound()
	return r.RenderStatus(w, status, fhirPage, "Try it", data)
}

// bound omits a text from the form that is too large or not valid UTF-8.
func (d *shown) bound() {
	for _, text := range []*string{&d.Text, &d.Schema, &d.Table} {
		if len(*text) > trial.MostBytes || !utf8.ValidString(*text) {
			*text = ""
		}
	}
}

// rowForm shows the form, with a row of a known table.
func (t *tryer) rowForm(w http.ResponseWriter, r *console.Request) error {
	data := shown{Tabs: tabs("/try/row"), Table: r.FormValue("table")}
	t.tables(r, &data)
	if data.Table == "" && len(data.Tables) > 0 {
		data.Table = data.Tables[0]
	}
	return r.Render(w, rowPage, "Try a row", data)
}

func (t *tryer) row(w http.ResponseWriter, r *console.Request) error {
	s := t.state()
	data := shown{Tabs: tabs("/try/row"), Text: field(r, "text"), Table: strings.TrimSpace(r.PostFormValue("table"))}
	t.tables(r, &data)
	t.note(r, s, len(data.Text))
	status := http.StatusOK
	var err error
	if data.Results, err = trial.Row(r.Context(), s, data.Table, []byte(data.Text)); err != nil {
		data.Problem, status = err.Error(), refused(err)
	}
	data.bound()
	return r.RenderStatus(w, status, rowPage, "Try a row", data)
}

// mostTables bounds the names of tables that a form suggests.
const mostTables = 200

// tables fills in the names of tables that the PostgreSQL listener knows.
func (t *tryer) tables(r *console.Request, d *shown) {
	s := t.state()
	if s.Catalog == nil {
		return
	}
	c, err := s.Catalog(r.Context())
	if err != nil {
		return // the form works without them
	}
	d.Known = true
	for _, rel := range c.Relations() {
		if !catalog.IsSystem(rel.Schema) && len(d.Tables) < mostTables {
			d.Tables = append(d.Tables, rel.Schema+"."+rel.Name)
		}
	}
}

func (t *tryer) sqlForm(w http.ResponseWriter, r *console.Request) error {
	data := shown{Tabs: tabs("/try/sql")}
	t.tables(r, &data)
	switch {
	case len(data.Tables) > 0:
		data.Text = "SELECT * FROM " + data.Tables[0] + " LIMIT 10"
	case !data.Known:
		data.Schema, data.Text = trial.Tables, "SELECT id, family_name, birth_date FROM patients WHERE zip = '02139'"
	}
	return r.Render(w, sqlPage, "Try a SQL statement", data)
}

func (t *tryer) sql(w http.ResponseWriter, r *console.Request) error {
	s := t.state()
	data := shown{Tabs: tabs("/try/sql"), Text: field(r, "text"), Schema: field(r, "schema")}
	t.tables(r, &data)
	t.note(r, s, len(data.Text)+len(data.Schema))
	status := http.StatusOK
	var schema *catalog.Catalog
	var err error
	if strings.TrimSpace(data.Schema) != "" {
		if schema, err = ddl.Catalog(data.Schema); err != nil {
			data.Problem, status = "Definitions of tables: "+err.Error(), http.StatusUnprocessableEntity
		}
	}
	if err == nil {
		if data.Sessions, err = trial.SQL(r.Context(), s, data.Text, schema); err != nil {
			data.Problem, status = err.Error(), refused(err)
		}
	}
	data.bound()
	return r.RenderStatus(w, status, sqlPage, "Try a SQL statement", data)
}
