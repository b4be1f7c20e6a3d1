package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/trace"
)

func postgresSettings(c *Postgres) []setting {
	l := &c.Limits
	return []setting{
		text("upstream", "connection string of the PostgreSQL server with the original data, without a password, such as postgres://veil@db/clinic?sslmode=verify-full", &c.Upstream, connectionString).flagged("postgres-upstream", "DSN"),
		text("passwordFile", "file with the password of the upstream role, mode 0600 (default: $PGPASSWORD, or ~/.pgpass)", &c.PasswordFile),
		text("listen", "address of the PostgreSQL listener", &c.Listen).flagged("postgres-listen", "ADDRESS").fromEnv("VEIL_POSTGRES_LISTEN"),
		section("tls", "TLS for clients; required of clients on other machines",
			text("certFile", "certificate of the listener with its chain, PEM", &c.TLS.CertFile),
			text("keyFile", "private key of the certificate, PEM, mode 0600", &c.TLS.KeyFile),
		).at(reload),
		boolean("plaintext", "allow clients on other machines to connect without TLS", &c.Plaintext),
		boolean("powerfulRole", "allow an upstream role that can do more than read", &c.PowerfulRole),
		texts("searchPath", `initial search_path of a session (default: "$user", public)`, &c.SearchPath),
		section("limits", "limits of the PostgreSQL listener",
			number("connections", "concurrent client connections", &l.Connections, 1),
			number("upstreamConnections", "connections to the upstream; each session uses one", &l.UpstreamConnections, 1),
			number("messageBytes", "size of a client message, such as a query with its parameters", &l.MessageBytes, 1),
			number("rowBytes", "size of a row in which something is masked; it is kept in memory", &l.RowBytes, 1),
			number("statements", "prepared statements per session", &l.Statements, 1),
			number("portals", "open portals and cursors per session", &l.Portals, 1),
			duration("authTimeout", "for a client to authenticate", &l.AuthTimeout),
			duration("idleTimeout", "for a session without a statement", &l.IdleTimeout),
			duration("writeTimeout", "for writing a part of a response", &l.WriteTimeout),
			duration("queueTimeout", "for a free upstream connection", &l.QueueTimeout),
			duration("connectTimeout", "for opening an upstream connection", &l.ConnectTimeout),
			duration("statementTimeout", "for a statement, unless a view sets a shorter one", &l.StatementTimeout),
		),
	}
}

func postgresViewSettings(v *PostgresView) []setting {
	if v.StatementTimeout == 0 {
		v.StatementTimeout = pgproxy.DefaultLimits().StatementTimeout
	}
	if v.Person == "" {
		v.Person = "Patient"
	}
	return []setting{
		texts("relations", "relations in the view, such as clinic.* (default: all that the ruleset allows)", &v.Relations),
		texts("functions", "functions of the database that may be called on values in the clear, such as clinic.age", &v.Functions),
		boolean("explain", "allow EXPLAIN, which shows plans with costs in powers of ten", &v.Explain),
		duration("statementTimeout", "for a statement", &v.StatementTimeout),
		number("rows", "rows that a statement may return; 0 for no limit", &v.Rows, 0),
		number("minCount", "show only groups of at least this many people; 0 for no minimum", &v.MinCount, 0),
		text("person", "domain of the sealed ids by which minCount counts people", &v.Person),
	}
}

// connectionString returns what is wrong with a connection string.
func connectionString(s string) string {
	c, err := pgconn.ParseConfig(s)
	switch {
	case err != nil:
		return "expected a connection string such as postgres://veil@db/clinic?sslmode=verify-full"
	case os.Getenv("PGPASSWORD") != c.Password && strings.Contains(s, c.Password):
		return "the connection string must not contain a password: put it in passwordFile, $PGPASSWORD or ~/.pgpass"
	}
	return ""
}

// check notes what is missing or contradictory.
func (c *Postgres) check(p *problems, k *Consumers) {
	if p.unread("postgres.upstream") {
		return
	}
	if c.Upstream == "" {
		if len(k.Users) > 0 {
			p.add("consumers.users", "users can log in at the PostgreSQL listener only, and postgres.upstream is not set")
		}
		return
	}
	if len(k.Users) == 0 && (k.known() > 0 || k.AllowAnonymous) {
		p.add("consumers.users", "no user is configured, so nobody can log in at the PostgreSQL listener: add users (create one with: veil keys postgres USER)")
	}
	host, _, err := splitAddress(c.Listen)
	if err != nil {
		p.add("postgres.listen", "expected an address such as 127.0.0.1:6432, or :6432 for all interfaces")
	}
	if err == nil && !loopback.Is(host) && !c.TLS.IsOn() && !c.Plaintext {
		p.add("postgres.tls", "TLS is required for clients on other machines: set certFile and keyFile, or allow connections without TLS with postgres.plaintext: true")
	}
}

// View returns the view that a compiled ruleset makes at the PostgreSQL listener.
func (v *PostgresView) View(a *fhir.Automaton, detail bool) pgproxy.View {
	return pgproxy.View{
		Policy: a.Policy, Detail: detail, StatementTimeout: v.StatementTimeout, Rows: uint64(v.Rows),
		Options: analysis.Options{Relations: v.Relations, Functions: v.Functions, Explain: v.Explain, MinCount: v.MinCount, Person: v.Person, Document: fhir.NewDocuments(a), Documents: rules.Documents(a.Policy)},
	}
}

// password reads the file with the upstream's password.
func (c *Postgres) password() (string, error) {
	if c.PasswordFile == "" {
		return "", nil
	}
	text, err := readSecretFile("passwordFile", c.PasswordFile)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// Connection returns how to connect to the upstream.
func (c *Postgres) Connection() (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(c.Upstream)
	if err != nil {
		return nil, errors.New("postgres.upstream is not a connection string")
	}
	password, err := c.password()
	if err != nil {
		return nil, fmt.Errorf("postgres.%w", err)
	}
	if password != "" {
		config.Password = password
	}
	return config, nil
}

// Server returns the PostgreSQL listener with a policy. It opens no connection. ready
// returns an error if the process cannot serve; it may be nil.
func (c *Postgres) Server(policy pgproxy.Policy, sink mask.Sink, m *metrics.Listener, tracer *trace.Tracer, log *slog.Logger, ready func() error) (*pgproxy.Server, error) {
	password, err := c.password()
	if err != nil {
		return nil, fmt.Errorf("postgres.%w", err)
	}
	return pgproxy.New(pgproxy.Config{
		Upstream: c.Upstream, Password: password, Policy: policy, Sink: sink, Plaintext: c.Plaintext, PowerfulRole: c.PowerfulRole,
		SearchPath: c.SearchPath, Logger: log, Metrics: m, Tracer: tracer, Limits: c.Limits, Ready: ready,
	})
}
