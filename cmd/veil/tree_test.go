package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTreeIsTheHouse: the tree of CONTRIBUTING.md has every package once, and nothing that
// is not there. A line has one or more names that end with a slash, below the line before it
// that is indented less.
func TestTreeIsTheHouse(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(string(page), "```\n")
	tree, _, _ = strings.Cut(tree, "```\n")
	listed := map[string]bool{}
	var above []string // the last name of each depth, up to that of this line
	for line := range strings.Lines(tree) {
		text := strings.TrimLeft(line, " ")
		depth := (len(line) - len(text)) / 2
		if depth > len(above) {
			t.Fatalf("%q is too deep", line)
		}
		above = above[:depth]
		var last string
		for _, word := range strings.Fields(text) {
			name, isName := strings.CutSuffix(word, "/")
			if !isName {
				break
			}
			last = name
			path := strings.Join(append(above[:depth:depth], name), "/")
			if listed[path] {
				t.Errorf("%s is there twice", path)
			}
			listed[path] = true
			if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(path))); err != nil || !info.IsDir() {
				t.Errorf("there is no folder %s", path)
			}
		}
		if last == "" {
			t.Errorf("%q names no folder", line)
		}
		above = append(above, last)
	}
	for _, p := range packages(t) {
		if pkg := strings.TrimPrefix(p.ImportPath, module); !listed[pkg] {
			t.Errorf("package %s is missing in the tree of CONTRIBUTING.md", pkg)
		}
	}
}
