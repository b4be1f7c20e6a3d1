package serve

import (
	"fmt"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/console/overview"
)

// overview returns what the first page of the console needs.
func (s *Server) overview() overview.Config {
	return overview.Config{
		History: s.index, Health: s.health,
		Views:     func() []overview.View { return viewsOf(s.inForce.Load()) },
		Upstreams: map[string]string{"fhir": "FHIR server", "postgres": "PostgreSQL"},
	}
}

// viewsOf returns the views of a configuration.
func viewsOf(c *config.Config) []overview.View {
	all := []overview.View{{Name: "default", Project: c.Project, Ruleset: c.Ruleset}}
	for _, v := range c.Views {
		all = append(all, overview.View{Name: v.Name, Project: v.Project, Ruleset: v.Ruleset})
	}
	return all
}

// health returns the health of the parts of Veil.
func (s *Server) health() []overview.Health {
	of := func(name string, err error, text string) overview.Health {
		if err != nil {
			return overview.Health{Name: name, Text: err.Error()}
		}
		return overview.Health{Name: name, OK: true, Text: text}
	}
	all := []overview.Health{of("Audit log", s.audit.Ready(), "records are written")}
	if s.fhir != nil {
		all = append(all, of("FHIR server", s.fhir.Ready(), "responds"))
	}
	if s.postgres != nil {
		all = append(all, of("PostgreSQL", s.postgres.Ready(), "responds"))
	}
	status := s.index.Status()
	one := overview.Health{Name: "Audit index", OK: status.State != index.Unavailable, Text: "up to date"}
	switch {
	case !one.OK:
		one.Text = status.Problem
	case status.Behind > 0:
		one.Text = fmt.Sprintf("%d kB of the log have not been read yet", (status.Behind+1023)/1024)
	}
	return append(all, one)
}
