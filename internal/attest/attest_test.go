package attest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

func library(t *testing.T) *rules.Library {
	t.Helper()
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(nil))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// TestCoverageIsThatOfTheFiles counts rules in the texts of rulesets.
func TestCoverageIsThatOfTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "site.yaml")
	text := "veil: 1\nname: site\nextends: safe-harbor\ntables:\n  default: remove\n  rules:\n" +
		"    - {id: births, category: C, match: {column: born}, method: birthYear}\n    - {id: contacts, category: DF, match: {column: contact}, method: remove}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Rulesets(library(t), &config.Config{}, []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1+len(rulesets.Names()) || list[0].Name != "site" || list[0].Configured {
		t.Fatalf("%d rulesets are known, the first one is %+v", len(list), list[0])
	}
	c, err := list[0].Coverage()
	if err != nil {
		t.Fatal(err)
	}
	_, shipped, err := rulesets.Open("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Files) != 2 || c.Files[0].SHA256 != digest([]byte(text)) || c.Files[1].SHA256 != digest(shipped) || c.Files[1].Name != "safe-harbor.yaml" {
		t.Errorf("files: %v", c.Files)
	}
	if n := strings.Count(string(shipped), "\n    - id: "); n < 20 || c.FHIRRules != n {
		t.Errorf("%d rules over FHIR, the file has %d", c.FHIRRules, n)
	}
	if c.TableRules != 2 || c.TableDefault != "remove" || c.DocumentRules != 0 || c.Passing == 0 || c.Passing >= c.Paths {
		t.Errorf("%+v", c)
	}
	over := ""
	for _, id := range c.Identifiers {
		over += strings.Repeat(id.Letter, id.TableRules)
		// A rule of an identifier names it in its category.
		for _, rule := range id.Rules {
			_, after, found := strings.Cut(string(shipped), "\n    - id: "+rule+"\n")
			rest, _, _ := strings.Cut(after, "\n    - id: ")
			_, category, _ := strings.Cut(rest, "category: ")
			category, _, _ = strings.Cut(category, "\n")
			if !found || !strings.Contains(category, id.Letter) {
				t.Errorf("rule %s is not of identifier %s: its category is %q", rule, id.Letter, category)
			}
		}
	}
	if over != "CDF" {
		t.Errorf("rules over tables are of the identifiers %s", over)
	}
}

// TestConfigurationIsDescribedWithoutAddressesAndSecrets gives every setting.
func TestConfigurationIsDescribedWithoutAddressesAndSecrets(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../config/testdata/every.yaml")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := config.Parse("every.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	d := Configuration(conf)
	if d.Basis != evidence.Stated || d.File != digest(text) || len(d.Lines) < 6 {
		t.Errorf("%+v", d)
	}
	said, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"://", "/etc", "SCRAM", ".key", ".pem", "127.0.0.1", "password"} {
		if strings.Contains(string(said), bad) {
			t.Errorf("the description has %q: %s", bad, said)
		}
	}
}
