package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
)

// policyOf makes the policy of a ruleset given as text.
func policyOf(t *testing.T, text string) *ruleset.Policy {
	t.Helper()
	return masktest.Policy(t, text)
}

const rulesForR4B = `
veil: 1
name: test
referenceDate: 2026-12-31
fhir:
  version: R4B
  rules:
    - {id: ids, match: Resource.id, method: resourceId}
    - {id: codes, match: nodesByType('code'), method: code}
    - {id: types, match: Ingredient.role.coding.code, method: remove}
    - {id: booleans, match: nodesByType('boolean'), method: keep}
    - {id: references, match: Reference.reference, method: reference}
    - {id: type-names, match: Reference.type, method: resourceType}
`

// TestResourcesOfAnotherVersion: with the tables of R4B, a ruleset for it masks what R4
// does not have, and what R4 has and R4B has not is unknown.
func TestResourcesOfAnotherVersion(t *testing.T) {
	t.Parallel()
	a, err := fhir.Compile(policyOf(t, rulesForR4B), schemaIn(t, "R4B"))
	if err != nil {
		t.Fatal(err)
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	out, err := m.Mask([]byte(`{"resourceType":"Ingredient","id":"a","status":"active","allergenicIndicator":true,"role":{"text":"SECRET"},"for":[{"reference":"ManufacturedItemDefinition/1","type":"ManufacturedItemDefinition"},{"type":"SECRET"}],"substance":{"code":{"concept":{"text":"SECRET"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"resourceType":"Ingredient"`, `"status":"active"`, `"allergenicIndicator":true`, `"reference":"ManufacturedItemDefinition/`, `"type":"ManufacturedItemDefinition"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s does not have %s", out, want)
		}
	}
	if strings.Contains(string(out), "SECRET") {
		t.Errorf("%s shows a secret", out)
	}
	if _, err := m.Mask([]byte(`{"resourceType":"EffectEvidenceSynthesis","status":"active"}`)); err == nil {
		t.Error("a type of R4 is known to R4B")
	}
}

// TestVersionOfRulesets: the version is part of a ruleset's identity only where it is not
// R4; one that there are no tables of, or not these, is an error at its place.
func TestVersionOfRulesets(t *testing.T) {
	t.Parallel()
	const head = "veil: 1\nname: test\nreferenceDate: 2026-12-31\n"
	bare := policyOf(t, head+"fhir: {}\n").Ruleset
	hashes := map[string]bool{bare.SHA256(): true}
	for _, version := range []string{"R4", "4.0.1"} {
		if rs := policyOf(t, head+"fhir: {version: "+version+"}\n").Ruleset; rs.SHA256() != bare.SHA256() {
			t.Errorf("%s changes the hash", version)
		}
	}
	other := policyOf(t, head+"fhir: {version: R4B}\n")
	if hashes[other.Ruleset.SHA256()] {
		t.Error("R4B does not change the hash")
	}
	if _, err := fhir.Compile(other, schema.R4()); err == nil || !strings.Contains(err.Error(), "test.yaml:4:") {
		t.Errorf("a ruleset for R4B compiles with R4: %v", err)
	}
	if _, err := fhir.SchemaOf(policyOf(t, head+"fhir: {version: R7}\n").Ruleset); err == nil || !strings.Contains(err.Error(), `test.yaml:4:17: fhir: unknown version of FHIR "R7": expected R4`) {
		t.Errorf("unknown version: %v", err)
	}
	if s, err := fhir.SchemaOf(bare); err != nil || s != schema.R4() {
		t.Errorf("no version: %v", err)
	}
}

// TestShippedRulesetsForR4B: a ruleset for R4B can extend each shipped ruleset.
func TestShippedRulesetsForR4B(t *testing.T) {
	t.Parallel()
	for _, name := range rulesets.Names() {
		a, err := fhir.Compile(policyOf(t, "veil: 1\nname: test\nextends: "+name+"\nfhir:\n  version: R4B\n"), schema.R4B())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := masktest.NewMasker(a, fhir.RememberAlways).Mask([]byte(`{"resourceType":"NutritionProduct","id":"a","status":"active","code":{"text":"555-123-4567"},"note":[{"text":"555-123-4567"}]}`))
		if err != nil || strings.Contains(string(out), "555-123-4567") || !strings.Contains(string(out), `"status":"active"`) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
}
