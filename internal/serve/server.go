// Package serve runs the listeners of one configuration in one process: FHIR,
// PostgreSQL or both, with one audit log, metrics and health checks, reload and an
// orderly end.
//
//	s, err := serve.Open(ctx, source, serve.Options{Log: os.Stderr})
//	err = s.Run(ctx)        // until the context ends
//	err = s.Reload(ctx)     // from another goroutine
//
// A reload puts rulesets, keys, views, consumers and certificates in force, all
// together or not at all.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/auditlog"
	"github.com/veil-proxy/veil/proxy/console/reports"
	"github.com/veil-proxy/veil/proxy/console/session"
	"github.com/veil-proxy/veil/proxy/darts"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/operator"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/trace"
)

// Options are what a server needs besides its configuration.
type Options struct {
	Log     io.Writer
	Version string // of the build, for the metrics
	// Program names the build at length, in reports of evidence.
	Program string
	// Listen opens the sockets of listeners; nil for a net.ListenConfig.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
}

// Server is a running Veil.
type Server struct {
	source  *config.Source
	options Options
	audit   *audit.Log
	metrics *metrics.Set
	tracer  *trace.Tracer // nil: off
	keeper  *keeper       // of the audit log
	log     *slog.Logger

	draining  atomic.Bool
	listeners []Listener
	fhir      *fhirproxy.Server  // nil: none
	postgres  *pgproxy.Server    // nil: none
	operator  *operator.Listener // nil: none
	darts     *darts.Service     // nil: not served
	index     *index.Index       // nil: no console
	// auditPages are those of the audit log; nil without a console.
	auditPages *auditlog.Pages
	reports    *reports.Pages   // nil without a console
	console    *console.Console // nil: not served
	sessions   session.Store    // of the console; nil: in memory
	jobs       *jobs.Service    // nil: not served
	store      *bucket.Store    // of jobs
	exports    *upstream.Server // of jobs; nil: no FHIR upstream
	fhirTLS    reloadableTLS
	fhirBase   string                      // URL of the FHIR listener
	views      atomic.Pointer[views.State] // the rules, for the console
	// operatorTLS is that of the operator listener.
	operatorTLS reloadableTLS
	// postgresTLS is in force at the PostgreSQL listener; nil for none.
	postgresTLS   atomic.Pointer[tls.Config]
	closeOperator func()

	inForce atomic.Pointer[config.Config]

	mu     sync.Mutex     // held by a reload
	config *config.Config // in force
	closed bool
}

// Open reads the configuration, opens the audit log and starts to listen. The server
// accepts connections once Run is called.
func Open(ctx context.Context, source *config.Source, o Options) (_ *Server, err error) {
	surviveFileSizeLimit()
	p, err := source.Prepare(ctx, (&config.Log{}).Logger(o.Log))
	if err != nil {
		return nil, err
	}
	if o.Listen == nil {
		o.Listen = new(net.ListenConfig).Listen
	}
	c := p.Config
	s := &Server{source: source, options: o, metrics: metrics.New(), log: c.Log.Logger(o.Log), config: c, closeOperator: func() {}}
	if s.audit, err = c.Audit.Open(); err != nil {
		return nil, err
	}
	audit.SpareProcessor()
	s.inForce.Store(c)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.keeper, err = s.keep(p); err != nil {
		return nil, err
	}
	if err := s.openTracing(ctx, p); err != nil {
		return nil, err
	}
	if c.FHIR.Upstream != "" {
		if err := s.openFHIR(ctx, p); err != nil {
			return nil, err
		}
	}
	if c.Postgres.Upstream != "" {
		if err := s.openPostgres(ctx, p); err != nil {
			return nil, err
		}
	}
	s.metrics.Loaded(time.Now())
	if err := s.openOperator(ctx, p); err != nil {
		return nil, err
	}
	s.gauges()
	s.describe(p)
	c.Warn(s.log)
	return s, nil
}

// Run serves until the context ends or a listener fails, then lets requests in
// progress finish and closes the server.
func (s *Server) Run(ctx context.Context) error {
	err := Serve(ctx, s.listeners, s.end)
	return errors.Join(err, s.close())
}

// end is called before requests in progress have to finish, and returns how long
// they may take. Where the end was requested, the server first reports for a while
// that it is not ready, so that load balancers notice.
func (s *Server) end(requested bool) (grace time.Duration) {
	s.mu.Lock()
	shutdown := s.config.Shutdown
	s.mu.Unlock()
	if requested {
		s.draining.Store(true)
		s.log.Info("shutting down", "delay", shutdown.Delay.String())
		time.Sleep(shutdown.Delay)
	}
	return shutdown.Grace
}

// close closes everything that is open. It waits for a reload in progress.
func (s *Server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.closeOperator()
	s.closeJobs()
	for _, l := range s.listeners {
		_ = l.Net.Close() // closed already after an orderly end
	}
	if s.index != nil {
		s.auditPages.Close()
		s.reports.Close()
		s.index.Close()
	}
	if s.sessions != nil {
		s.sessions.Close()
	}
	s.closeTracing()
	s.keeper.stopPruning()
	err := s.audit.Close()
	s.keeper.close()
	return err
}

// openFHIR opens the FHIR listener.
func (s *Server) openFHIR(ctx context.Context, p *config.Prepared) error {
	c := &p.Config.FHIR
	l, err := s.options.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	base := c.BaseURL
	if base == "" {
		base = defaultBase(c.TLS.Scheme(), l.Addr())
	}
	s.fhirBase = strings.TrimSuffix(base, "/")
	s.fhir, err = fhirproxy.New(fhirproxy.Config{
		Upstream: c.Upstream, UpstreamAliases: c.UpstreamAliases, FileHosts: c.FileHosts, SkipInvalidLines: c.SkipInvalidLines,
		UpstreamTLS: p.UpstreamTLS, Credentials: p.Credentials,
		BaseURL: base, Policy: p.FHIR, Origins: c.Origins, LinkAge: c.LinkAge,
		Sink: s.audit, Logger: s.log, Metrics: s.metrics.Listener("fhir"), Tracer: s.tracer, Limits: c.Limits, Ready: s.ready,
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if p.TLS != nil {
		l = s.fhirTLS.listen(l, p.TLS)
	}
	s.listeners = append(s.listeners, Listener{s.fhir, l})
	s.log.Info("serving", "door", "fhir", "base", base, "upstream", c.Upstream, "try", "curl "+base+"/metadata")
	// Check it once, so that a problem with the upstream is logged before the first consumer
	// meets it.
	if err := s.fhir.Ready(); err != nil {
		s.log.Warn("the upstream is not ready yet", "door", "fhir", "reason", err.Error())
	}
	return nil
}

// NoTables returns a message that explains the effect of a ruleset without rules for
// tables.
const NoTables = "the ruleset has no tables section, so the PostgreSQL listener shows no relations"

// openPostgres opens the PostgreSQL listener. It connects to the upstream first, so
// that a problem with it is reported to the operator rather than to clients.
func (s *Server) openPostgres(ctx context.Context, p *config.Prepared) (err error) {
	c := &p.Config.Postgres
	server, err := c.Server(p.Postgres, s.audit, s.metrics.Listener("postgres"), s.tracer, s.log, s.ready)
	if err != nil {
		return err
	}
	for _, v := range p.FHIR.Views {
		if rs := v.Automaton.Policy.Ruleset; rs.Tables == nil {
			s.log.Warn(NoTables, "door", "postgres", "view", v.Name, "ruleset", rs.Name)
		}
	}
	s.log.Info("starting", "door", "postgres")
	if err := server.Warm(ctx); err != nil {
		return fmt.Errorf("postgres.upstream: %w", err)
	}
	l, err := s.options.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	s.postgres = server
	s.postgresTLS.Store(p.Postgres.TLS)
	s.listeners = append(s.listeners, Listener{server, l})
	s.log.Info("serving", "door", "postgres", "listen", l.Addr().String(), "encrypted", c.TLS.IsOn())
	return nil
}

// defaultBase returns the URL at which this machine can reach a listener.
func defaultBase(scheme string, addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return scheme + "://" + net.JoinHostPort("localhost", port)
	}
	return scheme + "://" + addr.String()
}
