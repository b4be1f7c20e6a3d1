package consumer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// How failed logins slow down later attempts.
const (
	// freeFailures is the number of failures without a delay, since people mistype.
	freeFailures = 5
	// firstDelay is the delay of the first attempt after them; it doubles with each further
	// failure, up to mostDelay.
	firstDelay = 200 * time.Millisecond
	mostDelay  = 5 * time.Second
	// forgiveEvery is the time in which one failure is forgotten.
	forgiveEvery = 10 * time.Second
	// mostFailures and mostOfUser bound the failures that are remembered of one address and
	// one user, and thus the time until they are forgotten.
	mostFailures = 200
	mostOfUser   = 30
	// mostWaiting attempts of one address wait at once; more are refused.
	mostWaiting = 16
	// mostRemembered addresses and users are remembered each.
	mostRemembered = 10_000
)

// ErrTooManyAttempts refuses an attempt because too many others from its address are
// waiting after failures.
var ErrTooManyAttempts = errors.New("too many failed attempts from this address: try again later")

// Attempts throttles guessing of passwords. After some failures from an address or for
// a user name, each further attempt waits, longer after more failures, whether its
// password is right or wrong. So guessing is slow, but nobody can lock a user out: the
// wait is bounded, and a right password is never refused because of failures from other
// addresses. It is safe for concurrent use.
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

// NewAttempts returns an Attempts without failures.
func NewAttempts() *Attempts { return NewAttemptsWith(firstDelay, mostDelay) }

// NewAttemptsWith returns an Attempts with the given first and largest delay.
func NewAttemptsWith(first, most time.Duration) *Attempts {
	return &Attempts{first: first, most: most, byClient: remembered{byName: map[string]*failures{}}, byUser: remembered{byName: map[string]*failures{}}}
}

// Wait must be called before a credential is checked: it waits as long as earlier
// failures require. The error is ErrTooManyAttempts, or the context's.
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

// Failed records a wrong credential.
func (a *Attempts) Failed(client net.Addr, user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.byClient.of(clientKey(client), now).add(now, mostFailures)
	if user != "" {
		a.byUser.of(user, now).add(now, mostOfUser)
	}
}

// Succeeded records a right credential. It does not clear the failures of the address,
// because the owner of one account could otherwise guess at others.
func (a *Attempts) Succeeded(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byUser.byName, user)
}

// left returns how many failures are not forgotten yet.
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

// of returns the failures of a name. Entries without failures are removed to make room.
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

// ClientAddress returns the address of a client without its port, as in records;
// "local" if it has none.
func ClientAddress(addr net.Addr) string {
	if ip, ok := addressOf(addr); ok {
		return ip.String()
	}
	return "local"
}

// clientKey returns what counts as one client: an IPv4 address, or an IPv6 network with a
// prefix of 64 bits, the least that a client gets.
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
