// Package deployment checks a live Veil against its configuration: from the outside, over
// its listeners, and from the inside, through its files, its audit log, its rulesets and
// its rights at the upstreams. Its results are probes of package selftest. That a probe
// cannot run, or that the configuration cannot be read, is also a probe.
//
//	d, err := deployment.Open(ctx, source, options)
//	canaries := d.Canaries(ctx)
//	… run the attacks …
//	d.Check(ctx, report)
package deployment

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/fhirattack"
)

// Options are settings that are not in the configuration.
type Options struct {
	// VerifierKey verifies the audit log's checkpoints. If it is empty, the one next to
	// the signing key is used.
	VerifierKey string
	// Replicas are base URLs or connection strings of other processes, which must agree
	// with this one.
	Replicas []string
	// MinCount is the smallest minimum group size that views may have; 0 means no
	// requirement.
	MinCount int
	// MinFree is how many bytes must be free on the audit log's disk.
	MinFree uint64
	// DSN and Consumer are how the self-test reaches the listeners.
	DSN      string
	Consumer *fhirattack.Client
	Limits   selftest.Limits
}

// Deployment is a Veil instance to check.
type Deployment struct {
	Options
	source   *config.Source
	config   *config.Config
	prepared *config.Prepared // nil if the configuration is not valid
	invalid  error            // why
	began    time.Time
	report   *selftest.Report
	// requests are the ids of the attacks' requests, statements the number of their
	// statements.
	requests   []string
	statements int
	masked     map[string]string
}

// Open reads the configuration. Check finds what is wrong with it. Open returns an
// error only if it cannot be read at all.
func Open(ctx context.Context, source *config.Source, o Options) (*Deployment, error) {
	d := &Deployment{Options: o, source: source, began: time.Now().Truncate(time.Millisecond)}
	var err error
	if d.config, err = source.Read(); err != nil {
		return nil, err
	}
	d.prepared, d.invalid = source.Prepare(ctx, slog.New(slog.DiscardHandler))
	return d, nil
}

// FHIR returns the base URL of the FHIR listener; empty for none.
func (d *Deployment) FHIR() string {
	c := &d.config.FHIR
	switch {
	case c.Upstream == "":
		return ""
	case c.BaseURL != "":
		return strings.TrimSuffix(c.BaseURL, "/")
	}
	return c.TLS.Scheme() + "://" + reachable(c.Listen)
}

// Postgres returns the connection string of the PostgreSQL listener for a user; empty
// for none. The password is found as libpq finds it.
func (d *Deployment) Postgres(user string) string {
	c := &d.config.Postgres
	if c.Upstream == "" || user == "" {
		return ""
	}
	upstream, err := c.Connection()
	if err != nil {
		return ""
	}
	dsn := url.URL{Scheme: "postgres", User: url.User(user), Host: reachable(c.Listen), Path: "/" + upstream.Database}
	if !c.TLS.IsOn() {
		dsn.RawQuery = "sslmode=disable"
	}
	return dsn.String()
}

// reachable returns the address at which this machine can reach a listener, as in the
// default base URL.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// Attacked records what the attacks sent.
func (d *Deployment) Attacked(statements int, fhir *fhirattack.Result) {
	d.statements = statements
	if fhir != nil {
		d.requests, d.masked = fhir.RequestIDs, fhir.Masked
	}
}

// Check adds its probes to a report. It skips checks that need a valid configuration if
// the configuration is not valid.
func (d *Deployment) Check(ctx context.Context, report *selftest.Report) {
	d.report = report
	if d.invalid != nil {
		d.add(probe{id: "config.valid", kind: "configuration", severity: selftest.High, seen: "the configuration, or a file that it names, is not valid: the process would not start again", do: firstLine(d.invalid)}, true)
	} else {
		d.add(probe{id: "config.valid", kind: "configuration", severity: selftest.High}, false)
	}
	d.checkFiles()
	d.checkListeners(ctx)
	d.checkConsumers()
	d.checkOpenUpstream(ctx)
	d.checkRole(ctx)
	d.checkRulesets()
	d.checkTables(ctx)
	d.checkReplicas(ctx)
	d.checkAudit(ctx)
}

// probe is what all outcomes of a probe share.
type probe struct {
	id, kind, of string
	severity     selftest.Severity
	seen, do     string // if it fails
}

// add adds a probe that failed or passed.
func (d *Deployment) add(p probe, failed bool) {
	out := selftest.Probe{ID: p.id, Kind: p.kind, Of: p.of, Severity: p.severity, Outcome: selftest.Pass}
	if failed {
		out.Outcome, out.Seen, out.Do = selftest.Fail, p.seen, p.do
	}
	d.report.Add(out)
}

// skip adds a probe that could not run.
func (d *Deployment) skip(p probe, why string) {
	d.report.Add(selftest.Probe{ID: p.id, Kind: p.kind, Of: p.of, Severity: p.severity, Outcome: selftest.NotRun, Seen: why})
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
