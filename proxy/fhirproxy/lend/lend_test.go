package lend

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestTo: things are lent again, one at a time, and what a panic has interrupted is not.
func TestTo(t *testing.T) {
	t.Parallel()
	const places = 3
	l := New[atomic.Int32](places)
	var made, inUse atomic.Int32
	fresh := func() *atomic.Int32 {
		made.Add(1)
		return new(atomic.Int32)
	}
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			To(l, fresh, func(one *atomic.Int32) int {
				if one.Add(1) != 1 || inUse.Add(1) > places {
					t.Error("lent twice, or more than there are places")
				}
				inUse.Add(-1)
				return int(one.Add(-1))
			})
		})
	}
	all.Wait()
	if n := made.Load(); n < 1 || n > places {
		t.Errorf("%d were made", n)
	}

	broken := func() (one *atomic.Int32) {
		defer func() { _ = recover() }()
		To(l, fresh, func(o *atomic.Int32) int {
			one = o
			panic("in the middle")
		})
		return one
	}()
	for range 2 * places {
		To(l, fresh, func(one *atomic.Int32) int {
			if one == broken {
				t.Error("what a panic has interrupted is lent again")
			}
			return 0
		})
	}
}
