package fhir

import (
	"slices"

	"github.com/veil-proxy/veil/fhir/schema"
)

// candidate is a rule that matches a place, with its rank.
type candidate struct {
	rule int
	rank [5]int
	step *step
}

// Ranks of the kinds of match, most specific last.
const (
	rankByType = iota + 1
	rankScopedByType
	rankByName
	rankScopedByName
	rankDataType
	rankResource
)

// matches returns the rules that decide an element here, most specific first.
func (c *compiler) matches(e *schema.Element, et schema.ElementType, items []item) []candidate {
	var found []candidate
	consider := func(it item, st *step, class int) {
		pat := &c.index.all[it.pattern]
		narrow, conds := 0, 0
		if st.ofType != "" {
			narrow = 1
		}
		if st.outer != nil {
			conds++
		}
		if st.inner != nil {
			conds++
		}
		// A condition outranks the length of a path only among paths of one
		// class: it is the last word.
		found = append(found, candidate{pat.rule, [5]int{class, len(pat.steps), pat.depth, narrow, conds}, st})
	}
	for _, it := range items {
		st := c.index.next(it)
		switch {
		case st == nil:
		case st.kind == stepByType && st.name == et.Code:
			consider(it, st, rankScopedByType)
		case st.kind == stepByName && st.name == e.Name:
			consider(it, st, rankScopedByName)
		case st.kind == stepElement && c.index.last(it) && st.name == e.Name && (st.ofType == "" || st.ofType == et.Code):
			consider(it, st, c.index.all[it.pattern].class)
		}
	}
	for _, it := range c.index.byType[et.Code] {
		consider(it, c.index.next(it), rankByType)
	}
	for _, it := range c.index.byName[e.Name] {
		consider(it, c.index.next(it), rankByName)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return slices.Compare(b.rank[:], a.rank[:]) })
	return found
}

// distinct makes sure that of two rules it is known which one decides.
func (c *compiler) distinct(a, b candidate, path string) {
	if a.rank != b.rank || a.rule == b.rule ||
		a.step.outer != nil && b.step.outer != nil && a.step.outer.disjoint(b.step.outer) ||
		a.step.inner != nil && b.step.inner != nil && a.step.inner.disjoint(b.step.inner) {
		return
	}
	c.collide(a.rule, b.rule, path)
}
