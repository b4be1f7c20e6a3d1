package deployment

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/selftest"
)

// exposed reports whether other machines can reach a listener by its address.
func exposed(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && !loopback.Is(host)
}

// certificateLeft is how long a certificate should still be valid.
const certificateLeft = 21 * 24 * time.Hour

// checkListeners checks how consumers and others reach the listeners.
func (d *Deployment) checkListeners(ctx context.Context) {
	c := d.config
	if c.FHIR.Upstream != "" {
		d.checkTLS("fhir", c.FHIR.Listen, c.FHIR.TLS, "serve FHIR with fhir.tls, or listen on loopback behind a TLS proxy")
	}
	if c.Postgres.Upstream != "" {
		d.checkTLS("postgres", c.Postgres.Listen, c.Postgres.TLS, "set postgres.tls and remove postgres.plaintext")
		if c.Postgres.TLS.IsOn() && exposed(c.Postgres.Listen) {
			p := probe{id: "tls.required", kind: "transport", of: "postgres", severity: selftest.High, seen: "a session without TLS was accepted", do: "remove postgres.plaintext"}
			d.add(p, d.config.Postgres.Plaintext)
		}
	}
	d.checkUpstreamTLS()
	if listen, err := config.OperatorAddress(c.Operator.Listen); err == nil && listen != "" {
		p := probe{id: "operator.exposed", kind: "transport", of: "operator.listen", severity: selftest.Medium, seen: "other machines can reach the operator listener, which has neither TLS nor credentials", do: "bind it to loopback, or to a network that only operators can reach"}
		d.add(p, exposed(listen))
		d.checkReady(ctx, "http://"+reachable(listen)+"/readyz")
	}
}

// checkTLS checks a listener's transport and certificate.
func (d *Deployment) checkTLS(name, listen string, t config.TLS, do string) {
	d.add(probe{id: "tls." + name, kind: "transport", of: name + ".listen", severity: selftest.High, seen: "other machines reach the listener without TLS", do: do}, exposed(listen) && !t.IsOn())
	if !t.IsOn() {
		return
	}
	p := probe{id: "tls.certificate", kind: "transport", of: name, severity: selftest.Medium, do: "renew the certificate"}
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		p.seen = "the certificate and its key cannot be read"
		d.add(p, true)
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	p.seen = "the certificate has expired, or expires within three weeks"
	d.add(p, err != nil || time.Until(leaf.NotAfter) < certificateLeft)
}

// checkUpstreamTLS checks whether originals travel unencrypted.
func (d *Deployment) checkUpstreamTLS() {
	c := d.config
	if u, err := url.Parse(c.FHIR.Upstream); err == nil && c.FHIR.Upstream != "" {
		p := probe{id: "upstream.tls", kind: "transport", of: "fhir.upstream", severity: selftest.Medium, seen: "originals travel from another machine in plain HTTP", do: "use https, or an encrypted network"}
		d.add(p, u.Scheme == "http" && !loopback.Is(u.Hostname()))
	}
	if c.Postgres.Upstream == "" {
		return
	}
	if conn, err := pgconn.ParseConfig(c.Postgres.Upstream); err == nil {
		p := probe{id: "upstream.tls", kind: "transport", of: "postgres.upstream", severity: selftest.Medium, seen: "originals travel from another machine without TLS, or from a server whose certificate is not verified", do: "use sslmode=verify-full"}
		remote := !loopback.Is(conn.Host) && conn.Host[0] != '/'
		d.add(p, remote && (conn.TLSConfig == nil || conn.TLSConfig.InsecureSkipVerify && conn.TLSConfig.VerifyPeerCertificate == nil))
	}
}

// checkReady requests the readiness check, as a load balancer does.
func (d *Deployment) checkReady(ctx context.Context, target string) {
	p := probe{id: "operator.ready", kind: "audit", of: "operator.listen", severity: selftest.High, seen: "the process reports that it cannot serve", do: "read the response of /readyz: it says why"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		d.skip(p, "its address is not valid")
		return
	}
	resp, err := (&http.Client{Timeout: d.Limits.Timeout}).Do(req)
	if err != nil {
		d.skip(p, "the operator listener does not respond")
		return
	}
	_ = resp.Body.Close() // only the status is read
	d.add(p, resp.StatusCode != http.StatusOK)
}
