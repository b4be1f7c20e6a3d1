package pool

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
	"unique"

	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// Conn is a connection to the upstream. It belongs to one session.
type Conn struct {
	conn     net.Conn
	from     io.Reader // reads from conn
	In       *wire.Frames
	Out      []byte
	Cancel   func(context.Context) error // cancels the current statement
	Statuses map[string]string
	settings unique.Handle[string] // that it was opened with, as text
	since    time.Time
	// Waiting is called whenever nothing has arrived for a while, Stopped before each
	// wait. An error from either ends the wait.
	Waiting, Stopped func() error
}

// NewConn returns the connection of a session. It holds messages of up to rowBytes in
// memory.
func NewConn(conn net.Conn, rowBytes int) *Conn {
	c := &Conn{conn: conn, from: conn, Cancel: func(context.Context) error { return nil }}
	c.In = wire.NewFrames(c, ReadAhead, rowBytes)
	return c
}

// Read reads from the upstream for as long as the session is willing to wait.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if c.Waiting != nil {
			if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				return 0, err
			}
			if err := c.Stopped(); err != nil { // checked last: see Interrupt
				return 0, err
			}
		}
		n, err := c.from.Read(p)
		if n > 0 {
			return n, nil
		}
		if c.Waiting == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, ErrGone
		}
		if err := c.Waiting(); err != nil {
			return 0, err
		}
	}
}

// Flush sends what was collected for the upstream.
func (c *Conn) Flush(timeout time.Duration) error {
	if len(c.Out) == 0 {
		return nil
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return ErrGone
	}
	ends := c.Stopped
	if ends == nil {
		ends = func() error { return nil }
	}
	err := ends() // checked last: see Interrupt
	if err == nil {
		if _, failed := c.conn.Write(c.Out); failed != nil {
			err = cmp.Or(ends(), ErrGone)
		}
	}
	c.Out = c.Out[:0]
	if cap(c.Out) > largestOut {
		c.Out = nil
	}
	return err
}

// Rest releases what is not needed until the next statement.
func (c *Conn) Rest() {
	c.In.Rest()
	if len(c.Out) == 0 {
		c.Out = nil
	}
}

// Interrupt ends a wait for the upstream. Call it after Stopped reports why.
func (c *Conn) Interrupt() { _ = c.conn.SetDeadline(time.Now()) }

// alive reports whether an idle connection is still open and has nothing to read.
func (c *Conn) alive() bool {
	if c.In.Buffered() > 0 || c.conn.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	var b [1]byte
	n, err := c.from.Read(b[:])
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	return c.conn.SetReadDeadline(time.Time{}) == nil
}

// discard clears what a session left: prepared statements, cursors, settings.
func (c *Conn) discard() error {
	c.Waiting, c.Stopped = nil, nil
	if err := c.conn.SetReadDeadline(time.Now().Add(cleanTimeout)); err != nil {
		return err
	}
	c.Out = wire.AppendQuery(c.Out[:0], "DISCARD ALL")
	if err := c.Flush(cleanTimeout); err != nil {
		return err
	}
	for {
		typ, body, err := c.In.Next()
		switch {
		case err != nil:
			return err
		case typ == 'E':
			return ErrProtocol
		case typ == 'Z':
			if len(body) != 1 || body[0] != 'I' {
				return ErrProtocol
			}
			return c.conn.SetReadDeadline(time.Time{})
		}
	}
}

func (c *Conn) close() { _ = c.conn.Close() }
