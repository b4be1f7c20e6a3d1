package rulebook

import (
	"net/http"

	"github.com/veil-proxy/veil/proxy/console"
)

// page is a kind of page.
type page struct{ t console.Templates }

// shown is what the templates get.
type shown struct {
	Book *loaded // nil if the page is not about a single ruleset
	Tabs []tab
	// Legend is what the words of verdicts mean.
	Legend any
	Page   any
}

// show renders a page about a ruleset; current is its path among the tabs.
func (p *page) show(w http.ResponseWriter, r *console.Request, status int, title, current string, k *loaded, data any) error {
	if k != nil {
		title = k.Title + " · " + title
	}
	return r.RenderStatus(w, status, p.t, title, shown{k, tabsOf(k, current, r.MayAct()), legend(), data})
}
