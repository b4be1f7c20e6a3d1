package fhir

import (
	"slices"
	"sort"

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
		steps := c.patterns[it.rule][it.pattern].steps
		pat := c.patterns[it.rule][it.pattern]
		depth := 0
		if pat.anchor != "" {
			depth = len(c.a.schema.Lineage(c.a.schema.Type(pat.anchor)))
		}
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
		found = append(found, candidate{it.rule, [5]int{class, len(steps), depth, narrow, conds}, st})
	}
	for _, it := range items {
		pat := c.patterns[it.rule][it.pattern]
		if it.step >= len(pat.steps) {
			continue
		}
		st := &pat.steps[it.step]
		class := rankDataType
		if t := c.a.schema.Type(pat.anchor); t != nil && t.Kind == schema.ResourceKind && !t.Abstract {
			class = rankResource
		}
		switch {
		case st.kind == stepByType && st.name == et.Code:
			consider(it, st, rankScopedByType)
		case st.kind == stepByName && st.name == e.Name:
			consider(it, st, rankScopedByName)
		case st.kind == stepElement && it.step == len(pat.steps)-1 && st.name == e.Name && (st.ofType == "" || st.ofType == et.Code):
			consider(it, st, class)
		}
	}
	for r, ps := range c.patterns {
		for p, pat := range ps {
			if pat.anchor != "" {
				continue
			}
			switch st := &pat.steps[0]; {
			case st.kind == stepByType && st.name == et.Code:
				consider(item{r, p, 0}, st, rankByType)
			case st.kind == stepByName && st.name == e.Name:
				consider(item{r, p, 0}, st, rankByName)
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return slices.Compare(found[i].rank[:], found[j].rank[:]) > 0 })
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
