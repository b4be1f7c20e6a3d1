package main

import (
	"os"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/demo"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

// app is what the commands share.
type app struct {
	rules *rules.Library
	env   func(string) string
	// recognizer is the external recognizer that scrubbing uses.
	recognizer *scrub.External
}

// methods are the masking methods of all packages: only this function lists them.
func methods(x *scrub.External) [][]mask.Definition {
	return [][]mask.Definition{general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(x)}
}

// newApp wires the program.
func newApp() (*app, error) {
	recognizer := &scrub.External{}
	lib, err := rules.New(map[string][]byte{demo.RulesetName: demo.Ruleset}, methods(recognizer)...)
	if err != nil {
		return nil, err
	}
	return &app{lib, os.Getenv, recognizer}, nil
}

// compile reads a ruleset and a key, and compiles them.
func (a *app) compile(ruleset string, k config.Key) (*fhir.Automaton, error) {
	keys, err := k.Keyring(a.env)
	if err != nil {
		return nil, err
	}
	rs, err := a.rules.Load(ruleset)
	if err != nil {
		return nil, err
	}
	return a.rules.Compile(rs, keys)
}
