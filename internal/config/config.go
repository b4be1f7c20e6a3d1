// Package config reads the configuration of a running Veil: what veil serve reads from
// its file, flags and environment.
//
//	src := &config.Source{File: "veil.yaml", Rules: lib, Env: os.Getenv}
//	p, err := src.Prepare(ctx, logger) // reads, checks and compiles everything
//
// Each setting is declared once, in the functions that return settings: its name,
// type, default, meaning, flag, environment variable, and whether a changed value
// takes effect at a reload or needs a restart. Reading, printing (Config.Write), the
// flags of the command line (Flags), the reference (Reference) and the check at a
// reload (Config.needsRestart) all follow from that.
//
// Errors are Problems: everything that is wrong, each with its place. No error and no
// printed configuration contains a secret.
package config

import (
	"path/filepath"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask/civil"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
	"github.com/veil-proxy/veil/text/recognizer"
)

// Config is the configuration of veil serve. Its names in the YAML file are those in
// settings.
type Config struct {
	View      // for consumers without a view of their own
	Views     []NamedView
	FHIR      FHIR
	Postgres  Postgres
	Consumers Consumers
	Audit     Audit
	Operator  Operator
	Log       Log
	Tracing   *Tracing // nil: off
	Shutdown  Shutdown
	// Recognizer is the external recognizer for scrubbed texts; none without a URL.
	Recognizer recognizer.Options

	text     []byte // of the file
	problems problems
}

// Text is the text of the configuration file; nil without one.
func (c *Config) Text() []byte { return c.text }

// View says what a consumer may see.
type View struct {
	// Ruleset is a shipped ruleset's name or a file.
	Ruleset, Project, KeyFile string
	// PreviousKeyFile has the previous key. Until PreviousKeyUntil, it opens what it sealed.
	PreviousKeyFile  string
	PreviousKeyUntil civil.Date
	Detail           bool
	MinCount         int
	Postgres         PostgresView
}

// NamedView is a view that consumers choose by name.
type NamedView struct {
	Name string
	View
}

// FHIR configures the FHIR listener and its upstream. Without an upstream, there is no
// listener.
type FHIR struct {
	Upstream         string
	UpstreamAliases  []string
	FileHosts        []string
	SkipInvalidLines bool
	UpstreamTLS      signin.TLS
	Credentials      signin.Config
	Listen           string
	BaseURL          string
	TLS              TLS
	Origins          []string
	LinkAge          time.Duration
	Limits           fhirproxy.Limits
}

// Postgres configures the PostgreSQL listener and its upstream. Without an upstream,
// there is no listener.
type Postgres struct {
	// Upstream is a libpq connection string without a password.
	Upstream     string
	PasswordFile string
	Listen       string
	TLS          TLS
	Plaintext    bool
	PowerfulRole bool
	SearchPath   []string
	Limits       pgproxy.Limits
}

// PostgresView has the settings of a view for the PostgreSQL listener only.
type PostgresView struct {
	Relations, Functions []string
	Explain              bool
	StatementTimeout     time.Duration
	Rows                 int
	MinCount             int
	Person               string
}

// Consumers says who has access.
type Consumers struct {
	// Anonymous is the account of consumers without credentials, if AllowAnonymous.
	AllowAnonymous bool
	Anonymous      consumer.Account
	Keys           []consumer.Key
	// KeysFile has further keys, which the console creates and revokes; none if empty.
	KeysFile     string
	Issuers      []consumer.Issuer
	Certificates []consumer.Certificate
	Users        []consumer.User

	filed  []keyfile.Entry // of KeysFile
	unread bool            // KeysFile could not be read
}

// Audit configures the audit log, and the index that the console searches.
type Audit struct {
	Dir, SignerFile, Index string
	Retention              audit.Retention
	Shipping               []Shipping
}

// IndexDir returns the folder of the index.
func (a *Audit) IndexDir() string {
	if a.Index == "" {
		return filepath.Join(a.Dir, "index")
	}
	return a.Index
}

// Shutdown says how the process ends.
type Shutdown struct {
	// Delay is how long the process reports that it is not ready before it stops accepting
	// connections. Grace is how long requests in progress may take after that.
	Delay, Grace time.Duration
}

// Default returns the configuration without a file or flags. env looks up environment
// variables; it may be nil.
func Default(env func(string) string) *Config {
	c := &Config{View: View{Ruleset: "safe-harbor", Project: "default"}}
	c.FHIR.Listen = "127.0.0.1:8080"
	c.FHIR.LinkAge = fhirproxy.DefaultLinkAge
	c.FHIR.Limits = fhirproxy.DefaultLimits()
	c.Postgres.Listen = "127.0.0.1:6432"
	c.Postgres.Limits = pgproxy.DefaultLimits()
	c.Log = Log{Level: "info", Format: "text"}
	c.Shutdown.Grace = 20 * time.Second
	c.Recognizer = recognizer.Options{Language: "en", Timeout: recognizer.DefaultTimeout, AtOnce: 8}
	if env != nil {
		each(c.settings(), func(path string, s setting, _ effect) {
			if s.env != "" && env(s.env) != "" {
				if problem := setText(s.set, env(s.env)); problem != "" {
					c.problems.add(path, "$%s: %s", s.env, problem)
				}
			}
		})
	}
	return c
}

// each calls f for each value, each list and each optional section, with its path and
// when a change takes effect.
func each(settings []setting, f func(path string, s setting, e effect)) {
	eachOf("", inherited, settings, f)
}

func eachOf(path string, of effect, settings []setting, f func(path string, s setting, e effect)) {
	for _, s := range settings {
		e, inner := s.effect, s.name
		if e == inherited {
			e = of
		}
		if path != "" {
			inner = path + "." + s.name
		}
		if s.inner == nil {
			f(inner, s, e)
			continue
		}
		eachOf(inner, e, s.inner, f)
	}
}
