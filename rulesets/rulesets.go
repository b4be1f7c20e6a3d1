// Package rulesets holds the rulesets that Veil ships, and their tests. It is
// data: what a ruleset means is known to package mask and to the packages
// whose methods it names.
package rulesets

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

//go:embed *.yaml
var files embed.FS

//go:embed tests/*.yaml
var tests embed.FS

// Names returns the names of the shipped rulesets in order.
func Names() []string {
	entries, _ := files.ReadDir(".") // an embedded folder is always there
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	sort.Strings(names)
	return names
}

// Open returns a shipped ruleset's file name and text. It is a ruleset.Opener.
func Open(name string) (file string, src []byte, err error) {
	file = name + ".yaml"
	if src, err = files.ReadFile(file); err != nil {
		return "", nil, fmt.Errorf("no shipped ruleset is named %q: expected one of %s", name, strings.Join(Names(), ", "))
	}
	return file, src, nil
}

// Tests returns the shipped rule tests: *.test.yaml at the root.
func Tests() fs.FS {
	sub, _ := fs.Sub(tests, "tests") // a constant, valid path
	return sub
}
