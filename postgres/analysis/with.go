package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// with analyses common table expressions.
func (a *analysis) with(w *pg.WithClause, sc *scope) {
	var before []string
	for i, n := range w.Ctes {
		c := n.GetCommonTableExpr()
		stmt := c.GetCtequery().GetSelectStmt()
		if stmt == nil {
			a.fail(codeReadOnly, c.GetLocation(), "a WITH query may only be a SELECT", "Veil is read-only.")
		}
		names, ok := dotted(c.Aliascolnames)
		if !ok {
			a.unknown(n, "this kind of WITH query")
		}
		name := c.Ctename
		c.Ctename = a.shadowName()
		if slices.Contains(before, name) {
			a.fail(codeDuplicate, c.Location, fmt.Sprintf("WITH query name %q is given more than once", name), "")
		}
		before = append(before, name)
		self := w.Recursive && stmt.Op != pg.SetOperation_SETOP_NONE && refersTo(stmt.Rarg, name) && !refersTo(stmt.Larg, name)
		if w.Recursive {
			// What PostgreSQL treats as a reference forward or to the query itself must not refer to
			// something else here.
			if !self && refersTo(stmt, name) {
				a.fail("42P19", c.Location, fmt.Sprintf("recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", name), "")
			}
			for _, later := range w.Ctes[i+1:] {
				if refersTo(stmt, later.GetCommonTableExpr().GetCtename()) {
					a.fail("0A000", c.Location, fmt.Sprintf("WITH query %q reads one that comes after it", name), "Write the queries in the order in which they are read.")
				}
			}
		}
		// The query does not see the level's own columns, which do not exist yet.
		at := &scope{parent: sc.parent, ctes: sc.ctes}
		var res *result
		told := a.told
		if self {
			res = a.recursive(c, stmt, name, names, at)
		} else {
			res = a.query(stmt, at, mode{derived: true})
			res = res.renamed(a, names, c.Location)
		}
		if c.SearchClause != nil || c.CycleClause != nil {
			res = a.searchCycle(c, res)
		}
		res.told = a.told > told
		sc.ctes = &cteEnv{parent: sc.ctes, name: name, ref: c.Ctename, result: res}
	}
}

// renamed gives the first columns other names.
func (r *result) renamed(a *analysis, names []string, at int32) *result {
	if len(names) > len(r.columns) {
		a.fail("42P10", at, "a WITH query has fewer columns than names are given", "")
	}
	for i, n := range names {
		r.columns[i].name = n
	}
	return r
}

// recursive analyses WITH RECURSIVE: the second part sees the columns of the first, and must
// not return an original where the first does not.
func (a *analysis) recursive(c *pg.CommonTableExpr, q *pg.SelectStmt, name string, names []string, sc *scope) *result {
	if q.WithClause != nil || len(q.SortClause) > 0 || q.LimitCount != nil || q.LimitOffset != nil || len(q.LockingClause) > 0 {
		a.fail("0A000", c.Location, "WITH, ORDER BY and LIMIT are not supported in a recursive query", "Put them into the outer query.")
	}
	first := a.query(q.Larg, sc, mode{recursive: true})
	for _, col := range first.columns {
		col.markShadow = nil
		if col.null {
			col.null = false
		}
	}
	out := (&result{columns: first.columns}).renamed(a, names, c.Location)
	inner := &scope{parent: sc.parent, ctes: &cteEnv{parent: sc.ctes, name: name, ref: c.Ctename, result: out}}
	second := a.query(q.Rarg, inner, mode{recursive: true})
	a.unite(q, first, second, c.Location)
	if first.crowd.people || second.crowd.people {
		a.tooFew(c.Location, "a recursive query reads rows of people", "Read them in a query that is not recursive.")
	}
	for i, col := range out.columns {
		a.sameRestriction([]value{{restricted: first.columns[i].restricted, null: first.columns[i].null}, {restricted: second.columns[i].restricted, null: second.columns[i].null}}, c.Location)
		a.sameNames(first.columns[i], second.columns[i])
		if (col.keying == nil) != (first.columns[i].keying == nil) {
			a.fail(codeForbidden, c.Location, "a recursive query mixes masked and other values in one column", "")
		}
		col.origin, col.shown, col.action = rows.Origin{}, rows.Origin{}, -1
	}
	return out
}

// searchCycle adds the columns of SEARCH and CYCLE, which compare and order rows.
func (a *analysis) searchCycle(c *pg.CommonTableExpr, res *result) *result {
	for _, col := range res.columns {
		if col.keying != nil {
			a.refuseKeyed(col.keying, c.Location, "cannot be used with SEARCH or CYCLE", "SEARCH and CYCLE order and collect rows.", "Leave the column out of the recursive query.")
		}
	}
	out := &result{columns: slices.Clone(res.columns)}
	plain := func(name string) {
		out.columns = append(out.columns, &resultColumn{name: name, action: -1, lastly: true})
	}
	if s := c.SearchClause; s != nil {
		plain(s.SearchSeqColumn)
	}
	if y := c.CycleClause; y != nil {
		for _, v := range []**pg.Node{&y.CycleMarkValue, &y.CycleMarkDefault} {
			if *v != nil {
				*v = a.clear(*v, &scope{})
			}
		}
		plain(y.CycleMarkColumn)
		plain(y.CyclePathColumn)
	}
	return out
}

// refersTo reports whether a query names a relation anywhere.
func refersTo(q *pg.SelectStmt, name string) bool {
	found := false
	walk(q.ProtoReflect(), func(m any) {
		if v, ok := m.(*pg.RangeVar); ok && v.Relname == name && v.Schemaname == "" {
			found = true
		}
	})
	return found
}
