package login

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestFlood: a thousand logins at once take the memory of a few: the others wait without
// any, and go when their browsers do.
func TestFlood(t *testing.T) {
	const logins = 1000
	d, err := New(Config{Users: []User{{Name: "ann", Password: usualHash(t)}}})
	if err != nil {
		t.Fatal(err)
	}
	for range cap(checking) {
		checking <- struct{}{}
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithCancel(t.Context())
	var begun, refused atomic.Int64
	var all sync.WaitGroup
	for i := range logins {
		name := []string{"ann", "nobody"}[i%2]
		all.Go(func() {
			begun.Add(1)
			if _, err := d.Password(ctx, name, "some password"); errors.Is(err, context.Canceled) {
				refused.Add(1)
			}
		})
	}
	veiltest.Until(t, "all have begun", func() bool { return begun.Load() == logins })
	runtime.ReadMemStats(&during)
	cancel()
	all.Wait()
	for range cap(checking) {
		<-checking
	}
	if grown := int64(during.TotalAlloc) - int64(before.TotalAlloc); grown > 32<<20 || cap(checking) > 4 { //nolint:gosec // both are small
		t.Errorf("%d logins took %d bytes", logins, grown)
	}
	if refused.Load() != logins {
		t.Errorf("%d logins were refused", refused.Load())
	}
}

// usualHash is a hash with the parameters of new ones, 64 MiB each.
func usualHash(t *testing.T) string {
	t.Helper()
	h, err := HashPassword(strings.Repeat("x", minPassword))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
