package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/textfile"
)

// allMethods are the methods of every package. This is the only place that
// knows them all.
func allMethods() (mask.Methods, error) {
	return mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods(), analysis.Methods())
}

// openRuleset finds a ruleset by its shipped name or by a file's path.
func openRuleset(name string) (file string, src []byte, err error) {
	if name == demoRulesetName {
		return name + ".yaml", demoRuleset, nil
	}
	if !strings.ContainsAny(name, "./\\") {
		return rulesets.Open(name)
	}
	src, err = textfile.Read(name)
	return name, src, err
}

// loadRuleset reads and checks a ruleset. What it extends is looked for among
// the shipped ones, or beside it where the name has a path's form.
func loadRuleset(name string) (*mask.Ruleset, error) {
	methods, err := allMethods()
	if err != nil {
		return nil, err
	}
	file, src, err := openRuleset(name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(file)
	return mask.ParseRuleset(file, src, methods, func(base string) (string, []byte, error) {
		if strings.ContainsAny(base, "./\\") && !filepath.IsAbs(base) {
			base = filepath.Join(dir, base)
		}
		return openRuleset(base)
	})
}

// compile lays a ruleset over FHIR R4 with a key.
func compile(rs *mask.Ruleset, keys *mask.Keyring) (*fhir.Automaton, error) {
	methods, err := allMethods()
	if err != nil {
		return nil, err
	}
	policy, err := mask.NewPolicy(rs, methods, keys)
	if err != nil {
		return nil, err
	}
	return fhir.Compile(policy, fhir.R4())
}

// explainKeys is the keyring of commands that mask nothing: they need a compiled
// ruleset, not a secret.
func explainKeys() (*mask.Keyring, error) {
	return mask.NewKeyring([]byte("a public key that masks nothing."), "explain")
}

// keyFlags are how commands are told the key and the project.
type keyFlags struct{ file, project string }

func (k *keyFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&k.file, "key-file", "", "file with the project's key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)")
	c.Flags().StringVar(&k.project, "project", "default", "name of the project: pseudonyms of two projects cannot be linked")
}

func (k *keyFlags) keyring() (*mask.Keyring, error) {
	file := k.file
	if file == "" {
		file = os.Getenv("VEIL_KEY_FILE")
	}
	var secret []byte
	var err error
	switch {
	case file != "":
		secret, err = mask.ReadKeyFile(file)
	case os.Getenv("VEIL_KEY") != "":
		if secret, err = mask.ParseKey([]byte(os.Getenv("VEIL_KEY"))); err != nil {
			err = fmt.Errorf("$VEIL_KEY: %w", err)
		}
	default:
		return nil, usagef("no key: give --key-file FILE (make one with: veil keys new FILE)")
	}
	if err != nil {
		return nil, err
	}
	return mask.NewKeyring(secret, k.project)
}

// loadAutomaton is what masking commands start with.
func loadAutomaton(ruleset string, k keyFlags) (*fhir.Automaton, error) {
	if ruleset == "" {
		return nil, errors.New("no ruleset")
	}
	keys, err := k.keyring()
	if err != nil {
		return nil, err
	}
	rs, err := loadRuleset(ruleset)
	if err != nil {
		return nil, err
	}
	return compile(rs, keys)
}
