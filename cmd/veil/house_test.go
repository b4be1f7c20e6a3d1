package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// listedPackage is a package as go list shows it.
type listedPackage struct {
	Dir, ImportPath, Name                                             string
	Imports, Deps, GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
}

var listing struct {
	sync.Mutex
	packages []listedPackage
}

// packages are those of the module, which are listed once for all tests.
func packages(t *testing.T) []listedPackage {
	t.Helper()
	listing.Lock()
	defer listing.Unlock()
	if listing.packages != nil {
		return listing.packages
	}
	out, err := veiltest.Command(t, veiltest.Works, "go", "list", "-json=Dir,ImportPath,Name,Imports,Deps,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listedPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	listing.packages = all
	return all
}

// TestHouseHasRoom: no package is over 25 files or 4,000 lines unless its doc comment
// says why it is one ("is one package because"), no file that people write is over 500
// lines, cmd/veil is wiring of at most 1,500 lines, and no package is named for being of
// use to others. Test support is in internal, and no test waits for a program without a limit.
func TestHouseHasRoom(t *testing.T) {
	t.Parallel()
	const (
		mostFiles, mostLines = 25, 4000
		mostLinesOfFile      = 500
		mostLinesOfCommand   = 1500
	)
	reason := regexp.MustCompile(`is one package\s+because`)
	limitless := regexp.MustCompile(`exec\.Command(Context)?\(.*\.(Run|Output|CombinedOutput)\(\)`)
	generated := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	for _, p := range packages(t) {
		for _, name := range []string{"util", "utils", "common", "helper", "helpers", "misc"} {
			if p.Name == name {
				t.Errorf("%s: a package is named for what it has, not for being of use", p.ImportPath)
			}
		}
		if slices.Contains(p.Imports, "testing") && !strings.HasPrefix(p.ImportPath, module+"internal/") {
			t.Errorf("%s: test support that others can import belongs in internal", p.ImportPath)
		}
		lines, doc := 0, ""
		for k, files := range [][]string{p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles} {
			for _, name := range files {
				text, err := os.ReadFile(filepath.Join(p.Dir, name))
				if err != nil {
					t.Fatal(err)
				}
				n := bytes.Count(text, []byte("\n"))
				if k < 2 {
					lines += n
				} else if call := limitless.Find(text); call != nil {
					t.Errorf("%s/%s: %s: use veiltest.Command, which has a limit", p.ImportPath, name, call)
				}
				if n > mostLinesOfFile && !generated.Match(text) {
					t.Errorf("%s/%s has %d lines: give each concept a file of its own", p.ImportPath, name, n)
				}
				if head, _, ok := bytes.Cut(text, []byte("\npackage ")); ok {
					doc += string(head)
				}
			}
		}
		if p.ImportPath == module+"cmd/veil" && lines > mostLinesOfCommand {
			t.Errorf("%s has %d lines: move what is not wiring into packages", p.ImportPath, lines)
		}
		doc = strings.ReplaceAll(doc, "\n// ", " ")
		if n := len(p.GoFiles) + len(p.IgnoredGoFiles); (n > mostFiles || lines > mostLines) && !reason.MatchString(doc) {
			t.Errorf("%s has %d files and %d lines: split it, or say in its doc comment why it is one package", p.ImportPath, n, lines)
		}
	}
}
