package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

func library(t testing.TB) *Library {
	t.Helper()
	l, err := New(nil, general.Methods(), safeharbor.Methods(), table.Methods(), fhir.Methods(), scrub.Methods(nil))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestShippedRulesetsCompile compiles every shipped ruleset, and every overlay on each
// of them that can be a base.
func TestShippedRulesetsCompile(t *testing.T) {
	l := library(t)
	for _, name := range rulesets.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := l.Public(name); err != nil {
				t.Fatal(err)
			}
			rs, err := l.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if rs.Name != name || rs.Title == "" || rs.Description == "" {
				t.Errorf("name %q, title %q, description %q", rs.Name, rs.Title, rs.Description)
			}
		})
	}
	for _, base := range []string{"safe-harbor", "research", "limited-dataset"} {
		whole := strings.Join(append([]string{base}, rulesets.Overlays()...), "+")
		t.Run(whole, func(t *testing.T) {
			t.Parallel()
			if _, err := l.Public(whole); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestOverlays(t *testing.T) {
	l := library(t)
	for _, name := range rulesets.Overlays() {
		rs, err := l.Load(name)
		if err != nil || !rs.Overlay || rs.Title == "" {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := l.Compile(rs, nil); err == nil || !strings.Contains(err.Error(), "is an overlay, which works only on a base") {
			t.Errorf("%s compiles alone: %v", name, err)
		}
		if _, err := l.Public(name); err != nil {
			t.Errorf("%s on safe-harbor: %v", name, err)
		}
	}

	file := filepath.Join(t.TempDir(), "site.yaml")
	if err := os.WriteFile(file, []byte("veil: 1\nname: site\noverlay: true\nfhir:\n  rules:\n    - {id: text, match: nodesByType('string'), method: remove}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	written, err := l.Load("safe-harbor+us-core+" + file)
	if err != nil {
		t.Fatal(err)
	}
	if written.Name != "safe-harbor_us-core_site" {
		t.Errorf("named %q", written.Name)
	}
	composed, err := l.Load("safe-harbor+us-core")
	if err != nil {
		t.Fatal(err)
	}
	base, err := l.Load("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	if composed.SHA256() == base.SHA256() || composed.Title != base.Title || composed.ReferenceDate != base.ReferenceDate {
		t.Errorf("composed %q of %v", composed.Title, composed.ReferenceDate)
	}
	for name, want := range map[string]string{
		"safe-harbor+nope":     `no shipped ruleset is named "nope"`,
		"safe-harbor+research": `only the first ruleset of "extends" can be a complete ruleset`,
		"us-core+safe-harbor":  `"us-core" is an overlay, which works only on a base`,
		"safe-habor+us-core":   `no shipped ruleset is named`,
	} {
		if _, err := l.Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestDraft: a draft is checked as a file is, at its lines, and reads no file that is not
// listed.
func TestDraft(t *testing.T) {
	t.Parallel()
	l := library(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "site.yaml")
	if err := os.WriteFile(file, []byte("veil: 1\nname: site\nextends: safe-harbor\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(dir, "secret.yaml")
	if err := os.WriteFile(secret, []byte("Zebulonius: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"good", "veil: 1\nname: mine\nextends: safe-harbor\n", ""},
		{"an overlay", "veil: 1\nname: mine\noverlay: true\nfhir: {rules: [{id: x, match: Patient.gender, method: remove}]}\n", ""},
		{"a listed file", "veil: 1\nname: mine\nextends: " + file + "\n", ""},
		{"a path", "veil: 1\nname: mine\nextends: ../../etc/passwd\n", "draft.yaml:3"},
		{"an absolute path", "veil: 1\nname: mine\nextends: " + secret + "\n", "files that are in force"},
		{"a mistake", "veil: 1\nname: mine\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: x, match: Patient.gender, method: remov}\n", "draft.yaml:6:"},
		{"itself", "veil: 1\nname: mine\nextends: draft\n", "draft"},
	} {
		_, err := l.Draft([]byte(tc.text), []string{file})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "Zebulonius")) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}
