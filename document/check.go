package document

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// documentsMeet reports whether both matches can apply to the same document.
func documentsMeet(a, b *match) bool {
	whole := func(glob string) step {
		if glob == "" || strings.ContainsAny(glob, `[\\`) {
			glob = "*" // sets of characters count as any character
		}
		return step{kind: pattern, name: glob}
	}
	x, y := whole(a.Document), whole(b.Document)
	return a.path.xml == b.path.xml && patternsMeet(x.glob(), y.glob())
}

// checkConflicts reports rules of which none is more specific than the other.
func (r *Rules) checkConflicts(problems *strictyaml.Problems) {
	for i, a := range r.matches {
		for _, b := range r.matches[:i] {
			if a.rule == b.rule || !documentsMeet(a, b) || a.documentRank() != b.documentRank() {
				continue
			}
			one, other := &r.section.Rules[b.rule], &r.section.Rules[a.rule]
			always := one.Method != "" && other.Method != "" && len(one.Where) == 0 && len(other.Where) == 0
			if always && a.path.compare(b.path) == 0 && overlap(a.path.steps, b.path.steps) {
				problems.Add(a.At, "rules %q and %q match equally: %s and %s can be the same value", one.ID, other.ID, b.DocumentMatch, a.DocumentMatch)
				continue
			}
			if one.Keys != nil && other.Keys != nil && !sameNames(one.Keys, other.Keys) && opensMeet(a, b) {
				problems.Add(a.At, "the keys of rules %q and %q match equally: %s and %s can have the same names", one.ID, other.ID, b.DocumentMatch, a.DocumentMatch)
			}
		}
	}
}

// opensMeet reports whether both leave the same name open in equally specific ways.
func opensMeet(a, b *match) bool {
	return slices.ContainsFunc(a.opens, func(x []step) bool {
		return slices.ContainsFunc(b.opens, func(y []step) bool { return compareSteps(x, y) == 0 && overlap(x, y) })
	})
}

// sameNames reports whether both treat names in the same way.
func sameNames(a, b *ruleset.NameMethod) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// checkOpenNames reports patterns for names if no rule says what happens to these names.
// With * and .. that is not a mistake: they select elements of arrays, and values below
// names that other paths spell out.
func (r *Rules) checkOpenNames(problems *strictyaml.Problems) {
	for _, m := range r.matches {
		for i, s := range m.path.steps {
			if s.kind != pattern {
				continue
			}
			beginning := m.path.steps[:i+1]
			treated := slices.ContainsFunc(r.matches, func(o *match) bool {
				return r.section.Rules[o.rule].Keys != nil && documentsMeet(m, o) &&
					slices.ContainsFunc(o.opens, func(open []step) bool { return overlap(open, beginning) })
			})
			if !treated && !r.section.Rules[m.rule].Removes() {
				problems.Add(m.At, "rule %q: the names that match %q can be data, so they do not pass: say what happens to them, such as keys: keep, or list the names", r.section.Rules[m.rule].ID, s.name)
			}
		}
	}
}

// checkUnreachable reports paths below a value that another rule removes.
func (r *Rules) checkUnreachable(problems *strictyaml.Problems) {
	for _, a := range r.matches {
		above := &r.section.Rules[a.rule]
		if !above.Removes() || len(above.Where) > 0 {
			continue
		}
		for _, b := range r.matches {
			n := len(a.path.steps)
			if len(b.path.steps) > n && b.path.steps[n].kind != text && documentsMeet(a, b) && a.documentRank() <= b.documentRank() &&
				sameSteps(a.path.steps, b.path.steps[:n]) && !r.excepted(a, b) {
				problems.Add(b.At, "rule %q can never apply: rule %q removes %s with everything in it", r.section.Rules[b.rule].ID, above.ID, a.DocumentMatch)
			}
		}
	}
}

// excepted reports whether another rule overrides above, which removes, for the documents
// of below.
func (r *Rules) excepted(above, below *match) bool {
	return slices.ContainsFunc(r.matches, func(m *match) bool {
		return m.documentRank() > above.documentRank() && documentsMeet(m, below) && r.section.Rules[m.rule].Method != "" &&
			m.rule != above.rule && sameSteps(m.path.steps, above.path.steps)
	})
}

func sameSteps(a, b []step) bool {
	return slices.EqualFunc(a, b, func(s, o step) bool {
		x, y := s.space, o.space
		s.space, o.space = nil, nil
		return s == o && (x == nil) == (y == nil) && (x == nil || *x == *y)
	})
}

// checkFiles reports files whose document no rule covers.
func (r *Rules) checkFiles(problems *strictyaml.Problems) {
	for _, f := range r.section.Files {
		if !slices.ContainsFunc(r.matches, func(m *match) bool { return m.Matches(f.Document) }) {
			problems.Add(f.At, "no rule covers document %q%s", f.Document, r.Nearest(f.Document))
		}
	}
}

// documentRank returns how specifically a match names its documents.
func (m *match) documentRank() int { return ruleset.GlobRank(m.Document) }
