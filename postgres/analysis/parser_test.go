package analysis

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestParsersAreBounded: however many statements come at once, no more parsers work than
// there are processors, and one that panics gives its place back.
func TestParsersAreBounded(t *testing.T) {
	t.Parallel()
	var working, most atomic.Int64
	work := func(n int) (int, error) {
		now := working.Add(1)
		defer working.Add(-1)
		for {
			seen := most.Load()
			if now <= seen || most.CompareAndSwap(seen, now) {
				break
			}
		}
		for range 100 {
			runtime.Gosched()
		}
		if n%3 == 0 {
			panic("a parser's")
		}
		return n, nil
	}
	var all sync.WaitGroup
	for n := range 8 * cap(parsers) {
		all.Go(func() {
			defer func() {
				if r := recover(); (r != nil) != (n%3 == 0) {
					t.Errorf("%d: %v", n, r)
				}
			}()
			if got, err := withParser(work, n); got != n || err != nil {
				t.Errorf("%d: got %d, %v", n, got, err)
			}
		})
	}
	all.Wait()
	if got := most.Load(); got > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("%d parsers worked at once", got)
	}
}
