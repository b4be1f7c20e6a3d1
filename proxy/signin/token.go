package signin

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/oauth2"
)

const (
	// fetchTimeout bounds one fetch of a token.
	fetchTimeout = 10 * time.Second
	// renewAhead is how long before its expiry a token is renewed, or a quarter of its
	// lifetime if that is less; in the meantime, the old one is used.
	renewAhead = time.Minute
	// lastUse is how long before its expiry a token is no longer used, or an eighth of its
	// lifetime if that is less, since requests take time and clocks differ.
	lastUse = 10 * time.Second
	// lifeUnsaid is the lifetime of a token if the server does not state it.
	lifeUnsaid = 5 * time.Minute
	// firstPause is the pause after a failure. It doubles up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
	// refusedPause is how old a token must be to be dropped when the upstream refuses it. If
	// a new token is refused, another one would not help.
	refusedPause = 30 * time.Second
)

// bearer adds an access token (RFC 6750) that is fetched when it is needed and kept until
// shortly before its end. Only one fetch is in progress at a time, and requests that need
// it wait. It does not end with the request that began it, but with ctx and after
// fetchTimeout at the latest.
type bearer struct {
	where string // the setting
	ctx   context.Context
	log   *slog.Logger
	fetch func(context.Context) (*oauth2.Token, error)
	stale func() // causes the next fetch to read the secret again

	mu       sync.Mutex
	header   string    // the value of Authorization; empty for none
	fetched  time.Time // when it was fetched
	renew    time.Time // when it should be renewed
	end      time.Time // when it is no longer used
	next     time.Time // no fetch before
	failures int       // since the last success
	fetching chan struct{}
}

// Authorize waits for a token if there is none.
func (c *bearer) Authorize(ctx context.Context, req *fasthttp.Request) error {
	header, done := c.current()
	if header == "" && done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
		header, _ = c.current()
	}
	if header == "" {
		return errUnavailable
	}
	req.Header.Set("Authorization", header)
	return nil
}

// current returns the token, empty if there is none, and a channel that is closed at the
// end of the fetch in progress, nil if there is none. It starts a fetch if it is time for
// one.
func (c *bearer) current() (header string, done <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.After(c.end) {
		c.header = ""
	}
	if c.fetching == nil && (c.header == "" || now.After(c.renew)) && !now.Before(c.next) && c.ctx.Err() == nil {
		c.fetching = make(chan struct{})
		go c.replace(c.fetching)
	}
	return c.header, c.fetching
}

// replace fetches a token.
func (c *bearer) replace(done chan struct{}) {
	defer close(done) // after the token is available
	ctx, cancel := context.WithTimeout(c.ctx, fetchTimeout)
	defer cancel()
	requested := time.Now()
	token, err := c.fetch(ctx)
	life := lifeUnsaid
	if err == nil {
		life, err = checkToken(token)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetching = nil
	if err != nil {
		c.stale()
		pause := min(firstPause<<min(c.failures, 10), longestPause)
		c.failures++
		c.next = time.Now().Add(pause)
		if c.ctx.Err() == nil { // otherwise Veil would crash
			c.log.Warn("token could not be fetched", "setting", c.where, "error", fetchError(err), "pause", pause)
		}
		return
	}
	c.failures = 0
	c.header = "Bearer " + token.AccessToken
	c.fetched = requested
	c.renew = requested.Add(life - min(renewAhead, life/4))
	c.end = requested.Add(life - min(lastUse, life/8))
}

// Refused drops the token, unless it is new.
func (c *bearer) Refused() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.fetched) >= refusedPause {
		c.header = ""
		c.stale()
	}
}

// checkToken returns how long a token is valid.
func checkToken(t *oauth2.Token) (life time.Duration, err error) {
	// Type treats an empty type as Bearer.
	if t.Type() != "Bearer" || !isToken68(t.AccessToken) {
		return 0, errNotBearer
	}
	if t.Expiry.IsZero() {
		return lifeUnsaid, nil
	}
	if life = time.Until(t.Expiry); life <= 0 {
		return 0, errExpired
	}
	return life, nil
}

// isToken68 reports whether s can be a bearer token (RFC 6750, 2.1), and so contains
// nothing that would end the header.
func isToken68(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') &&
			c != '-' && c != '.' && c != '_' && c != '~' && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return s != ""
}

var (
	errNotBearer = errors.New("the token endpoint returned something that is not a bearer token")
	errExpired   = errors.New("the token endpoint returned a token that has expired")
)
