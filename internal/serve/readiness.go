package serve

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"runtime"
	"time"

	"github.com/veil-proxy/veil/internal/config"
)

var errDraining = errors.New("shutting down")

// ready reports whether the process itself could serve the next request, whatever
// its upstreams do.
func (s *Server) ready() error {
	if s.draining.Load() {
		return errDraining
	}
	return s.audit.Ready()
}

// Ready reports whether all listeners could serve.
func (s *Server) Ready() error {
	if err := s.ready(); err != nil {
		return err
	}
	var errs []error
	if s.fhir != nil {
		errs = append(errs, s.fhir.Ready())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Ready())
	}
	return errors.Join(errs...)
}

// gauges adds the metrics that are read from the listeners and the audit log.
func (s *Server) gauges() {
	m := s.metrics
	m.Build(s.options.Version, runtime.Version())
	m.Gauge("veil_audit_ready", func() float64 {
		if s.audit.Ready() != nil {
			return 0
		}
		return 1
	})
	if _, known := s.audit.FreeBytes(); known {
		m.Gauge("veil_audit_free_bytes", func() float64 { free, _ := s.audit.FreeBytes(); return float64(free) })
	}
	if d := s.fhir; d != nil {
		m.Gauge("veil_fhir_connections", func() float64 { return float64(d.Connections()) })
		if s.fhirTLS.current.Load() != nil {
			m.Gauge(`veil_certificate_expiry_timestamp_seconds{listener="fhir"}`, func() float64 { return certificateEnd(s.fhirTLS.current.Load()) })
		}
	}
	if d := s.postgres; d != nil {
		m.Gauge("veil_postgres_sessions", func() float64 { return float64(d.Stats().Sessions) })
		m.Gauge(`veil_postgres_upstream_connections{state="used"}`, func() float64 { return float64(d.Stats().Upstream) })
		m.Gauge(`veil_postgres_upstream_connections{state="idle"}`, func() float64 { return float64(d.Stats().Idle) })
		m.Gauge("veil_postgres_upstream_waiting", func() float64 { return float64(d.Stats().Waiting) })
		allowed := float64(s.config.Postgres.Limits.UpstreamConnections)
		m.Gauge("veil_postgres_upstream_connections_allowed", func() float64 { return allowed })
		if s.postgresTLS.Load() != nil {
			m.Gauge(`veil_certificate_expiry_timestamp_seconds{listener="postgres"}`, func() float64 { return certificateEnd(s.postgresTLS.Load()) })
		}
	}
}

// describe logs what is in force, and which listener has a certificate that clients will not
// accept.
func (s *Server) describe(p *config.Prepared) {
	p.Describe(s.log)
	for _, l := range []struct {
		name string
		tls  *tls.Config
	}{{"fhir", p.TLS}, {"postgres", p.Postgres.TLS}, {"operator", p.OperatorTLS}} {
		if end := certificateEnd(l.tls); end > 0 && end < float64(time.Now().Unix()) {
			s.log.Warn("the listener's certificate has expired", "door", l.name, "since", time.Unix(int64(end), 0).UTC().Format(time.RFC3339))
		}
	}
}

// certificateEnd returns when a listener's certificate expires, in Unix seconds; 0 if it
// cannot be read.
func certificateEnd(c *tls.Config) float64 {
	if c == nil || len(c.Certificates) == 0 || len(c.Certificates[0].Certificate) == 0 {
		return 0
	}
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		return 0
	}
	return float64(leaf.NotAfter.Unix())
}
