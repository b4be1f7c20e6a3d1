package fhirproxy

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// farewell is how long requests that are cut off have to come to their end, such as
// the record of a file that was not delivered whole.
const farewell = 2 * time.Second

// connections are those of consumers that are open, so that they can be closed at the
// end.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
	none chan struct{} // closed when none is open any more; nil before wait
}

func newConnections() *connections { return &connections{open: map[net.Conn]bool{}} }

// note is called at each change of a connection's state.
func (c *connections) note(conn net.Conn, state fasthttp.ConnState) {
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

// cut closes all connections. What their requests wait for is not interrupted.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.SetDeadline(time.Now())
		go func() { _ = conn.Close() }() // one with TLS says goodbye first, which can take a while
	}
}

// wait waits until none is in use any more, for at most so long.
func (c *connections) wait(most time.Duration) {
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
