package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestRuleThatRemovesEverythingIsAWarning: a rule whose method is not remove, and
// which removed every value of its tests, is named; the tests pass all the same.
func TestRuleThatRemovesEverythingIsAWarning(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, rule, code, shown string
		warns                   bool
	}{
		{"removes all", "{id: zip3, match: Address.postalCode, method: characters, keepFirst: 3}", "02115", "", true},
		{"keeps some", "{id: zip3, match: Address.postalCode, method: characters, keepFirst: 3}", "02115-1234", `, "postalCode": "021*******"`, false},
		{"remove", "{id: zip3, match: Address.postalCode, method: remove}", "02115", "", false},
	} {
		ruleset := write(t, filepath.Join(dir, "site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\nfhir:\n  rules:\n    - "+tc.rule+"\n")
		tests := write(t, filepath.Join(dir, "site.test.yaml"), fmt.Sprintf("veil: 1\nruleset: site\ntests:\n  - name: zip\n    input: |\n      {\"resourceType\": \"Patient\", \"address\": [{\"country\": \"US\", \"postalCode\": %q}]}\n    output: |\n      {\"resourceType\": \"Patient\", \"address\": [{\"country\": \"US\"%s}]}\n", tc.code, tc.shown))
		r := veil(t, "", "ruleset", "test", "--ruleset", ruleset, tests)
		warned := strings.Contains(r.stdout, `rule "zip3" removed every value in its tests (1): method "characters" may not fit`)
		if r.code != 0 || warned != tc.warns || strings.Contains(r.stdout, "warning") != tc.warns {
			t.Errorf("%s: exit %d\n%s%s", tc.name, r.code, r.stdout, r.stderr)
		}
	}
	if r := veil(t, "", "ruleset", "test"); r.code != 0 || strings.Contains(r.stdout, "warning") {
		t.Errorf("the shipped tests: exit %d\n%s", r.code, r.stdout)
	}
}
