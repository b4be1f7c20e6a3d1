package pool

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestChecksAreSharedAndNotOld: those who come while a check is under way get one that
// begins after they came, and share it.
func TestChecksAreSharedAndNotOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan bool)
		asked := 0
		c := NewCatalogs(nil, nil)
		c.asks = func(context.Context, string) (bool, error) {
			asked++
			return <-answers, nil
		}
		results := make(chan bool, 20)
		come := func(n int) {
			for range n {
				go func() {
					holds, err := c.Holds(t.Context(), "q")
					results <- holds && err == nil
				}()
			}
			synctest.Wait()
		}
		expect := func(n int, want bool) {
			t.Helper()
			synctest.Wait()
			if len(results) != n {
				t.Errorf("%d have an answer, want %d", len(results), n)
			}
			for range len(results) {
				if <-results != want {
					t.Errorf("an answer is not %v", want)
				}
			}
		}
		come(1)
		come(10)
		answers <- true
		expect(1, true)
		come(3) // too late for the second check
		answers <- false
		expect(10, false)
		answers <- true
		expect(3, true)
		if asked != 3 || len(c.checks) != 0 {
			t.Errorf("%d checks were asked, %d are left", asked, len(c.checks))
		}
		come(1)
		answers <- false
		expect(1, false)
	})
}
