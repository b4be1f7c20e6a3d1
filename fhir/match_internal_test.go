package fhir

import "testing"

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"Patient.name", "nodesByType('x')", "A.where(b.c in ('d' | 'e')).f.ofType(G)", "extension('u').extension('v').value", "A..b", "where("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseMatch(s)
		if err == nil && p.anchor == "" && len(p.steps) == 0 {
			t.Errorf("%q matches nothing and is no error", s)
		}
	})
}
