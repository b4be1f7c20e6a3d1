package main

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
)

// pageToken is that of a link. It is bound to the hour.
var pageToken = regexp.MustCompile(`_page=[^"]*`)

// alike reports whether bodies are the same, but for their links where another hour has
// begun since.
func alike(since time.Time, a, b string) bool {
	if !since.Truncate(time.Hour).Equal(time.Now().Truncate(time.Hour)) {
		a, b = pageToken.ReplaceAllString(a, ""), pageToken.ReplaceAllString(b, "")
	}
	return a == b
}

// TestRestart: a pseudonym and the token of a page survive a restart, and the
// audit log goes on where it ended.
func TestRestart(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	config := s.config(t, "", "consumers:\n  keys:\n"+line)
	b := s.serve(t, config)
	begun := time.Now()
	found := s.ask(t, "/Patient?_count=2", "X-API-Key", key)
	page := nextPage(t, found.body)
	if found.status != 200 || page == "" {
		t.Fatalf("%d: %s", found.status, found.body)
	}
	before := ask(t, http.DefaultClient, page, "X-API-Key", key)
	b.stop(t)

	b = s.serve(t, config)
	if after := ask(t, http.DefaultClient, page, "X-API-Key", key); after.status != 200 || !alike(begun, after.body, before.body) {
		t.Errorf("a page after the restart: %d\n%s\nbefore it\n%s", after.status, after.body, before.body)
	}
	if a := s.ask(t, s.patient(t, "trial"), "X-API-Key", key); a.status != 200 {
		t.Errorf("a pseudonym after the restart: %d", a.status)
	}
	b.stop(t)
	if r := veil(t, "", "audit", "verify", s.path("audit")); r.code != 0 || !strings.Contains(r.stdout, "ok: 4 records") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
}

// TestReplicas: two processes with one key behind one address answer alike, and
// what one made the other opens. Each has an audit log of its own.
func TestReplicas(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	public := l.Addr().String()
	s.base = "http://" + public + "/fhir"
	var targets []*url.URL
	for _, name := range []string{"one", "two"} {
		s.addr = veiltest.FreeAddress(t)
		text := strings.Replace(s.text("", "consumers:\n  keys:\n"+line), s.path("audit"), s.path("audit-"+name), 1)
		s.process(t, write(t, s.path(name+".yaml"), text))
		targets = append(targets, &url.URL{Scheme: "http", Host: s.addr})
	}
	var turn atomic.Int64
	balancer := &http.Server{ReadHeaderTimeout: veiltest.Patience, Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(targets[turn.Add(1)%2])
	}}}
	defer balancer.Close()
	go func() { _ = balancer.Serve(l) }() // ends with Close

	begun := time.Now()
	first := s.ask(t, "/Patient?_count=1", "X-API-Key", key)
	if again := s.ask(t, "/Patient?_count=1", "X-API-Key", key); !alike(begun, again.body, first.body) {
		t.Errorf("the replicas answer\n%s\nand\n%s", first.body, again.body)
	}
	pages := 1
	for page := nextPage(t, first.body); page != ""; pages++ {
		if !strings.HasPrefix(page, s.base+"?_page=") {
			t.Fatalf("a page is at %s", page)
		}
		turn.Add(int64(pages)) // not in step with the pages
		a := ask(t, http.DefaultClient, page, "X-API-Key", key)
		if a.status != 200 {
			t.Fatalf("page %d: %d: %s", pages+1, a.status, a.body)
		}
		page = nextPage(t, a.body)
	}
	if want := len(s.population.PatientIDs()); pages != want {
		t.Errorf("%d pages of one patient, want %d", pages, want)
	}
	for range 2 {
		if a := s.ask(t, s.patient(t, "trial"), "X-API-Key", key); a.status != 200 {
			t.Errorf("a pseudonym: %d", a.status)
		}
	}
	for _, name := range []string{"one", "two"} {
		if r := veil(t, "", "audit", "show", s.path("audit-"+name)); !strings.Contains(r.stdout, "by alice") {
			t.Errorf("replica %s has no record of alice:\n%s", name, r.stdout)
		}
	}
}

// TestKeyRotation: with a new key, pseudonyms and pages of the old one open until
// the stated day, everything new is made with the new one, and after the day
// what the old one made is not found.
func TestKeyRotation(t *testing.T) {
	s := newSite(t)
	old, oldPatient := s.key, s.patient(t, "trial")
	anybody := "consumers: {anonymous: {allow: true}}\n"
	b := s.serve(t, s.config(t, "", anybody))
	oldPage := nextPage(t, s.ask(t, "/Patient?_count=2").body)
	none := s.ask(t, "/Patient/none")
	b.stop(t)

	s.key = newKey(t)
	newPatient := s.patient(t, "trial")
	if newPatient == oldPatient {
		t.Fatal("two keys make one pseudonym")
	}
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	for _, tc := range []struct {
		name, until string
		old         int
	}{
		{"before the day", day(2), 200},
		{"on the day", day(0), 404},
		{"after the day", "2026-01-01", 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := s.serve(t, s.config(t, "", anybody+"previousKeyFile: "+old+"\npreviousKeyUntil: "+tc.until+"\n"))
			a := s.ask(t, oldPatient)
			if a.status != tc.old || tc.old == 404 && a.body != none.body {
				t.Errorf("an old pseudonym: %d, want %d: %s", a.status, tc.old, a.body)
			}
			if tc.old == 200 && !strings.Contains(a.body, strings.TrimPrefix(newPatient, "/Patient/")) {
				t.Errorf("the answer has not the new pseudonym: %s", a.body)
			}
			if page := ask(t, http.DefaultClient, oldPage); page.status != tc.old || strings.Contains(page.body, strings.TrimPrefix(oldPatient, "/Patient/")) {
				t.Errorf("an old page: %d, want %d: %s", page.status, tc.old, page.body)
			}
			if a := s.ask(t, newPatient); a.status != 200 {
				t.Errorf("a new pseudonym: %d", a.status)
			}
			b.stop(t)
		})
	}
	secret, err := keys.ReadFile(s.key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keys.NewKeyring(secret, "trial")
	if err != nil {
		t.Fatal(err)
	}
	if r := veil(t, "", "audit", "show", s.path("audit"), "--last", "1", "--json"); !strings.Contains(r.stdout, keys.Fingerprint()) {
		t.Errorf("the audit log does not name the new key:\n%s", r.stdout)
	}
}
