package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console"
)

// reading is a page with a route that a viewer may use, and one that it may not.
func reading(did *int) console.Page {
	return console.Page{Path: "/read", Title: "Read", Routes: []console.Route{
		{Pattern: "GET /read", Viewer: true, Serve: func(w http.ResponseWriter, r *console.Request) error { return r.JSON(w, r.MayAct()) }},
		{Pattern: "POST /read", Operation: "change", Serve: func(w http.ResponseWriter, r *console.Request) error {
			*did++
			return r.Redirect(w, "/read", "")
		}},
	}}
}

// TestRoles: a viewer has what says so and nothing else: what it may not do is refused with
// 403, recorded, and not in the navigation. An operator has everything.
func TestRoles(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.NewViewer(t, acting(&did), reading(&did))
	if status, body := s.Get(t, "/read"); status != http.StatusOK || body != "false" {
		t.Errorf("status %d: %s", status, body)
	}
	refused := func(how string, status int, body string) {
		t.Helper()
		if status != http.StatusForbidden || !strings.Contains(body, "Your role is viewer") {
			t.Errorf("%s: status %d: %s", how, status, body)
		}
		if r := s.Sink.Last(); r.Result != "refused" || r.Reason != "role" || r.Consumer != consoletest.Viewer {
			t.Errorf("%s: record %+v", how, r)
		}
	}
	status, body := s.Get(t, "/act")
	refused("a page", status, body)
	if strings.Contains(body, `href="/console/act"`) || !strings.Contains(body, `href="/console/read"`) || !strings.Contains(body, ">viewer<") {
		t.Errorf("the navigation of a viewer: %s", body)
	}
	for _, path := range []string{"/act/well", "/act/panicking", "/read"} {
		status, body = s.Post(t, path, nil)
		refused(path, status, body)
	}
	if did != 0 {
		t.Errorf("a viewer did %d things", did)
	}
	if status, _ := s.Post(t, "/logout", nil); status != http.StatusSeeOther {
		t.Errorf("the logout has status %d", status)
	}
	operator := consoletest.New(t, acting(&did), reading(&did))
	if _, body := operator.Get(t, "/read"); body != "true" {
		t.Errorf("an operator: %s", body)
	}
	if status, _ := operator.Post(t, "/read", nil); status != http.StatusSeeOther || did != 1 {
		t.Errorf("an operator: status %d", status)
	}
}

// TestProviderRoles: the provider's subjects and groups say who is a viewer; who is both is
// an operator.
func TestProviderRoles(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string]struct {
		jwt.MapClaims
		want string
	}{
		"an operator's group":    {jwt.MapClaims{"sub": "x", "groups": []string{"ops"}}, "true"},
		"a viewer":               {jwt.MapClaims{"sub": "v-1"}, "false"},
		"a viewer's group":       {jwt.MapClaims{"sub": "x", "groups": []string{"staff", "readers"}}, "false"},
		"a viewer's group alone": {jwt.MapClaims{"sub": "x", "groups": "readers"}, "false"},
		"both groups":            {jwt.MapClaims{"sub": "x", "groups": []string{"readers", "ops"}}, "true"},
		"a viewer among ops":     {jwt.MapClaims{"sub": "v-1", "groups": []string{"ops"}}, "true"},
	} {
		did := 0
		s, p := withProvider(t, reading(&did))
		for k, v := range claims.MapClaims {
			p.Claims[k] = v
		}
		if status, body, _ := s.Do(t, follow(t, s)); status != http.StatusSeeOther {
			t.Fatalf("%s: status %d: %s", name, status, body)
		}
		if _, body := s.Get(t, "/read"); body != claims.want {
			t.Errorf("%s: may act: %s", name, body)
		}
		if status, _ := s.Post(t, "/read", nil); (status == http.StatusSeeOther) != (claims.want == "true") {
			t.Errorf("%s: a form has status %d", name, status)
		}
	}
}
