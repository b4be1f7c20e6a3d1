package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/demo"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
)

// app is what the commands share.
type app struct {
	rules *rules.Library
	env   func(string) string
}

// methods are the masking methods of all packages: this is the only place that knows
// them.
func methods() [][]mask.Definition {
	return [][]mask.Definition{general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods()}
}

// newApp wires the program.
func newApp() (*app, error) {
	lib, err := rules.New(map[string][]byte{demo.RulesetName: demo.Ruleset}, methods()...)
	if err != nil {
		return nil, err
	}
	return &app{lib, os.Getenv}, nil
}

// addKey gives a command the flags of a key.
func addKey(c *cobra.Command, k *config.Key) {
	c.Flags().StringVar(&k.File, "key-file", "", strings.Replace(config.KeyDoc, "file", "`FILE`", 1))
	c.Flags().StringVar(&k.Project, "project", "default", "`NAME` of the project; pseudonyms of different projects cannot be linked")
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

// policy reads a ruleset and compiles it without a key, for commands that only compare.
func (a *app) policy(name string) (*ruleset.Policy, error) {
	compiled, err := a.rules.Public(name)
	if err != nil {
		return nil, err
	}
	return compiled.Policy, nil
}
