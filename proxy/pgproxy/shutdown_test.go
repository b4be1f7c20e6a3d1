package pgproxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestShutdownIsTold: sessions that wait, and statements that run at the end of the
// grace, get 57P01, which a client takes as a reason to connect again. So they do where
// the upstream does not end a statement that it is asked to cancel.
func TestShutdownIsTold(t *testing.T) {
	t.Parallel()
	for name, upstream := range map[string]func(*testing.T, string) string{
		"an upstream that cancels":       func(_ *testing.T, dsn string) string { return dsn },
		"an upstream that never cancels": deafToCancel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := waiting(t)
			d := startListenerOver(t, upstream(t, db.DSN(pgtest.Reader)), nil)
			idle, simple, extended := d.connect(t).PgConn(), d.connect(t).PgConn(), d.connect(t)
			marker := fmt.Sprintf("4000000%d", len(name)) // one for each
			long := strings.Replace(endless, "3000000", marker, 1)
			told := make(chan error, 2)
			go func() { _, err := simple.Exec(context.Background(), long).ReadAll(); told <- err }()
			go func() { _, err := extended.Exec(context.Background(), long); told <- err }()
			veiltest.Until(t, "the statements run", func() bool { return busy(t, db, marker) == 2 })
			t.Cleanup(func() { stopUpstream(t, db, marker) })
			over, end := context.WithCancel(t.Context())
			end()
			if err := d.Shutdown(over); err != context.Canceled {
				t.Errorf("shutdown: %v", err)
			}
			for range 2 {
				if err := <-told; code(err) != "57P01" {
					t.Errorf("a statement that ran: %v", err)
				}
			}
			if _, err := idle.Exec(t.Context(), "SELECT 1").ReadAll(); code(err) != "57P01" {
				t.Errorf("an idle session: %v", err)
			}
			for _, r := range d.sink.last(2) {
				if r.Result != "failed" {
					t.Errorf("the record of a statement that ran: %+v", r)
				}
			}
		})
	}
}

// stopUpstream ends what runs upstream.
func stopUpstream(t *testing.T, db *pgtest.Database, query string) {
	t.Helper()
	db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%"+query+"%' AND pid <> pg_backend_pid()")
}

// cancelCode is what a cancel request has for a version.
const cancelCode = 80877102

// deafToCancel stands before a PostgreSQL and takes cancel requests without passing them
// on or answering them.
func deafToCancel(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	upstream := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	u.Host = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go relay(conn, upstream)
		}
	}()
	return u.String()
}

// relay passes a connection on, unless it is to cancel.
func relay(conn net.Conn, upstream string) {
	defer conn.Close()
	first := make([]byte, 8)
	if _, err := io.ReadFull(conn, first); err != nil {
		return
	}
	if binary.BigEndian.Uint32(first[4:]) == cancelCode {
		_, _ = io.Copy(io.Discard, conn) // until who asked gives up
		return
	}
	to, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	defer to.Close()
	if _, err := to.Write(first); err != nil {
		return
	}
	go func() { _, _ = io.Copy(conn, to); _ = conn.Close() }()
	_, _ = io.Copy(to, conn)
}

// TestShutdownFindsEveryWait: at the end of the grace no session is waited for that
// waits itself, for a client that does not read, one that does not log in, a
// connection to the upstream, or the rest of a row; and no message is cut into by the
// reason.
func TestShutdownFindsEveryWait(t *testing.T) {
	t.Parallel()
	clinic := pgtest.Start(t).Clinic(t)
	d := startListenerOver(t, clinic.DSN(pgtest.Reader), func(c *Config) {
		c.Limits.UpstreamConnections, c.Limits.QueueTimeout = 2, time.Hour
		c.Limits.AuthTimeout, c.Limits.WriteTimeout = time.Hour, time.Hour
	})
	unread, row := newRaw(t, d, "ann"), newRaw(t, d, "ann")
	silent, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	queued := make(chan error, 1)
	go func() {
		_, err := pgconn.Connect(context.Background(), d.dsn("ann", "sslmode=disable"))
		queued <- err
	}()
	veiltest.Until(t, "a session waits for a connection", func() bool { return d.Stats() == Stats{Sessions: 4, Upstream: 2, Waiting: 1} })
	unread.send("Q", "SELECT g, repeat('x', 1000) FROM generate_series(1, 10000000) g")
	row.send("Q", "SELECT repeat('x', 100000000)")
	for _, r := range []*raw{unread, row} {
		if _, err := r.conn.Write(r.out); err != nil {
			t.Fatal(err)
		}
		if typ, _, err := r.in.Next(); err != nil || typ != 'T' {
			t.Fatalf("%c %v", typ, err)
		}
	}
	over, end := context.WithCancel(t.Context())
	end()
	if err := d.Shutdown(over); err != context.Canceled {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-queued; code(err) != "57P01" {
		t.Errorf("the session that waited for a connection: %v", err)
	}
	_ = row.conn.SetDeadline(time.Now().Add(veiltest.Patience))
	rest, err := io.ReadAll(row.conn)
	if err != nil || len(rest) > 100000000 || bytes.Contains(rest, []byte("57P01")) {
		t.Errorf("%d bytes after a part of a row, %v", len(rest), err)
	}
}

// TestReadyAsksForThePool: where no connection is left, a client that comes would
// not be served.
func TestReadyAsksForThePool(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.UpstreamConnections = 1; c.Limits.QueueTimeout = time.Hour })
	if err := d.Ready(); err != nil {
		t.Fatal(err)
	}
	conn := d.connect(t)
	if err := d.Ready(); err == nil || !strings.Contains(err.Error(), "upstreamConnections") {
		t.Errorf("without a connection left: %v", err)
	}
	waited := make(chan error, 1)
	go func() {
		second, err := pgconn.Connect(context.Background(), d.dsn("ann", "sslmode=disable"))
		if err == nil {
			_ = second.Close(context.Background())
		}
		waited <- err
	}()
	veiltest.Until(t, "it waits", func() bool { return d.Stats() == Stats{Sessions: 2, Upstream: 1, Waiting: 1} })
	_ = conn.Close(t.Context())
	if err := <-waited; err != nil {
		t.Errorf("a client that waited for a connection: %v", err)
	}
	veiltest.Until(t, "the session is over", func() bool { return d.Stats().Sessions == 0 })
	if err := d.Ready(); err != nil {
		t.Errorf("after: %v", err)
	}
}
