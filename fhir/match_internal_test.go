package fhir

import "testing"

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"Patient.name", "nodesByType('x')", "A.where(b.c in ('d' | 'e')).f.ofType(G)", "extension('u').extension('v').value", "A..b", "where(", "A.where(b = 'c' and (d.exists() or e.f != 'g')).h", "A.where(b.startsWith('c') or d.matches('e')).f", "A.where(b.empty()).c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseMatch(s)
		if err == nil && p.anchor == "" && len(p.steps) == 0 {
			t.Errorf("%q matches nothing and is no error", s)
		}
		if err != nil {
			return
		}
		for _, st := range p.steps {
			for _, c := range []*condition{st.outer, st.inner} {
				if c == nil {
					continue
				}
				// What is written of a condition says the same.
				again, err := parseMatch("A." + c.String() + ".b")
				if err != nil || again.steps[0].outer.String() != c.String() {
					t.Errorf("%s: %v", c, err)
				}
			}
		}
	})
}
