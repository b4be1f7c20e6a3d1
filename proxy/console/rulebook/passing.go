package rulebook

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/proxy/console"
)

// mostPassing is how many paths a page lists.
const mostPassing = 250

// passingShown is a part of the list of paths whose original value can pass.
type passingShown struct {
	Query           string
	Rows            []fhir.Passing
	From, To, Total int
	Before, After   string // addresses of the parts around it; empty for none
}

// passing lists the paths whose original value can pass, page by page, since there are
// thousands of them.
func (b *book) passing(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	d := passingShown{Query: strings.TrimSpace(r.FormValue("q"))}
	sought := strings.ToLower(d.Query)
	var all []fhir.Passing
	for _, p := range k.Automaton.Coverage().Passing {
		if sought == "" || strings.Contains(strings.ToLower(p.Path+"\n"+p.Type+"\n"+p.Rule), sought) {
			all = append(all, p)
		}
	}
	d.Total = len(all)
	at := func(from int) string {
		return address("/passing", k.ID, "q", d.Query, "from", strconv.Itoa(from))
	}
	from, err := strconv.Atoi(r.FormValue("from"))
	if err != nil || from < 0 || from > d.Total {
		from = 0
	}
	if from > 0 {
		d.Before = at(max(0, from-mostPassing))
	}
	d.Rows = all[from:min(from+mostPassing, d.Total)]
	d.To = from + len(d.Rows)
	if d.To < d.Total {
		d.After = at(d.To)
	}
	if len(d.Rows) > 0 {
		d.From = from + 1
	}
	return passingPage.show(w, r, http.StatusOK, "What passes", "/passing", k, d)
}
