package fhir_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
)

// secret is the key of the tests: no error, log or output may show it.
var secret = []byte("the key of the tests, 32 bytes!!")

func methods(t testing.TB) mask.Methods {
	t.Helper()
	ms, err := mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// compileText compiles a ruleset given as text.
func compileText(t testing.TB, src string) (*fhir.Automaton, error) {
	t.Helper()
	ms := methods(t)
	rs, err := ruleset.Parse("test.yaml", []byte(src), ms, rulesets.Open)
	if err != nil {
		return nil, err
	}
	keys, err := keys.NewKeyring(secret, "test")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := ruleset.NewPolicy(rs, ms, keys)
	if err != nil {
		return nil, err
	}
	return fhir.Compile(policy, schema.R4())
}

// shipped compiles a shipped ruleset.
func shipped(t testing.TB, name string) *fhir.Automaton {
	t.Helper()
	a, err := compileText(t, "veil: 1\nname: test\nextends: "+name+"\n")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// masker masks one resource after another.
type masker struct {
	a    *fhir.Automaton
	w    *fhir.Walker
	pass *mask.Pass
	site *fhir.Site
}

func newMasker(a *fhir.Automaton, memory fhir.Memory) *masker {
	return &masker{a: a, w: fhir.NewWalker(a, memory), pass: mask.NewPass(a.Plan)}
}

func (m *masker) mask(src []byte) ([]byte, error) {
	m.pass.Begin(mask.Origin{Door: "file"})
	before := bytes.Clone(src)
	out, err := m.w.AppendJSON(nil, src, m.pass, m.site)
	if !bytes.Equal(before, src) {
		panic("the walker changed its input")
	}
	if err == nil && !json.Valid(out) {
		panic("the output is not JSON: " + string(out))
	}
	return out, err
}
