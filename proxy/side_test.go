package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy"
)

// password is that of every user.
const password = "correct horse"

// journal is the sink and the log of a listener, in one order.
type journal struct {
	mu      sync.Mutex
	records []*mask.Record
	lines   bytes.Buffer
	fail    error
	// early are the ids of records that were logged before they were in.
	early []string
}

func (j *journal) Append(_ context.Context, r *mask.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if strings.Contains(j.lines.String(), r.RequestID) && r.Result != "complete" {
		j.early = append(j.early, r.RequestID)
	}
	if j.fail != nil {
		return j.fail
	}
	j.records = append(j.records, r)
	return nil
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(p)
}

func (j *journal) broken(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = err
}

// find returns the records with an operation and result.
func (j *journal) find(operation, result string) []*mask.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []*mask.Record
	for _, r := range j.records {
		if strings.HasPrefix(r.Operation, operation) && r.Result == result {
			found = append(found, r)
		}
	}
	return found
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

// setup is what a case says of a listener.
type setup struct {
	users   []account
	views   []string
	process func() error
}

// account is a consumer that logs in under its name.
type account struct {
	name, view string
	limits     consumer.Limits
}

// side is a listener before an upstream, and a client of it.
type side struct {
	journal
	name      string // "fhir" or "postgres"
	operation string // of what ask does
	server    interface {
		Serve(net.Listener) error
		Shutdown(context.Context) error
		Ready() error
	}
	metrics *metrics.Set
	address string
	// reload puts other users and views in force.
	reload func(setup) error
	// ask makes one request as a user, and says in a word what came of it: "answer",
	// "credentials", "attempts", "limit", "record" or "closed".
	ask func(user, password string) string
	// hold lets the upstream keep its response to the requests that follow, until the
	// returned function is called.
	hold func() (release func())
	// held reports whether the upstream keeps a request.
	held func() bool
}

// policy is one ruleset for both.
func policy(t testing.TB) *ruleset.Policy {
	t.Helper()
	return masktest.Policy(t, "veil: 1\nname: both\nextends: safe-harbor\ntables:\n  rules:\n    - {id: sex, match: {schema: clinic, table: patients, column: sex}, method: keep}\n")
}

// open starts a listener of a name.
func open(t *testing.T, name string, s setup) (*side, error) {
	t.Helper()
	p := policy(t)
	x := &side{name: name, metrics: metrics.New()}
	logger := slog.New(slog.NewTextHandler(x, nil))
	var err error
	if name == "fhir" {
		err = x.fhir(t, p, s, logger)
	} else {
		err = x.postgres(t, p, s, logger)
	}
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- x.server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), veiltest.Patience)
		defer cancel()
		if err := x.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if len(x.early) > 0 {
			t.Errorf("%d exchanges were logged before their records were in", len(x.early))
		}
	})
	return x, nil
}

// apiKeys are the API keys of the users, the same in each case.
var apiKeys sync.Map

func apiKey(user string) (key, sum string) {
	key, sum = consumer.NewKey()
	pair, _ := apiKeys.LoadOrStore(user, [2]string{key, sum})
	return pair.([2]string)[0], pair.([2]string)[1]
}

func (x *side) fhir(t *testing.T, p *ruleset.Policy, s setup, logger *slog.Logger) error {
	a, err := fhir.Compile(p, schema.R4())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var gate chan struct{}
	waiting := 0
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		if r.URL.Path == "/metadata" {
			_, _ = io.WriteString(w, `{"resourceType":"CapabilityStatement"}`)
			return
		}
		mu.Lock()
		wait := gate
		if wait != nil {
			waiting++
		}
		mu.Unlock()
		if wait != nil {
			<-wait
		}
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[]}`)
	}))
	t.Cleanup(up.Close)
	x.operation = "search"
	x.held = func() bool { mu.Lock(); defer mu.Unlock(); return waiting > 0 }
	x.hold = func() func() {
		mu.Lock()
		defer mu.Unlock()
		gate = make(chan struct{})
		return sync.OnceFunc(func() {
			mu.Lock()
			defer mu.Unlock()
			close(gate)
			gate, waiting = nil, 0
		})
	}
	of := func(s setup) fhirproxy.Policy {
		var c consumer.Config
		for _, u := range s.users {
			_, sum := apiKey(u.name)
			c.Keys = append(c.Keys, consumer.Key{Account: consumer.Account{Name: u.name, View: u.view, Limits: u.limits}, SHA256: sum})
		}
		who, err := consumer.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		policy := fhirproxy.Policy{Consumers: who}
		for _, name := range s.views {
			policy.Views = append(policy.Views, fhirproxy.View{Name: name, Automaton: a})
		}
		return policy
	}
	server, err := fhirproxy.New(fhirproxy.Config{
		Upstream: up.URL, BaseURL: "http://veil.example", Policy: of(s), Sink: x, Logger: logger, Metrics: x.metrics.Listener("fhir"), Ready: s.process,
		Limits: fhirproxy.Limits{UpstreamTimeout: veiltest.Patience, ReadyTimeout: veiltest.Patience},
	})
	if err != nil {
		return err
	}
	x.server = server
	x.reload = func(s setup) error { return server.Reload(of(s)) }
	client := &http.Client{Timeout: veiltest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	x.ask = func(user, word string) string {
		key, _ := apiKey(user)
		if word != password {
			key, _ = consumer.NewKey()
		}
		req, err := http.NewRequest("GET", "http://"+x.address+"/Patient?_count=1", nil)
		if err != nil {
			return err.Error()
		}
		req.Header.Set("X-API-Key", key)
		resp, err := client.Do(req)
		if err != nil {
			return "closed"
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		switch {
		case err != nil:
			return "closed"
		case resp.StatusCode == 200:
			return "answer"
		case resp.StatusCode == 401:
			return "credentials"
		case resp.StatusCode == 429 && strings.Contains(string(body), "attempts"):
			return "attempts"
		case resp.StatusCode == 429:
			return "limit"
		case resp.StatusCode == 500 && strings.Contains(string(body), "audit record"):
			return "record"
		}
		return fmt.Sprintf("%d %s", resp.StatusCode, body)
	}
	return nil
}

// clinic has a table that no view is over, so that a lock on it keeps nothing but
// statements.
var (
	clinic     *pgtest.Database
	schemaOnce sync.Once
)

func (x *side) postgres(t *testing.T, p *ruleset.Policy, s setup, logger *slog.Logger) error {
	schemaOnce.Do(func() {
		clinic = pgtest.Start(t).SharedDatabase(t, "listeners")
		clinic.Exec(t, "CREATE SCHEMA clinic; CREATE TABLE clinic.patients (id int PRIMARY KEY, sex text); INSERT INTO clinic.patients VALUES (1, 'female')")
		clinic.GrantRead(t, "clinic")
	})
	x.operation = "select"
	x.held = func() bool {
		conn, err := pgconn.Connect(t.Context(), clinic.DSN(pgtest.Owner))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		rows, err := conn.Exec(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted").ReadAll()
		return err == nil && string(rows[0].Rows[0][0]) != "0"
	}
	x.hold = func() func() {
		conn, err := pgconn.Connect(t.Context(), clinic.DSN(pgtest.Owner))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE clinic.patients IN ACCESS EXCLUSIVE MODE").ReadAll(); err != nil {
			t.Fatal(err)
		}
		return sync.OnceFunc(func() { _ = conn.Close(context.Background()) })
	}
	of := func(s setup) pgproxy.Policy {
		v, err := consumer.NewVerifier(password)
		if err != nil {
			t.Fatal(err)
		}
		var c consumer.Config
		for _, u := range s.users {
			c.Users = append(c.Users, consumer.User{Account: consumer.Account{Name: u.name, View: u.view, Limits: u.limits}, User: u.name, Verifier: v.String()})
		}
		who, err := consumer.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		policy := pgproxy.Policy{Consumers: who, Views: map[string]pgproxy.View{}}
		for _, name := range s.views {
			policy.Views[name] = pgproxy.View{Policy: p}
		}
		return policy
	}
	server, err := pgproxy.New(pgproxy.Config{
		Upstream: clinic.DSN(pgtest.Reader), Policy: of(s), Sink: x, Logger: logger, Metrics: x.metrics.Listener("postgres"), Ready: s.process,
		Limits: pgproxy.Limits{AuthTimeout: veiltest.Patience, QueueTimeout: veiltest.Patience, ConnectTimeout: veiltest.Patience},
	})
	if err != nil {
		return err
	}
	x.server = server
	x.reload = func(s setup) error { return server.Reload(of(s)) }
	x.ask = func(user, word string) string {
		ctx, cancel := context.WithTimeout(context.Background(), veiltest.Patience)
		defer cancel()
		dsn := url.URL{Scheme: "postgres", User: url.UserPassword(user, word), Host: x.address, RawQuery: "sslmode=disable"}
		conn, err := pgconn.Connect(ctx, dsn.String())
		if err == nil {
			defer func() { _ = conn.Close(context.Background()) }()
			_, err = conn.Exec(ctx, "SELECT sex FROM clinic.patients LIMIT 1").ReadAll()
		}
		var pg *pgconn.PgError
		switch {
		case err == nil:
			return "answer"
		case !errors.As(err, &pg), pg.Code == "57P01":
			return "closed"
		case pg.Code == "53400" && strings.Contains(pg.Message, "attempts"):
			return "attempts"
		}
		if word, known := map[string]string{"28P01": "credentials", "53400": "limit", "58030": "record"}[pg.Code]; known {
			return word
		}
		return err.Error()
	}
	return nil
}

// start is open for a setup that is right.
func start(t *testing.T, name string, s setup) *side {
	t.Helper()
	x, err := open(t, name, s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// counted waits for a line of the metrics.
func (x *side) counted(t *testing.T, line string) {
	t.Helper()
	text := ""
	veiltest.Until(t, "the metrics have "+line, func() bool {
		var b strings.Builder
		x.metrics.Write(&b)
		text = b.String()
		return strings.Contains(text, "\nveil_"+x.name+"_"+line+"\n")
	})
}

// want makes a request and compares what came of it.
func (x *side) want(t *testing.T, what, user, word, want string) {
	t.Helper()
	if got := x.ask(user, word); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// begin makes a request that the upstream keeps.
func (x *side) begin(t *testing.T, user string) (response <-chan string, release func()) {
	t.Helper()
	release = x.hold()
	t.Cleanup(release)
	out := make(chan string, 1)
	go func() { out <- x.ask(user, password) }()
	veiltest.Until(t, "the upstream keeps the request", x.held)
	return out, release
}
