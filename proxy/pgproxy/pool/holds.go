package pool

import "context"

// check is a query that many sessions send, one at a time: sessions that ask while it is
// in progress wait for the next one together. So sessions that run the same statement
// cost the upstream few checks, and none gets an answer that is older than its question.
type check struct {
	next *answer // for new callers; nil before the first one
}

// answer is what several sessions wait for.
type answer struct {
	done  chan struct{}
	holds bool
	err   error
}

// Holds reports whether a plan's relations are still what they were when the plan was
// made. Its result is not older than the call.
func (c *Catalogs) Holds(ctx context.Context, checkSQL string) (bool, error) {
	c.mu.Lock()
	underWay := c.checks[checkSQL]
	if underWay == nil {
		c.checks[checkSQL] = &check{}
		c.mu.Unlock()
		defer c.passOn(checkSQL) // also after a panic
		return c.asks(ctx, checkSQL)
	}
	if underWay.next == nil {
		underWay.next = &answer{done: make(chan struct{})}
	}
	a := underWay.next
	c.mu.Unlock()
	select {
	case <-a.done:
		return a.holds, a.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// passOn ends a session's check, and starts a goroutine for sessions that asked in the
// meantime.
func (c *Catalogs) passOn(checkSQL string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checks[checkSQL].next == nil {
		delete(c.checks, checkSQL)
		return
	}
	go c.answer(checkSQL)
}

// answer repeats the check while sessions have asked in the meantime.
func (c *Catalogs) answer(checkSQL string) {
	for {
		c.mu.Lock()
		a := c.checks[checkSQL].next
		c.checks[checkSQL].next = nil
		if a == nil {
			delete(c.checks, checkSQL)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		a.holds, a.err = c.asks(context.Background(), checkSQL)
		close(a.done)
	}
}
