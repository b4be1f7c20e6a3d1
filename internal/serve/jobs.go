package serve

import (
	"fmt"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// exportConnections bounds the connections of jobs to the FHIR upstream.
const exportConnections = 16

// openJobs opens the jobs API on the operator listener.
func (s *Server) openJobs(p *config.Prepared) error {
	queue, err := p.Config.Operator.Jobs.Queue()
	if err != nil {
		return fmt.Errorf("operator.jobs.%w", err)
	}
	signer, err := p.Config.Audit.Signer()
	if err != nil {
		return fmt.Errorf("audit.%w", err)
	}
	s.store = bucket.New()
	if c := &p.Config.FHIR; c.Upstream != "" {
		// Its metrics are not used: exports are counted by their jobs.
		s.exports, err = upstream.New(upstream.Config{
			Base: c.Upstream, Aliases: c.UpstreamAliases, FileHosts: c.FileHosts, TLS: p.UpstreamTLS, Credentials: p.Credentials, Metrics: metrics.New().Listener("jobs"),
			Schema: schema.R4(), Connections: exportConnections, Timeout: c.Limits.UpstreamTimeout, ResponseBytes: c.Limits.ResponseBytes,
		})
		if err != nil {
			return err
		}
	}
	s.jobs, err = jobs.New(s.world(p), jobs.Options{Queue: queue, Sink: s.audit, Signer: signer, Logger: s.log})
	if err != nil {
		return err
	}
	for _, route := range s.jobs.Routes() {
		s.operator.Handle(route)
	}
	s.jobs.Start()
	return nil
}

// world returns what jobs may use, including the process's own resources.
func (s *Server) world(p *config.Prepared) *work.World {
	w := p.Jobs
	w.Store, w.Sink, w.Program, w.Upstream = s.store, s.audit, s.options.Version, s.exports
	return w
}

// closeJobs releases the jobs in progress.
func (s *Server) closeJobs() {
	if s.jobs != nil {
		s.jobs.Close()
		_ = s.store.Close() // nothing is written to it any more
	}
}
