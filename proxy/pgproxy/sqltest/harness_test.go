package sqltest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy"
)

// The consumer of the tests.
const (
	consumerName = "analyst"
	password     = "the analyst's password"
)

// harness is what the tests of this package share: the originals, the masked copy
// and a listener before each of two roles.
type harness struct {
	pg             *pgtest.Server
	originals      *pgtest.Database
	copy           *pgtest.Database
	policy         *ruleset.Policy
	strong, modest *listener
	overCopy       chan *session // to the copy, not in use

	mu   sync.Mutex
	keys *keys.Pseudonymizer
	oids map[string]string // by database and relation
}

// listener is a running PostgreSQL listener with what it has said beside its responses.
type listener struct {
	addr, database string

	log     *veiltest.Buffer
	records *records
}

var (
	harnessMu sync.Mutex
	shared    *harness
)

// start returns the harness of this process, and makes it at first. The strong
// listener has a superuser's rights upstream: what is refused there, Veil refused. The
// modest one has those that Veil should be given.
func start(t testing.TB) *harness {
	t.Helper()
	pg := pgtest.Start(t)
	harnessMu.Lock()
	defer harnessMu.Unlock()
	if shared != nil {
		return shared
	}
	h := &harness{pg: pg, originals: pg.Clinic(t), policy: policy(t), oids: map[string]string{}, overCopy: make(chan *session, 16)}
	h.keys = h.policy.Keys.NewPseudonymizer()
	h.copy = pg.SharedDatabase(t, "clinic_masked")
	doc := newResources(t, h.policy)
	copyTables(t, h.originals, h.copy, h.policy, doc)
	h.copy.GrantRead(t, "clinic", "billing", `"Straße"`)
	h.strong = openListener(t, h.originals.DSN(pgtest.Owner), h.policy, doc)
	h.modest = openListener(t, h.originals.DSN(pgtest.Reader), h.policy, doc)
	shared = h
	return h
}

// openListener starts a listener that lives as long as the process.
func openListener(t testing.TB, upstream string, p *ruleset.Policy, doc mask.Method, with ...func(*analysis.Options)) *listener {
	t.Helper()
	return openWatched(t, upstream, p, doc, func(*pgproxy.Config) {}, with...)
}

// openWatched is openListener with what a function adds to its configuration.
func openWatched(t testing.TB, upstream string, p *ruleset.Policy, doc mask.Method, watch func(*pgproxy.Config), with ...func(*analysis.Options)) *listener {
	t.Helper()
	verifier, err := consumer.NewVerifier(password)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := consumer.New(context.Background(), consumer.Config{
		Users: []consumer.User{{Account: consumer.Account{Name: consumerName, View: "clinic"}, User: consumerName, Verifier: verifier.String()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgconn.ParseConfig(upstream)
	if err != nil {
		t.Fatal(err)
	}
	options := analysis.Options{Document: doc}
	for _, set := range with {
		set(&options)
	}
	d := &listener{database: config.Database, log: &veiltest.Buffer{}, records: &records{}}
	settings := pgproxy.Config{
		Upstream: upstream, PowerfulRole: true, Sink: d.records,
		Policy: pgproxy.Policy{Consumers: directory, Views: map[string]pgproxy.View{"clinic": {Policy: p, Options: options, StatementTimeout: 2 * time.Minute}}},
		Logger: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	watch(&settings)
	server, err := pgproxy.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	if err := server.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	d.addr = l.Addr().String()
	return d
}

// dsn is the URL by which the consumer connects to the listener.
func (d *listener) dsn() string {
	dsn := url.URL{Scheme: "postgres", User: url.UserPassword(consumerName, password), Host: d.addr, Path: "/" + d.database, RawQuery: "sslmode=disable"}
	return dsn.String()
}

// value fills a placeholder for a database.
func (h *harness) value(t testing.TB, db *pgtest.Database) func(word, argument string) string {
	return func(word, argument string) string {
		switch word {
		case "seal":
			domain, id, _ := strings.Cut(argument, "/")
			h.mu.Lock()
			defer h.mu.Unlock()
			sealed, ok := h.keys.AppendSealed(nil, h.policy.Keys.SealSlot(domain), []byte(id))
			if !ok {
				t.Fatalf("%s cannot be sealed", argument)
			}
			return string(sealed)
		case "oid":
			return h.oid(t, db, argument)
		}
		t.Fatalf("unknown placeholder %q", word)
		return ""
	}
}

// oid is a relation's OID in a database.
func (h *harness) oid(t testing.TB, db *pgtest.Database, relation string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := db.Name + " " + relation
	if oid, ok := h.oids[key]; ok {
		return oid
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	got := conn.ExecParams(ctx, "SELECT coalesce(to_regclass($1)::oid, 0)", [][]byte{[]byte(relation)}, nil, nil, nil).Read()
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	h.oids[key] = string(got.Rows[0][0])
	return h.oids[key]
}

// records is a mask.Sink that keeps audit records as JSON.
type records struct {
	veiltest.Buffer
	log *audit.Log // of a benchmark, in their place
}

// Append implements mask.Sink.
func (r *records) Append(ctx context.Context, record *mask.Record) error {
	if r.log != nil {
		return r.log.Append(ctx, record)
	}
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	_, err = r.Write(append(line, '\n'))
	return err
}

// quiet holds that neither the log nor the audit records have an original.
func (d *listener) quiet(t *testing.T) {
	t.Helper()
	for name, said := range map[string][]byte{"log": d.log.Take(), "audit records": d.records.Take()} {
		for _, line := range bytes.Split(clock.ReplaceAll(said, nil), []byte("\n")) {
			if found := Canary(line); found != nil {
				t.Errorf("the %s has %q in: %.300s", name, found, line)
			}
		}
	}
}

// clock is the time of a line, which once an hour looks like an original.
var clock = regexp.MustCompile(`time=\S+|"Time":"[^"]*"`)

// setting reads a positive number from the environment.
func setting(t testing.TB, name string, def int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return def
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatal(fmt.Errorf("%s: want a positive number, got %q", name, s))
	}
	return n
}
