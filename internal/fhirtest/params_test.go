package fhirtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

func TestElements(t *testing.T) {
	var doc any
	if err := json.Unmarshal([]byte(`{"a":{"b":[{"c":1,"k":"x"},{"c":[2,3],"k":"y"}]},"d":"s"}`), &doc); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"d": "[s]", "a.b.c": "[1 2 3]", "a.b[k=y].c": "[2 3]", "a.b[k=z].c": "[]", "a.x": "[]", "d.x": "[]", "a.b.c.d": "[]",
	} {
		if got := fmt.Sprint(elements(doc, path)); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// TestParametersFindSomething guards against a path that is misspelt.
func TestParametersFindSomething(t *testing.T) {
	p := Generate(1, 40)
	s, err := NewSource(p, "http://127.0.0.1/fhir")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range p.Types() {
		x := s.index(typ)
		for n, sp := range x.params {
			common := slices.ContainsFunc(everyType, func(p param) bool { return p.name == sp.name })
			if !common && !slices.ContainsFunc(x.rows, func(r row) bool { return len(r.values[n]) > 0 }) {
				t.Errorf("%s?%s finds nothing in any resource", typ, sp.name)
			}
		}
	}
}
