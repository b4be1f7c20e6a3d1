package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
)

// TestLogoutAtProvider: a logout ends the session in any case, and goes on to the logout of
// the provider if it announces one that is an address of the web.
func TestLogoutAtProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ announced, want string }{
		"announced":         {"https://login.example/end?realm=staff", "https://login.example/end"},
		"not announced":     {"", "may still be logged in there"},
		"a script":          {"javascript:alert(1)", "may still be logged in there"},
		"without TLS":       {"http://login.example/end", "may still be logged in there"},
		"no address at all": {"://", "may still be logged in there"},
	} {
		did := 0
		s, p := withProvider(t, acting(&did))
		p.EndSession = c.announced
		if status, _, _ := s.Do(t, follow(t, s)); status != http.StatusSeeOther {
			t.Fatal(status)
		}
		base, err := url.Parse(s.Base)
		if err != nil {
			t.Fatal(err)
		}
		kept := s.Client.Jar.Cookies(base)
		status, body := s.Post(t, "/logout", nil)
		if status != http.StatusOK || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		link := regexp.MustCompile(`class="button wide" href="([^"]+)"`).FindStringSubmatch(body)
		if (link != nil) != strings.HasPrefix(c.want, "https:") {
			t.Errorf("%s: the link is %q", name, link)
		}
		if link != nil {
			to, err := url.Parse(html.UnescapeString(link[1]))
			if err != nil {
				t.Fatal(err)
			}
			q := to.Query()
			if q.Get("realm") != "staff" || q.Get("client_id") != consoletest.ClientID || strings.Count(q.Get("id_token_hint"), ".") != 2 || q.Has("post_logout_redirect_uri") {
				t.Errorf("%s: the logout is at %s", name, to)
			}
		}
		s.Client.Jar.SetCookies(base, kept)
		if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
			t.Errorf("%s: after the logout: status %d", name, status)
		}
	}
}

// TestLogoutReturns: with returnAfterLogout the provider is asked to send the browser back.
// A provider that is down does not keep the session alive.
func TestLogoutReturns(t *testing.T) {
	t.Parallel()
	p := consoletest.NewProvider(t)
	p.EndSession = p.URL + "/end"
	c := login.Provider{Name: "hospital", Issuer: p.URL, ClientID: consoletest.ClientID, URL: "https://veil.example/console", Subjects: []string{"s-1"}, ReturnAfterLogout: true}
	d, err := login.New(login.Config{Provider: &c})
	if err != nil {
		t.Fatal(err)
	}
	to, err := d.EndSession(t.Context(), "a.b.c")
	if err != nil || to != p.URL+"/end?client_id=veil-console&id_token_hint=a.b.c&post_logout_redirect_uri=https%3A%2F%2Fveil.example%2Fconsole%2Flogin" {
		t.Errorf("%s, %v", to, err)
	}

	did := 0
	s, p := withProvider(t, acting(&did))
	if status, _, _ := s.Do(t, follow(t, s)); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	// A reload forgets what the provider announces.
	c = login.Provider{Name: "hospital", Issuer: p.URL, ClientID: consoletest.ClientID, URL: s.Base + console.Path, NameClaim: "email", Subjects: []string{"s-1"}, GroupsClaim: "groups", Groups: []string{"ops"}, ViewerSubjects: []string{"v-1"}, ViewerGroups: []string{"readers"}}
	if d, err = login.New(login.Config{Provider: &c}); err != nil {
		t.Fatal(err)
	}
	s.Force(d, console.DefaultLimits())
	token := s.Token(t)
	p.Close()
	status, body, _ := s.Do(t, s.Form(t, "/logout", url.Values{console.TokenField: {token}}))
	if status != http.StatusOK || !strings.Contains(body, "it cannot be reached") {
		t.Errorf("a provider that is down: status %d: %s", status, body)
	}
	if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
		t.Errorf("after the logout: status %d", status)
	}
}

// TestFormWithoutSession: what somebody typed before the session ended is shown to them, and
// is nowhere else; another site learns nothing.
func TestFormWithoutSession(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	old := s.Token(t)
	form := url.Values{"text": {marker + "<b>\nsecond line"}, "empty": {" "}, console.TokenField: {old}}
	s.Client = consoletest.Browser(t)
	status, body, _ := s.Do(t, s.Form(t, "/act/well", form))
	if status != http.StatusUnauthorized || !strings.Contains(body, marker+"&lt;b&gt;\nsecond line</textarea>") || !strings.Contains(body, "The session has ended, and nothing was done") || strings.Contains(body, ">empty<") || strings.Contains(body, old) {
		t.Errorf("status %d: %s", status, body)
	}
	if status := s.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	if status, body, _ = s.Do(t, s.Form(t, "/act/well", form)); status != http.StatusForbidden || !strings.Contains(body, marker+"&lt;b&gt;") {
		t.Errorf("the form of an older session: status %d: %s", status, body)
	}
	r := s.Form(t, "/act/well", form)
	r.Header.Set("Origin", "https://evil.example")
	s.Client = consoletest.Browser(t)
	if status, body, _ = s.Do(t, r); status != http.StatusUnauthorized || strings.Contains(body, marker) {
		t.Errorf("another site: status %d: %s", status, body)
	}
	large := s.Form(t, "/act/well", url.Values{"text": {strings.Repeat(marker, 100_000)}})
	if status, body, _ = s.Do(t, large); status != http.StatusUnauthorized || strings.Contains(body, marker) {
		t.Errorf("a large form: status %d", status)
	}
	if did != 0 || strings.Contains(s.Log.String(), marker) {
		t.Error("it was done, or the log has it")
	}
}
