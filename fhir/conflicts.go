package fhir

import (
	"fmt"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
)

// pair has two rules of equal rank, the later one second.
type pair struct{ a, b int }

// conflict is a place where two rules match equally well.
type conflict struct {
	first string // the path that is named
	paths int
}

// collide records that two rules match a path equally well. Each cause is reported once,
// however many paths it affects.
func (c *compiler) collide(a, b int, path string) {
	p := pair{min(a, b), max(a, b)}
	c.used[a], c.used[b] = true, true
	if c.conflicts == nil {
		c.conflicts = map[pair]*conflict{}
	}
	at := c.conflicts[p]
	if at == nil {
		at = &conflict{first: path}
		c.conflicts[p] = at
	}
	if at.paths++; path < at.first {
		at.first = path
	}
}

// reportConflicts adds a problem for each pair of rules, at the place where the user can
// fix it: the rule of the ruleset itself, if the other one is from a ruleset that it
// extends.
func (c *compiler) reportConflicts() {
	var pairs []pair
	for p := range c.conflicts {
		pairs = append(pairs, p)
	}
	sort.Slice(pairs, func(i, j int) bool {
		return pairs[i].a < pairs[j].a || pairs[i].a == pairs[j].a && pairs[i].b < pairs[j].b
	})
	top := c.policy.Ruleset.File()
	for _, p := range pairs {
		base, own := &c.rules[p.a], &c.rules[p.b]
		if own.At.File != top && base.At.File == top {
			base, own = own, base
		}
		at := c.conflicts[p]
		where := at.first
		if at.paths > 1 {
			where = fmt.Sprintf("%d paths, such as %s", at.paths, at.first)
		}
		if base.At.File == own.At.File {
			c.problems.Add(own.At, "rules %q and %q match %s equally well: make one of them more specific", base.ID, own.ID, where)
			continue
		}
		c.problems.Add(own.At, "rule %[1]q and the base's rule %[3]q match %[2]s equally well: use the id %[3]q to replace the base's rule, or make this rule more specific", own.ID, where, base.ID)
	}
}

// reportUnused adds a problem for each rule of the ruleset that never applies, and one
// for all of what it extends: it is the ruleset itself that leaves them nothing to match.
// A rule of the base below something that is removed as a whole is no problem: nothing of
// it passes.
func (c *compiler) reportUnused() {
	top := c.policy.Ruleset.File()
	var base []string
	for i, r := range c.rules {
		switch {
		case c.used[i]:
		case r.At.File != top && c.underRemoved(i):
		case r.At.File != top:
			base = append(base, fmt.Sprintf("%q", r.ID))
		default:
			c.problems.Add(r.At, "rule %q never applies: %s", r.ID, c.unused(i))
		}
	}
	if len(base) > 0 {
		c.problems.Add(strictyaml.Position{File: top, Line: 1, Column: 1}, "the base's rules %s no longer apply, since rules here decide everything that they match: "+
			"use their ids for rules of your own, or make these narrower", strings.Join(base, ", "))
	}
}

// unused says which rule decides in place of one that never applies.
func (c *compiler) unused(rule int) string {
	for _, pat := range c.patterns[rule] {
		if pat.anchor == "" {
			continue
		}
		for _, n := range c.a.nodes {
			if n.typ.Name != pat.anchor {
				continue
			}
			if by, path := c.decider(n, pat.steps); by != "" && by != c.rules[rule].ID {
				return fmt.Sprintf("rule %q decides %s, and what is in it", by, path)
			}
		}
	}
	return "more specific rules, or the removal of elements around it, leave nothing for it to match"
}

// underRemoved reports whether everything that a rule matches is removed together with
// what contains it.
func (c *compiler) underRemoved(rule int) bool {
	for _, pat := range c.patterns[rule] {
		if pat.anchor == "" || len(pat.steps) == 0 {
			return false
		}
		for _, n := range c.a.nodes {
			if n.typ.Name != pat.anchor {
				continue
			}
			if !allRemoved(n, pat.steps) {
				return false
			}
		}
	}
	return len(c.patterns[rule]) > 0
}

// allRemoved reports whether every element on the way of steps ends in a removal.
func allRemoved(n *node, steps []step) bool {
	for k := range n.fields {
		f := &n.fields[k]
		if f.sibling || steps[0].kind != stepElement || f.element != steps[0].name || steps[0].ofType != "" && f.code != steps[0].ofType {
			continue
		}
		switch d := &f.decision; {
		case d.op == opRemove && d.otherwise == nil:
		case len(steps) == 1, d.child == nil, d.otherwise != nil, !allRemoved(d.child, steps[1:]):
			return false
		}
	}
	return steps[0].kind == stepElement
}

// decider follows steps from a node and returns the rule that decides at the end.
func (c *compiler) decider(n *node, steps []step) (rule, path string) {
	for i, st := range steps {
		if st.kind != stepElement {
			return "", ""
		}
		var next *node
		for k := range n.fields {
			f := &n.fields[k]
			if f.sibling || f.element != st.name || st.ofType != "" && f.code != st.ofType {
				continue
			}
			if i == len(steps)-1 || f.decision.child == nil {
				return c.a.Actions[f.decision.action].Rule, f.path
			}
			next = f.decision.child
			break
		}
		if next == nil {
			return "", ""
		}
		n = next
	}
	return "", ""
}
