package pgproxy

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/proxy/pgproxy/pgtest"
)

// TestShutdownIsTold: sessions that wait, and statements that run at the end of the
// grace, get 57P01, which a client takes as a reason to connect again.
func TestShutdownIsTold(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	s, err := New(Config{
		Upstream: pg.Clinic(t).DSN(pgtest.Reader), Sink: &memorySink{}, SearchPath: []string{"clinic"},
		Policy: Policy{Consumers: testUsers(t), Views: map[string]View{"plain": {Policy: clinicPolicy(t)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &listener{Server: s, addr: l.Addr().String()}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	idle, busy, extended := d.connect(t).PgConn(), d.connect(t).PgConn(), d.connect(t)
	told := make(chan error, 2)
	const long = "SELECT count(*) FROM generate_series(1, 100000000000) g"
	go func() { _, err := busy.Exec(context.Background(), long).ReadAll(); told <- err }()
	go func() { _, err := extended.Exec(context.Background(), long); told <- err }()
	for s.Stats().Upstream < 3 {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Shutdown(ctx); err != context.DeadlineExceeded {
		t.Errorf("shutdown: %v", err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("shutdown took %v", took)
	}
	for range 2 {
		if err := <-told; code(err) != "57P01" {
			t.Errorf("a statement that ran: %v", err)
		}
	}
	if _, err := idle.Exec(t.Context(), "SELECT 1").ReadAll(); code(err) != "57P01" {
		t.Errorf("an idle session: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestReadyAsksForThePool: where no connection is left, a client that comes would
// not be served.
func TestReadyAsksForThePool(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.UpstreamConnections = 1; c.Limits.QueueTimeout = 2 * time.Second })
	if err := d.Ready(); err != nil {
		t.Fatal(err)
	}
	conn := d.connect(t)
	if err := d.Ready(); err == nil || !strings.Contains(err.Error(), "upstreamConnections") {
		t.Errorf("without a connection left: %v", err)
	}
	waited := make(chan error, 1)
	go func() {
		_, err := pgconn.Connect(context.Background(), d.dsn("ann", "sslmode=disable"))
		waited <- err
	}()
	for d.Stats().Waiting == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if got, want := d.Stats(), (Stats{Sessions: 2, Upstream: 1, Waiting: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := <-waited; code(err) != "53300" {
		t.Errorf("a client without a connection: %v", err)
	}
	_ = conn.Close(t.Context())
	for d.Stats().Sessions > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := d.Ready(); err != nil {
		t.Errorf("after: %v", err)
	}
}
