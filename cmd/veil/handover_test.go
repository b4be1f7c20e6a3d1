package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// handed runs the command with sockets that are handed to it as systemd does.
func handed(t *testing.T, config string, sockets []*os.File) *process {
	t.Helper()
	cmd := exec.Command("sh", "-c", `export LISTEN_PID=$$ LISTEN_FDS="$1"; exec veil serve --config "$2"`, "sh", strconv.Itoa(len(sockets)), config)
	cmd.ExtraFiles = sockets
	return serving(t, cmd)
}

// TestRestartUnderLoad: while the process is replaced twice, no client is refused, no request
// fails, a PostgreSQL session is told that it ends, and every response is in the one log.
func TestRestartUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	config, dsn := bothProxies(t, s, "")
	patient := s.patient(t, "trial")
	var sockets []*os.File
	for _, addr := range []string{s.addr, strings.Split(strings.Split(dsn, "@")[1], "/")[0], "127.0.0.1:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		defer f.Close()
		sockets = append(sockets, f)
	}
	p := handed(t, config, sockets)
	p.until(t, "which was handed over, is closed: no listener has this address")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var served, queried, ended atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for ctx.Err() == nil {
				a, err := try(client, s.base+patient)
				if err != nil || a.status != 200 {
					t.Errorf("a request: %v %d", err, a.status)
					return
				}
				served.Add(1)
			}
		})
		clients.Go(func() {
			for ctx.Err() == nil {
				if !query(ctx, t, dsn, &queried, &ended) {
					return
				}
			}
		})
	}
	more := func() {
		t.Helper()
		before, then := served.Load(), queried.Load()
		veiltest.Until(t, "clients are served", func() bool { return t.Failed() || served.Load() > before+20 && queried.Load() > then+20 })
	}
	more()
	for range 2 {
		p.stop(t)
		p = handed(t, config, sockets[:2])
		more()
	}
	stop()
	clients.Wait()
	p.stop(t)
	if ended.Load() == 0 {
		t.Error("no session was told that it ends")
	}
	dir := strings.TrimSuffix(config, "veil.yaml") + "audit"
	if r := veil(t, "", "audit", "verify", dir); r.code != 0 {
		t.Errorf("the log: %s", r.stderr)
	}
	for operation, want := range map[string]int64{"read Patient": served.Load(), "select": queried.Load()} {
		r := veil(t, "", "audit", "show", dir, "--operation", operation, "--outcome", "complete", "--format", "json")
		if n := int64(strings.Count(r.stdout, `"kind":"record"`)); n < want {
			t.Errorf("%d records of %s, and %d responses", n, operation, want)
		}
	}
}

// query has a session and runs statements in it until it ends. It reports false where that is
// for another reason than that Veil stops.
func query(ctx context.Context, t *testing.T, dsn string, done, ended *atomic.Int64) bool {
	over := func(err error) bool {
		var reported *pgconn.PgError
		switch {
		case ctx.Err() != nil:
		case errors.As(err, &reported) && reported.Code == "57P01":
			ended.Add(1)
		default:
			t.Errorf("a session: %v", err)
			return false
		}
		return true
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return over(err)
	}
	defer conn.Close(context.Background())
	for ctx.Err() == nil {
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM patients").Scan(&n); err != nil {
			return over(err)
		}
		done.Add(1)
	}
	return true
}
