package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
)

// withProvider is a console whose operators log in at a provider: s-1, and who is of the
// group "ops".
func withProvider(t *testing.T, pages ...console.Page) (*consoletest.Site, *consoletest.Provider) {
	t.Helper()
	p := consoletest.NewProvider(t)
	s := consoletest.Start(t, pages...)
	s.SlowDown(time.Millisecond, time.Millisecond)
	d, err := login.New(login.Config{Provider: &login.Provider{
		Name: "hospital", Issuer: p.URL, ClientID: consoletest.ClientID, URL: s.Base + console.Path, NameClaim: "email", Subjects: []string{"s-1"}, GroupsClaim: "groups", Groups: []string{"ops"},
		ViewerSubjects: []string{"v-1"}, ViewerGroups: []string{"readers"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Force(d, console.DefaultLimits())
	p.Claims["email"] = "ann@hospital.example"
	return s, p
}

// follow follows redirects of a login until it is back at the console, and returns the
// request that the provider sent the browser back with.
func follow(t *testing.T, s *consoletest.Site) *http.Request {
	t.Helper()
	r := s.Request(t, http.MethodGet, "/login/provider?next=/console/act")
	for range 2 {
		status, body, h := s.Do(t, r)
		to := h.Get("Location")
		if status/100 != 3 || to == "" {
			t.Fatalf("%s: status %d: %s", r.URL, status, body)
		}
		next, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		next.Header.Set("Accept", "text/html")
		r = next
	}
	return r
}

// TestProvider: who may log in at the provider has a session then.
func TestProvider(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string]jwt.MapClaims{
		"a subject":         {},
		"a member":          {"sub": "s-2", "groups": []string{"staff", "ops"}},
		"of one group only": {"sub": "s-2", "groups": "ops"},
	} {
		did := 0
		s, p := withProvider(t, acting(&did))
		for k, v := range claims {
			p.Claims[k] = v
		}
		if _, body := s.Get(t, "/login"); !strings.Contains(body, "Log in with hospital") || strings.Contains(body, "Password") {
			t.Errorf("%s: %s", name, body)
		}
		back := follow(t, s)
		if status, body, h := s.Do(t, back); status != http.StatusSeeOther || h.Get("Location") != "/console/act" {
			t.Fatalf("%s: status %d to %q: %s", name, status, h.Get("Location"), body)
		}
		if _, body := s.Get(t, "/act"); body != `"hospital:ann@hospital.example"` {
			t.Errorf("%s: %s", name, body)
		}
		if r := s.Sink.Last(); r.Operation != "login" || r.Result != "complete" || r.Consumer != "hospital:ann@hospital.example" {
			t.Errorf("%s: record %+v", name, r)
		}
		// The same callback again.
		if status, _, _ := s.Do(t, back.Clone(t.Context())); status != http.StatusUnauthorized {
			t.Errorf("%s: a callback that comes again has status %d", name, status)
		}
	}
}

// TestProviderLies: a token that is not what it should be lets nobody in.
func TestProviderLies(t *testing.T) {
	t.Parallel()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(*consoletest.Provider) {
		return func(p *consoletest.Provider) { p.Change = func(c jwt.MapClaims) { c[name] = value } }
	}
	for name, lie := range map[string]func(*consoletest.Provider){
		"another key": func(p *consoletest.Provider) { p.Key = stranger },
		"no signature": func(p *consoletest.Provider) {
			p.Method, p.Key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
		},
		"an HMAC":           func(p *consoletest.Provider) { p.Method, p.Key = jwt.SigningMethodHS256, []byte("secret") },
		"another audience":  set("aud", "another"),
		"another issuer":    set("iss", "https://another.example"),
		"another nonce":     set("nonce", strings.Repeat("A", 43)),
		"no nonce":          set("nonce", nil),
		"expired":           set("exp", time.Now().Add(-time.Hour).Unix()),
		"another subject":   set("sub", "s-2"),
		"no name":           set("email", nil),
		"a name with space": set("email", "ann smith"),
		"a name of markup":  set("email", "<b>"),
		"another group":     func(p *consoletest.Provider) { p.Claims["sub"], p.Claims["groups"] = "s-2", []string{"Ops", "ops2"} },
		"groups as numbers": func(p *consoletest.Provider) { p.Claims["sub"], p.Claims["groups"] = "s-2", []int{1} },
	} {
		did := 0
		s, p := withProvider(t, acting(&did))
		lie(p)
		status, body, h := s.Do(t, follow(t, s))
		if status != http.StatusUnauthorized || !strings.Contains(body, "The login was refused") {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		for _, c := range h.Values("Set-Cookie") {
			if strings.HasPrefix(c, "veil-console=") {
				t.Errorf("%s: %s", name, c)
			}
		}
		if r := s.Sink.Last(); r.Operation != "login" || r.Result != "refused" || r.Consumer != "unknown" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
}

// TestStrangersCallback: a callback that its browser did not begin lets nobody in, nor
// one that was changed.
func TestStrangersCallback(t *testing.T) {
	t.Parallel()
	did := 0
	s, _ := withProvider(t, acting(&did))
	own := s.Client
	callback := func(change func(url.Values)) *http.Request {
		r := follow(t, s)
		q := r.URL.Query()
		change(q)
		r.URL.RawQuery = q.Encode()
		return r
	}
	for name, ask := range map[string]func() (*http.Request, *http.Client){
		"in another browser": func() (*http.Request, *http.Client) { return follow(t, s), consoletest.Browser(t) },
		"with another state": func() (*http.Request, *http.Client) {
			return callback(func(q url.Values) { q.Set("state", strings.Repeat("A", 43)) }), own
		},
		"without a state": func() (*http.Request, *http.Client) { return callback(func(q url.Values) { q.Del("state") }), own },
		"with another code": func() (*http.Request, *http.Client) {
			return callback(func(q url.Values) { q.Set("code", "other") }), own
		},
		"with two codes": func() (*http.Request, *http.Client) {
			return callback(func(q url.Values) { q.Add("code", "other") }), own
		},
		"without a code": func() (*http.Request, *http.Client) { return callback(func(q url.Values) { q.Del("code") }), own },
		"with an error": func() (*http.Request, *http.Client) {
			return callback(func(q url.Values) { q.Set("error", "access_denied") }), own
		},
		"with nothing begun at all": func() (*http.Request, *http.Client) {
			return s.Request(t, http.MethodGet, "/login/callback?code=a&state=b"), consoletest.Browser(t)
		},
	} {
		s.Client = own
		r, browser := ask()
		s.Client = browser
		if status, body, _ := s.Do(t, r); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		if last := s.Sink.Last(); last.Result != "refused" {
			t.Errorf("%s: record %+v", name, last)
		}
	}
	s.Client = own
	if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
		t.Errorf("status %d without a login", status)
	}
}

// TestProviderIsDown: nobody gets in, and the page says why, before the login and in the
// middle of it. Once the provider is back, so is the login.
func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	did := 0
	s, p := withProvider(t, acting(&did))
	back := follow(t, s)
	p.Close()
	if status, body, _ := s.Do(t, back); status != http.StatusServiceUnavailable || !strings.Contains(body, "The login provider cannot be reached") {
		t.Errorf("in the middle: status %d: %s", status, body)
	}
	gone, err := login.New(login.Config{Provider: &login.Provider{Name: "hospital", Issuer: p.URL, ClientID: consoletest.ClientID, URL: s.Base + console.Path, Subjects: []string{"s-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Force(gone, console.DefaultLimits())
	if status, body := s.Get(t, "/login/provider"); status != http.StatusServiceUnavailable || !strings.Contains(body, "The login provider cannot be reached") {
		t.Errorf("before: status %d: %s", status, body)
	}
	if r := s.Sink.Last(); r.Result != "refused" || r.Reason != "provider" {
		t.Errorf("record %+v", r)
	}
}
