package config

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/ship"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/darts"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
	"github.com/veil-proxy/veil/text/scrub"
)

// Prepared is a configuration with everything that it names read and compiled.
type Prepared struct {
	Config *Config

	// Replaced by a reload.
	FHIR     fhirproxy.Policy
	Postgres pgproxy.Policy
	TLS      *tls.Config // of the FHIR listener; nil for none
	// Operators may use the operator listener; nil for nobody.
	Operators   *consumer.Directory
	OperatorTLS *tls.Config   // nil for none
	DARTS       *darts.Config // nil: not served
	// Accounts may log in to the console. Nil means that it is not served.
	Accounts *login.Directory
	Jobs     *work.World // nil: not served

	// Read at the start only.
	Credentials signin.Credentials
	UpstreamTLS *tls.Config
	Tracing     *Traces // nil: off
	Shipping    []ship.Options
}

// sources are the contents of the files of a configuration, before they are compiled.
type sources struct {
	rules      *rules.Library
	config     *Config
	recognizer *scrub.External
	env        func(string) string
	views      []viewSource
}

// viewSource is a view as its files have it. Both are nil if they could not be
// read.
type viewSource struct {
	ServedView
	ruleset *ruleset.Ruleset
	keys    *keys.Keyring
}

// Prepare reads and compiles the configuration and everything that it names. The error
// has all problems.
func (s *Source) Prepare(ctx context.Context, log *slog.Logger) (*Prepared, error) {
	src, err := s.sources()
	if err != nil {
		return nil, err
	}
	return src.compile(ctx, log)
}

// sources reads the configuration, its rulesets and its keys. Mistakes in them are added
// to the problems of the configuration.
func (s *Source) sources() (*sources, error) {
	c, err := s.read()
	if err != nil {
		return nil, err
	}
	out := &sources{rules: s.Rules, config: c, env: s.Env, recognizer: s.Recognizer}
	if c.problems.unreadable() {
		return out, nil // all other problems would only be consequences
	}
	c.readKeys()
	c.check()
	for _, v := range c.ServedViews() {
		src := viewSource{ServedView: v}
		src.ruleset, err = s.Rules.Load(v.Ruleset)
		c.problems.take(v.path+"ruleset", err)
		src.keys = v.keyring(&c.problems, s.Env)
		out.views = append(out.views, src)
	}
	return out, nil
}

// keyring reads the keys of a view.
func (v *ServedView) keyring(p *problems, env func(string) string) *keys.Keyring {
	if v.Project == "" {
		return nil // reported already
	}
	keys, err := Key{File: v.KeyFile, Project: v.Project}.Keyring(env)
	if err != nil {
		p.add(v.path+"keyFile", "%v", err)
		return nil
	}
	if v.PreviousKeyFile == "" || v.PreviousKeyUntil.IsZero() {
		return keys
	}
	previous, err := Key{File: v.PreviousKeyFile, Project: v.Project}.Keyring(env)
	if err == nil {
		err = keys.Retire(previous, v.PreviousKeyUntil)
	}
	if err != nil {
		p.add(v.path+"previousKeyFile", "%v", err)
	}
	return keys
}

// compile turns what was read into a policy. The error contains all problems.
func (s *sources) compile(ctx context.Context, log *slog.Logger) (*Prepared, error) {
	c := s.config
	p := &Prepared{Config: c, Postgres: pgproxy.Policy{Views: map[string]pgproxy.View{}}}
	if c.problems.unreadable() {
		return nil, c.problems.err()
	}
	if c.Recognizer.URL != "" {
		if err := s.recognizer.Use(c.Recognizer); err != nil {
			c.problems.add("text.recognizer.url", "%v", err)
		}
	}
	for _, v := range s.views {
		if v.ruleset == nil || v.keys == nil {
			continue
		}
		a, err := s.rules.Compile(v.ruleset, v.keys)
		c.problems.take(v.path+"ruleset", err)
		if err != nil {
			continue
		}
		p.Postgres.Views[v.Name] = v.Postgres.View(a, v.Detail)
		p.FHIR.Views = append(p.FHIR.Views, fhirproxy.View{Name: v.Name, Automaton: a, Detail: v.Detail, MinCount: v.MinCount})
	}
	var err error
	p.TLS, err = c.FHIR.TLS.load()
	c.problems.takeAll("fhir.tls", err)
	p.FHIR.Consumers, err = c.Consumers.directory(ctx, log)
	c.problems.takeAll("consumers", err)
	p.Postgres.Consumers = p.FHIR.Consumers
	p.Postgres.TLS, err = c.Postgres.TLS.load()
	c.problems.takeAll("postgres.tls", err)
	credentials := c.FHIR.Credentials
	credentials.Logger = log
	p.Credentials, err = signin.New(ctx, credentials)
	c.problems.takeAll("fhir.credentials", err)
	p.OperatorTLS, err = c.Operator.TLS.load()
	c.problems.takeAll("operator.tls", err)
	if keys := c.Operator.AllKeys(); len(keys) > 0 {
		p.Operators, err = consumer.New(ctx, consumer.Config{Keys: keys, Logger: log})
		c.problems.takeAll("operator", err)
	}
	p.DARTS = s.darts(ctx, log)
	p.Accounts = s.accounts()
	p.Jobs = s.world(p)
	p.UpstreamTLS, err = c.FHIR.UpstreamTLS.Config(log)
	c.problems.takeAll("fhir.upstreamTLS", err)
	p.Tracing = c.Tracing.prepare(&c.problems, log)
	p.Shipping = c.Audit.ship(&c.problems, s.shippedViews(), log)
	c.readForStart()
	if err := c.problems.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// readForStart reads what only a start uses, so that a reload reports mistakes in it,
// rather than the process that replaces this one.
func (c *Config) readForStart() {
	_, err := c.Audit.Signer()
	c.problems.takeAll("audit", err)
	if c.Postgres.Upstream != "" {
		_, err = c.Postgres.password()
		c.problems.takeAll("postgres", err)
	}
	if c.Operator.Console != nil {
		_, err = passwordOf(c.Operator.Console.PasswordFile)
		c.problems.takeAll("operator.console", err)
	}
	if c.Operator.Jobs != nil {
		_, err = c.Operator.Jobs.Queue()
		c.problems.takeAll("operator.jobs", err)
	}
}

// directory makes the directory of consumers; nil if there are none, which is reported
// already.
func (c *Consumers) directory(ctx context.Context, log *slog.Logger) (*consumer.Directory, error) {
	d := consumer.Config{Keys: c.AllKeys(), Issuers: c.Issuers, Certificates: c.Certificates, Users: c.Users, Logger: log}
	if c.AllowAnonymous {
		d.Anonymous = &c.Anonymous
	} else if c.known() == 0 {
		return nil, nil
	}
	return consumer.New(ctx, d)
}

// Describe logs what is in force: names and fingerprints.
func (p *Prepared) Describe(log *slog.Logger) {
	for _, v := range p.FHIR.Views {
		policy := v.Automaton.Policy
		log.Info("view", "view", v.Name, "project", policy.Keys.Project(), "ruleset", policy.Ruleset.Name, "sha256", policy.Ruleset.SHA256(), "key", policy.Keys.Fingerprint())
	}
	k := &p.Config.Consumers
	log.Info("consumers", "anonymous", k.AllowAnonymous, "keys", len(k.AllKeys()), "issuers", len(k.Issuers), "certificates", len(k.Certificates), "users", len(k.Users))
}

// Signer returns the signer of checkpoints and records, or nil. An error begins with the
// setting.
func (a *Audit) Signer() (note.Signer, error) {
	if a.SignerFile == "" {
		return nil, nil //nolint:nilnil // none is configured
	}
	signer, err := keys.ReadSigner(a.SignerFile)
	if err != nil {
		return nil, fmt.Errorf("signerFile: %w", err)
	}
	return signer, nil
}

// VerifierKey returns the key that verifies the checkpoints of the log, from the file that
// veil keys sign writes next to the signing key. It is empty if there is no such file.
func (a *Audit) VerifierKey() string {
	if a.SignerFile == "" {
		return ""
	}
	key, err := keys.ReadVerifier(a.SignerFile + ".pub")
	if err != nil {
		return ""
	}
	return key
}

// Open opens the audit log.
func (a *Audit) Open() (*audit.Log, error) {
	signer, err := a.Signer()
	if err != nil {
		return nil, fmt.Errorf("audit.%w", err)
	}
	return audit.Open(a.Dir, audit.Options{Signer: signer})
}
