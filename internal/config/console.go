package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
)

// Console configures the operators' web pages, on their listener.
type Console struct {
	Users []login.User
	// OIDC is the login provider. Without an issuer, there is none.
	OIDC login.Provider
	// URL is where browsers reach the console.
	URL string
	// Database has the sessions that replicas share. If empty, sessions are in memory.
	Database, PasswordFile string
	// Replica is the name of this process among those that share sessions.
	Replica        string
	Idle, Lifetime time.Duration
	// Discoveries is the folder with results of veil discover; empty for none.
	Discoveries string
}

func (c *Console) setDefaults() {
	limits := console.DefaultLimits()
	c.Idle, c.Lifetime = limits.Idle, limits.Lifetime
}

func consoleSettings(c *Console) []setting {
	o := &c.OIDC
	return []setting{
		list("users", "operators who log in with a password (create one with: veil keys password NAME)", &c.Users, func(u *login.User) []setting {
			return []setting{
				text("name", "name to log in with, and in the audit log", &u.Name),
				text("password", "argon2id hash of the password", &u.Password),
				text("role", "operator, or viewer: sees pages and changes nothing (default: operator)", (*string)(&u.Role)),
			}
		}),
		section("oidc", "login provider (OpenID Connect), in addition to passwords or instead of them",
			text("name", "name of the provider on the login page; the audit log names operators as NAME:claim", &o.Name),
			text("issuer", "URL of the provider; none if empty", &o.Issuer),
			text("clientID", "client id that is registered at the provider, for the authorization code flow with PKCE", &o.ClientID),
			text("secretFile", "file with the client secret, mode 0600; none for a public client", &o.SecretFile),
			text("caFile", "certificate authorities of the provider, PEM (default: those of the system)", &o.CAFile),
			texts("scopes", "scopes to request in addition to openid, such as profile", &o.Scopes),
			text("nameClaim", "claim that names an operator (default: sub)", &o.NameClaim),
			texts("subjects", "sub claims of those who may log in as operators", &o.Subjects),
			text("groupsClaim", "claim with the groups of an operator, such as groups", &o.GroupsClaim),
			texts("groups", "groups whose members may log in as operators", &o.Groups),
			texts("viewerSubjects", "sub claims of those who may log in as viewers", &o.ViewerSubjects),
			texts("viewerGroups", "groups whose members may log in as viewers", &o.ViewerGroups),
			boolean("returnAfterLogout", "after a logout, have the provider send browsers back to URL/login, which must be registered there", &o.ReturnAfterLogout),
		),
		text("url", "URL of the console for browsers, such as https://veil.example:9090/console; required with oidc; register URL/login/callback at the provider", &c.URL, baseURL),
		text("database", "PostgreSQL database for the sessions of several replicas, such as postgres://veil@db/console; without a password (default: sessions in memory)", &c.Database, connectionString).at(restart),
		text("passwordFile", "file with the password of the database, mode 0600 (optional)", &c.PasswordFile).at(restart),
		text("replica", "name of this process among several replicas; each page shows it, since figures and records are those of its own log (default with a database: the host name)", &c.Replica).at(restart),
		duration("idle", "how long a session lasts without a request", &c.Idle),
		duration("lifetime", "maximum duration of a session", &c.Lifetime),
		text("discoveries", "folder with results of veil discover --format json, which the console shows", &c.Discoveries),
	}
}

// Sessions returns where sessions are kept; nil means in memory.
func (c *Console) Sessions(log *slog.Logger) (session.Store, error) {
	if c.Database == "" {
		return nil, nil //nolint:nilnil // in memory
	}
	password, err := passwordOf(c.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("operator.console.%w", err)
	}
	return session.NewPostgres(session.Postgres{DSN: c.Database, Password: password, Logger: log})
}

// ReplicaName is what pages name the process; empty for one that has no replicas.
func (c *Console) ReplicaName() string {
	if c.Replica != "" || c.Database == "" {
		return c.Replica
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// check notes what is missing or contradictory. addr is that of the operator listener.
func (c *Console) check(p *problems, addr string, encrypted bool) {
	if addr == "" {
		p.add("operator.console", "operator.listen is not set: set the address of the operator listener")
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && !encrypted && !loopback.Is(host) {
		p.add("operator.console", "passwords would reach %s without TLS: set operator.tls, or listen on 127.0.0.1", host)
	}
	if c.OIDC.Issuer == "" {
		return
	}
	u, err := url.Parse(c.URL)
	switch {
	case p.unread("operator.console.url"):
	case err != nil || u.Host == "" || u.Path != console.Path:
		p.add("operator.console.url", "expected the URL of the console with the path %s, to which the login provider sends browsers back", console.Path)
	case u.Scheme != "https" && !loopback.Is(u.Hostname()):
		p.add("operator.console.url", "expected https, or http to this machine")
	}
}

// accounts are those who may log in to the console; nil without a console.
func (s *sources) accounts() *login.Directory {
	c := s.config.Operator.Console
	if c == nil {
		return nil
	}
	config := login.Config{Users: c.Users}
	if c.OIDC.Issuer != "" {
		provider := c.OIDC
		provider.URL = c.URL
		config.Provider = &provider
	}
	d, err := login.New(config)
	s.config.problems.takeAll("operator.console", err)
	return d
}
