package consumer

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bounds the requests of one consumer. Zero fields mean no limit.
type Limits struct {
	// RatePerSecond is how many requests may begin per second in the long run, from 0.001
	// to 1,000,000.
	RatePerSecond float64
	// Burst is how many may begin at once; zero means the rate, rounded up.
	Burst int
	// Concurrent is how many may be in progress at once.
	Concurrent int
}

const (
	leastRate  = 0.001
	mostLimits = 1_000_000
)

func (b *builder) limits(where string, l Limits) {
	if r := l.RatePerSecond; r != 0 && !(r >= leastRate && r <= mostLimits) {
		b.add(where+".ratePerSecond", "expected 0, or %v to %d", leastRate, mostLimits)
	}
	if l.Burst < 0 || l.Burst > mostLimits {
		b.add(where+".burst", "want 0 to %d", mostLimits)
	}
	if l.Burst > 0 && l.RatePerSecond == 0 {
		b.add(where+".burst", "a burst needs a ratePerSecond")
	}
	if l.Concurrent < 0 || l.Concurrent > mostLimits {
		b.add(where+".concurrent", "want 0 to %d", mostLimits)
	}
}

// gate admits or refuses the requests of a consumer.
type gate interface {
	admit(name string, now time.Time) (release func(), retryAfter time.Duration, ok bool)
	count(name string, now time.Time) bool
}

// limiter holds one consumer to its limits. It may be used concurrently.
type limiter struct {
	bucket *rate.Limiter // nil: any rate
	slots  chan struct{} // has one entry for each request in progress; nil: any number
}

// newLimiter returns nil if there is no limit.
func newLimiter(l Limits) *limiter {
	var m limiter
	if l.RatePerSecond > 0 {
		burst := l.Burst
		if burst == 0 {
			burst = int(math.Ceil(l.RatePerSecond))
		}
		m.bucket = rate.NewLimiter(rate.Limit(l.RatePerSecond), burst)
	}
	if l.Concurrent > 0 {
		m.slots = make(chan struct{}, l.Concurrent)
	}
	if m == (limiter{}) {
		return nil
	}
	return &m
}

// admit takes a slot first and then a token, so that a request that finds no free slot
// does not count towards the rate.
func (l *limiter) admit(_ string, now time.Time) (func(), time.Duration, bool) {
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		default:
			return nothing, time.Second, false
		}
	}
	if l.bucket != nil && !l.bucket.AllowN(now, 1) {
		l.leave()
		seconds := (1 - l.bucket.TokensAt(now)) / float64(l.bucket.Limit())
		return nothing, time.Duration(max(1, math.Ceil(seconds))) * time.Second, false
	}
	if l.slots == nil {
		return nothing, 0, true
	}
	return sync.OnceFunc(l.leave), 0, true
}

// count only takes a token.
func (l *limiter) count(_ string, now time.Time) bool {
	return l.bucket == nil || l.bucket.AllowN(now, 1)
}

func (l *limiter) leave() {
	if l.slots != nil {
		<-l.slots
	}
}

// idle reports whether the limiter is as good as a new one.
func (l *limiter) idle(now time.Time) bool {
	return len(l.slots) == 0 && (l.bucket == nil || l.bucket.TokensAt(now) >= float64(l.bucket.Burst()))
}

func nothing() {}

const (
	// maxLimiters is how many consumers of an issuer have limiters of their own
	// at once.
	maxLimiters = 10_000
	// sweepPause is the minimum time between two searches for idle limiters.
	sweepPause = time.Second
)

// limiters are those of the consumers of an issuer. Only idle ones are removed, so no
// consumer gets a fresh limiter early. While maxLimiters are not idle, further consumers
// share one.
type limiters struct {
	limits Limits

	mu     sync.Mutex
	byName map[string]*limiter
	others *limiter
	swept  time.Time
}

// newLimiters returns nil if there is no limit.
func newLimiters(l Limits) *limiters {
	others := newLimiter(l)
	if others == nil {
		return nil
	}
	return &limiters{limits: l, byName: map[string]*limiter{}, others: others}
}

// admit holds the lock while a limiter is used, so that it is not removed in the
// meantime.
func (s *limiters) admit(name string, now time.Time) (func(), time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(name, now).admit(name, now)
}

func (s *limiters) count(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(name, now).count(name, now)
}

// of returns the limiter of a consumer.
func (s *limiters) of(name string, now time.Time) *limiter {
	l := s.byName[name]
	if l == nil {
		l = s.others
		if s.room(now) {
			l = newLimiter(s.limits)
			s.byName[name] = l
		}
	}
	return l
}

// room reports whether there may be another limiter, and makes room if necessary.
func (s *limiters) room(now time.Time) bool {
	if len(s.byName) >= maxLimiters && now.Sub(s.swept) >= sweepPause {
		s.swept = now
		for name, l := range s.byName {
			if l.idle(now) {
				delete(s.byName, name)
			}
		}
	}
	return len(s.byName) < maxLimiters
}
