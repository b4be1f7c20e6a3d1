package pgproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// testPassword is what each user of a test's listener logs in with.
const testPassword = "correct horse"

// listener is a listener over the clinic, for a test.
type listener struct {
	*Server
	addr string
	sink *memorySink
}

// memorySink keeps records, and fails when it is told to.
type memorySink struct {
	mu      sync.Mutex
	records []*mask.Record
	fail    error
	delay   time.Duration
}

func (s *memorySink) Append(_ context.Context, r *mask.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(s.delay)
	if s.fail != nil {
		return s.fail
	}
	s.records = append(s.records, r)
	return nil
}

// last returns the newest n records.
func (s *memorySink) last(n int) []*mask.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*mask.Record(nil), s.records[max(0, len(s.records)-n):]...)
}

func clinicPolicy(t testing.TB) *ruleset.Policy {
	t.Helper()
	return policyOf(t, pgtest.ReadTestdata(t, "sql", "ruleset.yaml"))
}

// policyOf is the policy of a ruleset.
func policyOf(t testing.TB, src []byte) *ruleset.Policy {
	t.Helper()
	return masktest.Policy(t, string(src))
}

// testVerifier is that of testPassword.
func testVerifier(t testing.TB) string {
	t.Helper()
	v, err := consumer.NewVerifier(testPassword)
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

// testUsers are who may log in at a test's listener: ann sees the view "plain", few
// "few".
func testUsers(t testing.TB) *consumer.Directory {
	t.Helper()
	v := testVerifier(t)
	d, err := consumer.New(t.Context(), consumer.Config{Users: []consumer.User{
		{Account: consumer.Account{Name: "research", View: "plain"}, User: "ann", Verifier: v},
		{Account: consumer.Account{Name: "limited", View: "few", Limits: consumer.Limits{Concurrent: 1}}, User: "few", Verifier: v},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// clinicViews are what the test's users see.
func clinicViews(t testing.TB) map[string]View {
	t.Helper()
	policy := clinicPolicy(t)
	return map[string]View{"plain": {Policy: policy}, "few": {Policy: policy, Rows: 10}}
}

// startListener starts a listener before the clinic.
func startListener(t testing.TB, change func(*Config)) *listener {
	t.Helper()
	pg := pgtest.Start(t)
	return startListenerOver(t, pg.Clinic(t).DSN(pgtest.Reader), change)
}

func startListenerOver(t testing.TB, upstream string, change func(*Config)) *listener {
	t.Helper()
	d := &listener{sink: &memorySink{}}
	c := Config{
		Upstream: upstream, Sink: d.sink,
		Policy: Policy{
			Consumers: testUsers(t),
			Views:     clinicViews(t),
		},
		SearchPath: []string{"clinic"},
		Limits:     Limits{AuthTimeout: veiltest.Patience, QueueTimeout: veiltest.Patience, ConnectTimeout: veiltest.Patience},
	}
	if change != nil {
		change(&c)
	}
	var err error
	if d.Server, err = New(c); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- d.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), veiltest.Patience)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return d
}

// dsn is how a user connects to the listener.
func (d *listener) dsn(user, query string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, testPassword), Host: d.addr, Path: "/" + d.up.Database(), RawQuery: query}
	return u.String()
}

func (d *listener) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return d.connectAs(t, "ann", "sslmode=disable")
}

func (d *listener) connectAs(t testing.TB, user, query string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), veiltest.Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.dsn(user, query))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// cells runs a simple query and returns the cells of each of its results, a row
// a line.
func cells(t testing.TB, conn *pgconn.PgConn, sql string) ([]string, error) {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	var out []string
	for _, r := range results {
		var b strings.Builder
		for _, row := range r.Rows {
			for i, cell := range row {
				if i > 0 {
					b.WriteByte('|')
				}
				if cell == nil {
					b.WriteString("NULL")
				}
				b.Write(cell)
			}
			b.WriteByte('\n')
		}
		out = append(out, fmt.Sprintf("%s%s", b.String(), r.CommandTag))
	}
	return out, err
}

// serverTLS makes a certificate for 127.0.0.1 and returns the listener's end, and the
// file of the authority.
func serverTLS(t testing.TB) (*tls.Config, string) {
	t.Helper()
	pg := pgtest.Start(t)
	dir := filepath.Dir(pg.CA)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(pg.CA)
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(pem) {
		t.Fatal("no authority")
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, pg.CA
}
