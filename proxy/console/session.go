package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Limits are those of sessions.
type Limits struct {
	// Idle is how long a session lasts without a request, Lifetime how long at most.
	Idle, Lifetime time.Duration
}

// DefaultLimits are used where none are configured.
func DefaultLimits() Limits { return Limits{Idle: 30 * time.Minute, Lifetime: 12 * time.Hour} }

// mostSessions bounds what is remembered. Beyond it the one that was idle longest ends.
const mostSessions = 1000

// sessions are those of operators who have logged in. A browser has the id of its session
// in a cookie; here is only the SHA-256 of it.
type sessions struct {
	now func() time.Time // nil: time.Now

	mu     sync.Mutex
	limits Limits
	byID   map[[sha256.Size]byte]*session
}

// session is one login.
type session struct {
	who   *consumer.Consumer
	proof login.Proof
	token string // of its forms
	begun time.Time

	// The lock of sessions holds these.
	seen   time.Time
	notice string // shown by the next page
}

func newSessions() *sessions {
	return &sessions{limits: DefaultLimits(), byID: map[[sha256.Size]byte]*session{}}
}

func (s *sessions) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}

// random is a text of 256 random bits.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// begin begins a session and returns its id.
func (s *sessions) begin(id login.Identity) string {
	secret := random()
	now := s.time()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.byID[sha256.Sum256([]byte(secret))] = &session{
		who: &consumer.Consumer{Name: id.Name}, proof: id.Proof, token: random(), begun: now, seen: now,
	}
	return secret
}

// sweep ends what has expired, and the session that was idle longest if there are too many.
func (s *sessions) sweep(now time.Time) {
	for id, one := range s.byID {
		if s.expired(one, now) {
			delete(s.byID, id)
		}
	}
	if len(s.byID) < mostSessions {
		return
	}
	var oldest *[sha256.Size]byte
	for id, one := range s.byID {
		if oldest == nil || one.seen.Before(s.byID[*oldest].seen) {
			oldest = &id
		}
	}
	delete(s.byID, *oldest)
}

func (s *sessions) expired(one *session, now time.Time) bool {
	return now.Sub(one.seen) >= s.limits.Idle || now.Sub(one.begun) >= s.limits.Lifetime
}

// find returns the session of an id; nil for none.
func (s *sessions) find(secret string) *session {
	if secret == "" {
		return nil
	}
	id := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	defer s.mu.Unlock()
	one, now := s.byID[id], s.time()
	switch {
	case one == nil:
		return nil
	case s.expired(one, now):
		delete(s.byID, id)
		return nil
	}
	one.seen = now
	return one
}

// end ends the session of an id.
func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sha256.Sum256([]byte(secret)))
}

// force puts limits in force, and ends the sessions whose proof does not hold any more.
func (s *sessions) force(limits Limits, holds func(login.Proof) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
	for id, one := range s.byID {
		if !holds(one.proof) {
			delete(s.byID, id)
		}
	}
}

// note keeps a text for the next page of a session.
func (s *sessions) note(one *session, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.notice = text
}

// takeNotice returns what note has kept, once.
func (s *sessions) takeNotice(one *session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := one.notice
	one.notice = ""
	return text
}

// The names of cookies. With TLS the browser itself holds them to this host.
const (
	sessionCookie = "veil-console"
	formCookie    = "veil-console-form"  // of the form of the login
	attemptCookie = "veil-console-login" // of a login at the provider
)

// cookieName is the name of a cookie at this listener.
func (c *Console) cookieName(name string) string {
	if c.secure {
		return "__Host-" + name
	}
	return name
}

// cookie is one that scripts cannot read. It goes along when a login provider sends the
// browser back, and with no other request of another site but the click on a link.
func (c *Console) cookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: c.cookieName(name), Value: value, Path: "/", Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // secure where the listener has TLS
}

// forget removes a cookie.
func (c *Console) forget(w http.ResponseWriter, name string) {
	gone := c.cookie(name, "") //nolint:gosec // as cookie makes them
	gone.MaxAge = -1
	http.SetCookie(w, gone)
}

// sent returns the value of a cookie; empty if it did not come exactly once.
func (c *Console) sent(r *http.Request, name string) string {
	all := r.CookiesNamed(c.cookieName(name))
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}

// session is the session of a request; nil for none.
func (c *Console) session(r *http.Request) *session {
	return c.sessions.find(c.sent(r, sessionCookie))
}
