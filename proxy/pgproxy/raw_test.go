package pgproxy

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// raw is a client that sends what it is told to.
type raw struct {
	t    testing.TB
	conn net.Conn
	in   *wire.Frames
	out  []byte
	last []byte // the body of the last message of until
}

func newRaw(t testing.TB, d *listener, user string) *raw {
	t.Helper()
	return newRawTo(t, d.dsn(user, "sslmode=disable"))
}

func newRawTo(t testing.TB, dsn string) *raw {
	t.Helper()
	pg, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.SyncConn(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := pg.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Conn.Close() })
	_ = h.Conn.SetDeadline(time.Now().Add(veiltest.Patience))
	return &raw{t: t, conn: h.Conn, in: wire.NewFrames(h.Conn, 8<<10, 1<<20)}
}

// send gathers a message: its type, then texts that each end in a zero byte.
// Parse and Bind get no parameters.
func (r *raw) send(typ string, texts ...string) {
	var body []byte
	for _, s := range texts {
		body = append(append(body, s...), 0)
	}
	switch typ {
	case "P":
		body = append(body, 0, 0)
	case "B":
		body = append(body, 0, 0, 0, 0, 0, 0)
	}
	r.out = wire.AppendFrame(r.out, typ[0], body)
}

func (r *raw) execute(portal string, most uint32) {
	body := append([]byte(portal), 0)
	r.out = wire.AppendFrame(r.out, 'E', binary.BigEndian.AppendUint32(body, most))
}

func (r *raw) flush() { r.out = wire.AppendFrame(r.out, 'H', nil) }
func (r *raw) sync()  { r.out = wire.AppendFrame(r.out, 'S', nil) }

// until sends what was gathered and returns the types of the messages that come,
// up to the given one.
func (r *raw) until(last byte) string {
	r.t.Helper()
	if _, err := r.conn.Write(r.out); err != nil {
		r.t.Fatal(err)
	}
	r.out = nil
	var types []string
	for {
		typ, body, err := r.in.Next()
		if err != nil {
			return strings.Join(append(types, err.Error()), " ")
		}
		types = append(types, string(typ))
		if typ == last {
			r.last = append([]byte(nil), body...)
			return strings.Join(types, " ")
		}
	}
}
