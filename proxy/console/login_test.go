package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console"
)

// TestPasswords: the right password begins a session, any other is refused in the same
// words and recorded, and what was typed is nowhere.
func TestPasswords(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.Start(t, acting(&did))
	s.SlowDown(time.Millisecond, time.Millisecond)
	said := map[string]bool{}
	for name, typed := range map[string][2]string{
		"a wrong password":     {consoletest.Name, marker + "password"},
		"an unknown name":      {marker, consoletest.Password},
		"a password as a name": {marker, ""},
		"nothing":              {"", ""},
		"in capitals":          {"Ann", consoletest.Password},
		"too long":             {consoletest.Name, strings.Repeat(marker, 500)},
	} {
		form := url.Values{"name": {typed[0]}, "password": {typed[1]}, console.TokenField: {s.LoginToken(t)}}
		status, body, _ := s.Do(t, s.Form(t, "/login", form))
		if status != http.StatusUnauthorized || strings.Contains(body, marker) {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		_, alert, _ := strings.Cut(body, `role="alert">`)
		alert, _, _ = strings.Cut(alert, "<")
		said[alert] = true
		want := "unknown"
		if typed[0] == consoletest.Name {
			want = consoletest.Name
		}
		if r := s.Sink.Last(); r.Operation != "login" || r.Result != "refused" || r.Consumer != want {
			t.Errorf("%s: record %+v", name, r)
		}
	}
	if len(said) != 1 {
		t.Errorf("the refusals differ: %v", said)
	}
	if strings.Contains(s.Log.String(), marker) {
		t.Errorf("the log has what was typed:\n%s", s.Log)
	}
	if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
		t.Errorf("status %d without a login", status)
	}
	if status := s.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Errorf("the right password: status %d", status)
	}
	if _, body := s.Get(t, "/act"); body != `"ann"` {
		t.Errorf("logged in as %s", body)
	}
}

// TestGuessing: after failures of an address sixteen attempts wait, and one more is refused
// without a look at the password.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := consoletest.Start(t)
	s.SlowDown(time.Hour, time.Hour)
	for range 5 {
		if status := s.LogIn(t, consoletest.Name, "wrong password"); status != http.StatusUnauthorized {
			t.Fatalf("status %d", status)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	token := s.LoginToken(t)
	refused := make(chan int, 17)
	for range 17 {
		r := s.Form(t, "/login", url.Values{"name": {consoletest.Name}, "password": {consoletest.Password}, console.TokenField: {token}}).WithContext(ctx)
		go func() {
			if resp, err := s.Client.Do(r); err == nil {
				_ = resp.Body.Close()
				refused <- resp.StatusCode
			}
		}()
	}
	select {
	case status := <-refused:
		if status != http.StatusTooManyRequests {
			t.Errorf("status %d", status)
		}
	case <-time.After(time.Minute):
		t.Error("all attempts wait")
	}
}

// TestForgedSessions: a session that is forged, that has ended, or that was of another
// login opens nothing.
func TestForgedSessions(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	base, err := url.Parse(s.Base)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Client.Jar.Cookies(base)
	if len(before) != 1 || len(before[0].Value) != 43 {
		t.Fatalf("cookies %v", before)
	}
	open := func(cookies ...string) int {
		r := s.Request(t, http.MethodGet, "/act")
		for _, c := range cookies {
			r.AddCookie(&http.Cookie{Name: "veil-console", Value: c})
		}
		resp, err := consoletest.Browser(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	own := before[0].Value
	if open(own) != http.StatusOK {
		t.Fatal("the session opens nothing")
	}
	for name, cookies := range map[string][]string{
		"forged": {strings.Repeat("A", 43)}, "cut": {own[:42]}, "longer": {own + "A"}, "empty": {""}, "none": nil, "two": {own, strings.Repeat("A", 43)},
	} {
		if status := open(cookies...); status != http.StatusSeeOther {
			t.Errorf("%s: status %d", name, status)
		}
	}
	// A second login of the same browser ends the first.
	s.Client.Jar = consoletest.Browser(t).Jar
	s.Client.Jar.SetCookies(base, before)
	if status, _ := s.Post(t, "/logout", nil); status != http.StatusSeeOther {
		t.Fatalf("the logout has status %d", status)
	}
	if r := s.Sink.Last(); r.Operation != "logout" || r.Consumer != consoletest.Name {
		t.Errorf("record %+v", r)
	}
	if status := open(own); status != http.StatusSeeOther {
		t.Errorf("after the logout: status %d", status)
	}
	s.LogIn(t, consoletest.Name, consoletest.Password)
	if status := open(own); status != http.StatusSeeOther {
		t.Errorf("a session that was ended is back: status %d", status)
	}
	r := s.Request(t, http.MethodGet, "/act")
	r.Header.Set("Accept", "application/json")
	s.Client.Jar = consoletest.Browser(t).Jar
	if status, body, _ := s.Do(t, r); status != http.StatusUnauthorized || !strings.Contains(body, "session") {
		t.Errorf("a script without a session: status %d: %s", status, body)
	}
}

// TestReloadEndsSessions: who is taken out of the configuration is logged out, and so is
// everybody where no one can log in any more.
func TestReloadEndsSessions(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	s.Force(consoletest.Accounts(t), console.DefaultLimits())
	if status, _ := s.Get(t, "/act"); status != http.StatusOK {
		t.Errorf("a reload that changes nothing: status %d", status)
	}
	s.Force(nil, console.DefaultLimits())
	if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
		t.Errorf("no one can log in: status %d", status)
	}
	if _, body := s.Get(t, "/login"); !strings.Contains(body, "operator.console.users") {
		t.Errorf("%s", body)
	}
}

// TestLoginForms: another site cannot log a browser in, nor can a form without its cookie.
func TestLoginForms(t *testing.T) {
	t.Parallel()
	s := consoletest.Start(t)
	token := s.LoginToken(t)
	right := url.Values{"name": {consoletest.Name}, "password": {consoletest.Password}, console.TokenField: {token}}
	r := s.Form(t, "/login", right)
	r.Header.Set("Origin", "https://evil.example")
	if status, _, _ := s.Do(t, r); status != http.StatusForbidden {
		t.Errorf("another site: status %d", status)
	}
	own := s.Client
	s.Client = consoletest.Browser(t)
	if status, _, _ := s.Do(t, s.Form(t, "/login", right)); status != http.StatusForbidden {
		t.Errorf("another browser: status %d", status)
	}
	s.Client = own
	if status, _, _ := s.Do(t, s.Form(t, "/login", right)); status != http.StatusSeeOther {
		t.Errorf("the form itself: status %d", status)
	}
}
