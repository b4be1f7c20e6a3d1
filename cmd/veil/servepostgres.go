package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy"
)

// postgresConfig is the PostgreSQL door's. There is none without an upstream.
type postgresConfig struct {
	// Upstream is a connection string as libpq takes it, without a password.
	Upstream     string
	PasswordFile string
	Listen       string
	TLS          tlsConfig
	Plaintext    bool
	PowerfulRole bool
	SearchPath   []string
	Limits       pgproxy.Limits
}

// postgresView is what a view is at the PostgreSQL door alone.
type postgresView struct {
	Relations, Functions []string
	Explain              bool
	StatementTimeout     time.Duration
	Rows                 int
}

func postgresSettings(c *postgresConfig) []setting {
	l := &c.Limits
	return []setting{
		text("upstream", "connection string of the PostgreSQL that has the originals, such as postgres://veil@db/clinic?sslmode=verify-full, without a password; no such door if empty", &c.Upstream, connectionString),
		text("passwordFile", "file with the password of its role, mode 0600 (default: $PGPASSWORD, or ~/.pgpass)", &c.PasswordFile),
		text("listen", "address that the door listens on", &c.Listen),
		section("tls", "TLS towards clients; clients of this machine may do without",
			text("certFile", "certificate of the door with its chain, PEM", &c.TLS.CertFile),
			text("keyFile", "its private key, PEM, mode 0600", &c.TLS.KeyFile),
		),
		yesno("plaintext", "clients of other machines may do without TLS too", &c.Plaintext),
		yesno("powerfulRole", "the upstream's role may be one that can do more than read", &c.PowerfulRole),
		texts("searchPath", `schemas that a session looks for relations in at first (default: "$user", public)`, &c.SearchPath),
		section("limits", "what clients can make the door do",
			number("connections", "connections of clients served at once", &l.Connections, 1),
			number("upstreamConnections", "connections to the upstream; a session holds one", &l.UpstreamConnections, 1),
			number("messageBytes", "message of a client, such as a query with its parameters", &l.MessageBytes, 1),
			number("rowBytes", "row in which something is masked; held in memory", &l.RowBytes, 1),
			number("statements", "prepared statements of a session", &l.Statements, 1),
			number("portals", "portals and cursors of a session that are open at once", &l.Portals, 1),
			duration("authTimeout", "from the first byte of a client until it has logged in", &l.AuthTimeout),
			duration("idleTimeout", "for a session without a statement", &l.IdleTimeout),
			duration("writeTimeout", "for a piece of an answer to be taken", &l.WriteTimeout),
			duration("queueTimeout", "for an upstream connection to be free", &l.QueueTimeout),
			duration("connectTimeout", "for an upstream connection to be opened", &l.ConnectTimeout),
			duration("statementTimeout", "for a statement, where a view says nothing shorter", &l.StatementTimeout),
		),
	}
}

func postgresViewSettings(v *postgresView) []setting {
	if v.StatementTimeout == 0 {
		v.StatementTimeout = pgproxy.DefaultLimits().StatementTimeout
	}
	return []setting{
		texts("relations", "relations that it has, such as clinic.* (default: all that the ruleset lets exist)", &v.Relations),
		texts("functions", "functions of the database that may be called with values that are not sealed, such as clinic.age", &v.Functions),
		yesno("explain", "EXPLAIN is allowed: it tells the shape of plans, without costs", &v.Explain),
		duration("statementTimeout", "for a statement", &v.StatementTimeout),
		number("rows", "rows that a statement may have; 0 does not bound", &v.Rows, 0),
	}
}

// connectionString says what is wrong with one.
func connectionString(s string) string {
	c, err := pgconn.ParseConfig(s)
	switch {
	case err != nil:
		return "want a connection string such as postgres://veil@db/clinic?sslmode=verify-full"
	case os.Getenv("PGPASSWORD") != c.Password && strings.Contains(s, c.Password):
		return "there is a password in it, which does not belong here: put it into passwordFile, $PGPASSWORD or ~/.pgpass"
	}
	return ""
}

// check notes what does not fit together.
func (c *postgresConfig) check(p *configProblems, users int) {
	if c.Upstream == "" {
		if users > 0 && !p.unread("postgres.upstream") {
			p.add("consumers.users", "postgres.upstream is not set, so there is no door that they could log in at")
		}
		return
	}
	if users == 0 {
		p.add("consumers.users", "nobody may log in at the PostgreSQL door: add users (veil keys postgres USER)")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		p.add("postgres.listen", "want an address such as 127.0.0.1:6432, or :6432 for all of this machine's")
	}
	if ip := net.ParseIP(host); err == nil && host != "localhost" && (ip == nil || !ip.IsLoopback()) && !c.TLS.isOn() && !c.Plaintext {
		p.add("postgres.tls", "clients of other machines need TLS: set certFile and keyFile, or let them do without (plaintext: true)")
	}
}

// view is the view that a ruleset makes at the door.
func (v *postgresView) view(a *fhir.Automaton, detail bool) pgproxy.View {
	return pgproxy.View{
		Policy: a.Policy, Detail: detail, StatementTimeout: v.StatementTimeout, Rows: uint64(v.Rows),
		Options: analysis.Options{Relations: v.Relations, Functions: v.Functions, Explain: v.Explain, Document: newDocuments(a)},
	}
}

// password reads the file that has the upstream's password.
func (c *postgresConfig) password() (string, error) {
	if c.PasswordFile == "" {
		return "", nil
	}
	text, err := readSecretFile("postgres.passwordFile", c.PasswordFile)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// door makes the door; it opens no connection.
func (c *postgresConfig) door(policy pgproxy.Policy, sink mask.Sink, m *metrics.Listener, log *slog.Logger) (*pgproxy.Server, error) {
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	return pgproxy.New(pgproxy.Config{
		Upstream: c.Upstream, Password: password, Policy: policy, Sink: sink, Plaintext: c.Plaintext, PowerfulRole: c.PowerfulRole,
		SearchPath: c.SearchPath, Logger: log, Metrics: m, Limits: c.Limits,
	})
}

// noTables is said of a ruleset of FHIR alone.
const noTables = "the ruleset has no tables section, so no relation exists at the PostgreSQL door"

// warmTimeout bounds the first look at the upstream.
const warmTimeout = 30 * time.Second

// openPostgres listens for the PostgreSQL door. The upstream is looked at first:
// what is wrong with it is told to the operator rather than to clients.
func (r *reloader) openPostgres(ctx context.Context, p *prepared, sink mask.Sink) (served, error) {
	c := &p.config.Postgres
	door, err := c.door(p.postgres, sink, r.metrics.Listener("postgres"), r.log)
	if err != nil {
		return served{}, err
	}
	for _, v := range p.policy.Views {
		if rs := v.Automaton.Policy.Ruleset; rs.Tables == nil {
			r.log.Warn(noTables, "door", "postgres", "view", v.Name, "ruleset", rs.Name)
		}
	}
	r.log.Info("starting", "door", "postgres")
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	if err := door.Warm(ctx); err != nil {
		return served{}, fmt.Errorf("postgres.upstream: %w", err)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return served{}, err
	}
	r.postgres = door
	r.postgresTLS.Store(p.postgres.TLS)
	r.log.Info("serving", "door", "postgres", "listen", l.Addr().String(), "encrypted", c.TLS.isOn())
	return served{door, l}, nil
}
