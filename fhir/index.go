package fhir

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/schema"
)

// item is a pattern that has matched up to a step.
type item struct {
	pattern, step int32 // the pattern by its number in the index
}

func compareItems(a, b item) int {
	return cmp.Or(cmp.Compare(a.pattern, b.pattern), cmp.Compare(a.step, b.step))
}

// appendJoined appends the items of two lists to an empty one, in order and each once.
func appendJoined(dst, a, b []item) []item {
	dst = append(append(dst, a...), b...)
	slices.SortFunc(dst, compareItems)
	return slices.Compact(dst)
}

// appendKey appends a text that tells lists of items apart.
func appendKey(dst []byte, items []item) []byte {
	for _, it := range items {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(it.pattern))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(it.step))
	}
	return dst
}

// indexed is a pattern with what the ranks of its matches depend on.
type indexed struct {
	*pattern
	rule  int
	class int // of a match by the path
	depth int // how many types the anchor specialises, and itself
}

// patternIndex finds the patterns that may match at a place, so that not all of them
// are tried everywhere.
type patternIndex struct {
	schema *schema.Schema
	all    []indexed // in order of the rules
	// anchored are patterns by the type name that they begin with.
	anchored map[string][]int32
	// These begin with no type name.
	byType, byName map[string][]item
	extensions     []item
	starts         map[*schema.Type][]item // what startsAt has found
}

func newPatternIndex(s *schema.Schema, patterns [][]*pattern) patternIndex {
	x := patternIndex{
		schema: s, anchored: map[string][]int32{}, byType: map[string][]item{}, byName: map[string][]item{},
		starts: map[*schema.Type][]item{},
	}
	for rule, ps := range patterns {
		for _, p := range ps {
			it := item{pattern: int32(len(x.all))}
			in := indexed{pattern: p, rule: rule, class: rankDataType}
			if t := s.Type(p.anchor); t != nil {
				in.depth = len(s.Lineage(t))
				if t.Kind == schema.ResourceKind && !t.Abstract {
					in.class = rankResource
				}
			}
			x.all = append(x.all, in)
			switch {
			case p.anchor != "":
				x.anchored[p.anchor] = append(x.anchored[p.anchor], it.pattern)
			case p.steps[0].kind == stepByType:
				x.byType[p.steps[0].name] = append(x.byType[p.steps[0].name], it)
			case p.steps[0].kind == stepByName:
				x.byName[p.steps[0].name] = append(x.byName[p.steps[0].name], it)
			case p.steps[0].kind == stepExtension:
				x.extensions = append(x.extensions, it)
			}
		}
	}
	return x
}

// next is the step that an item has come to, or nil where its pattern is at its end.
func (x *patternIndex) next(it item) *step {
	if steps := x.all[it.pattern].steps; int(it.step) < len(steps) {
		return &steps[it.step]
	}
	return nil
}

// last reports whether an item has come to the last step of its pattern.
func (x *patternIndex) last(it item) bool { return int(it.step) == len(x.all[it.pattern].steps)-1 }

// startsAt returns the patterns that a type begins, or that lead to it as an inner type.
func (x *patternIndex) startsAt(t *schema.Type) []item {
	if found, ok := x.starts[t]; ok {
		return found
	}
	var found []item
	for _, name := range x.schema.Lineage(t) {
		for _, p := range x.anchored[name] {
			found = append(found, item{pattern: p})
		}
	}
	for i := range len(t.Name) {
		if t.Name[i] != '.' {
			continue
		}
		for _, p := range x.anchored[t.Name[:i]] {
			if k := x.all[p].stepsTo(t.Name); k > 0 {
				found = append(found, item{p, int32(k)})
			}
		}
	}
	x.starts[t] = found
	return found
}

// stepsTo returns how many steps lead to an inner type such as
// Questionnaire.item, or 0 if the pattern does not go through it. FHIR gives the
// path of an inner type to all places that repeat its content, as an item's items
// do (FHIR R4, ElementDefinition.contentReference), and so do rulesets.
func (p *pattern) stepsTo(inner string) int {
	rest, ok := strings.CutPrefix(inner, p.anchor)
	if !ok || p.anchor == "" || rest == "" || rest[0] != '.' {
		return 0
	}
	names := strings.Split(rest[1:], ".")
	if len(names) >= len(p.steps) {
		return 0
	}
	for i, name := range names {
		if st := &p.steps[i]; st.kind != stepElement || st.name != name || st.ofType != "" {
			return 0
		}
	}
	return len(names)
}
