package pool

import "context"

// check is one text that is asked again and again, once at a time: who comes while it is
// under way waits for the next one, together with all others who do. So many sessions that
// run a statement cost the upstream few checks, and none gets an answer that is older than
// its question.
type check struct {
	next *answer // of who comes now; nil before the first of them
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
		defer c.passOn(checkSQL) // also where it panics
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

// passOn ends a check of a session, and leaves who came meanwhile to a goroutine.
func (c *Catalogs) passOn(checkSQL string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checks[checkSQL].next == nil {
		delete(c.checks, checkSQL)
		return
	}
	go c.answer(checkSQL)
}

// answer asks for those who came meanwhile, until nobody did.
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
