package serve

import (
	"path/filepath"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/attest"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/access"
	"github.com/veil-proxy/veil/proxy/console/auditlog"
	"github.com/veil-proxy/veil/proxy/console/discovery"
	"github.com/veil-proxy/veil/proxy/console/joblist"
	"github.com/veil-proxy/veil/proxy/console/overview"
	"github.com/veil-proxy/veil/proxy/console/reports"
	"github.com/veil-proxy/veil/proxy/console/rulebook"
	"github.com/veil-proxy/veil/proxy/console/tryit"
	"github.com/veil-proxy/veil/report/evidence"
)

// openConsole adds the console to the operator listener, if it is configured.
func (s *Server) openConsole(p *config.Prepared) (err error) {
	if p.Accounts == nil {
		return nil
	}
	s.sessions, err = p.Config.Operator.Console.Sessions(s.log)
	if err != nil {
		return err
	}
	s.console, err = console.New(console.Config{
		Sink: s.audit, Logger: s.log, Metrics: s.metrics, Sessions: s.sessions, Secure: p.OperatorTLS != nil,
		Replica: p.Config.Operator.Console.ReplicaName(),
	})
	if err != nil {
		return err
	}
	s.index = index.Open(index.Options{Log: p.Config.Audit.Dir, Recent: s.audit.Recent(), Dir: p.Config.Audit.IndexDir(), Logger: s.log})
	s.auditPages = auditlog.New(auditlog.Config{Dir: p.Config.Audit.Dir, Index: s.index, VerifierKey: p.Config.Audit.VerifierKey(), Summary: s.source.Rules.Summary})
	s.reports = reports.New(reports.Config{
		Version: s.options.Program, Log: p.Config.Audit.Dir, Dir: filepath.Join(p.Config.Audit.IndexDir(), "evidence"), SignerFile: p.Config.Audit.SignerFile,
		InForce: s.attested,
	})
	for _, page := range s.pages() {
		s.console.Add(page)
	}
	s.forceConsole(p)
	s.operator.Mount(console.Path, s.console)
	return nil
}

// attested returns what a report states about the configuration in force, and the
// available rulesets.
func (s *Server) attested() (*evidence.Configuration, []evidence.Known, error) {
	c := s.inForce.Load()
	known, err := attest.Rulesets(s.source.Rules, c, nil)
	return attest.Configuration(c), known, err
}

// pages returns the pages of the console, in the order of its navigation.
func (s *Server) pages() []console.Page {
	var found []discovery.Source
	if s.jobs != nil {
		found = append(found, discoveries{s.jobs})
	}
	return []console.Page{
		overview.Page(s.overview()),
		s.auditPages.Page(),
		s.reports.Page(),
		rulebook.Page(s.views.Load),
		tryit.Page(s.views.Load),
		discovery.Page(s.views.Load, found...),
		joblist.Page(s.jobs),
		access.Page(access.Config{Directory: func() access.Directory { return directory(s.inForce.Load()) }, Reload: s.Reload, LastSeen: s.lastSeen}),
	}
}

// forceConsole puts the console's accounts and session limits in force.
func (s *Server) forceConsole(p *config.Prepared) {
	c := p.Config.Operator.Console
	if c == nil { // a reload cannot switch it off
		return
	}
	s.views.Store(s.viewsOf(p))
	s.console.Force(p.Accounts, console.Limits{Idle: c.Idle, Lifetime: c.Lifetime})
}
