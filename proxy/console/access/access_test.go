package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console/access"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
)

// rig is the page with a keys file, and what a reload would read of it.
type rig struct {
	*consoletest.Site
	path    string
	reloads int
	fail    error // of a reload
}

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{path: filepath.Join(t.TempDir(), "keys.yaml")}
	if err := os.WriteFile(g.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	seen := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	g.Site = consoletest.New(t, access.Page(access.Config{
		Directory: func() access.Directory {
			d := access.Directory{Views: []string{"", "cardio"}, Operators: access.Group{Credentials: []access.Credential{{Name: "ops", Kind: "API key"}}}}
			all, err := keyfile.Read(g.path)
			if err != nil {
				t.Error(err)
			}
			d.Consumers.KeysFile = g.path
			for _, e := range all {
				d.Consumers.Credentials = append(d.Consumers.Credentials, access.Credential{Name: e.Name, Kind: "API key", Fingerprint: keyfile.Fingerprint(e.SHA256), View: e.View, Filed: true, By: e.By})
				d.Consumers.Keys = append(d.Consumers.Keys, e.Key)
			}
			return d
		},
		Reload:   func(context.Context) error { g.reloads++; return g.fail },
		LastSeen: func(context.Context) (map[string]time.Time, error) { return map[string]time.Time{"lab": seen}, nil },
	}))
	return g
}

var keyForm = regexp.MustCompile(`veil_[A-Za-z0-9_-]{43}`)

// TestMakeAndRevoke: a key is shown once, is in the file by its hash, and is valid until
// it is revoked.
func TestMakeAndRevoke(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	status, body := g.Post(t, "/keys/make", url.Values{"whose": {"consumer"}, "name": {"lab"}, "view": {"cardio"}, "scopes": {" system/Patient.rs "}})
	key := keyForm.FindString(body)
	if status != http.StatusOK || key == "" || !strings.Contains(body, "valid from now on") || g.reloads != 1 {
		t.Fatalf("status %d, %d reloads: %s", status, g.reloads, body)
	}
	if r := g.Sink.Last(); r.Operation != "make key" || r.Result != "complete" || r.Consumer != consoletest.Name {
		t.Errorf("record %+v", r)
	}
	all, err := keyfile.Read(g.path)
	if err != nil || len(all) != 1 || all[0].Name != "lab" || all[0].View != "cardio" || all[0].Scopes != "system/Patient.rs" || all[0].By != consoletest.Name {
		t.Fatalf("%+v, %v", all, err)
	}
	d, err := consumer.New(t.Context(), consumer.Config{Keys: []consumer.Key{all[0].Key}})
	if err != nil {
		t.Fatal(err)
	}
	if who, err := d.Authenticate(t.Context(), consumer.Request{APIKey: []string{key}}); err != nil || who.Name != "lab" {
		t.Errorf("the key is not valid: %v", err)
	}
	_, page := g.Get(t, "/keys")
	fingerprint := keyfile.Fingerprint(all[0].SHA256)
	if strings.Contains(page, key) || strings.Contains(page, all[0].SHA256) || !strings.Contains(page, fingerprint) || !strings.Contains(page, "2026-11-30 09:00:00") {
		t.Errorf("%s", page)
	}
	// A further key of the same consumer has its account, whatever was typed.
	if status, body := g.Post(t, "/keys/make", url.Values{"whose": {"consumer"}, "name": {"lab"}, "view": {""}}); status != http.StatusOK || !strings.Contains(body, "cardio") {
		t.Errorf("status %d: %s", status, body)
	}
	if status, _ := g.Post(t, "/keys/revoke", url.Values{"whose": {"consumer"}, "fingerprint": {fingerprint}}); status != http.StatusSeeOther {
		t.Errorf("status %d", status)
	}
	if r := g.Sink.Last(); r.Operation != "revoke key" || r.Result != "complete" {
		t.Errorf("record %+v", r)
	}
	if all, err := keyfile.Read(g.path); err != nil || len(all) != 1 || keyfile.Fingerprint(all[0].SHA256) == fingerprint {
		t.Errorf("%+v, %v", all, err)
	}
	if status, body := g.Post(t, "/keys/revoke", url.Values{"whose": {"consumer"}, "fingerprint": {fingerprint}}); status != http.StatusConflict || !strings.Contains(body, "it may have been revoked") {
		t.Errorf("again: status %d: %s", status, body)
	}
	for i := range g.Sink.Len() {
		if r := fmt.Sprintf("%+v", g.Sink.At(i)); keyForm.MatchString(r) {
			t.Errorf("record %s", r)
		}
	}
	if strings.Contains(g.Log.String(), key) {
		t.Error("the log has the key")
	}
}

// TestMadeOnce: a form that is sent twice, by a double click or by going back, makes one key.
func TestMadeOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	_, page := g.Get(t, "/keys")
	once := regexp.MustCompile(`name="once" value="([^"]{43})"`).FindStringSubmatch(page)
	if once == nil {
		t.Fatal(page)
	}
	form := url.Values{"whose": {"consumer"}, "name": {"lab"}, "view": {"cardio"}, "once": {once[1]}}
	for _, want := range []int{http.StatusOK, http.StatusConflict, http.StatusConflict} {
		if status, body := g.Post(t, "/keys/make", form); status != want {
			t.Errorf("status %d: %s", status, body)
		}
	}
	if r := g.Sink.Last(); r.Result != "refused" || r.Reason != "twice" {
		t.Errorf("record %+v", r)
	}
	if all, err := keyfile.Read(g.path); err != nil || len(all) != 1 {
		t.Errorf("%d keys, %v", len(all), err)
	}
}

// TestManyKeys: of 10,000 keys the page shows some, and finds each.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	d := access.Directory{Views: []string{""}}
	for i := range 10_000 {
		d.Consumers.Credentials = append(d.Consumers.Credentials, access.Credential{Name: fmt.Sprintf("notebook-%05d", i), Kind: "API key", Fingerprint: fmt.Sprintf("%08x", i), Filed: true})
	}
	s := consoletest.New(t, access.Page(access.Config{Directory: func() access.Directory { return d }, Reload: func(context.Context) error { return nil }}))
	_, body := s.Get(t, "/keys")
	if n := strings.Count(body, "notebook-"); n == 0 || len(body) > 600_000 || !strings.Contains(body, "9500 more are not shown") {
		t.Errorf("%d names in %d bytes", n, len(body))
	}
	if _, body = s.Get(t, "/keys?q=NOTEBOOK-09731"); !strings.Contains(body, "notebook-09731") || strings.Contains(body, "notebook-09732") || strings.Contains(body, "more are not shown") {
		t.Error("a key is not found")
	}
	if _, body = s.Get(t, "/keys?q=nobody"); !strings.Contains(body, "No consumer matches.") {
		t.Error("what is not there is found")
	}
}

// TestRefusals: what is wrong is said, recorded, and changes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const marker = "Zqmarkervalue"
	g := newRig(t)
	for name, c := range map[string]struct {
		form   url.Values
		status int
		want   string
	}{
		"a bad name":    {url.Values{"name": {"a b"}, "view": {""}}, http.StatusUnprocessableEntity, "Expected a name"},
		"no name":       {url.Values{"view": {""}}, http.StatusUnprocessableEntity, "Expected a name"},
		"a bad scope":   {url.Values{"name": {"a"}, "view": {""}, "scopes": {"system/Patient.cruds " + marker}}, http.StatusUnprocessableEntity, "Expected a name"},
		"no such view":  {url.Values{"name": {"a"}, "view": {marker}}, http.StatusBadRequest, "no such view"},
		"no keys file":  {url.Values{"name": {"a"}, "whose": {"operator"}}, http.StatusConflict, "names no keys file"},
		"another token": {url.Values{"name": {"a"}, "csrf": {"x"}}, http.StatusForbidden, "another session"},
	} {
		status, body := g.Post(t, "/keys/make", c.form)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		if r := g.Sink.Last(); r.Operation != "make key" || r.Result != "refused" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
	if b, err := os.ReadFile(g.path); err != nil || len(b) != 0 || g.reloads != 0 {
		t.Errorf("%q, %v, %d reloads", b, err, g.reloads)
	}
	if _, body := g.Get(t, "/keys"); !strings.Contains(body, "operator:\n  keysFile:") {
		t.Errorf("the page does not say what to add: %s", body)
	}
	if strings.Contains(g.Log.String(), marker) {
		t.Error("the log has what was typed")
	}
}

// TestNotInForce: a key that could not be put in force is shown, and so is that.
func TestNotInForce(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.fail = errors.New("broken")
	if status, body := g.Post(t, "/keys/make", url.Values{"name": {"lab"}, "view": {""}}); status != http.StatusOK || !strings.Contains(body, "not valid yet") || !keyForm.MatchString(body) {
		t.Errorf("status %d: %s", status, body)
	}
	all, err := keyfile.Read(g.path)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if status, body := g.Post(t, "/keys/revoke", url.Values{"fingerprint": {keyfile.Fingerprint(all[0].SHA256)}}); status != http.StatusInternalServerError || !strings.Contains(body, "still valid") {
		t.Errorf("status %d: %s", status, body)
	}
}

// TestNotRecorded: a key that could not be recorded is neither shown nor in the file.
func TestNotRecorded(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.Sink.Fail(errors.New("disk full"))
	if status, body := g.Post(t, "/keys/make", url.Values{"name": {"lab"}, "view": {""}}); status != http.StatusServiceUnavailable || keyForm.MatchString(body) {
		t.Errorf("status %d: %s", status, body)
	}
	if b, err := os.ReadFile(g.path); err != nil || len(b) != 0 {
		t.Errorf("%q, %v", b, err)
	}
}

// TestMistakeInTheFile: an edit by hand that broke the file is shown, and not lost.
func TestMistakeInTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	const broken = "veil: 1\nkeys:\n  - {name: a, sha: b}\n"
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	s := consoletest.New(t, access.Page(access.Config{
		Directory: func() access.Directory {
			return access.Directory{Views: []string{""}, Consumers: access.Group{KeysFile: path}}
		},
		Reload: func(context.Context) error { t.Error("reloaded"); return nil },
	}))
	if status, body := s.Post(t, "/keys/make", url.Values{"name": {"lab"}, "view": {""}}); status != http.StatusConflict || !strings.Contains(body, "keys.yaml:3:") {
		t.Errorf("status %d: %s", status, body)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != broken {
		t.Errorf("%q, %v", b, err)
	}
}
