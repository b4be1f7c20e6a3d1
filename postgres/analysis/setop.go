package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// setOperation analyses UNION, INTERSECT and EXCEPT.
func (a *analysis) setOperation(q *pg.SelectStmt, sc *scope, m mode) *result {
	side := &scope{parent: sc.parent, ctes: sc.ctes}
	inner := mode{unordered: true, recursive: m.recursive, view: m.view, united: true}
	if q.Op == pg.SetOperation_SETOP_UNION && q.All {
		inner.unordered, inner.derived = m.unordered, m.derived && len(q.SortClause) == 0
	}
	l := a.query(q.Larg, side, inner)
	r := a.query(q.Rarg, side, inner)
	sealed := a.unite(q, l, r, 0)
	all := q.Op == pg.SetOperation_SETOP_UNION && q.All
	lc, rc := *l, *r
	lc.columns, rc.columns = slices.Clone(l.columns), slices.Clone(r.columns)
	res := &result{columns: l.columns, safe: !all || l.safe && r.safe}
	if all && l.place != nil && r.place != nil && !m.recursive {
		res.place = func(name string) { l.place(name); r.place(name) }
	}
	for i, c := range l.columns {
		lm, rm := c.markShadow, r.columns[i].markShadow
		restricted := a.sameRestriction([]value{{restricted: c.restricted, null: c.null}, {restricted: r.columns[i].restricted, null: r.columns[i].null}}, 0)
		res.columns[i] = &resultColumn{name: c.name, restricted: restricted, keying: c.keying, typ: c.typ, action: c.action, failed: c.failed, names: a.sameNames(c, r.columns[i])}
		if c.failed == nil {
			res.columns[i].failed = r.columns[i].failed
		}
		if c.keying == nil {
			res.columns[i].keying = r.columns[i].keying
		}
		if lm != nil && rm != nil && c.keying.shadow == r.columns[i].keying.shadow && !m.recursive {
			res.columns[i].markShadow = func() { lm(); rm() }
		}
	}
	if l.retarget != nil && r.retarget != nil {
		res.retarget = func(i int, f func(*pg.Node) *pg.Node) { l.retarget(i, f); r.retarget(i, f) }
	}
	a.uniteCrowds(res, &lc, &rc, all)
	if l.add != nil && r.add != nil {
		res.add = func(i int, name string) { l.add(i, name); r.add(i, name) }
	}
	if l.swap != nil && r.swap != nil {
		res.swap = func(i int) { l.swap(i); r.swap(i) }
	}
	sorted := sealed && !all
	bySealed := slices.ContainsFunc(q.SortClause, func(n *pg.Node) bool {
		i := a.sortTarget(n.GetSortBy().GetNode(), res)
		return i >= 0 && res.columns[i].keying != nil
	})
	a.sortByName(q, res, !m.recursive)
	if sorted && m.recursive {
		a.fail("0A000", 0, "a set operation over keyed columns is not supported within a recursive query", "Put it into a query before it.")
	}
	switch {
	case (sorted || bySealed) && !m.unordered:
		return a.wrap(q, res)
	case bySealed:
		q.SortClause = nil // it is invisible
	}
	return res
}

// unite checks that the columns of both sides of a set operation match, and reports
// whether one is keyed.
func (a *analysis) unite(q *pg.SelectStmt, l, r *result, at int32) (sealed bool) {
	if len(l.columns) != len(r.columns) {
		a.fail(codeSyntax, at, "each side of a set operation must have the same number of columns", "")
	}
	all := q.Op == pg.SetOperation_SETOP_UNION && q.All
	for i, lc := range l.columns {
		rc := r.columns[i]
		lc.shown = rows.Origin{}
		if lc.keying == nil && rc.keying == nil {
			continue
		}
		sealed = true
		s := lc.keying
		if s == nil {
			s = rc.keying
		}
		if all && a.uniteMixed(l, r, i) {
			continue
		}
		if lc.keying != nil && rc.keying != nil && !sameKeying(lc.keying, rc.keying) ||
			lc.keying == nil && !lc.null || rc.keying == nil && !rc.null {
			a.refuseKeyed(s, at, "cannot be united with other values", "", "Unite columns that the same method masks, or NULL.")
		}
		if !all && !s.comparable {
			a.refuseKeyed(s, at, "cannot be compared by a set operation", "Equal masked values may have different originals.", "Use UNION ALL, or leave the column out.")
		}
	}
	return sealed
}

// uniteMixed unites texts that are masked in different ways, or not at all: a row has the
// part of its own side, and none for the other. It reports false if the columns are of
// one kind, or cannot be united.
func (a *analysis) uniteMixed(l, r *result, i int) bool {
	lc, rc := l.columns[i], r.columns[i]
	if l.retarget == nil || r.retarget == nil || lc.null || rc.null || lc.keying != nil && rc.keying != nil && sameKeying(lc.keying, rc.keying) {
		return false
	}
	for _, c := range []*resultColumn{lc, rc} {
		if c.failed != nil || c.restricted != nil || c.keying != nil && (c.keying.Array || !catalog.IsVarying(c.keying.shown)) {
			return false
		}
		if c.keying != nil && c.keying.inSQL != nil {
			a.refuseKeyed(c.keying, 0, "cannot be united with other values", "", "") // SQL masks it
		}
	}
	c := &composition{ascii: true}
	step := &rows.Step{Function: "coalesce"}
	for side, res := range []*result{l, r} {
		s := res.columns[i].keying
		part := rows.Part{Clear: true}
		if s != nil {
			part = rows.Part{Masking: &s.Masking, Composed: s.composed, Action: a.action(s.Action)}
			c.note(s)
		}
		c.ascii = c.ascii && s != nil && s.onlyASCII()
		c.Parts, step.Of = append(c.Parts, part), append(step.Of, &rows.Step{Part: side})
		res.retarget(i, func(n *pg.Node) *pg.Node {
			own := clearText(n, "||")
			if s != nil {
				own = cast(n, "text")
			}
			parts := []*pg.Node{a.tagText(), text(""), text("")}
			parts[1+side] = coalesce(own, text(""))
			return row(parts...)
		})
	}
	c.Step = step
	s := a.madeText(c, catalog.OIDText).keying
	for _, c := range []*resultColumn{lc, rc} {
		c.keying, c.markShadow, c.date, c.source, c.node = s, nil, nil, nil, nil
	}
	return true
}

// targetsAlone reports whether nothing in a SELECT refers to a target by number or name.
func targetsAlone(q *pg.SelectStmt) bool {
	if len(q.SortClause)+len(q.DistinctClause) > 0 {
		return false
	}
	for _, n := range q.GroupClause {
		if n.GetColumnRef() == nil {
			return false
		}
		for _, t := range q.TargetList {
			if name := bareName(n); name != "" && t.GetResTarget().GetName() == name && bareName(t.GetResTarget().GetVal()) != name {
				return false
			}
		}
	}
	return true
}

// spreadValues writes VALUES with ids of columns in it, as unpivoting queries have them, as the
// UNION ALL that it means.
func (a *analysis) spreadValues(q *pg.SelectStmt, sc *scope) {
	keyed := false
	for _, l := range q.ValuesLists {
		for _, n := range l.GetList().GetItems() {
			c := a.peek(n, sc)
			keyed = keyed || c != nil && c.keying != nil && c.keying.inSQL == nil
		}
	}
	if !keyed {
		return
	}
	var all *pg.SelectStmt
	for _, l := range q.ValuesLists {
		one := &pg.SelectStmt{LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}
		for i, n := range l.GetList().GetItems() {
			one.TargetList = append(one.TargetList, target(fmt.Sprintf("column%d", i+1), n))
		}
		if all != nil {
			one = &pg.SelectStmt{Op: pg.SetOperation_SETOP_UNION, All: true, Larg: all, Rarg: one, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT}
		}
		all = one
	}
	q.ValuesLists, q.TargetList, q.Op, q.All, q.Larg, q.Rarg = nil, all.TargetList, all.Op, all.All, all.Larg, all.Rarg
}

// values analyses VALUES.
func (a *analysis) values(q *pg.SelectStmt, sc *scope) *result {
	res := &result{safe: true}
	for n, l := range q.ValuesLists {
		list := l.GetList()
		if list == nil {
			a.unknown(l, "this kind of VALUES")
		}
		for i, v := range list.Items {
			if n == 0 {
				res.columns = append(res.columns, &resultColumn{name: fmt.Sprintf("column%d", i+1), action: -1})
			}
			list.Items[i] = a.clear(v, sc)
		}
	}
	for i, c := range res.columns {
		var cells []**pg.Node
		for _, l := range q.ValuesLists {
			if items := l.GetList().Items; i < len(items) {
				cells = append(cells, &items[i])
			}
		}
		c.names = a.uniteNames(cells)
	}
	rows := &cohortRows{values: q, added: map[string]int{}}
	for i, c := range res.columns {
		c.cohort = rows.column(i)
	}
	a.sortByName(q, res, false)
	return res
}
