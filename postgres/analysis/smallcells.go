package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Small cells. A view with a least number of people shows no rows of people, only groups
// of them: each level that reads rows of people must group them, and keeps the groups
// that have so many different people. Sub-selects may have the rows of one person if
// what reads them groups them in the end, and passes the person's sealed id on.

// folk is the person that rows are about, if they have a sealed id of a person.
type folk struct{ _ byte }

// crowd describes the people in the rows of an item, or of a query's result.
type crowd struct {
	// people: the rows are about single people. folks has the possible persons; they are all
	// joined, so that a row is about one person, unless mixed.
	people, mixed bool
	folks         []*folk
}

// minCount is the minimum number of people in a group; 0 means none.
func (a *analysis) minCount() int { return a.policy.options.MinCount }

// crowdOf describes the people of a table: columns with their sealed ids. A table with
// masked columns but no such id has people who cannot be counted.
func (a *analysis) crowdOf(it *item, s *shape) {
	if a.minCount() == 0 || catalog.IsSystem(s.relation.Schema) || !s.tells() {
		return
	}
	it.crowd.people = true
	for _, c := range it.columns {
		if c.keying != nil && c.keying.domain == a.policy.options.Person && c.keying.Entity == "" {
			c.folk = &folk{}
			it.crowd.folks = append(it.crowd.folks, c.folk)
		}
	}
}

// crowdFrom describes the people of an item that represents a query's result. Another
// item of the same query has other people.
func (a *analysis) crowdFrom(it *item, res *result, lateral bool) {
	it.crowd = crowd{people: res.crowd.people, mixed: res.crowd.mixed}
	renewed := map[*folk]*folk{}
	for _, f := range res.crowd.folks {
		n := &folk{}
		renewed[f], it.crowd.folks = n, append(it.crowd.folks, n)
		if lateral {
			a.folks = append(a.folks, [2]*folk{f, n})
		}
	}
	for i, c := range res.columns {
		it.columns[i].folk = renewed[c.folk]
	}
}

// joinFolks records whose ids a condition makes equal.
func (a *analysis) joinFolks(cond *pg.Node, sc *scope, here func(f *folk) bool) {
	if a.minCount() == 0 {
		return
	}
	eachEquality(cond, func(x *pg.A_Expr) {
		l, r := a.peek(x.Lexpr, sc), a.peek(x.Rexpr, sc)
		if l != nil && r != nil && l.folk != nil && r.folk != nil && (here(l.folk) || here(r.folk)) {
			a.sameFolk(l, r)
		}
	})
}

func (a *analysis) sameFolk(l, r *resolved) {
	if l.folk != nil && r.folk != nil {
		a.folks = append(a.folks, [2]*folk{l.folk, r.folk})
	}
}

// has reports whether one of the items is about f.
func has(items []*item, f *folk) bool {
	return slices.ContainsFunc(items, func(it *item) bool { return slices.Contains(it.crowd.folks, f) })
}

// joined returns all who are the same person as one of f.
func (a *analysis) joined(f []*folk) map[*folk]bool {
	seen := map[*folk]bool{}
	for todo := slices.Clone(f); len(todo) > 0; {
		x := todo[0]
		if todo = todo[1:]; seen[x] {
			continue
		}
		seen[x] = true
		for _, pair := range a.folks {
			for i, y := range pair {
				if y == x {
					todo = append(todo, pair[1-i])
				}
			}
		}
	}
	return seen
}

// smallCells restricts a level to groups of enough people, or returns the people that its
// rows are about.
func (a *analysis) smallCells(q *pg.SelectStmt, sc *scope, res *result) {
	var items []*item
	for _, it := range sc.sources {
		if it.crowd.people {
			items = append(items, it)
		}
	}
	if a.minCount() == 0 || len(items) == 0 {
		return
	}
	same := a.commonFolk(items)
	res.crowd.mixed = same == nil
	grouped := len(q.GroupClause) > 0 || q.HavingClause != nil || sc.aggregated
	if !grouped {
		res.crowd.people = true
		for _, it := range items {
			for _, f := range it.crowd.folks {
				if len(items) == 1 || same[f] {
					res.crowd.folks = append(res.crowd.folks, f)
				}
			}
		}
		for _, w := range sc.windows {
			if !sc.ofOne(q, w.f.Over) {
				a.tooFew(w.f.Location, "a window sees rows of different people", "Partition it by the patient's sealed id, or call it over a query that groups.")
			}
		}
		return
	}
	var id *pg.Node
	if same != nil {
		id = a.counted(items, same)
	}
	if id == nil {
		a.tooFew(0, "the people of a group cannot be counted", "Read tables with the patient's sealed id, join them on it, and let sub-selects pass it on.")
	}
	for _, c := range sc.calls {
		if c.AggFilter != nil || collectors[lastPart(c.Funcname)] {
			a.tooFew(c.Location, "FILTER, and aggregates that collect values, show fewer people than their group has", "Use GROUP BY or WHERE instead.")
		}
	}
	res.crowd = crowd{}
	n := &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: names("pg_catalog", "count"), Args: []*pg.Node{id}, AggDistinct: true, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL}}}
	enough := op(">=", n, integer(int64(a.minCount()), "int8"))
	if q.HavingClause != nil {
		enough = both(q.HavingClause, enough)
	}
	q.HavingClause = enough
}

// commonFolk returns the person that all of the items are about, or nil if there is none.
func (a *analysis) commonFolk(items []*item) map[*folk]bool {
	for _, f := range items[0].crowd.folks {
		same := a.joined([]*folk{f})
		if !slices.ContainsFunc(items, func(it *item) bool {
			return it.crowd.mixed || !slices.ContainsFunc(it.crowd.folks, func(f *folk) bool { return same[f] })
		}) {
			return same
		}
	}
	return nil
}

// counted returns the sealed id by which a level's people are counted.
func (a *analysis) counted(items []*item, same map[*folk]bool) *pg.Node {
	for _, it := range items {
		for _, c := range it.columns {
			if c.folk == nil || !same[c.folk] || c.failed != nil {
				continue
			}
			if t := (value{keying: c.keying, column: c}).shadow(a); t != nil {
				return t
			}
			return a.refer(c, 0)
		}
	}
	return nil
}

// ofOne reports whether a window sees the rows of one person at a time.
func (s *scope) ofOne(q *pg.SelectStmt, w *pg.WindowDef) bool {
	for range 8 {
		if s.folkWindows[w] {
			return true
		}
		name := w.Name
		if name == "" {
			name = w.Refname
		}
		if name == "" {
			return false
		}
		w = named(q, name)
	}
	return false
}

// tied holds a sub-select in an expression to the people of the levels around it, where
// its rows are those of people.
func (a *analysis) tied(res *result, sc *scope, at int32) {
	if !res.crowd.people {
		return
	}
	same := a.joined(res.crowd.folks)
	for s := sc; s != nil && !res.crowd.mixed; s = s.parent {
		for _, it := range s.sources {
			if slices.ContainsFunc(it.crowd.folks, func(f *folk) bool { return same[f] }) {
				return
			}
		}
	}
	a.tooFew(at, "a sub-select reads rows of people who are not those of the query around it", "Join it on the patient's sealed id.")
}

// tooFew refuses what could show fewer people than the view allows.
func (a *analysis) tooFew(at int32, what, hint string) {
	panic(&Refusal{Code: codeForbidden, Reason: "minCount", Message: what, Position: a.positionOf(at), Hint: hint,
		Detail: fmt.Sprintf("The view shows groups of at least %d people only.", a.minCount())})
}

// positionOf is a place in the statement in characters, or 0 where none is known.
func (a *analysis) positionOf(at int32) int {
	if at > 0 || a.views > 0 {
		return a.position(at)
	}
	return 0
}

// uniteCrowds is what a set operation has of people.
func (a *analysis) uniteCrowds(res, l, r *result, all bool) {
	res.crowd = crowd{people: l.crowd.people || r.crowd.people, mixed: true}
	if !all || l.crowd.mixed || r.crowd.mixed || !l.crowd.people || !r.crowd.people {
		return
	}
	for i, c := range l.columns {
		if c.folk != nil && r.columns[i].folk != nil {
			res.columns[i].folk = &folk{}
			res.crowd.folks, res.crowd.mixed = append(res.crowd.folks, res.columns[i].folk), false
			return
		}
	}
}
