package rulebook

import (
	"net/http"
	"strings"

	"github.com/veil-proxy/veil/internal/rulesetdiff"
	"github.com/veil-proxy/veil/proxy/console"
)

// mostChanges bounds the differences of a page. The text has them all.
const mostChanges = 200

type compareShown struct {
	A, B             []choice
	Diff             *rulesetdiff.Diff
	Parts            []changes
	Text             string // of a draft
	TextAt           string // address of the text
	AddressA, Chosen string
}

// changes are the differences of one kind.
type changes struct {
	Title string
	List  []rulesetdiff.Change
	Left  int
}

// compare shows how one ruleset differs from another, element by element and as text.
func (b *book) compare(w http.ResponseWriter, r *console.Request) error {
	a, other := r.FormValue("a"), r.FormValue("b")
	data := compareShown{A: b.choices(a), B: b.choices(other)}
	if a == "" || other == "" {
		return comparePage.show(w, r, http.StatusOK, "Compare rulesets", "", nil, data)
	}
	left, err := b.open(a)
	if err != nil {
		return err
	}
	right, err := b.open(other)
	if err != nil {
		return err
	}
	diff := rulesetdiff.New(left.Automaton, right.Automaton)
	if r.FormValue("form") == "text" {
		return attach(w, left.Ruleset.Name+"-"+right.Ruleset.Name+".txt", "text/plain; charset=utf-8", []byte(textOf(diff)))
	}
	data.fill(diff)
	data.TextAt = address("/compare", "", "a", a, "b", other, "form", "text")
	return comparePage.show(w, r, http.StatusOK, "Compare rulesets", "", nil, data)
}

func (d *compareShown) fill(diff *rulesetdiff.Diff) {
	d.Diff = diff
	for _, part := range []struct {
		title string
		list  []rulesetdiff.Change
	}{{"FHIR elements", diff.Elements}, {"Columns and documents", diff.Columns}, {"Settings", diff.Settings}} {
		shown := part.list[:min(len(part.list), mostChanges)]
		d.Parts = append(d.Parts, changes{part.title, shown, len(part.list) - len(shown)})
	}
}

// textOf returns the differences as veil ruleset diff prints them.
func textOf(diff *rulesetdiff.Diff) string {
	var text strings.Builder
	_ = diff.WriteText(&text, true) // a Builder never fails
	return text.String()
}
