package pgproxy

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestSessionsAreApart: what a session left is not there for the next one, though
// both have one connection to the upstream.
func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.UpstreamConnections = 1 })
	first, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cells(t, first, "SET timezone TO 'Asia/Tokyo'; SET statement_timeout TO 5000; PREPARE p AS SELECT 1; BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT"); err != nil {
		t.Fatal(err)
	}
	kept := d.sessionsOpen()[0].up
	_ = first.Close(context.Background())
	veiltest.Until(t, "the connection is kept", func() bool { return d.Stats().Idle == 1 })
	conn := d.connect(t).PgConn()
	for _, x := range d.sessionsOpen() {
		if x.up != nil && x.up != kept {
			t.Error("the connection was not used again, so this tests nothing")
		}
	}
	for _, tt := range []struct{ sql, want, code string }{
		{"SHOW timezone", "UTC\nSHOW", ""},
		{"EXECUTE p", "", "26000"},
		{"FETCH c", "", "34000"},
		{"SHOW statement_timeout", "10min\nSHOW", ""},
		{"SHOW transaction_read_only", "on\nSHOW", ""},
	} {
		got, err := cells(t, conn, tt.sql)
		if code(err) != tt.code || strings.Join(got, ",") != tt.want {
			t.Errorf("%s: got %q, %v", tt.sql, got, err)
		}
	}
}

// sessionsOpen are the sessions of a listener.
func (d *listener) sessionsOpen() []*session {
	d.Server.mu.Lock()
	defer d.Server.mu.Unlock()
	var all []*session
	for x := range d.open {
		all = append(all, x)
	}
	return all
}

// TestManyShortSessions: more clients than upstream connections wait for their
// turn.
func TestManyShortSessions(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.UpstreamConnections = 4; c.Limits.QueueTimeout = time.Minute })
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 25 {
				conn, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable"))
				if err != nil {
					t.Error(err)
					return
				}
				if err := conn.Exec(t.Context(), "SELECT 1").Close(); err != nil {
					t.Error(err)
				}
				_ = conn.Close(context.Background())
			}
		})
	}
	all.Wait()
}

func TestFullHouse(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) {
		c.Limits.UpstreamConnections, c.Limits.Connections, c.Limits.QueueTimeout = 1, 2, 200*time.Millisecond
	})
	_ = d.connect(t)
	if _, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable")); code(err) != "53300" {
		t.Errorf("no upstream connection is free: %v", err)
	}
	waiting, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	veiltest.Until(t, "both connections are taken", func() bool { return d.slots.Taken() == 2 })
	if _, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable")); code(err) != "53300" {
		t.Errorf("no connection is free: %v", err)
	}
}

// busy counts the upstream's sessions that work for the listener.
func busy(t *testing.T, db *pgtest.Database, query string) int {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	r, err := conn.Exec(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'veil' AND query LIKE '%"+query+"%' AND state = 'active' AND pid <> pg_backend_pid()").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(r[0].Rows)
}

// TestClientLeaves: a statement that nobody waits for any more ends.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	db := waiting(t)
	d := startListenerOver(t, db.DSN(pgtest.Reader), nil)
	conn, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable"))
	if err != nil {
		t.Fatal(err)
	}
	marked := strings.Replace(endless, "3000000", "2999999", 1)
	left := make(chan error, 1)
	go func() { left <- conn.Exec(context.Background(), marked).Close() }()
	veiltest.Until(t, "the statement runs", func() bool { return busy(t, db, "2999999") == 1 })
	_ = conn.Conn().Close()
	<-left
	veiltest.Until(t, "the statement ended", func() bool { return busy(t, db, "2999999") == 0 })
	veiltest.Until(t, "its record was made", func() bool {
		last := d.sink.last(1)
		return len(last) == 1 && last[0].Result == "failed"
	})
}

// TestUpstreamDies: the session ends, and the next one has another connection.
func TestUpstreamDies(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).Clinic(t)
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	if _, err := cells(t, conn, "SELECT 'killme'"); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'veil' AND query LIKE '%killme%' AND pid <> pg_backend_pid()")
	if _, err := cells(t, conn, "SELECT 1"); code(err) != "57P01" && code(err) != "08006" {
		t.Errorf("got %v", err)
	}
	if _, err := cells(t, d.connect(t).PgConn(), "SELECT 1"); err != nil {
		t.Errorf("the next session: %v", err)
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.AuthTimeout = 300 * time.Millisecond })
	silent, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_ = silent.SetReadDeadline(time.Now().Add(veiltest.Patience))
	if _, err := silent.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a client that says nothing: %v", err)
	}
	d = startListener(t, func(c *Config) { c.Limits.IdleTimeout = 300 * time.Millisecond })
	conn := d.connect(t).PgConn()
	veiltest.Until(t, "the session ended", func() bool { return d.Stats().Sessions == 0 })
	if _, err := cells(t, conn, "SELECT 1"); code(err) != "57P05" {
		t.Errorf("an idle client: %v", err)
	}
}

// remote is a listener whose clients come from another machine.
type remote struct{ net.Listener }

type remoteConn struct{ net.Conn }

func (r remote) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	return remoteConn{c}, err
}

func (remoteConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

func TestOtherMachinesNeedTLS(t *testing.T) {
	t.Parallel()
	config, ca := serverTLS(t)
	for _, plaintext := range []bool{false, true} {
		d := startListener(t, func(c *Config) { c.Policy.TLS, c.Plaintext = config, plaintext })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = d.Serve(remote{l}) }()
		d.addr = l.Addr().String()
		for query, ok := range map[string]bool{"sslmode=disable": plaintext, "sslmode=verify-full&sslrootcert=" + ca: true} {
			conn, err := pgconn.Connect(t.Context(), d.dsn("ann", query))
			if (err == nil) != ok {
				t.Errorf("plaintext %v, %s: %v", plaintext, query, err)
			}
			if err == nil {
				_ = conn.Close(context.Background())
			} else if code(err) != "28000" {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
}

// TestShutdownWaits: a statement under way is handled, a client that waits is
// told, and then nobody is let in.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	d := startListenerOver(t, pg.Clinic(t).DSN(pgtest.Reader), nil)
	idle, working := d.connect(t).PgConn(), d.connect(t).PgConn()
	answer := make(chan error, 1)
	go func() {
		_, err := working.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 3000001)").ReadAll()
		answer <- err
	}()
	veiltest.Until(t, "the statement is under way", func() bool { return busy(t, pg.Clinic(t), "generate_series(1, 3000001)") > 0 || len(answer) > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), veiltest.Patience)
	defer cancel()
	if err := d.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-answer; err != nil {
		t.Errorf("the statement under way: %v", err)
	}
	if _, err := cells(t, idle, "SELECT 1"); code(err) != "57P01" {
		t.Errorf("the client that waits: %v", err)
	}
	if _, err := net.Dial("tcp", d.addr); err == nil {
		t.Error("it still listens")
	}
}

// TestPanicsEndTheSessionAlone: and what it was about is not reported.
func TestPanicsEndTheSessionAlone(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	other := d.connect(t).PgConn()
	for _, x := range d.sessionsOpen() {
		if x.id == conn.PID() {
			x.flow.Setting = func(name string) (string, bool) { panic(fmt.Sprintf("CANARY %s", name)) }
		}
	}
	_, err := cells(t, conn, "SHOW application_name")
	if code(err) != "XX000" || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("got %v", err)
	}
	if _, err := cells(t, other, "SELECT 1"); err != nil {
		t.Errorf("another session: %v", err)
	}
}
