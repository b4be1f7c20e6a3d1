package rulebook

import (
	"net/http"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/ruletree"
	"github.com/veil-proxy/veil/proxy/console"
)

const (
	// levels is how deep a tree is shown at a time.
	levels = 2
	// mostFound bounds the elements that a search lists.
	mostFound = 200
	// shortest is the length of the shortest text to search for.
	shortest = 2
)

// elementRow is a line of a tree.
type elementRow struct {
	*ruletree.Node
	Depth    int
	Address  string // address of its elements; empty if it has none
	Verdicts []verdictShown
}

// Indent is the class of the depth.
func (e *elementRow) Indent() string { return "d" + string(rune('0'+min(e.Depth, 9))) }

// verdictShown is a verdict with its addresses.
type verdictShown struct {
	ruletree.Verdict
	Line       string // address of the rule's text
	Below      string // address of its elements under the condition
	Paragraphs []ruletree.Paragraph
}

type elementsShown struct {
	Types   []choice
	Type    string
	Query   string
	Crumbs  []tab
	Node    *elementRow
	Rows    []elementRow
	Found   []found
	TooMany bool
	Problem string
}

// found is an element that a search found.
type found struct {
	fhir.Explanation
	Address string
	Line    string
}

// elements shows the tree of a resource type, or what a search finds in all types.
func (b *book) elements(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	data := elementsShown{Type: r.FormValue("type"), Query: strings.TrimSpace(r.FormValue("q"))}
	if data.Type == "" {
		data.Type = "Patient"
	}
	for _, typ := range k.Automaton.ResourceTypes() {
		data.Types = append(data.Types, choice{typ, typ, typ == data.Type})
	}
	status := http.StatusOK
	if data.Query != "" {
		data.search(k)
	} else if err := data.tree(k, r.Form["at"]); err != nil {
		data.Problem, status = err.Error(), http.StatusNotFound
	}
	return elementsPage.show(w, r, status, "Elements", "/elements", k, data)
}

// tree fills in the tree below a path.
func (d *elementsShown) tree(k *loaded, steps []string) error {
	n, err := ruletree.Open(k.Automaton, d.Type, steps, levels)
	if err != nil {
		return err
	}
	d.Crumbs = []tab{{Title: d.Type, Address: elementAddress(k, d.Type, nil)}}
	for i, step := range steps {
		d.Crumbs = append(d.Crumbs, tab{Title: step, Address: elementAddress(k, d.Type, steps[:i+1])})
	}
	d.Crumbs[len(d.Crumbs)-1].Current = true
	row := d.row(k, n, 0)
	row.Address = ""
	d.Node = &row
	d.add(k, n, 0)
	return nil
}

func (d *elementsShown) add(k *loaded, n *ruletree.Node, depth int) {
	for _, c := range n.Children {
		d.Rows = append(d.Rows, d.row(k, c, depth))
		d.add(k, c, depth+1)
	}
}

func (d *elementsShown) row(k *loaded, n *ruletree.Node, depth int) elementRow {
	row := elementRow{Node: n, Depth: depth}
	if n.Below {
		row.Address = elementAddress(k, d.Type, n.Steps)
	}
	for _, v := range n.Verdicts {
		s := verdictShown{Verdict: v, Line: lineAddress(k, v.At), Paragraphs: ruletree.Paragraphs(v.Category)}
		if len(v.Steps) > 0 {
			s.Below = elementAddress(k, d.Type, v.Steps)
		}
		row.Verdicts = append(row.Verdicts, s)
	}
	return row
}

func elementAddress(k *loaded, typ string, steps []string) string {
	more := []string{"type", typ}
	for _, s := range steps {
		more = append(more, "at", s)
	}
	return address("/elements", k.ID, more...)
}

// search finds elements of all types by a part of their path, rule or category.
func (d *elementsShown) search(k *loaded) {
	if len(d.Query) < shortest {
		d.Problem = "Search for two characters or more."
		return
	}
	query := strings.ToLower(d.Query)
	for _, e := range k.Automaton.Decisions() {
		if !strings.Contains(strings.ToLower(e.Path), query) && strings.ToLower(e.Rule) != query {
			continue
		}
		if len(d.Found) == mostFound {
			d.TooMany = true
			return
		}
		f := found{Explanation: e, Line: lineAddress(k, e.At)}
		typ, _, _ := strings.Cut(e.Path, ".")
		if _, is := k.Automaton.Resource(typ); is {
			f.Address = elementAddress(k, typ, nil)
		}
		d.Found = append(d.Found, f)
	}
}
