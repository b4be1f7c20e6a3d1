package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/veil-proxy/veil/audit"
)

// readiness is what the process knows of itself: why it could not answer whatever
// its upstreams do.
type readiness struct {
	log      *audit.Log
	draining atomic.Bool
}

var errDraining = errors.New("shutting down")

// check returns nil where the next exchange could be answered.
func (r *readiness) check() error {
	if r.draining.Load() {
		return errDraining
	}
	return r.log.Ready()
}

// ready reports whether all listeners could answer.
func (r *reloader) ready() error {
	if err := r.self.check(); err != nil {
		return err
	}
	var errs []error
	if r.door != nil {
		errs = append(errs, r.door.Ready())
	}
	if r.postgres != nil {
		errs = append(errs, r.postgres.Ready())
	}
	return errors.Join(errs...)
}

// gauges adds the metrics that are read from the listeners and the audit log.
func (r *reloader) gauges() {
	m := r.metrics
	m.Build(moduleVersion(), runtime.Version())
	m.Gauge("veil_audit_ready", func() float64 {
		if r.self.log.Ready() != nil {
			return 0
		}
		return 1
	})
	if _, known := r.self.log.FreeBytes(); known {
		m.Gauge("veil_audit_free_bytes", func() float64 { free, _ := r.self.log.FreeBytes(); return float64(free) })
	}
	if d := r.door; d != nil {
		m.Gauge("veil_fhir_connections", func() float64 { return float64(d.Connections()) })
		if r.tls.current.Load() != nil {
			m.Gauge(`veil_certificate_expiry_timestamp_seconds{listener="fhir"}`, func() float64 { return certificateEnd(r.tls.current.Load()) })
		}
	}
	if d := r.postgres; d != nil {
		m.Gauge("veil_postgres_sessions", func() float64 { return float64(d.Stats().Sessions) })
		m.Gauge(`veil_postgres_upstream_connections{state="used"}`, func() float64 { return float64(d.Stats().Upstream) })
		m.Gauge(`veil_postgres_upstream_connections{state="idle"}`, func() float64 { return float64(d.Stats().Idle) })
		m.Gauge("veil_postgres_upstream_waiting", func() float64 { return float64(d.Stats().Waiting) })
		allowed := float64(r.config.Postgres.Limits.UpstreamConnections)
		m.Gauge("veil_postgres_upstream_connections_allowed", func() float64 { return allowed })
		if r.postgresTLS.Load() != nil {
			m.Gauge(`veil_certificate_expiry_timestamp_seconds{listener="postgres"}`, func() float64 { return certificateEnd(r.postgresTLS.Load()) })
		}
	}
}

// certificateEnd is when a listener's certificate ends, in Unix seconds; 0 where it
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
