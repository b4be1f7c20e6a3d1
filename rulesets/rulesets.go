// Package rulesets holds the rulesets that Veil ships, and their tests. It contains
// data only: package mask, and the packages whose methods a ruleset names, know what it
// means.
package rulesets

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/internal/suggest"
)

//go:embed *.yaml overlays/*.yaml
var files embed.FS

//go:embed tests/*.yaml
var tests embed.FS

// Names returns the names of the shipped rulesets in order.
func Names() []string { return namesIn(".") }

// Overlays returns the names of the shipped overlays, which add to a ruleset, in order.
func Overlays() []string { return namesIn("overlays") }

func namesIn(folder string) []string {
	entries, _ := files.ReadDir(folder) // cannot fail: the folder is embedded
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// Open returns the file name and text of a shipped ruleset or overlay. It is a
// ruleset.Opener.
func Open(name string) (file string, src []byte, err error) {
	file = name + ".yaml"
	for _, folder := range []string{".", "overlays"} {
		if src, err = files.ReadFile(path.Join(folder, file)); err == nil {
			return file, src, nil
		}
	}
	return "", nil, fmt.Errorf("no shipped ruleset is named %q%s: veil ruleset list prints their names", name, suggest.DidYouMean(name, append(Names(), Overlays()...)))
}

// Tests returns the shipped rule tests: *.test.yaml at the root.
func Tests() fs.FS {
	sub, _ := fs.Sub(tests, "tests") // a constant, valid path
	return sub
}
