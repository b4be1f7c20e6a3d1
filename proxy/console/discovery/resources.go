package discovery

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/proxy/console"
)

// overlayName is the name of the overlay proposed for resources.
const overlayName = "proposed"

// part lists one kind of finding in resources.
type part struct {
	Title string
	What  string // system, profile or extension, which the form decides on; empty for others
	items []fhirsource.Item
	Shown []item
	Left  int
}

// The kinds that the form decides on.
const (
	system    = "system"
	profile   = "profile"
	extension = "extension"
)

func partsOf(r *fhirsource.Report) []part {
	return []part{
		{Title: "Code systems", What: system, items: r.CodeSystems}, {Title: "Profiles", What: profile, items: r.Profiles}, {Title: "Extensions", What: extension, items: r.Extensions},
		{Title: "Identifier systems", items: r.Identifiers}, {Title: "Resource types", items: r.Types}, {Title: "Elements", items: r.Elements},
	}
}

// item is a line of a part.
type item struct {
	*fhirsource.Item
	// Field is the name of the form's field, if the form decides on the item.
	Field string
	// Keep is the decision to let it pass, and Given is the pattern of its codes.
	Keep  bool
	Given string
}

// resources is what the page about FHIR resources shows.
type resources struct {
	ID, Query         string
	All               bool
	Parts             []part
	Unnamed           int
	Unread            []string
	Passing, Open     int
	Proposal, Checked string
	OK                bool

	found *fhirsource.Report
}

// newResources combines a result with the decisions in a form, or without a form, with
// what is proposed.
func newResources(r *console.Request, found *fhirsource.Report) *resources {
	d := &resources{ID: r.FormValue("id"), Query: strings.TrimSpace(r.FormValue("q")), All: r.FormValue("all") != "", Unnamed: found.Unnamed, Unread: found.Unread, found: found}
	decided, proposed := r.PostFormValue("decided") != "", found.Proposed()
	for _, p := range partsOf(found) {
		for i := range p.items {
			one := item{Item: &p.items[i]}
			if one.Passes {
				d.Passing++
			} else {
				d.Open++
				one.decide(r, p.What, i, decided, &proposed)
			}
			matches := d.Query == "" || strings.Contains(strings.ToLower(one.Name), strings.ToLower(d.Query))
			matters := d.All || !one.Passes || p.What == ""
			if matters && matches && len(p.Shown) < mostShown || one.Keep {
				p.Shown = append(p.Shown, one)
			} else {
				p.Left++
			}
		}
		d.Parts = append(d.Parts, p)
	}
	return d
}

// decide fills in the decision on an item that does not pass: that of the form, or else
// the proposed one.
func (one *item) decide(r *console.Request, what string, i int, decided bool, proposed *fhirsource.Decision) {
	if what == "" || what == profile && one.Canonical() == "" {
		return
	}
	one.Field = what[:1] + strconv.Itoa(i)
	if decided {
		one.Keep, one.Given = r.PostFormValue(one.Field) != "", strings.TrimSpace(r.PostFormValue("p"+one.Field))
		return
	}
	switch what {
	case system:
		one.Given, one.Keep = proposed.Patterns[one.Name], proposed.Patterns[one.Name] != ""
	case profile:
		one.Keep = slices.Contains(proposed.Canonicals, one.Canonical())
	}
}

// decision is what the overlay lets pass.
func (d *resources) decision() fhirsource.Decision {
	out := fhirsource.Decision{Patterns: map[string]string{}}
	for _, p := range d.Parts {
		for _, one := range p.Shown {
			switch {
			case !one.Keep:
			case p.What == system:
				out.Patterns[one.Name] = one.Given
			case p.What == profile:
				out.Canonicals = append(out.Canonicals, one.Canonical())
			case p.What == extension:
				out.Extensions = append(out.Extensions, one.Name)
			}
		}
	}
	slices.Sort(out.Canonicals)
	out.Canonicals = slices.Compact(out.Canonicals)
	return out
}

// showResources shows what was found in resources, and what is proposed.
func (p *pages) showResources(w http.ResponseWriter, r *console.Request, found *fhirsource.Report) error {
	return r.Render(w, fhirPage, "Discovery", newResources(r, found))
}

// decideResources shows the overlay that results from an operator's decisions.
func (p *pages) decideResources(w http.ResponseWriter, r *console.Request, found *fhirsource.Report) error {
	data := newResources(r, found)
	data.Proposal, data.OK = found.Overlay(overlayName, data.decision()), true
	if _, err := p.state().Library.Draft([]byte(data.Proposal), nil); err != nil {
		data.Checked, data.OK = err.Error(), false
	}
	return r.Render(w, fhirPage, "Discovery", data)
}
