package pool

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// slow is a connection whose writes take until their responses have come.
type slow struct{ net.Conn }

func (s slow) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	time.Sleep(100 * time.Millisecond)
	return n, err
}

// poolOfOne is a pool of one connection.
func poolOfOne(t *testing.T, queueTimeout time.Duration) *Pool {
	t.Helper()
	p, err := New(Config{
		DSN: pgtest.Start(t).Clinic(t).DSN(pgtest.Reader), Connections: 1, RowBytes: 1 << 20,
		ConnectTimeout: veiltest.Patience, QueueTimeout: queueTimeout, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestNoResponseIsLost: on a machine that is slow to write, the first response of a
// session is the session's.
func TestNoResponseIsLost(t *testing.T) {
	t.Parallel()
	p := poolOfOne(t, veiltest.Patience)
	dial := p.config.DialFunc
	p.config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		return slow{c}, err
	}
	c, err := p.Acquire(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release(c, false)
	c.Out = wire.AppendQuery(nil, "SELECT 1")
	if err := c.Flush(veiltest.Patience); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.SetReadDeadline(time.Now().Add(veiltest.Patience / 4)); err != nil {
		t.Fatal(err)
	}
	var types string
	for range 4 {
		typ, _, err := c.In.Next()
		if err != nil {
			t.Fatalf("after %q: %v", types, err)
		}
		types += string(typ)
	}
	if types != "TDCZ" {
		t.Errorf("got %s", types)
	}
}

// TestTheQueueIsBounded: the wait for a connection that others hold is, not the opening of
// one.
func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	p := poolOfOne(t, time.Nanosecond)
	c, err := p.Acquire(t.Context(), nil)
	if err != nil {
		t.Fatalf("one is free: %v", err)
	}
	defer p.Release(c, false)
	if _, err := p.Acquire(t.Context(), nil); !errors.Is(err, errBusy) {
		t.Errorf("none is free: %v", err)
	}
}
