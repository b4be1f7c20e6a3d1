package config

import (
	"context"
	"log/slog"
	"net"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
	"github.com/veil-proxy/veil/proxy/darts"
	"github.com/veil-proxy/veil/proxy/signin"
)

// Operator configures the operator listener. Without an address, there is none.
type Operator struct {
	Listen string
	TLS    TLS
	// Keys are the operators' keys. Without any, only health checks and metrics are
	// served.
	Keys []consumer.Key
	// KeysFile has further keys, which the console creates and revokes; none if empty.
	KeysFile string
	DARTS    *DARTS // nil: not served
	// Console is not served if it is nil.
	Console *Console

	filed  []keyfile.Entry // of KeysFile
	unread bool            // KeysFile could not be read, which is the problem to report, not missing keys
	Jobs   *Jobs           // nil: not served
}

// DARTS is the HL7 service that de-identifies what its caller sends.
type DARTS struct {
	// Deidentify, Pseudonymize and Anonymize name the rulesets of the operations.
	Deidentify, Pseudonymize, Anonymize string
	// Project has a key space of its own: no view may use its name.
	Project, KeyFile string
	RequestBytes     int
	AuditServer      AuditServer
}

// AuditServer is a FHIR server that takes AuditEvents. Without a URL, there is none.
type AuditServer struct {
	URL         string
	TLS         signin.TLS
	Credentials signin.Config
}

func operatorSettings(o *Operator) []setting {
	return []setting{
		text("listen", "address of /metrics, /healthz and /readyz, and of the operations below; on 127.0.0.1 if no host is given; off if empty", &o.Listen).flagged("operator-listen", "ADDRESS").fromEnv(OperatorListenEnv),
		section("tls", "TLS for operators; required for keys if other machines reach the address",
			text("certFile", "certificate of the listener with its chain, PEM", &o.TLS.CertFile),
			text("keyFile", "private key of the certificate, PEM, mode 0600", &o.TLS.KeyFile),
		).at(switched),
		list("keys", "API keys of operators, who may have values masked (create one with: veil keys api NAME)", &o.Keys, func(k *consumer.Key) []setting {
			return []setting{text("name", "name of the operator in the audit log", &k.Name), text("sha256", "SHA-256 of the key, in hex", &k.SHA256, sha256Hex)}
		}).at(reload),
		text("keysFile", "file with further API keys of operators, mode 0600, in which the console creates and revokes them; create it empty", &o.KeysFile).at(reload),
		optional("darts", "HL7 DARTS operations at /darts, for operators: $de-identify, $pseudonymize and $anonymize", &o.DARTS, dartsSettings).at(switched),
		optional("console", "web pages of operators at /console, behind a login", &o.Console, consoleSettings).at(switched),
		optional("jobs", "jobs API at /veil/v1, for operators: masks files, exports and streams, and finds what identifies persons", &o.Jobs, jobsSettings).at(switched),
	}
}

func (d *DARTS) setDefaults() {
	d.Deidentify, d.Pseudonymize, d.Anonymize = "safe-harbor", "research", "safe-harbor"
	d.RequestBytes = 64 << 20
}

func dartsSettings(d *DARTS) []setting {
	return []setting{
		text("project", "name of the project; no view may use the same one, so that its pseudonyms reveal none of a consumer's", &d.Project),
		text("keyFile", "file with the project key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)", &d.KeyFile),
		text("deidentify", "ruleset of $de-identify under the policy HHS_SAFE_HARBOR_DETERMINISTIC_METHOD", &d.Deidentify),
		text("pseudonymize", "ruleset of $pseudonymize", &d.Pseudonymize),
		text("anonymize", "ruleset of $anonymize", &d.Anonymize),
		number("requestBytes", "size of a request body", &d.RequestBytes, 1),
		section("auditServer", "FHIR server that receives an AuditEvent for each patient and a Provenance; nothing is returned unless it accepts them",
			text("url", "base URL of the server; none if empty", &d.AuditServer.URL, baseURL),
			section("tls", "TLS to the server, if its URL is https", tlsClientSettings(&d.AuditServer.TLS)...),
			section("credentials", "credentials that Veil sends to the server", credentialsSettings(&d.AuditServer.Credentials)...),
		),
	}
}

// check notes what is missing or contradictory. projects are those of the views.
func (o *Operator) check(p *problems, projects, views []string) {
	addr, err := OperatorAddress(o.Listen)
	if err != nil {
		p.add("operator.listen", "%v", err)
		return
	}
	if len(o.AllKeys()) > 0 && addr == "" {
		p.add("operator.keys", "operator.listen is not set: set the address of the operator listener")
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && len(o.AllKeys()) > 0 && !o.TLS.IsOn() && !loopback.Is(host) {
		p.add("operator.keys", "keys and originals would reach %s without TLS: set operator.tls, or listen on 127.0.0.1", host)
	}
	if o.Console != nil && !p.unread("operator.console") {
		o.Console.check(p, addr, o.TLS.IsOn())
	}
	if o.Jobs != nil && !p.unread("operator.jobs") {
		if o.nobody(p) && o.Console == nil {
			p.add("operator.jobs", "no operator is configured: add operator.keys")
		}
		o.Jobs.check(p, views)
	}
	if o.DARTS == nil || p.unread("operator.darts") {
		return
	}
	if o.nobody(p) {
		p.add("operator.darts", "no operator is configured: add operator.keys")
	}
	switch d := o.DARTS; {
	case d.Project == "":
		p.add("operator.darts.project", "not set: expected the name of a project that no view has")
	default:
		for _, view := range projects {
			if view == d.Project {
				p.add("operator.darts.project", "%q is the project of a view: an operator could find out how a value of consumers is masked; choose another name", view)
				return
			}
		}
	}
}

// nobody reports that no operator's key is configured, and that none was meant to be.
func (o *Operator) nobody(p *problems) bool {
	return len(o.AllKeys()) == 0 && !o.unread && !p.unread("operator.keys")
}

// darts compiles the rulesets of the service; nil if there is none.
func (s *sources) darts(ctx context.Context, log *slog.Logger) *darts.Config {
	d := s.config.Operator.DARTS
	p := &s.config.problems
	if d == nil || d.Project == "" {
		return nil // reported already
	}
	ring, err := Key{File: d.KeyFile, Project: d.Project}.Keyring(s.env)
	if err != nil {
		p.add("operator.darts.keyFile", "%v", err)
		return nil
	}
	out := &darts.Config{RequestBytes: d.RequestBytes, Keys: ring}
	// Compile each once here, so that problems show at the start.
	compile := func(setting, name string) (first *fhir.Automaton, again darts.Compile) {
		rs, err := s.rules.Load(name)
		if err == nil {
			first, err = s.rules.Compile(rs, ring)
		}
		p.take("operator.darts."+setting, err)
		return first, func(ring *keys.Keyring) (*fhir.Automaton, error) { return s.rules.Compile(rs, ring) }
	}
	out.Deidentify, _ = compile("deidentify", d.Deidentify)
	_, out.Pseudonymize = compile("pseudonymize", d.Pseudonymize)
	_, out.Anonymize = compile("anonymize", d.Anonymize)
	if d.AuditServer.URL == "" {
		return out
	}
	credentials := d.AuditServer.Credentials
	credentials.Logger = log
	out.AuditServer = &darts.AuditServer{URL: d.AuditServer.URL}
	out.AuditServer.Credentials, err = signin.New(ctx, credentials)
	p.takeAll("operator.darts.auditServer.credentials", err)
	out.AuditServer.TLS, err = d.AuditServer.TLS.Config(log)
	p.takeAll("operator.darts.auditServer.tls", err)
	return out
}
