package consumer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// How failed attempts to log in slow down those that follow.
const (
	// freeFailures are those of people who mistype.
	freeFailures = 5
	// firstDelay is that of the first attempt after them; it doubles with each
	// further failure up to mostDelay.
	firstDelay = 200 * time.Millisecond
	mostDelay  = 5 * time.Second
	// forgiveEvery is the time in which one failure is forgotten.
	forgiveEvery = 10 * time.Second
	// mostFailures and mostOfUser bound what is remembered of one address and one
	// user, and with it how long it takes to forget.
	mostFailures = 200
	mostOfUser   = 30
	// mostWaiting attempts of one address wait at once; more are refused.
	mostWaiting = 16
	// mostRemembered addresses and users are remembered each.
	mostRemembered = 10_000
)

// ErrTooManyAttempts refuses an attempt of an address that has many others
// waiting after failures.
var ErrTooManyAttempts = errors.New("too many failed attempts from this address: try again later")

// Attempts slows down who guesses passwords. After some failures of an address, or
// with a user's name, each further attempt waits, the longer the more failures
// there were, whether its password is right or not. So guessing is slow, and yet
// nobody can lock a user out: the wait is bounded, and a right password is never
// refused for the failures of other addresses. It may be used concurrently.
type Attempts struct {
	first, most time.Duration // the delays

	mu       sync.Mutex
	byClient remembered
	byUser   remembered
}

// remembered are failures by the name of an address or a user.
type remembered struct {
	byName map[string]*failures
	swept  time.Time
}

// failures are those of one address or user. They are forgotten one by one.
type failures struct {
	n       int
	since   time.Time // when the last was forgotten
	waiting int
}

// NewAttempts returns one that has seen no failure.
func NewAttempts() *Attempts { return NewAttemptsWith(firstDelay, mostDelay) }

// NewAttemptsWith returns one whose first delay and largest delay are others than the
// usual ones.
func NewAttemptsWith(first, most time.Duration) *Attempts {
	return &Attempts{first: first, most: most, byClient: remembered{byName: map[string]*failures{}}, byUser: remembered{byName: map[string]*failures{}}}
}

// Wait is called before a credential is checked: it waits as long as failures
// demand. The error is ErrTooManyAttempts, or that of the context.
func (a *Attempts) Wait(ctx context.Context, client net.Addr, user string) error {
	from := clientKey(client)
	a.mu.Lock()
	now := time.Now()
	c := a.byClient.byName[from]
	delay := max(a.delay(c, now), a.delay(a.byUser.byName[user], now))
	if delay == 0 {
		a.mu.Unlock()
		return nil
	}
	if c == nil {
		c = a.byClient.of(from, now)
	}
	if c.waiting >= mostWaiting {
		a.mu.Unlock()
		return ErrTooManyAttempts
	}
	c.waiting++
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		c.waiting--
		a.mu.Unlock()
	}()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Failed notes that a credential was wrong.
func (a *Attempts) Failed(client net.Addr, user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.byClient.of(clientKey(client), now).add(now, mostFailures)
	if user != "" {
		a.byUser.of(user, now).add(now, mostOfUser)
	}
}

// Succeeded notes that one was right. It forgets nothing of the address, where
// somebody who has an account could guess at others.
func (a *Attempts) Succeeded(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byUser.byName, user)
}

// left is how many failures are not forgotten yet.
func (f *failures) left(now time.Time) int {
	if f == nil {
		return 0
	}
	return max(0, f.n-int(now.Sub(f.since)/forgiveEvery))
}

func (f *failures) add(now time.Time, most int) {
	if f.n = f.left(now); f.n < most {
		f.n++
	}
	f.since = now
}

func (a *Attempts) delay(f *failures, now time.Time) time.Duration {
	over := f.left(now) - freeFailures
	if over < 0 {
		return 0
	}
	return min(a.most, a.first<<min(over, 10))
}

// others is the entry that new names share where too many are remembered: an
// attacker with many names slows down new names, and nobody is forgotten for them.
const others = "\x00others"

// of returns the failures of a name. Those with nothing left make room.
func (r *remembered) of(name string, now time.Time) *failures {
	if f := r.byName[name]; f != nil {
		return f
	}
	if len(r.byName) >= mostRemembered && now.Sub(r.swept) >= sweepPause {
		r.swept = now
		for other, f := range r.byName {
			if f.left(now) == 0 && f.waiting == 0 {
				delete(r.byName, other)
			}
		}
	}
	if len(r.byName) >= mostRemembered {
		name = others
		if f := r.byName[name]; f != nil {
			return f
		}
	}
	f := &failures{since: now}
	r.byName[name] = f
	return f
}

// ClientAddress is the address of a client without its port, as records have it;
// "local" where it has none.
func ClientAddress(addr net.Addr) string {
	if ip, ok := addressOf(addr); ok {
		return ip.String()
	}
	return "local"
}

// clientKey is what counts as one client: an IPv4 address, or an IPv6 network of
// 64 bits, which one client has at the least.
func clientKey(addr net.Addr) string {
	ip, ok := addressOf(addr)
	if !ok {
		return ""
	}
	if ip.Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

func addressOf(addr net.Addr) (netip.Addr, bool) {
	t, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	ip, ok := netip.AddrFromSlice(t.IP)
	return ip.Unmap(), ok
}
