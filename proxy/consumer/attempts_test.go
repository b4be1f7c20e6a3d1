package consumer

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func from(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

// wait is how long an attempt waits.
func wait(t *testing.T, a *Attempts, client, user string) time.Duration {
	t.Helper()
	before := time.Now()
	if err := a.Wait(t.Context(), from(client), user); err != nil {
		t.Fatal(err)
	}
	return time.Since(before)
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		for i, want := range []time.Duration{0, 0, 0, 0, 0, 200, 400, 800, 1600, 3200, 5000, 5000} {
			if got := wait(t, a, "192.0.2.1", "ann"); got != want*time.Millisecond {
				t.Errorf("attempt %d waits %v, want %v ms", i, got, int(want))
			}
			a.Failed(from("192.0.2.1"), "ann")
		}
		// The user waits wherever they come from, for a bounded time, and gets in.
		if got := wait(t, a, "192.0.2.2", "ann"); got != mostDelay {
			t.Errorf("the user waits %v elsewhere", got)
		}
		// The address waits for every user; others do not.
		if got := wait(t, a, "192.0.2.1", "bob"); got != mostDelay {
			t.Errorf("the address waits %v for another user", got)
		}
		if got := wait(t, a, "192.0.2.2", "bob"); got != 0 {
			t.Errorf("somebody else waits %v", got)
		}
		a.Succeeded("ann")
		if got := wait(t, a, "192.0.2.2", "ann"); got != 0 {
			t.Errorf("after a success the user waits %v", got)
		}
		time.Sleep(mostFailures * forgiveEvery)
		if got := wait(t, a, "192.0.2.1", "ann"); got != 0 {
			t.Errorf("the address still waits %v", got)
		}
	})
}

// TestAttemptsAtOnce: attempts at once of one address are bounded, and somebody
// else is not kept from logging in by them.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		for range 100 {
			a.Failed(from("192.0.2.1"), "ann")
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for range 100 {
			wg.Go(func() {
				if err := a.Wait(t.Context(), from("192.0.2.1"), "ann"); errors.Is(err, ErrTooManyAttempts) {
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if refused != 100-mostWaiting {
			t.Errorf("%d of 100 attempts at once were refused", refused)
		}
		if got := wait(t, a, "192.0.2.2", "ann"); got != mostDelay {
			t.Errorf("the user waits %v elsewhere", got)
		}
	})
}

// TestAttemptsAreBounded: many names take no more memory than mostRemembered, and
// who failed is not forgotten for them.
func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := NewAttempts()
		for range 10 {
			a.Failed(from("192.0.2.1"), "ann")
		}
		for i := range 3 * mostRemembered {
			a.Failed(from(fmt.Sprintf("2001:db8:%x:%x::1", i/65536, i%65536)), fmt.Sprint("user", i))
		}
		if len(a.byClient.byName) > mostRemembered+1 || len(a.byUser.byName) > mostRemembered+1 {
			t.Errorf("%d addresses, %d users", len(a.byClient.byName), len(a.byUser.byName))
		}
		if got := wait(t, a, "192.0.2.1", "ann"); got < time.Second {
			t.Errorf("the address waits %v", got)
		}
	})
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		addr         net.Addr
		address, key string
	}{
		{from("192.0.2.1"), "192.0.2.1", "192.0.2.1"},
		{from("::ffff:192.0.2.1"), "192.0.2.1", "192.0.2.1"},
		{from("2001:db8:1:2:3::4"), "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{&net.UnixAddr{Name: "/run/x"}, "local", ""},
	} {
		if got := ClientAddress(tc.addr); got != tc.address {
			t.Errorf("%v: %q, want %q", tc.addr, got, tc.address)
		}
		if got := clientKey(tc.addr); got != tc.key {
			t.Errorf("%v: %q, want %q", tc.addr, got, tc.key)
		}
	}
}
