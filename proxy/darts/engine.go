package darts

import (
	"crypto/sha512"
	"errors"
	"slices"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// engine masks with one ruleset in one key space.
type engine struct {
	space     string // that the caller's key selects
	automaton *fhir.Automaton
	masks     sync.Pool // of *maskState
}

// maskState masks one Bundle at a time.
type maskState struct {
	walker *fhir.Walker
	pass   *mask.Pass
}

func newEngine(space string, a *fhir.Automaton) *engine {
	e := &engine{space: space, automaton: a}
	e.masks.New = func() any { return &maskState{fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)} }
	return e
}

// errNotBundle says that the resource is not a Bundle.
var errNotBundle = errors.New("identifiableData is not a Bundle")

// mask masks a Bundle. The record contains what was applied, also if there was an error.
func (e *engine) mask(bundle []byte, origin mask.Origin) (masked []byte, record func(result, reason string) *mask.Record, err error) {
	m := e.masks.Get().(*maskState)
	m.pass.Begin(origin)
	masked, err = m.walker.AppendJSON(nil, bundle, m.pass, &fhir.Site{Base: fhir.DefaultBase})
	if err == nil && m.walker.ResourceType() != "Bundle" {
		err = errNotBundle
	}
	whole := m.pass.Record("", "")
	e.masks.Put(m) // not after a panic, which leaves its state unknown
	return masked, func(result, reason string) *mask.Record {
		whole.Result, whole.Reason = result, reason
		return whole
	}, err
}

// spaceBytes is the length of the secret of a key space.
const spaceBytes = 64

// space returns the keyring of a key space, derived from the service's own key.
func (s *state) space(purpose, name string) (*keys.Keyring, error) {
	sum := sha512.Sum512([]byte(name)) // hashed, since it may be longer than a domain's 65,535 bytes
	secret, err := s.Keys.Derive(purpose, string(sum[:]), spaceBytes)
	if err != nil {
		return nil, err
	}
	return keys.NewKeyring(secret, s.Keys.Project())
}

// mostPseudonymKeys bounds the callers' keys with a compiled ruleset, which takes about
// 20 MB.
const mostPseudonymKeys = 4

// pseudonymize returns the engine for a caller's key.
func (s *state) pseudonymize(key string) (*engine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.pseudonyms {
		if e.space == key {
			s.pseudonyms = slices.Insert(slices.Delete(s.pseudonyms, i, i+1), 0, e)
			return e, nil
		}
	}
	ring, err := s.space("darts-pseudonymize", key)
	if err != nil {
		return nil, err
	}
	a, err := s.Pseudonymize(ring)
	if err != nil {
		return nil, err
	}
	e := newEngine(key, a)
	s.pseudonyms = slices.Insert(s.pseudonyms, 0, e)
	s.pseudonyms = s.pseudonyms[:min(len(s.pseudonyms), mostPseudonymKeys)]
	return e, nil
}

// anonymize returns the engine for a single Bundle.
func (s *state) anonymize(bundle []byte) (*engine, error) {
	ring, err := s.space("darts-anonymize", string(bundle))
	if err != nil {
		return nil, err
	}
	a, err := s.Anonymize(ring)
	if err != nil {
		return nil, err
	}
	return newEngine("", a), nil
}
