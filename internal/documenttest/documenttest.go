// Package documenttest compiles rules for documents in tests.
package documenttest

import (
	"testing"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/safeharbor"
)

// Policy makes a policy of a ruleset's documents section, given as the YAML below
// "documents:".
func Policy(t testing.TB, section string) (*ruleset.Policy, error) {
	t.Helper()
	methods, err := mask.NewMethods(general.Methods(), safeharbor.Methods())
	if err != nil {
		t.Fatal(err)
	}
	src := "veil: 1\nname: test\nreferenceDate: 2026-12-31\ndocuments:\n" + section
	rs, err := ruleset.Parse("test.yaml", []byte(src), methods, nil)
	if err != nil {
		return nil, err
	}
	ring, err := keys.NewKeyring([]byte("the key of the tests, 32 bytes!!"), "test")
	if err != nil {
		t.Fatal(err)
	}
	return ruleset.NewPolicy(rs, methods, ring)
}

// Compile compiles a documents section.
func Compile(t testing.TB, section string) (*document.Rules, error) {
	t.Helper()
	p, err := Policy(t, section)
	if err != nil {
		return nil, err
	}
	return document.Compile(p)
}

// Plan is the plan of document d under a section that must compile.
func Plan(t testing.TB, section string) *document.Plan {
	t.Helper()
	r, err := Compile(t, section)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Plan("d")
	if err != nil {
		t.Fatal(err)
	}
	return p
}
