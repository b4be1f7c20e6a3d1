package pgproxy

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// upstream is a connection to the upstream. It belongs to one session.
type upstream struct {
	conn     net.Conn
	in       *frames
	out      []byte
	cancel   func(context.Context) error // asks the server to end what it does
	statuses map[string]string
	settings string // that it was opened with, as text
	since    time.Time
	// waiting is called each time that nothing came for a while; an error of
	// it ends the wait.
	waiting func() error
}

// newUpstream is the connection of a session. Messages of up to rowBytes are held in
// memory.
func newUpstream(conn net.Conn, rowBytes int) *upstream {
	c := &upstream{conn: conn, cancel: func(context.Context) error { return nil }}
	c.in = newFrames(c, upstreamBuffer, rowBytes)
	return c
}

// Read reads from the upstream for as long as the session is willing to wait.
func (c *upstream) Read(p []byte) (int, error) {
	for {
		if c.waiting != nil {
			if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				return 0, err
			}
		}
		n, err := c.conn.Read(p)
		if n > 0 {
			return n, nil
		}
		if c.waiting == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, errUpstreamGone
		}
		if err := c.waiting(); err != nil {
			return 0, err
		}
	}
}

// flush sends what was gathered for the upstream.
func (c *upstream) flush(timeout time.Duration) error {
	if len(c.out) == 0 {
		return nil
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return errUpstreamGone
	}
	_, err := c.conn.Write(c.out)
	if err != nil {
		err = errUpstreamGone
	}
	c.out = c.out[:0]
	if cap(c.out) > largestOut {
		c.out = nil
	}
	return err
}

// alive reports whether an idle connection is still open, with nothing to read.
func (c *upstream) alive() bool {
	if c.in.buffered() > 0 || c.conn.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	var b [1]byte
	n, err := c.conn.Read(b[:])
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	return c.conn.SetReadDeadline(time.Time{}) == nil
}

// discard clears what a session left: prepared statements, cursors, settings.
func (c *upstream) discard() error {
	c.waiting = nil
	if err := c.conn.SetReadDeadline(time.Now().Add(cleanTimeout)); err != nil {
		return err
	}
	c.out = appendQuery(c.out[:0], "DISCARD ALL")
	if err := c.flush(cleanTimeout); err != nil {
		return err
	}
	for {
		typ, body, err := c.in.next()
		switch {
		case err != nil:
			return err
		case typ == 'E':
			return errUpstreamProtocol
		case typ == 'Z':
			if len(body) != 1 || body[0] != 'I' {
				return errUpstreamProtocol
			}
			return c.conn.SetReadDeadline(time.Time{})
		}
	}
}

func (c *upstream) close() { _ = c.conn.Close() }
