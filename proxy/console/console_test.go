package console_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console"
)

// marker is what must not get out.
const marker = "Zqmarkervalue"

// acting is a page with an action for each way that one can end.
func acting(did *int) console.Page {
	post := func(name string, serve func(http.ResponseWriter, *console.Request) error) console.Route {
		return console.Route{Pattern: "POST /act/" + name, Operation: "act " + name, Serve: func(w http.ResponseWriter, r *console.Request) error {
			*did++
			return serve(w, r)
		}}
	}
	return console.Page{Path: "/act", Title: "Act", Routes: []console.Route{
		{Pattern: "GET /act", Serve: func(w http.ResponseWriter, r *console.Request) error { return r.JSON(w, r.Operator()) }},
		{Pattern: "GET /fault", Serve: func(http.ResponseWriter, *console.Request) error { panic(marker) }},
		post("well", func(w http.ResponseWriter, r *console.Request) error { return r.Redirect(w, "/act", "Done.") }),
		post("badly", func(w http.ResponseWriter, _ *console.Request) error {
			_, _ = w.Write([]byte("half a page"))
			return &console.Problem{Status: http.StatusBadRequest, Text: "No."}
		}),
		post("wrongly", func(http.ResponseWriter, *console.Request) error { return errors.New(marker) }),
		post("panicking", func(http.ResponseWriter, *console.Request) error { panic(marker) }),
	}}
}

// TestActions: an action is a record before its response leaves, however it ends, and
// nothing tells a value.
func TestActions(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	for name, want := range map[string]struct {
		status         int
		result, reason string
	}{
		"well":      {http.StatusSeeOther, "complete", ""},
		"badly":     {http.StatusBadRequest, "refused", "input"},
		"wrongly":   {http.StatusInternalServerError, "failed", "fault"},
		"panicking": {http.StatusInternalServerError, "failed", "fault"},
	} {
		status, body := s.Post(t, "/act/"+name, nil)
		if status != want.status || strings.Contains(body, "half") || strings.Contains(body, marker) {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		r := s.Sink.Last()
		if r.Operation != "act "+name || r.Result != want.result || r.Reason != want.reason || r.Consumer != consoletest.Name || r.Door != "console" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
	if did != 4 {
		t.Errorf("%d actions were done", did)
	}
	if status, body := s.Get(t, "/fault"); status != http.StatusInternalServerError || strings.Contains(body, marker) {
		t.Errorf("status %d: %s", status, body)
	}
	if strings.Contains(s.Log.String(), marker) {
		t.Error("the log has a value")
	}
}

// TestNoRecordNoResponse: what cannot be recorded is not shown.
func TestNoRecordNoResponse(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	s.Sink.Fail(errors.New("disk full"))
	if status, body := s.Post(t, "/act/well", nil); status != http.StatusServiceUnavailable || !strings.Contains(body, "audit record") {
		t.Errorf("status %d: %s", status, body)
	}
	other := consoletest.Start(t)
	other.Sink.Fail(errors.New("disk full"))
	if status := other.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusServiceUnavailable {
		t.Errorf("the login has status %d", status)
	}
}

// TestForgedForms: nothing is changed by what another site, or another session, sends.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	victim := consoletest.New(t, acting(&did))
	stranger := victim
	for name, forge := range map[string]struct {
		header map[string]string
		form   url.Values
	}{
		"another site":      {map[string]string{"Origin": "https://evil.example"}, nil},
		"another site, too": {map[string]string{"Origin": s.Base, "Sec-Fetch-Site": "cross-site"}, nil},
		"no origin":         {map[string]string{"Origin": ""}, nil},
		"no token":          {nil, url.Values{console.TokenField: {""}}},
		"a wrong token":     {nil, url.Values{console.TokenField: {strings.Repeat("A", 43)}}},
		"another session's": {nil, url.Values{console.TokenField: {stranger.Token(t)}}},
	} {
		form := url.Values{console.TokenField: {s.Token(t)}}
		for k, v := range forge.form {
			form[k] = v
		}
		r := s.Form(t, "/act/well", form)
		for k, v := range forge.header {
			r.Header.Set(k, v)
			if v == "" {
				r.Header.Del(k)
			}
		}
		if status, body, _ := s.Do(t, r); status != http.StatusForbidden {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		if last := s.Sink.Last(); last.Result != "refused" {
			t.Errorf("%s: record %+v", name, last)
		}
	}
	if did != 0 {
		t.Errorf("%d actions were done", did)
	}
	if status, _ := s.Post(t, "/act/well", nil); status != http.StatusSeeOther || did != 1 {
		t.Errorf("the session's own form: status %d", status)
	}
}

// TestHeaders: every response forbids what the console does not need.
func TestHeaders(t *testing.T) {
	t.Parallel()
	did := 0
	s := consoletest.New(t, acting(&did))
	for _, path := range []string{"/act", "/login", "/no-such-page", "/assets/none.css", "/fault"} {
		r := s.Request(t, http.MethodGet, path)
		_, _, h := s.Do(t, r)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", path, csp)
		}
	}
}

// TestNoPageReloadsItself: a page that loads itself again every few seconds interrupts a
// reader (WCAG 2.2, 3.2.5). Scripts replace the part that changes.
func TestNoPageReloadsItself(t *testing.T) {
	t.Parallel()
	timed := regexp.MustCompile(`http-equiv="refresh" content="[1-9]`)
	pages := 0
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" {
			return err
		}
		pages++
		text, err := os.ReadFile(path)
		if timed.Match(text) {
			t.Errorf("%s reloads itself", path)
		}
		return err
	})
	if err != nil || pages < 20 {
		t.Errorf("%d pages, %v", pages, err)
	}
}
