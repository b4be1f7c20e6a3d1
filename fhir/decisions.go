package fhir

import (
	"cmp"
	"slices"
	"strings"
)

// Decisions explains every element path that the rules can distinguish, each type of a
// choice, each extension that a rule names and each withheld resource type, sorted by
// path. A path has several explanations if rules have conditions.
func (a *Automaton) Decisions() []Explanation {
	var out []Explanation
	seen := map[Explanation]bool{}
	add := func(f *field, d *decision, typ string) {
		e := a.explain(f, d)
		e.Type = typ
		if !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	for _, n := range a.reachable() {
		for i := range n.fields {
			f := &n.fields[i]
			if f.sibling || f.name == "resourceType" {
				continue
			}
			for d := &f.decision; d != nil; d = d.otherwise {
				add(f, d, f.code)
			}
		}
		for url, d := range n.extensions {
			path := "extension('" + url + "')"
			// One that is part of another is explained there; every other is explained once.
			if strings.HasPrefix(n.path, "extension(") && !strings.Contains(url, ":") {
				path = n.path + "." + path
			}
			add(&field{path: path}, d, "Extension")
		}
	}
	for _, name := range a.types {
		if n := a.roots[name]; n.withheld != nil {
			add(&field{path: name}, n.withheld, name)
		}
	}
	slices.SortFunc(out, func(x, y Explanation) int {
		return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Type, y.Type), cmp.Compare(x.Condition, y.Condition), cmp.Compare(x.Rule, y.Rule))
	})
	return out
}
