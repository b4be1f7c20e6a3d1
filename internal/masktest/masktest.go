// Package masktest compiles rulesets and masks resources in tests.
package masktest

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

// Secret is the key of the tests: no error, log or output may show it.
var Secret = []byte("the key of the tests, 32 bytes!!")

// Methods returns every method, and more.
func Methods(t testing.TB, more ...mask.Definition) mask.Methods {
	t.Helper()
	ms, err := mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(nil), more)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// Keyring returns the keyring of a project under the key of the tests.
func Keyring(t testing.TB, project string) *keys.Keyring {
	t.Helper()
	ring, err := keys.NewKeyring(Secret, project)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// ParsePolicy prepares a ruleset, given as text, to run with methods. It may extend
// shipped rulesets.
func ParsePolicy(t testing.TB, src string, ms mask.Methods) (*ruleset.Policy, error) {
	t.Helper()
	rs, err := ruleset.Parse("test.yaml", []byte(src), ms, rulesets.Open)
	if err != nil {
		return nil, err
	}
	return ruleset.NewPolicy(rs, ms, Keyring(t, "test"))
}

// Policy prepares a ruleset, given as text, to run with the methods of Methods.
func Policy(t testing.TB, src string, more ...mask.Definition) *ruleset.Policy {
	t.Helper()
	p, err := ParsePolicy(t, src, Methods(t, more...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Rules returns the rules for tables of a ruleset given as text.
func Rules(t testing.TB, src string, more ...mask.Definition) *table.Rules {
	t.Helper()
	return table.NewRules(Policy(t, src, more...))
}

// Compile compiles a ruleset given as text.
func Compile(t testing.TB, src string) (*fhir.Automaton, error) {
	t.Helper()
	policy, err := ParsePolicy(t, src, Methods(t))
	if err != nil {
		return nil, err
	}
	return fhir.Compile(policy, schema.R4())
}

// shipped are the shipped rulesets that a process has compiled, by name.
var shipped sync.Map // of func() (*fhir.Automaton, error)

// Shipped returns a shipped ruleset. It is compiled once for all tests of a process.
func Shipped(t testing.TB, name string) *fhir.Automaton {
	t.Helper()
	compile, _ := shipped.LoadOrStore(name, sync.OnceValues(func() (*fhir.Automaton, error) {
		return Compile(t, "veil: 1\nname: test\nextends: "+name+"\n")
	}))
	a, err := compile.(func() (*fhir.Automaton, error))()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Masker masks one resource after another.
type Masker struct {
	Automaton *fhir.Automaton
	Walker    *fhir.Walker
	Pass      *mask.Pass
	Site      *fhir.Site
}

// NewMasker returns a Masker.
func NewMasker(a *fhir.Automaton, memory fhir.Memory) *Masker {
	return &Masker{Automaton: a, Walker: fhir.NewWalker(a, memory), Pass: mask.NewPass(a.Plan)}
}

// Mask masks a resource in JSON.
func (m *Masker) Mask(src []byte) ([]byte, error) {
	m.Pass.Begin(mask.Origin{Door: "file"})
	before := bytes.Clone(src)
	out, err := m.Walker.AppendJSON(nil, src, m.Pass, m.Site)
	if !bytes.Equal(before, src) {
		panic("the walker changed its input")
	}
	if err == nil && !json.Valid(out) {
		panic("the output is not JSON: " + string(out))
	}
	return out, err
}

// MaskXML masks a resource in XML.
func (m *Masker) MaskXML(src []byte) ([]byte, error) {
	m.Pass.Begin(mask.Origin{Door: "file"})
	before := bytes.Clone(src)
	out, err := m.Walker.AppendXML([]byte("kept"), src, m.Pass, m.Site)
	out, kept := bytes.CutPrefix(out, []byte("kept"))
	if !bytes.Equal(before, src) || !kept {
		panic("the walker changed its input, or what it appends to")
	}
	return out, err
}
