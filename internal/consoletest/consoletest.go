// Package consoletest serves pages of the console to a test that has logged in.
//
//	s := consoletest.New(t, audit.Page(…))
//	status, body := s.Get(t, "/audit?consumer=ann")
//	status, body = s.Post(t, "/audit/verify", nil)
package consoletest

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// Site is a running console, with an operator's browser.
type Site struct {
	*console.Console
	Sink *masktest.Sink
	Log  *veiltest.Buffer
	// Base is the address of the server, without the console's path.
	Base   string
	Client *http.Client // does not follow redirects
}

// Name and Password are the operator's. Hash is the cheapest hash of the password.
const (
	Name     = "ann"
	Password = "correct horse battery"
	Hash     = "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Qd/uPU2dNuqz/ljLQKUryhqKULDfO/egRNHbpCY1GDk"
)

// Viewer is the name of an account that may only view, with the same password.
const Viewer = "vera"

// Accounts are the accounts of the operator and the viewer.
func Accounts(t testing.TB) *login.Directory {
	t.Helper()
	d, err := login.New(login.Config{Users: []login.User{{Name: Name, Password: Hash}, {Name: Viewer, Password: Hash, Role: login.Viewer}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// New serves pages, and logs in as the operator.
func New(t testing.TB, pages ...console.Page) *Site {
	t.Helper()
	return loggedIn(t, Name, pages)
}

// Start serves pages without logging in.
func Start(t testing.TB, pages ...console.Page) *Site {
	t.Helper()
	return StartWith(t, nil, pages...)
}

// StartWith does it with a store of sessions; nil: in memory.
func StartWith(t testing.TB, store session.Store, pages ...console.Page) *Site {
	t.Helper()
	s := &Site{Sink: &masktest.Sink{}, Log: &veiltest.Buffer{}}
	c, err := console.New(console.Config{Sink: s.Sink, Logger: slog.New(slog.NewTextHandler(s.Log, nil)), Metrics: metrics.New(), Sessions: store})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		c.Add(page)
	}
	c.Force(Accounts(t), console.DefaultLimits())
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	s.Console, s.Base, s.Client = c, server.URL, Browser(t)
	return s
}

// Browser returns a browser with its own cookies that does not follow redirects.
func Browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// LogIn logs in, and returns the status of the response.
func (s *Site) LogIn(t testing.TB, name, password string) int {
	t.Helper()
	status, _, _ := s.Do(t, s.Form(t, "/login", url.Values{"name": {name}, "password": {password}, console.TokenField: {s.LoginToken(t)}}))
	return status
}

// NewViewer serves pages, and logs a viewer in.
func NewViewer(t testing.TB, pages ...console.Page) *Site {
	t.Helper()
	return loggedIn(t, Viewer, pages)
}

// loggedIn serves pages, and logs in as somebody.
func loggedIn(t testing.TB, name string, pages []console.Page) *Site {
	t.Helper()
	s := Start(t, pages...)
	if status := s.LogIn(t, name, Password); status != http.StatusSeeOther {
		t.Fatalf("the login has status %d", status)
	}
	return s
}

// Get requests a page.
func (s *Site) Get(t testing.TB, path string) (status int, body string) {
	t.Helper()
	status, body, _ = s.Do(t, s.Request(t, http.MethodGet, path))
	return status, body
}

// Post sends a form as a page of the session would.
func (s *Site) Post(t testing.TB, path string, form url.Values) (status int, body string) {
	t.Helper()
	sent := url.Values{console.TokenField: {s.Token(t)}, "once": {rand.Text()}}
	for name, values := range form {
		sent[name] = values
	}
	status, body, _ = s.Do(t, s.Form(t, path, sent))
	return status, body
}

// Form returns the request that sends a form.
func (s *Site) Form(t testing.TB, path string, form url.Values) *http.Request {
	t.Helper()
	r := s.Request(t, http.MethodPost, path)
	r.Body = io.NopCloser(strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.Base)
	return r
}

// Request returns a request without a body.
func (s *Site) Request(t testing.TB, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Base+console.Path+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return r
}

// Token returns the token of the session's forms.
func (s *Site) Token(t testing.TB) string {
	t.Helper()
	return s.token(t, "/no-such-page")
}

var tokenInput = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// LoginToken returns the token of the login form.
func (s *Site) LoginToken(t testing.TB) string {
	t.Helper()
	return s.token(t, "/login")
}

// token is that of a form.
func (s *Site) token(t testing.TB, path string) string {
	t.Helper()
	_, body := s.Get(t, path)
	found := tokenInput.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("%s has no form", path)
	}
	return found[1]
}

// Do sends a request.
func (s *Site) Do(t testing.TB, r *http.Request) (status int, body string, header http.Header) {
	t.Helper()
	resp, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}
