package main

import (
	"context"
	"crypto/tls"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
)

// prepared is a configuration with what can be put in force while Veil serves:
// everything is read and compiled.
type prepared struct {
	config   *serveConfig
	policy   fhirproxy.Policy
	postgres pgproxy.Policy
	tls      *tls.Config // nil: none

	// What the upstream is met with stays as it was at the start.
	credentials signin.Credentials
	upstreamTLS *tls.Config
}

// sources is what a configuration's files say, before it is compiled.
type sources struct {
	config *serveConfig
	views  []viewSource
}

// viewSource is a view as its files have it. Both are nil if they could not be
// read.
type viewSource struct {
	servedView
	ruleset *mask.Ruleset
	keys    *mask.Keyring
}

// prepare reads everything and compiles it. The error has all problems.
func (f *serveFlags) prepare(cmd *cobra.Command, log *slog.Logger) (*prepared, error) {
	s, err := f.sources(cmd)
	if err != nil {
		return nil, err
	}
	return s.compile(cmd.Context(), log)
}

// sources reads the configuration, its rulesets and its keys. What is wrong with
// them is in the problems of the configuration.
func (f *serveFlags) sources(cmd *cobra.Command) (*sources, error) {
	c, err := f.read(cmd)
	if err != nil {
		return nil, err
	}
	s := &sources{config: c}
	if c.problems.unreadable() {
		return s, nil // nothing else is worth telling
	}
	c.check()
	for _, v := range c.views() {
		src := viewSource{servedView: v}
		src.ruleset, err = loadRuleset(v.Ruleset)
		c.problems.take(v.path+"ruleset", err)
		src.keys = v.keyring(&c.problems)
		s.views = append(s.views, src)
	}
	return s, nil
}

// keyring reads the keys of a view.
func (v *servedView) keyring(p *configProblems) *mask.Keyring {
	if v.Project == "" {
		return nil // noted already
	}
	keys, err := (&keyFlags{v.KeyFile, v.Project}).keyring()
	if err != nil {
		p.add(v.path+"keyFile", "%v", err)
		return nil
	}
	if v.PreviousKeyFile == "" || v.PreviousKeyUntil.IsZero() {
		return keys
	}
	previous, err := (&keyFlags{v.PreviousKeyFile, v.Project}).keyring()
	if err == nil {
		err = keys.Retire(previous, v.PreviousKeyUntil)
	}
	if err != nil {
		p.add(v.path+"previousKeyFile", "%v", err)
	}
	return keys
}

// compile makes the policy of what was read. The error has all problems.
func (s *sources) compile(ctx context.Context, log *slog.Logger) (*prepared, error) {
	c := s.config
	p := &prepared{config: c, postgres: pgproxy.Policy{Views: map[string]pgproxy.View{}}}
	if c.problems.unreadable() {
		return nil, c.problems.err()
	}
	for _, v := range s.views {
		if v.ruleset == nil || v.keys == nil {
			continue
		}
		a, err := compile(v.ruleset, v.keys)
		c.problems.take(v.path+"ruleset", err)
		if err != nil {
			continue
		}
		p.postgres.Views[v.Name] = v.Postgres.view(a, v.Detail)
		p.policy.Views = append(p.policy.Views, fhirproxy.View{Name: v.Name, Automaton: a, Detail: v.Detail, MinCount: v.MinCount})
	}
	var err error
	p.tls, err = c.FHIR.TLS.load()
	c.problems.takeAll("fhir.tls", err)
	p.policy.Consumers, err = c.Consumers.directory(ctx, log)
	c.problems.takeAll("consumers", err)
	p.postgres.Consumers = p.policy.Consumers
	p.postgres.TLS, err = c.Postgres.TLS.load()
	c.problems.takeAll("postgres.tls", err)
	credentials := c.FHIR.Credentials
	credentials.Logger = log
	p.credentials, err = signin.New(ctx, credentials)
	c.problems.takeAll("fhir.credentials", err)
	p.upstreamTLS, err = c.FHIR.UpstreamTLS.Config(log)
	c.problems.takeAll("fhir.upstreamTLS", err)
	if err := c.problems.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// directory makes the directory of consumers; nil if there are none, which was
// noted already.
func (c *consumersConfig) directory(ctx context.Context, log *slog.Logger) (*consumer.Directory, error) {
	d := consumer.Config{Keys: c.Keys, Issuers: c.Issuers, Certificates: c.Certificates, Users: c.Users, Logger: log}
	if c.AllowAnonymous {
		d.Anonymous = &c.Anonymous
	} else if c.known() == 0 {
		return nil, nil
	}
	return consumer.New(ctx, d)
}

// describe logs what is in force: names and fingerprints.
func (p *prepared) describe(log *slog.Logger) {
	for _, v := range p.policy.Views {
		policy := v.Automaton.Policy
		log.Info("view", "view", v.Name, "project", policy.Keys.Project(), "ruleset", policy.Ruleset.Name, "sha256", policy.Ruleset.SHA256(), "key", policy.Keys.Fingerprint())
	}
	k := &p.config.Consumers
	log.Info("consumers", "anonymous", k.AllowAnonymous, "keys", len(k.Keys), "issuers", len(k.Issuers), "certificates", len(k.Certificates), "users", len(k.Users))
}
