package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/internal/config"
)

// Reload reads everything again and puts it in force. If there are problems, it logs
// and returns all of them and changes nothing.
func (s *Server) Reload(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("the server is closed")
	}
	p, err := s.source.PrepareNext(ctx, s.config, s.log)
	if err == nil {
		err = s.force(p)
	}
	if err != nil {
		s.metrics.Reload("refused")
		for line := range strings.Lines(err.Error()) {
			s.log.Error("not reloaded: the current configuration stays in force", "problem", strings.TrimSpace(line))
		}
		return err
	}
	if p.TLS != nil {
		s.fhirTLS.current.Store(p.TLS)
	}
	if p.OperatorTLS != nil {
		s.operatorTLS.current.Store(p.OperatorTLS)
	}
	s.postgresTLS.Store(p.Postgres.TLS)
	s.config = p.Config
	s.inForce.Store(p.Config)
	s.metrics.Reload("applied")
	s.metrics.Loaded(time.Now())
	s.log.Info("reloaded")
	s.describe(p)
	return nil
}

// force puts a policy in force at all listeners, or at none.
func (s *Server) force(p *config.Prepared) error {
	var force []func()
	if s.postgres != nil {
		f, err := s.postgres.Prepare(p.Postgres)
		if err != nil {
			return err
		}
		force = append(force, f)
	}
	if s.fhir != nil {
		f, err := s.fhir.Prepare(p.FHIR)
		if err != nil {
			return err
		}
		force = append(force, f)
	}
	if s.darts != nil {
		f, err := s.darts.Prepare(p.DARTS)
		if err != nil {
			return err
		}
		force = append(force, f)
	}
	if s.jobs != nil {
		force = append(force, func() { s.jobs.Force(s.world(p)) })
	}
	if s.operator != nil {
		force = append(force, func() { s.operator.Force(p.Operators) })
	}
	if s.console != nil {
		force = append(force, func() { s.forceConsole(p) })
	}
	for _, f := range force {
		f()
	}
	return nil
}

// reloadableTLS is a listener's TLS configuration. It can be replaced: new connections
// use the new one.
type reloadableTLS struct{ current atomic.Pointer[tls.Config] }

func (t *reloadableTLS) listen(l net.Listener, first *tls.Config) net.Listener {
	t.current.Store(first)
	return tls.NewListener(l, &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return t.current.Load(), nil },
	})
}
