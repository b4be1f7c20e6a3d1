package analysis

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/table"
)

// A cell of a child, such as a partition, can be reached through the child and through
// its parents. A child has its parent's treatments; but if a rule was written for the
// child, or two parents disagree, the stricter treatment applies to all of them.

// decision is the treatment of a column, by name, in the relations of a family.
type decision struct {
	// chain has the rules that apply, and from is the relation whose rules they are.
	chain table.Chain
	from  *catalog.Relation
	// note says which rules are overridden; hidden means that none could be chosen.
	note   string
	hidden bool
}

// families finds the columns whose treatment differs between the relations through which
// they can be reached.
func (o *overlay) families() {
	o.decided = map[uint32]map[string]*decision{}
	children := map[uint32][]*catalog.Relation{}
	for _, r := range o.catalog.Relations() {
		for _, p := range r.Parents {
			children[p] = append(children[p], r)
		}
	}
	seen := map[uint32]bool{}
	for _, r := range o.catalog.Relations() {
		if seen[r.OID] || len(r.Parents)+len(children[r.OID]) == 0 || catalog.IsSystem(r.Schema) {
			continue
		}
		var family []*catalog.Relation
		for todo := []*catalog.Relation{r}; len(todo) > 0; todo = todo[1:] {
			x := todo[0]
			if seen[x.OID] {
				continue
			}
			seen[x.OID] = true
			family = append(family, x)
			todo = append(todo, children[x.OID]...)
			for _, p := range x.Parents {
				if up := o.catalog.Relation(p); up != nil {
					todo = append(todo, up)
				}
			}
		}
		slices.SortFunc(family, func(a, b *catalog.Relation) int {
			return strings.Compare(a.Schema+"."+a.Name, b.Schema+"."+b.Name)
		})
		near := map[*catalog.Relation][]*catalog.Relation{}
		for _, x := range family {
			near[x] = append(near[x], children[x.OID]...)
			for _, p := range x.Parents {
				if up := o.catalog.Relation(p); up != nil {
					near[x] = append(near[x], up)
				}
			}
		}
		o.decide(family, near)
	}
}

// decide decides each column that relations of a family inherit from one another.
func (o *overlay) decide(family []*catalog.Relation, near map[*catalog.Relation][]*catalog.Relation) {
	names := map[string]bool{}
	for _, r := range family {
		for _, a := range r.Columns {
			names[a.Name] = true
		}
	}
	for _, name := range sortedKeys(names) {
		for _, part := range sharing(family, near, name) {
			if d := o.stricter(part, name); d != nil {
				for _, r := range part {
					if o.decided[r.OID] == nil {
						o.decided[r.OID] = map[string]*decision{}
					}
					o.decided[r.OID][name] = d
				}
			}
		}
	}
}

// sharing returns the groups of two or more relations of a family that inherit a column
// from one another. near has each relation's parents and children.
func sharing(family []*catalog.Relation, near map[*catalog.Relation][]*catalog.Relation, name string) (out [][]*catalog.Relation) {
	has := func(r *catalog.Relation) bool { return r.Column(name) != nil }
	done := map[*catalog.Relation]bool{}
	for _, r := range family {
		if done[r] || !has(r) {
			continue
		}
		var part []*catalog.Relation
		for todo := []*catalog.Relation{r}; len(todo) > 0; todo = todo[1:] {
			x := todo[0]
			if done[x] {
				continue
			}
			done[x] = true
			part = append(part, x)
			for _, y := range near[x] {
				if !done[y] && has(y) {
					todo = append(todo, y)
				}
			}
		}
		if len(part) > 1 {
			out = append(out, part)
		}
	}
	return out
}

// candidate is a relation of a family with what its own rules say about a column.
type candidate struct {
	relation *catalog.Relation
	chain    table.Chain
}

// candidates returns the relations of a family whose rules matter for a column. For a
// child these are the rules that were written for it: those that do not match the
// parent's column.
func (o *overlay) candidates(part []*catalog.Relation, name string) (all []candidate) {
	for _, r := range part {
		var parent *catalog.Relation
		for _, p := range r.Parents {
			if up := o.catalog.Relation(p); up != nil && up.Column(name) != nil {
				parent = up
				break
			}
		}
		ch := o.policy.chain(r, name)
		if parent != nil && (len(ch.Rules) == 0 || ch.Why == "" && o.policy.rules.MatchesToo(ch, nameOf(parent), name)) {
			continue
		}
		all = append(all, candidate{r, ch})
	}
	return all
}

// differ reports whether candidates treat the column in different ways.
func (o *overlay) differ(all []candidate) bool {
	for i := range all {
		if c, first := all[i].chain, all[0].chain; c.Why != first.Why || o.policy.rules.Signature(c) != o.policy.rules.Signature(first) {
			return true
		}
	}
	return false
}

// simpleRule returns the single rule equivalent to a chain, or nil if there is none.
func (o *overlay) simpleRule(ch table.Chain) *ruleset.TableRule {
	rules := o.policy.rules
	switch last := rules.Last(ch); {
	case ch.Why != "":
	case last >= 0 && len(ch.Rules) == 1:
		return &rules.All()[last]
	case len(ch.Rules) > 0: // conditions: no simple rule is known to be stricter
		return &ruleset.TableRule{ID: strings.Join(rules.IDs(ch), ", "), Form: byRow{}}
	case rules.Default() == "keep":
		return &ruleset.TableRule{Form: forms.Keep{}}
	}
	return nil
}

// stricter returns the treatment that must apply if those of a family's column differ, or
// nil if they do not.
func (o *overlay) stricter(part []*catalog.Relation, name string) *decision {
	all := o.candidates(part, name)
	if !o.differ(all) {
		return nil
	}
	var rules []*ruleset.TableRule
	for _, c := range all {
		rules = append(rules, o.simpleRule(c.chain))
	}
	best := ruleset.Strictest(rules, func(a, b *ruleset.TableRule) bool {
		return !isByRow(a) && !isByRow(b) && table.Class(a) == table.Class(b)
	})
	var said []string
	for i, c := range all {
		what := "the default"
		if ids := o.policy.rules.IDs(c.chain); len(ids) > 0 {
			what = "rule " + strings.Join(ids, ", ")
		}
		if i != best {
			said = append(said, what+" of "+c.relation.Schema+"."+c.relation.Name)
		}
	}
	if best < 0 {
		// A rule that removes or hides is the strictest there is.
		for i, r := range rules {
			if r != nil && r.Removes() && !hides(r) && !slices.ContainsFunc(rules, func(o *ruleset.TableRule) bool { return o == nil || hides(o) }) {
				return &decision{chain: all[i].chain, from: all[i].relation, note: "stricter than the other rules of parents and children"}
			}
		}
		d := &decision{hidden: true}
		for i, r := range rules {
			if r != nil && hides(r) {
				d.chain = all[i].chain
			}
		}
		d.note = "parents and children differ: " + strings.Join(said, ", ")
		return d
	}
	return &decision{chain: all[best].chain, from: all[best].relation, note: "stricter than " + strings.Join(said, ", ") + ", through which the same cells can be reached"}
}

// byRow returns the form of several rules, one of which is chosen by conditions.
type byRow struct{}

func isByRow(r *ruleset.TableRule) bool {
	_, ok := r.Form.(byRow)
	return ok
}

func hides(r *ruleset.TableRule) bool {
	_, ok := r.Form.(forms.Hide)
	return ok
}
