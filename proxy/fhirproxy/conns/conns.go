// Package conns tracks the open connections of an HTTP server, so that they can be closed
// at shutdown.
package conns

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Open is the set of open connections.
type Open struct {
	mu   sync.Mutex
	open map[net.Conn]bool
	none chan struct{} // closed when none is open any more; nil before Wait
}

// New returns an empty set.
func New() *Open { return &Open{open: map[net.Conn]bool{}} }

// Note records a change of a connection's state.
func (c *Open) Note(conn net.Conn, state fasthttp.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case fasthttp.StateNew:
		c.open[conn] = true
	case fasthttp.StateClosed, fasthttp.StateHijacked:
		delete(c.open, conn)
		if len(c.open) == 0 && c.none != nil {
			close(c.none)
			c.none = nil
		}
	}
}

// Cut closes all connections. It does not interrupt what their requests are waiting
// for.
func (c *Open) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.SetDeadline(time.Now())
		go func() { _ = conn.Close() }() // one with TLS says goodbye first, which can take a while
	}
}

// Wait waits until no connection is in use, up to the given time.
func (c *Open) Wait(most time.Duration) {
	c.mu.Lock()
	if len(c.open) == 0 {
		c.mu.Unlock()
		return
	}
	c.none = make(chan struct{})
	none := c.none
	c.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-none:
	case <-timer.C:
	}
}
