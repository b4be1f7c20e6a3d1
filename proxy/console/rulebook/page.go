// Package rulebook has the console's pages about rulesets: those in force and the shipped
// ones, the verdict on each FHIR element and each column with its reason, the categories
// of Safe Harbor, a comparison of two, and an editor for a draft.
//
//	console.Add(rulebook.Page(func() *views.State { … }))
//
// A draft is in its form and nowhere else: it is checked and tested in memory, and never
// put in force. No page shows a value from an upstream: from PostgreSQL, they show only
// names of relations and columns.
package rulebook

import (
	"embed"
	"net/http"
	"net/url"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/ruletree"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/rulesets"
)

//go:embed templates/*.html
var files embed.FS

var (
	listPage     = parse("list")
	showPage     = parse("show")
	elementsPage = parse("elements")
	tablesPage   = parse("tables")
	textPage     = parse("text")
	passingPage  = parse("passing")
	comparePage  = parse("compare")
	draftPage    = parse("draft")
)

func parse(name string) *page {
	return &page{console.Parse(files, "templates/parts.html", "templates/"+name+".html")}
}

// viewPrefix is the prefix of the id of a ruleset in force; the name of its view follows.
const viewPrefix = "view:"

// book serves the pages.
type book struct {
	state func() *views.State
	// shipped are compiled shipped rulesets by name; they never change.
	shipped sync.Map
}

// Page returns the pages. state returns the state in force.
func Page(state func() *views.State) console.Page {
	b := &book{state: state}
	return console.Page{Path: "/rulesets", Title: "Rulesets", Group: "Rules", Routes: []console.Route{
		{Pattern: "GET /rulesets", Viewer: true, Serve: b.list},
		{Pattern: "GET /rulesets/show", Viewer: true, Serve: b.show},
		{Pattern: "GET /rulesets/elements", Viewer: true, Serve: b.elements},
		{Pattern: "GET /rulesets/passing", Viewer: true, Serve: b.passing},
		{Pattern: "GET /rulesets/tables", Viewer: true, Serve: b.tables},
		{Pattern: "GET /rulesets/text", Viewer: true, Serve: b.text},
		{Pattern: "GET /rulesets/download", Viewer: true, Operation: "download ruleset", Serve: b.download},
		{Pattern: "POST /rulesets/test", Operation: "test ruleset", Serve: b.test},
		{Pattern: "GET /rulesets/compare", Viewer: true, Serve: b.compare},
		{Pattern: "GET /rulesets/draft", Serve: b.newDraft},
		{Pattern: "POST /rulesets/draft", Operation: "check ruleset draft", Bytes: draftForm, Serve: b.checkDraft},
		{Pattern: "POST /rulesets/draft/download", Operation: "download ruleset draft", Bytes: draftForm, Serve: b.downloadDraft},
	}}
}

// loaded is a ruleset with what the pages show of it.
type loaded struct {
	// ID names it in addresses: view:NAME, or the name of a shipped ruleset.
	ID, Title string
	View      *views.View // nil for a shipped ruleset
	// Setting is the setting that it was loaded by.
	Setting   string
	Ruleset   *ruleset.Ruleset
	Automaton *fhir.Automaton
}

// SHA256 is its hash.
func (k *loaded) SHA256() string { return k.Ruleset.SHA256() }

// Short is the beginning of the hash.
func (k *loaded) Short() string { return k.Ruleset.SHA256()[:12] }

// Tables reports whether it has rules for tables.
func (k *loaded) Tables() bool { return k.Ruleset.Tables != nil }

// open returns the ruleset with an id.
func (b *book) open(id string) (*loaded, error) {
	s := b.state()
	if len(id) >= len(viewPrefix) && id[:len(viewPrefix)] == viewPrefix {
		v, ok := s.Named(id[len(viewPrefix):])
		if !ok {
			return nil, &console.Problem{Status: http.StatusNotFound, Text: "There is no view with this name."}
		}
		return inForce(v), nil
	}
	for _, name := range shippedNames() {
		if name != id {
			continue
		}
		a, err := b.compiled(s, name)
		if err != nil {
			return nil, err
		}
		return &loaded{ID: id, Title: name, Setting: name, Ruleset: a.Policy.Ruleset, Automaton: a}, nil
	}
	return nil, &console.Problem{Status: http.StatusNotFound, Text: "There is no ruleset with this name."}
}

func inForce(v *views.View) *loaded {
	return &loaded{ID: viewPrefix + v.Name, Title: v.Automaton.Policy.Ruleset.Name + " in the " + v.Title(), View: v, Setting: v.Ruleset,
		Ruleset: v.Automaton.Policy.Ruleset, Automaton: v.Automaton}
}

func shippedNames() []string { return append(rulesets.Names(), rulesets.Overlays()...) }

// compiled returns a shipped ruleset, an overlay on safe-harbor.
func (b *book) compiled(s *views.State, name string) (*fhir.Automaton, error) {
	if a, ok := b.shipped.Load(name); ok {
		return a.(*fhir.Automaton), nil
	}
	a, err := s.Library.Public(name)
	if err != nil {
		return nil, err
	}
	b.shipped.Store(name, a)
	return a, nil
}

// choice is an entry of a list to choose a ruleset from.
type choice struct {
	ID, Title string
	Chosen    bool
}

// choices are all rulesets.
func (b *book) choices(chosen string) []choice {
	var out []choice
	s := b.state()
	for i := range s.Views {
		k := inForce(&s.Views[i])
		out = append(out, choice{k.ID, k.Title + " (in force)", k.ID == chosen})
	}
	for _, name := range shippedNames() {
		out = append(out, choice{name, name + " (shipped)", name == chosen})
	}
	return out
}

// listed is a line of the list.
type listed struct {
	ID, Name, Title, SHA256, View string
	Consumers                     []string
	Rules, TableRules             int
	Overlay                       bool
}

// list shows all rulesets.
func (b *book) list(w http.ResponseWriter, r *console.Request) error {
	s := b.state()
	var data struct{ InForce, Shipped []listed }
	line := func(rs *ruleset.Ruleset) listed {
		l := listed{Name: rs.Name, Title: rs.Title, SHA256: rs.SHA256(), Rules: len(rs.FHIR.Rules), Overlay: rs.Overlay}
		if rs.Tables != nil {
			l.TableRules = len(rs.Tables.Rules)
		}
		return l
	}
	for i := range s.Views {
		k := inForce(&s.Views[i])
		l := line(k.Ruleset)
		l.ID, l.View, l.Consumers = k.ID, k.View.Title(), k.View.Consumers
		data.InForce = append(data.InForce, l)
	}
	for _, name := range shippedNames() {
		rs, err := s.Library.Load(name)
		if err != nil {
			return err
		}
		l := line(rs)
		l.ID = name
		data.Shipped = append(data.Shipped, l)
	}
	return listPage.show(w, r, http.StatusOK, "Rulesets", "", nil, data)
}

// address returns the address of a page about a ruleset.
func address(path, id string, more ...string) string {
	q := url.Values{}
	if id != "" {
		q.Set("r", id)
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Add(more[i], more[i+1])
	}
	return console.Path + "/rulesets" + path + "?" + q.Encode()
}

// tabs returns the tabs of a ruleset.
type tab struct {
	Title, Address string
	Current        bool
}

func tabsOf(k *loaded, current string, mayAct bool) []tab {
	if k == nil {
		return nil
	}
	var out []tab
	for _, t := range []struct{ title, path string }{{"Overview", "/show"}, {"Elements", "/elements"}, {"What passes", "/passing"}, {"Tables", "/tables"}, {"Text", "/text"}} {
		out = append(out, tab{t.title, address(t.path, k.ID), t.path == current})
	}
	out = append(out, tab{Title: "Compare", Address: address("/compare", "", "a", k.ID)})
	if mayAct {
		out = append(out, tab{Title: "Edit a draft", Address: address("/draft", k.ID)})
	}
	return out
}

// legend explains the words of verdicts.
func legend() any { return ruletree.Words() }
