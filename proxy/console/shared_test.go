package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
)

// replicas are two consoles that share a database of sessions, and one browser.
func replicas(t *testing.T, did *int) (a, b *consoletest.Site, stores [2]session.Store, dsn string) {
	t.Helper()
	dsn = pgtest.Start(t).CreateDatabase(t, strings.ToLower(t.Name())).DSN(pgtest.Owner)
	var sites [2]*consoletest.Site
	for i := range sites {
		store, err := session.NewPostgres(session.Postgres{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		stores[i], sites[i] = store, consoletest.StartWith(t, store, acting(did))
	}
	sites[1].Client = sites[0].Client
	return sites[0], sites[1], stores, dsn
}

// TestReplicas: a login at one replica is one at the other, with its forms and notices, and
// a logout at one ends it at both, also for who has kept the cookie.
func TestReplicas(t *testing.T) {
	t.Parallel()
	did := 0
	a, b, stores, dsn := replicas(t, &did)
	if status := a.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	if status, body := b.Get(t, "/act"); status != http.StatusOK || body != `"ann"` {
		t.Fatalf("the other replica: status %d: %s", status, body)
	}
	token := a.Token(t)
	if status, _, _ := b.Do(t, b.Form(t, "/act/well", url.Values{console.TokenField: {token}})); status != http.StatusSeeOther || did != 1 {
		t.Errorf("a form of one replica at the other: status %d", status)
	}
	if _, body := a.Get(t, "/no-such-page"); !strings.Contains(body, "Done.") {
		t.Error("the notice of one replica is not shown by the other")
	}
	if _, body := a.Get(t, "/no-such-page"); strings.Contains(body, "Done.") {
		t.Error("the notice is shown twice")
	}
	base, err := url.Parse(a.Base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := a.Client.Jar.Cookies(base)
	if len(stolen) != 1 {
		t.Fatalf("cookies %v", stolen)
	}

	// The database has nothing that opens a session, and a row of a stranger opens none.
	db, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	var kept string
	if err := db.QueryRow(t.Context(), "SELECT string_agg(s::text || encode(sealed, 'escape'), ' ') FROM veil_console_session s").Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept == "" || strings.Contains(kept, "ann") || strings.Contains(kept, token) || strings.Contains(kept, stolen[0].Value) {
		t.Errorf("the database has %q", kept)
	}
	if _, err := db.Exec(t.Context(), "INSERT INTO veil_console_session SELECT sha256('stranger'), account, sealed FROM veil_console_session"); err != nil {
		t.Fatal(err)
	}
	stranger := *a
	stranger.Client = consoletest.Browser(t)
	stranger.Client.Jar.SetCookies(base, []*http.Cookie{{Name: stolen[0].Name, Value: "stranger", Path: "/"}})
	if status, _ := stranger.Get(t, "/act"); status != http.StatusSeeOther {
		t.Errorf("a session that was written into the database: status %d", status)
	}

	if status, _ := b.Post(t, "/logout", nil); status != http.StatusSeeOther {
		t.Fatalf("the logout has status %d", status)
	}
	thief := consoletest.Browser(t)
	for _, s := range []*consoletest.Site{a, b} {
		thief.Jar.SetCookies(base, stolen)
		s.Client = thief
		if status, _ := s.Get(t, "/act"); status != http.StatusSeeOther {
			t.Errorf("a session after its logout at the other replica: status %d", status)
		}
	}

	// Without the database nobody is logged in, and the page says so.
	if status := a.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	stores[0].Close()
	if status, body := a.Get(t, "/act"); status != http.StatusServiceUnavailable || !strings.Contains(body, "The session database cannot be reached") {
		t.Errorf("without the database: status %d: %s", status, body)
	}
	if status, _, _ := a.Do(t, a.Form(t, "/act/well", url.Values{console.TokenField: {token}})); status != http.StatusServiceUnavailable || did != 1 {
		t.Errorf("a form without the database: status %d", status)
	}
	a.Client = consoletest.Browser(t)
	if status := a.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusServiceUnavailable {
		t.Errorf("a login without the database: status %d", status)
	}
}

// TestReplicasAndProvider: a login that begins at one replica ends at the other, once.
func TestReplicasAndProvider(t *testing.T) {
	t.Parallel()
	did := 0
	a, b, _, _ := replicas(t, &did)
	p := consoletest.NewProvider(t)
	for _, s := range []*consoletest.Site{a, b} {
		s.SlowDown(time.Millisecond, time.Millisecond)
		d, err := login.New(login.Config{Provider: &login.Provider{Name: "hospital", Issuer: p.URL, ClientID: consoletest.ClientID, URL: a.Base + console.Path, Subjects: []string{"s-1"}}})
		if err != nil {
			t.Fatal(err)
		}
		s.Force(d, console.DefaultLimits())
	}
	back := follow(t, a)
	other, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	callback := *back.URL
	callback.Host = other.Host
	at := back.Clone(t.Context())
	at.URL, at.Host = &callback, callback.Host
	if status, body, _ := b.Do(t, at); status != http.StatusSeeOther {
		t.Fatalf("the callback at the other replica: status %d: %s", status, body)
	}
	if _, body := a.Get(t, "/act"); body != `"hospital:s-1"` {
		t.Errorf("logged in as %s", body)
	}
	if status, _, _ := a.Do(t, back); status != http.StatusUnauthorized {
		t.Errorf("the callback again: status %d", status)
	}
}
