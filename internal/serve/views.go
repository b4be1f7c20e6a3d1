package serve

import (
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/views"
)

// viewsOf returns what the console shows of a configuration's rules. They are already in
// force at the listeners.
func (s *Server) viewsOf(p *config.Prepared) *views.State {
	c := p.Config
	out := &views.State{Library: s.source.Rules, Site: fhir.Site{Base: s.fhirBase}, Discoveries: c.Operator.Console.Discoveries}
	for _, base := range append([]string{c.FHIR.Upstream}, c.FHIR.UpstreamAliases...) {
		if base != "" {
			out.Site.Upstream = append(out.Site.Upstream, strings.TrimSuffix(base, "/"))
		}
	}
	if s.postgres != nil {
		out.Catalog, out.SearchPath, out.Database = s.postgres.Catalog, s.postgres.SearchPath(), s.postgres.Database()
	}
	settings := map[string]string{}
	for _, v := range c.ServedViews() {
		settings[v.Name] = v.Ruleset
	}
	for _, v := range p.FHIR.Views {
		one := views.View{Name: v.Name, Consumers: c.ConsumersOf(v.Name), Ruleset: settings[v.Name], Automaton: v.Automaton}
		if s.postgres != nil {
			one.SQL, one.Timeout = s.postgres.View(v.Name)
		}
		out.Views = append(out.Views, one)
	}
	return out
}
