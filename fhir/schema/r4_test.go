package schema

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestTablesAreR4 compares the tables with a list of R4's elements that was made
// apart from them: each element, its types, cardinality, targets of references
// and the element it repeats, and nothing beside them.
func TestTablesAreR4(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/r4-elements.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		path, rest, _ := strings.Cut(lines.Text(), "\t")
		want[path] = rest
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(want) < 7000 {
		t.Fatalf("the list has %d elements", len(want))
	}
	got := map[string]string{}
	for _, typ := range R4().Types() {
		if typ.Kind == PrimitiveKind {
			continue
		}
		for i := range typ.Elements {
			path, row := elementRow(typ, &typ.Elements[i])
			got[path] = row
		}
	}
	for path, row := range want {
		switch {
		case got[path] == "":
			t.Errorf("%s is not in the tables", path)
		case got[path] != row:
			t.Errorf("%s: got %q, want %q", path, got[path], row)
		}
	}
	for path := range got {
		if want[path] == "" {
			t.Errorf("%s is not of R4", path)
		}
	}
}

// elementRow writes an element as the list has it.
func elementRow(typ *Type, e *Element) (path, row string) {
	path = typ.Name + "." + e.Name
	name := path
	if e.Choice {
		path += "[x]"
	}
	var codes []string
	var targets []string
	repeats := ""
	for _, et := range e.Types {
		code := et.Code
		switch {
		case et.Type != nil && et.Type.Kind == BackboneKind && et.Type.Name != name:
			code, repeats = "", "#"+et.Type.Name
		case et.Type != nil && et.Type.Kind == BackboneKind:
			code = et.Type.base
		case e.Name == "id" && typ.Kind == ResourceKind && code == "string":
			// HL7's definitions give the ids of all resources but Resource as
			// strings, the specification's text as ids.
			code = "id"
		}
		codes = append(codes, code)
		targets = append(targets, et.targets...)
	}
	limit := "*"
	if e.Max >= 0 {
		limit = strconv.Itoa(e.Max)
	}
	return path, strings.Join([]string{strings.Join(codes, "|"), strconv.Itoa(e.Min), limit, strings.Join(targets, "|"), repeats}, "\t")
}
