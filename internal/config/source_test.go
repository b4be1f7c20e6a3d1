package config

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

func library(t testing.TB) *rules.Library { return libraryWith(t, nil) }

func libraryWith(t testing.TB, x *scrub.External) *rules.Library {
	t.Helper()
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(x))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newSource is a configuration of a FHIR listener with the given consumers.
func newSource(t testing.TB, consumers string) *Source {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "project.key")
	if err := keys.WriteFile(key); err != nil {
		t.Fatal(err)
	}
	text := "veil: 1\nkeyFile: " + key + "\naudit: {dir: " + dir + "/audit}\nfhir: {upstream: http://127.0.0.1:1/fhir}\n" + consumers
	return &Source{File: write(t, filepath.Join(dir, "veil.yaml"), text), Env: func(string) string { return "" }, Rules: library(t)}
}

// TestReloadWaitsForTheWriter: the beginning of a configuration that would be
// valid by itself, and allow more than the whole, is never in force.
func TestReloadWaitsForTheWriter(t *testing.T) {
	t.Parallel()
	s := newSource(t, "consumers: {keys: [{name: alice, sha256: "+strings.Repeat("a", 64)+"}]}\n")
	current, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	half, err := os.ReadFile(s.File)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Replace(string(half), "}]", ", scopes: system/Observation.rs}]", 1)
	waits := 0
	s.wait = func(context.Context) error {
		if waits++; waits == 1 {
			write(t, s.File, whole)
		}
		return nil
	}
	p, err := s.PrepareNext(t.Context(), current, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Config.Consumers.Keys[0].Scopes; got != "system/Observation.rs" || waits != 2 {
		t.Errorf("in force after %d pauses: scopes %q", waits, got)
	}

	// A file that never stays the same is not put in force at all.
	s.wait = func(context.Context) error {
		waits++
		write(t, s.File, whole+strings.Repeat("#", waits)+"\n")
		return nil
	}
	if _, err := s.PrepareNext(t.Context(), current, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "still being written") {
		t.Errorf("a file that is still being written: %v", err)
	}
}

// TestRestartIsAnAttribute: each setting says whether a reload changes it, and a
// change of one that a reload cannot change is refused by its name.
func TestRestartIsAnAttribute(t *testing.T) {
	t.Parallel()
	base, err := Parse("veil.yaml", []byte("veil: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := base.needsRestart(base); len(got) > 0 {
		t.Errorf("nothing differs, and %v need a restart", got)
	}
	each(base.settings(), func(path string, _ setting, e effect) {
		if e == inherited {
			t.Errorf("%s does not say when a changed value takes effect", path)
		}
	})
	for text, want := range map[string]string{
		"detail: true":                                  "",
		"ruleset: research":                             "",
		"views: {a: {project: a}}":                      "",
		"consumers: {anonymous: {allow: true}}":         "",
		"shutdown: {grace: 1s, delay: 1s}":              "",
		"postgres: {tls: {certFile: a, keyFile: b}}":    "",
		"fhir: {listen: ':1'}":                          "fhir.listen",
		"fhir: {tls: {certFile: a, keyFile: b}}":        "fhir.tls",
		"fhir: {limits: {exchanges: 3, streams: 2}}":    "fhir.limits.exchanges fhir.limits.streams",
		"fhir: {credentials: {basic: {user: a}}}":       "fhir.credentials.basic",
		"fhir: {credentials: {headers: [{name: X-A}]}}": "fhir.credentials.headers",
		"fhir: {upstreamTLS: {serverName: a}}":          "fhir.upstreamTLS.serverName",
		"fhir: {origins: ['*']}":                        "fhir.origins",
		"postgres: {listen: ':1', plaintext: true}":     "postgres.listen postgres.plaintext",
		"audit: {dir: x}":                               "audit.dir",
		"log: {level: debug}":                           "log.level",
		"operator: {listen: '1'}":                       "operator.listen",
	} {
		next, err := Parse("veil.yaml", []byte("veil: 1\n"+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(base.needsRestart(next), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	with := func(cert string) *Config {
		c, err := Parse("veil.yaml", []byte("veil: 1\nfhir: {tls: {certFile: "+cert+", keyFile: b}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if got := with("a").needsRestart(with("c")); len(got) > 0 {
		t.Errorf("another certificate: %v", got)
	}
}

// TestRecognizerIsUsed: what is configured is asked.
func TestRecognizerIsUsed(t *testing.T) {
	t.Parallel()
	recognizer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Text, Language string }
		_ = json.NewDecoder(r.Body).Decode(&q)
		at := strings.Index(q.Text, "zqmarkerword")
		fmt.Fprintf(w, `[{"start": %d, "end": %d, "score": 0.9, "entity_type": "PERSON"}, {"start": 0, "end": 4, "score": 0.4, "entity_type": "PERSON"}]`, at, at+12)
		if q.Language != "de" {
			t.Errorf("the language is %q", q.Language)
		}
	}))
	defer recognizer.Close()
	s := newSource(t, "consumers: {anonymous: {allow: true}}\nruleset: safe-harbor-text\ntext: {recognizer: {url: '"+recognizer.URL+"', language: de, minScore: 0.5}}\n")
	s.Recognizer = &scrub.External{}
	s.Rules = libraryWith(t, s.Recognizer)
	p, err := s.Prepare(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a := p.FHIR.Views[0].Automaton
	out, err := fhir.NewWalker(a, fhir.RememberNothing).AppendJSON(nil, []byte(`{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/1"},"note":[{"text":"Seen with zqmarkerword."}]}`), mask.NewPass(a.Plan), nil)
	if err != nil || !strings.Contains(string(out), `"Seen with [NAME]."`) {
		t.Errorf("%v: %s", err, out)
	}
}
