package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSecurityPageNamesTests: the tables of attacks have every row, and each test
// that a row names is there, in the folder that it names.
func TestSecurityPageNamesTests(t *testing.T) {
	declared := map[string]string{} // the folders of a test, each in spaces
	form := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		for _, m := range form.FindAllSubmatch(text, -1) {
			declared[string(m[1])] += " " + filepath.ToSlash(dir) + " "
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []struct {
		head, dir string // of the rows' numbers; of tests that name no folder
		rows      int
	}{
		{"", "proxy/fhirproxy", 55},
		{"P", "proxy/pgproxy/sqltest", 46},
		{"F", "fhir", 41},
		{"S", "proxy/pgproxy/sqltest", 30},
		{"O", "cmd/veil", 20},
		{"T", "table", 27},
		{"X", "text", 28},
		{"C", "proxy/console", 35},
	} {
		rows := regexp.MustCompile(`(?m)^\| `+table.head+`(\d+) \|.*\| (.*) \|$`).FindAllStringSubmatch(string(page), -1)
		if len(rows) != table.rows {
			t.Fatalf("%d rows of %q", len(rows), table.head)
		}
		for i, row := range rows {
			if row[1] != strconv.Itoa(i+1) {
				t.Errorf("row %s%s stands where %d belongs", table.head, row[1], i+1)
			}
			named := 0
			for _, part := range strings.Split(row[2], ";") {
				dir := table.dir
				for _, name := range regexp.MustCompile("`([^`]+)`(:?)").FindAllStringSubmatch(part, -1) {
					if name[2] == ":" {
						dir = name[1]
						continue
					}
					if !regexp.MustCompile(`^(Test|Fuzz|Benchmark)`).MatchString(name[1]) {
						continue
					}
					named++
					if !strings.Contains(declared[name[1]], " "+dir+" ") {
						t.Errorf("row %s%s: there is no %s in %s", table.head, row[1], name[1], dir)
					}
				}
			}
			if named == 0 {
				t.Errorf("row %s%s names no test", table.head, row[1])
			}
		}
	}
}
