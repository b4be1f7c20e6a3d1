package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// mode says where a query is used.
type mode struct {
	// unordered: the order of its rows is invisible (EXISTS, IN).
	unordered bool
	// exists: not even which rows there are is visible. derived: the query that reads it
	// orders its rows.
	exists, derived bool
	// recursive: it is a recursive common table expression, which must keep its form.
	recursive bool
	// view is the view whose definition it is: of a column that fails the view is reported,
	// one that reads what is not there is not there. united: it is a side of a set
	// operation, whose columns cannot be left out.
	view   *catalog.Relation
	united bool
}

// query analyses a SELECT, VALUES or set operation and rewrites it in place.
func (a *analysis) query(q *pg.SelectStmt, outer *scope, m mode) *result {
	a.deeper()
	defer a.shallower()
	if q.IntoClause != nil {
		a.fail(codeReadOnly, 0, "SELECT INTO writes", "Remove INTO.")
	}
	if len(q.LockingClause) > 0 {
		a.fail(codeReadOnly, 0, "FOR UPDATE and the like lock rows", "Remove the clause.")
	}
	sc := &scope{parent: outer.parent, ctes: outer.ctes, folkWindows: map[*pg.WindowDef]bool{}}
	if len(outer.items) > 0 || len(outer.columns) > 0 {
		sc.parent = outer
	}
	if q.WithClause != nil {
		a.with(q.WithClause, sc)
	}
	if q.LimitCount != nil || q.LimitOffset != nil {
		// Which rows come depends on the order.
		m.unordered, m.derived = m.exists, false
	}
	told := a.told
	var res *result
	var columns []string
	if m.derived && !m.united && q.LimitCount == nil && q.LimitOffset == nil {
		columns = literalRows(q)
	}
	a.spreadValues(q, sc)
	switch {
	case q.Op != pg.SetOperation_SETOP_NONE:
		res = a.setOperation(q, sc, m)
	case len(q.ValuesLists) > 0:
		res = a.values(q, sc)
		for i, name := range columns {
			res.columns[i].name = name
		}
	default:
		res = a.plain(q, sc, m)
	}
	if q.LimitCount != nil {
		q.LimitCount = a.limit(q.LimitCount, sc)
	}
	if q.LimitOffset != nil {
		q.LimitOffset = a.limit(q.LimitOffset, sc)
	}
	if q.LimitCount != nil && res.first != nil && res.first.show(q.LimitCount, q.LimitOffset) {
		q.LimitOffset = nil
	}
	if q.LimitCount != nil || q.LimitOffset != nil {
		res.first = nil
	}
	res.told = a.told > told
	return res
}

// limit analyses LIMIT and OFFSET, which see no column of their own level.
func (a *analysis) limit(n *pg.Node, sc *scope) *pg.Node {
	return a.clear(n, &scope{parent: sc.parent, ctes: sc.ctes})
}

// plain analyses a SELECT of one level.
func (a *analysis) plain(q *pg.SelectStmt, sc *scope, m mode) *result {
	told := a.told
	for i, n := range q.FromClause {
		f := a.fromItem(n, sc, sc)
		q.FromClause[i] = f.node
		for _, it := range f.items {
			if it.alias != "" && slices.ContainsFunc(sc.items, func(o *item) bool { return o.alias == it.alias }) {
				a.fail(codeDuplicate, 0, fmt.Sprintf("table name %q is used more than once", it.alias), "Give the tables different aliases.")
			}
		}
		sc.add(f)
	}
	if q.WhereClause != nil {
		a.joinPersons(q.WhereClause, sc, func(p, q *person) bool { return slices.Contains(sc.items, p.item) || slices.Contains(sc.items, q.item) })
		a.joinFolks(q.WhereClause, sc, func(f *folk) bool { return has(sc.sources, f) })
		// Grouped columns are not grouped yet.
		q.WhereClause = a.condition(q.WhereClause, sc)
		a.fence(q, sc)
	}
	a.expandStars(q, sc)
	sc.seen = m.recursive || hasWindow(q)
	a.groupKeys(q, sc)
	sc.query = q
	for _, w := range q.WindowClause {
		a.partitionPersons(w.GetWindowDef(), sc)
	}
	alone := targetsAlone(q) && !m.recursive
	res := a.targets(q, sc, m)
	if alone {
		res.retarget = func(i int, f func(*pg.Node) *pg.Node) {
			t := q.TargetList[i].GetResTarget()
			t.Val = f(t.Val)
		}
	}
	a.group(q, sc, res)
	if q.HavingClause != nil {
		q.HavingClause = a.condition(q.HavingClause, sc)
	}
	for _, w := range q.WindowClause {
		a.window(w.GetWindowDef(), sc)
	}
	distinct := a.distinct(q, sc, res)
	a.sort(q, sc, res, distinct)
	a.smallCells(q, sc, res)
	a.breakTies(q, sc)
	if distinct && m.recursive {
		a.fail("0A000", 0, "DISTINCT over keyed columns is not supported in a recursive query", "Put it into the outer query, or use UNION.")
	}
	if distinct && !m.unordered {
		a.arrange(q, sc, res, m, a.told > told)
		return a.wrap(q, res)
	}
	if distinct {
		q.SortClause = nil // it is invisible, and may be by something that is not selected
	}
	if len(sc.keys) > 0 && len(q.DistinctClause) == 0 && !m.unordered && !m.recursive {
		a.appendOrder(q, sc.keys)
	}
	a.arrange(q, sc, res, m, a.told > told)
	return res
}
