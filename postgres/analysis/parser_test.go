package analysis

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestParsersAreBounded: however many statements come at once, and however long they wait,
// no more parsers work than there may be, and one that panics gives its place back.
func TestParsersAreBounded(t *testing.T) {
	t.Parallel()
	const most = 4
	c := newCrew(most, 0) // each wait calls for another
	var working, peak atomic.Int64
	work := func(n int) {
		c.begin()
		defer c.end()
		now := working.Add(1)
		defer working.Add(-1)
		for {
			seen := peak.Load()
			if now <= seen || peak.CompareAndSwap(seen, now) {
				break
			}
		}
		for range 100 {
			runtime.Gosched()
		}
		if n%3 == 0 {
			panic("a parser's")
		}
	}
	var all sync.WaitGroup
	for n := range 8 * most {
		all.Go(func() {
			defer func() {
				if r := recover(); (r != nil) != (n%3 == 0) {
					t.Errorf("%d: %v", n, r)
				}
			}()
			work(n)
		})
	}
	all.Wait()
	if got := peak.Load(); got > most {
		t.Errorf("%d worked at once", got)
	}
	if len(c.free) != c.size || c.size > most {
		t.Errorf("%d of %d are free at the end", len(c.free), c.size)
	}
}

// TestParsersComeWhenTheyPay: a second parser comes when statements have waited as long as
// it costs, all together or one of them, and not before.
func TestParsersComeWhenTheyPay(t *testing.T) {
	t.Parallel()
	// waits has n statements wait d each, and says how many parsers there are then.
	waits := func(c *crew, n int, d time.Duration) int {
		for range n {
			c.begin()
			waiting := make(chan struct{})
			go func() {
				c.begin()
				c.end()
				close(waiting)
			}()
			time.Sleep(d)
			c.end()
			<-waiting
		}
		return c.size
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(2, time.Second)
		if got := waits(c, 9, 100*time.Millisecond); got != 1 {
			t.Errorf("%d parsers after 0.9 s", got)
		}
		if got := waits(c, 1, 100*time.Millisecond); got != 2 {
			t.Errorf("%d parsers after 1 s", got)
		}
		if got := waits(c, 100, time.Second); got != 2 {
			t.Errorf("%d parsers of two", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(3, time.Second)
		c.begin() // one statement that does not end
		c.begin() // has its own parser after a second
		if c.size != 2 {
			t.Errorf("%d parsers beside one that does not end", c.size)
		}
	})
}
