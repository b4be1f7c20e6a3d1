package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// TestAPIKey: the line that is printed lets the key in that is printed, under
// the name that was requested, and does not have the key.
func TestAPIKey(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"notebook-7", "42", "1e3", "null", "a.b_c@example.org"} {
		t.Run(name, func(t *testing.T) {
			r := veil(t, "", "keys", "api", name)
			lines := strings.Split(r.stdout, "\n")
			if r.code != 0 || r.stderr != "" || len(lines) != 5 {
				t.Fatalf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			key := lines[1]
			if seen[key] || strings.Count(r.stdout, key) != 1 {
				t.Error("the key is not new, or printed more than once")
			}
			seen[key] = true
			var entries []struct{ Name, SHA256 string }
			if err := yaml.UnmarshalWithOptions([]byte(r.stdout[strings.Index(r.stdout, "# For"):]), &entries, yaml.Strict()); err != nil || len(entries) != 1 {
				t.Fatalf("%v, %s", err, r.stdout)
			}
			d, err := consumer.New(t.Context(), consumer.Config{Keys: []consumer.Key{{Account: consumer.Account{Name: entries[0].Name}, SHA256: entries[0].SHA256}}})
			if err != nil {
				t.Fatal(err)
			}
			who, err := d.Authenticate(context.Background(), consumer.Request{APIKey: []string{key}})
			if err != nil || who.Name != name {
				t.Errorf("got %v, %v", who, err)
			}
			other, _ := consumer.NewKey()
			if _, err := d.Authenticate(context.Background(), consumer.Request{APIKey: []string{other}}); !errors.Is(err, consumer.ErrBadCredentials) {
				t.Errorf("another key: %v", err)
			}
		})
	}
}

// TestAPIKeyOfSeveralLines: a name cannot add lines to a configuration.
func TestAPIKeyOfSeveralLines(t *testing.T) {
	r := veil(t, "", "keys", "api", "a\n- {name: b}")
	if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, "expected 1 to 128 letters") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
