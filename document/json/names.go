package json

import (
	"bytes"
	"slices"
)

// givenNames are the names of members that the rules do not name, in the objects around
// the current position: those of objects that are keyed by data. At the end of an object,
// they show whether a name is duplicated, before or after masking.
type givenNames struct {
	text []byte
	ends []int
	// order is memory for sorting.
	order []int
}

// mark is where the names of an object begin.
func (g *givenNames) mark() int { return len(g.ends) }

func (g *givenNames) add(name []byte) {
	g.text = append(g.text, name...)
	g.ends = append(g.ends, len(g.text))
}

// cut removes the names from a mark on.
func (g *givenNames) cut(mark int) {
	g.ends = g.ends[:mark]
	g.text = g.text[:g.start(mark)]
}

func (g *givenNames) start(i int) int {
	if i == 0 {
		return 0
	}
	return g.ends[i-1]
}

func (g *givenNames) name(i int) []byte { return g.text[g.start(i):g.ends[i]] }

// twice reports whether two names from a mark on are the same.
func (g *givenNames) twice(mark int) bool {
	if len(g.ends)-mark < 2 {
		return false
	}
	g.order = g.order[:0]
	for i := mark; i < len(g.ends); i++ {
		g.order = append(g.order, i)
	}
	slices.SortFunc(g.order, func(a, b int) int { return bytes.Compare(g.name(a), g.name(b)) })
	for k := 1; k < len(g.order); k++ {
		if bytes.Equal(g.name(g.order[k-1]), g.name(g.order[k])) {
			return true
		}
	}
	return false
}
