package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestRealIdleSessions: ten thousand consumers that logged in, ran a statement and keep their
// session take 400 MB together, also where some of them had large rows, many prepared
// statements and a COPY; with TLS to them and to the upstream, 440 MB, since crypto/tls keeps
// its buffers. Each holds two connections: where this process may not open as many files, there
// are fewer sessions, and as much less memory.
func TestRealIdleSessions(t *testing.T) {
	t.Run("plain", func(t *testing.T) { idleSessions(t, false, 400<<20) })
	t.Run("TLS", func(t *testing.T) { idleSessions(t, true, 440<<20) })
}

// idleSessions holds that most sessions take so many bytes.
func idleSessions(t *testing.T, encrypted bool, bytes int64) {
	const most, least, spare = 10_000, 9_000, 1000
	bytesEach := bytes / most
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < 2*least+spare {
		t.Fatalf("this process may open %d files: %v", limit.Max, err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	sessions := min(most, int(limit.Max-spare)/2)
	pg := pgtest.Start(t)
	config, addr := clinicConfig(t, pgtest.Reader, "correct horse\n")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	mode, section := "disable", ""
	var upstream *tls.Config
	if encrypted {
		s := &site{dir: filepath.Dir(config)}
		cert, key, _ := newAuthority(t).pair(t, s, "postgres")
		mode, section = "require", fmt.Sprintf("tls: {certFile: %s, keyFile: %s}\n  ", cert, key)
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		upstream = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	reception := receive(t, pg.Clinic(t), upstream)
	config = write(t, config, strings.NewReplacer(
		net.JoinHostPort(pg.Host, strconv.Itoa(pg.Port)), reception.addr,
		"sslmode=disable", "sslmode="+mode, "limits: {", section+fmt.Sprintf("limits: {connections: %d, upstreamConnections: %d, idleTimeout: 1h, ", sessions+10, sessions+10),
	).Replace(string(text)))
	p := (&site{dir: strings.TrimSuffix(config, "/veil.yaml")}).process(t, config)
	before := residentBytes(t, p.cmd.Process.Pid)

	open := make([]*pgconn.PgConn, sessions)
	var all sync.WaitGroup
	next := make(chan int)
	for range 8 {
		all.Go(func() {
			for i := range next {
				var err error
				if open[i], err = useSession(t.Context(), "postgres://ann:correct%20horse@"+addr+"/clinic?sslmode="+mode, works(i)); err != nil {
					t.Errorf("session %d: %v", i, err)
				}
			}
		})
	}
	for i := range sessions {
		if t.Failed() {
			break
		}
		next <- i
	}
	close(next)
	all.Wait()
	defer func() {
		for _, conn := range open {
			if conn != nil {
				_ = conn.Conn().Close()
			}
		}
	}()
	if t.Failed() {
		return
	}
	after := residentBytes(t, p.cmd.Process.Pid)
	// What was used is free at the next collection, which Go begins within two minutes.
	for deadline := time.Now().Add(3 * time.Minute); after > int64(sessions)*bytesEach && time.Now().Before(deadline); time.Sleep(time.Second) {
		after = residentBytes(t, p.cmd.Process.Pid)
	}
	t.Logf("%d sessions: %d MB, of which %d without them", sessions, after>>20, before>>20)
	if after > int64(sessions)*bytesEach {
		t.Errorf("%d bytes for %d sessions", after, sessions)
	}
	for i, conn := range open {
		switch {
		case works(i):
			if r := conn.ExecPrepared(t.Context(), "s7", nil, nil, nil).Read(); r.Err != nil || len(r.Rows) != 7 {
				t.Errorf("session %d: %d rows of a prepared statement, %v", i, len(r.Rows), r.Err)
			}
		case i%500 == 0:
			if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM patients").ReadAll(); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		}
	}
}

// works reports whether a session is one that does more than to be there.
func works(i int) bool { return i%100 == 50 }

// useSession logs in and runs a statement; one that works has had large rows, many prepared
// statements and a COPY too.
func useSession(ctx context.Context, dsn string, works bool) (*pgconn.PgConn, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SELECT count(*) FROM patients").ReadAll(); err != nil {
		return nil, err
	}
	if !works {
		return conn, nil
	}
	for i := range 100 {
		name := fmt.Sprint("s", i)
		if _, err := conn.Prepare(ctx, name, fmt.Sprintf("SELECT id, zip FROM patients LIMIT %d", i), nil); err != nil {
			return nil, err
		}
		if r := conn.ExecPrepared(ctx, name, nil, nil, nil).Read(); r.Err != nil {
			return nil, r.Err
		}
	}
	for _, sql := range []string{"SELECT pg_catalog.repeat('x', 5000000), id FROM patients LIMIT 2", "SELECT p.id, q.mrn FROM patients p, patients q LIMIT 5000"} {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	_, err = conn.CopyTo(ctx, io.Discard, "COPY (SELECT p.id, g FROM patients p, generate_series(1, 100) g) TO STDOUT")
	return conn, err
}

// reception is a server that lets thousands log in: it answers the login itself, and lends
// those who ask something a connection to a real one. A simple query has it for as long as
// it runs, a session that uses the extended protocol keeps it.
type reception struct {
	addr string
	dsn  string
	tls  *tls.Config // nil: it does not encrypt
	t    *testing.T

	mu       sync.Mutex
	free     map[string]chan *pgconn.HijackedConn // by the settings they have
	statuses map[string]map[string]string
}

const lentAtOnce = 4

func receive(t *testing.T, d *pgtest.Database, encryption *tls.Config) *reception {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &reception{addr: l.Addr().String(), dsn: d.DSN(pgtest.Reader), tls: encryption, t: t, free: map[string]chan *pgconn.HijackedConn{}, statuses: map[string]map[string]string{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

// connect opens a connection to the real server with a session's settings.
func (r *reception) connect(settings map[string]string) (*pgconn.HijackedConn, error) {
	config, err := pgconn.ParseConfig(r.dsn)
	if err != nil {
		return nil, err
	}
	config.TLSConfig, config.Fallbacks = nil, nil
	for name, value := range settings {
		if name != "user" && name != "database" {
			config.RuntimeParams[name] = value
		}
	}
	pg, err := pgconn.ConnectConfig(r.t.Context(), config)
	if err != nil {
		return nil, err
	}
	if err := pg.SyncConn(r.t.Context()); err != nil {
		return nil, err
	}
	return pg.Hijack()
}

// lend returns the connections that sessions with these settings share, and what the server
// reports of them.
func (r *reception) lend(settings map[string]string) (chan *pgconn.HijackedConn, map[string]string, error) {
	key := fmt.Sprint(settings)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.free[key] == nil {
		free := make(chan *pgconn.HijackedConn, lentAtOnce)
		for range lentAtOnce {
			conn, err := r.connect(settings)
			if err != nil {
				return nil, nil, err
			}
			r.statuses[key] = conn.ParameterStatuses
			free <- conn
		}
		r.free[key] = free
	}
	return r.free[key], r.statuses[key], nil
}

func (r *reception) serve(conn net.Conn) {
	defer conn.Close()
	b := pgproto3.NewBackend(conn, conn)
	first, err := b.ReceiveStartupMessage()
	if _, ok := first.(*pgproto3.SSLRequest); ok {
		if r.tls == nil {
			_, _ = conn.Write([]byte{'N'})
		} else {
			_, _ = conn.Write([]byte{'S'})
			conn = tls.Server(conn, r.tls)
			b = pgproto3.NewBackend(conn, conn)
		}
		first, err = b.ReceiveStartupMessage()
	}
	startup, ok := first.(*pgproto3.StartupMessage)
	if err != nil || !ok {
		return
	}
	free, statuses, err := r.lend(startup.Parameters)
	if err != nil {
		return // a session that does not begin is an error of the test
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for name, value := range statuses {
		b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 0}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	var head [5]byte
	var mine *pgconn.HijackedConn
	for {
		if _, err := io.ReadFull(conn, head[:]); err != nil || head[0] == 'X' {
			break
		}
		if head[0] != 'Q' {
			if mine, err = r.connect(startup.Parameters); err != nil {
				return
			}
			break
		}
		lent := <-free
		err := relay(conn, lent.Conn, head)
		free <- lent
		if err != nil {
			return
		}
	}
	if mine == nil {
		return
	}
	defer mine.Conn.Close()
	if _, err := mine.Conn.Write(head[:]); err != nil {
		return
	}
	go func() { _, _ = io.Copy(conn, mine.Conn) }()
	_, _ = io.Copy(mine.Conn, conn)
}

// relay passes a simple query on, whose head was read, and its response up to
// ReadyForQuery.
func relay(client, server net.Conn, head [5]byte) error {
	if _, err := server.Write(head[:]); err != nil {
		return err
	}
	if _, err := io.CopyN(server, client, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil {
		return err
	}
	for {
		if _, err := io.ReadFull(server, head[:]); err != nil {
			return err
		}
		if _, err := client.Write(head[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(client, server, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil || head[0] == 'Z' {
			return err
		}
	}
}
