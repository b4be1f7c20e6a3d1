package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Grouping, distinct rows, ordering. When PostgreSQL sorts originals to group, unite or
// partition them, their order would show in the order of the rows. Such a query gets
// Veil's own order: by the seeded hash of the value, after what the statement orders by
// itself. The seed is derived from the key, so the order is the same each time.

// ordinal returns the place that an integer constant refers to, from 0, or -1.
func ordinal(n *pg.Node, columns int) int {
	if c := n.GetAConst(); c != nil {
		if v, ok := c.Val.(*pg.A_Const_Ival); ok && !c.Isnull && int(v.Ival.Ival) >= 1 && int(v.Ival.Ival) <= columns {
			return int(v.Ival.Ival) - 1
		}
	}
	return -1
}

// isConstant reports whether a node is a bare constant.
func isConstant(n *pg.Node) bool { return n.GetAConst() != nil }

// bareName returns the name of a reference of one part.
func bareName(n *pg.Node) string {
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		if s := ref.Fields[0].GetString_(); s != nil {
			return s.Sval
		}
	}
	return ""
}

// hasWindow reports whether a SELECT calls a window function.
func hasWindow(q *pg.SelectStmt) bool {
	found := false
	for _, list := range [][]*pg.Node{q.TargetList, q.SortClause, q.DistinctClause} {
		for _, n := range list {
			walk(n.ProtoReflect(), func(m any) {
				if f, ok := m.(*pg.FuncCall); ok && f.Over != nil {
					found = true
				}
			})
		}
	}
	return found
}

// window analyses a window. Rows may be partitioned by a keyed column, not ordered.
func (a *analysis) window(w *pg.WindowDef, sc *scope) {
	if w == nil {
		a.fail(codeSyntax, 0, "this window cannot be read", "")
	}
	var keys []*resolved
	a.partitionPersons(w, sc) // before the clause is rewritten
	for _, n := range w.PartitionClause {
		if c := a.local(n, sc); c != nil {
			keys = append(keys, c)
			if c.folk != nil {
				sc.folkWindows[w] = true
			}
		}
	}
	var partitions []*pg.Node
	for _, n := range w.PartitionClause {
		v := a.expr(n, sc)
		if v.keying != nil {
			a.groupable(v.keying, n, v.row(), keys)
			hash, shadow := a.hash(v.keying, v.node), ""
			if v.column != nil && v.column.shadow != "" && v.column.emit == nil {
				v.node = a.shadowOf(v.column)
				hash, shadow = a.hashShadow(v.keying, v.node), v.column.shadow
				if sc.partKeys == nil {
					sc.partKeys = map[*pg.WindowDef][]string{}
				}
				sc.partKeys[w] = append(sc.partKeys[w], shadow)
			}
			sc.key(shadow, hash)
			// Windows without an order of their own see the rows as they are sorted for
			// the partitions: by the hash first.
			partitions = append(partitions, hash)
		}
		partitions = append(partitions, v.node)
	}
	w.PartitionClause = partitions
	a.sortWindow(w, a.partitionPersons(w, sc), sc)
	for _, n := range []**pg.Node{&w.StartOffset, &w.EndOffset} {
		if *n != nil {
			*n = a.clear(*n, sc)
		}
	}
}

// sortInput analyses ORDER BY of an aggregate's input. The result of WITHIN GROUP is one
// of the sorted values.
func (a *analysis) sortInput(f *pg.FuncCall, sc *scope) {
	for _, n := range f.AggOrder {
		s := n.GetSortBy()
		if s == nil {
			a.unknown(n, "this kind of ORDER BY")
		}
		at := location(s.Node)
		v := a.expr(s.Node, sc)
		s.Node = v.node
		switch {
		case v.keying == nil:
		case f.AggWithinGroup:
			a.refuseOrder(v.keying, at)
		default:
			s.Node = a.ownOrder(v, at)
		}
		a.operatorName(s.UseOp, 0)
	}
}

// sortWindow analyses ORDER BY of a window, where dates of the one person that a
// partition is about can be ordered by.
func (a *analysis) sortWindow(w *pg.WindowDef, persons []*person, sc *scope) {
	for _, n := range w.OrderClause {
		s := n.GetSortBy()
		if s == nil {
			a.unknown(n, "this kind of ORDER BY")
		}
		at := location(s.Node)
		v := a.expr(s.Node, sc)
		if s.Node = v.node; v.keying != nil {
			if w.FrameOptions&frameRange != 0 && (w.StartOffset != nil || w.EndOffset != nil) {
				a.refuseOrder(v.keying, at)
			}
			if s.Node = a.within(v.date, persons); s.Node == nil {
				s.Node = a.ownOrder(v, at)
			}
		}
		a.operatorName(s.UseOp, 0)
	}
}

// sort analyses ORDER BY of a SELECT: a number or a bare name refers to a target first.
// For distinct rows, wrap orders by keyed targets.
func (a *analysis) sort(q *pg.SelectStmt, sc *scope, res *result, distinct bool) {
	persons := slices.Clone(sc.single) // whose rows are adjacent, through what is ordered by before
	on := len(q.DistinctClause) > 0 && q.DistinctClause[0].GetNode() != nil
	var out []*pg.Node
	for _, n := range q.SortClause {
		s := n.GetSortBy()
		if s == nil {
			a.unknown(n, "this kind of ORDER BY")
		}
		a.operatorName(s.UseOp, 0)
		out = append(out, n)
		at := location(s.Node)
		if i := a.sortTarget(s.Node, res); i >= 0 {
			if c := res.columns[i]; c.date != nil && !distinct {
				if s.Node = a.within(c.date, persons); s.Node == nil {
					a.refuseOrder(c.keying, location(n))
				}
			} else if c.keying != nil && !distinct {
				persons = append(persons, personOf(c.source)...)
				out = append(out, a.sortKeyed(s, value{node: q.TargetList[i].GetResTarget().Val, keying: c.keying, column: c.source}, on, at)...)
			} else if c.keying != nil && (!c.keying.orderable() || !res.hasShadow(i)) {
				a.refuseOrder(c.keying, at)
			}
			continue
		}
		if isConstant(s.Node) {
			a.fail("42P10", at, "ORDER BY position is not in the select list", "")
		}
		v := a.operand(s.Node, sc)
		if s.Node = v.node; v.keying == nil {
			continue
		}
		if i := res.selected(v.column); distinct && i >= 0 && v.keying.orderable() && res.hasShadow(i) {
			s.Node = nth(i + 1) // by the target, in wrap
			continue
		}
		if plain := a.within(v.date, persons); plain != nil && !distinct {
			s.Node = plain
			continue
		}
		out = append(out, a.sortKeyed(s, v, on, at)...)
		persons = append(persons, personOf(v.column)...)
	}
	q.SortClause = out
}

func (a *analysis) sortTarget(n *pg.Node, res *result) int {
	if i := ordinal(n, len(res.columns)); i >= 0 {
		return i
	}
	if name := bareName(n); name != "" {
		for i, c := range res.columns {
			if c.name == name {
				return i
			}
		}
	}
	return -1
}

// selected returns the place of the target that is just a given column, or -1.
func (r *result) selected(c *resolved) int {
	return slices.IndexFunc(r.columns, func(t *resultColumn) bool { return c != nil && t.source == c })
}

// sortByName analyses ORDER BY of VALUES and set operations, which take only numbers
// and names of the result. wrapped says that an outer query does the ordering.
func (a *analysis) sortByName(q *pg.SelectStmt, res *result, wrapped bool) {
	for _, n := range q.SortClause {
		s := n.GetSortBy()
		i := a.sortTarget(s.GetNode(), res)
		if i < 0 {
			a.fail("0A000", location(s.GetNode()), "ORDER BY of a set operation takes names and numbers of its columns only", "")
		}
		a.operatorName(s.UseOp, 0)
		if c := res.columns[i]; c.keying != nil {
			if !wrapped || !c.keying.orderable() || !res.hasShadow(i) {
				a.refuseOrder(c.keying, location(s.Node))
			}
		}
	}
}

// distinct analyses DISTINCT and reports whether it compares keyed columns.
func (a *analysis) distinct(q *pg.SelectStmt, sc *scope, res *result) (sealed bool) {
	if len(q.DistinctClause) == 0 {
		return false
	}
	if q.DistinctClause[0].GetNode() == nil {
		var keys []*resolved
		for _, c := range res.columns {
			if c.source != nil {
				keys = append(keys, c.source)
			}
		}
		for _, c := range res.columns {
			if c.keying != nil {
				sealed = true
				if !c.keying.comparable && !c.keying.keyedBy(c.row, keys) {
					a.refuseKeyed(c.keying, 0, "cannot be selected with DISTINCT", "Equal masked values may have different originals.", "Leave it out, or select the patient's sealed id instead.")
				}
			}
		}
		return sealed
	}
	a.distinctOn(q, sc, res)
	return false
}

// distinctOn analyses DISTINCT ON. Keyed values are distinguished by their places in
// Veil's own order, and by the originals if places collide: ORDER BY has both, too.
func (a *analysis) distinctOn(q *pg.SelectStmt, sc *scope, res *result) {
	var out []*pg.Node
	for _, n := range q.DistinctClause {
		v, at := value{node: n}, location(n)
		if k := a.sortTarget(n, res); k < 0 {
			v = a.expr(n, sc)
		} else if c := res.columns[k]; c.keying != nil {
			v = value{node: c.node, keying: c.keying, column: c.source}
		}
		if v.keying == nil {
			out = append(out, v.node)
			continue
		}
		if v.shadow(a) == nil {
			a.refuseKeyed(v.keying, at, "cannot be used in DISTINCT ON", "DISTINCT ON orders by the originals.", "Use row_number() OVER (PARTITION BY …) = 1.")
		}
		out = append(out, a.ownOrder(v, at), v.shadow(a))
	}
	q.DistinctClause = out
}

// sortKeyed returns the order by a keyed value: by its place and, for distinct rows, by
// the original if places collide.
func (a *analysis) sortKeyed(s *pg.SortBy, v value, on bool, at int32) (also []*pg.Node) {
	s.Node = a.ownOrder(v, at)
	if t := v.shadow(a); on && t != nil {
		also = append(also, ascending(t))
	}
	return also
}

// appendOrder adds Veil's own order after the statement's.
func (a *analysis) appendOrder(q *pg.SelectStmt, keys []*pg.Node) {
	if q.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES {
		a.fail(codeForbidden, 0, "WITH TIES is not possible where keyed values are grouped", "Use LIMIT.")
	}
	for _, k := range keys {
		q.SortClause = append(q.SortClause, ascending(k))
	}
}

// wrap puts a query of distinct rows into an outer one that orders them.
func (a *analysis) wrap(q *pg.SelectStmt, res *result) *result {
	inner := &pg.SelectStmt{
		DistinctClause: q.DistinctClause, TargetList: q.TargetList, FromClause: q.FromClause, WhereClause: q.WhereClause,
		GroupClause: q.GroupClause, GroupDistinct: q.GroupDistinct, HavingClause: q.HavingClause, WindowClause: q.WindowClause,
		ValuesLists: q.ValuesLists, WithClause: q.WithClause, Op: q.Op, All: q.All, Larg: q.Larg, Rarg: q.Rarg,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
	}
	alias := &pg.Alias{Aliasname: a.shadowName()}
	var targets, order []*pg.Node
	sealed := map[*pg.Node]int{} // the part of the order that is by keyed columns
	for i, c := range res.columns {
		name := fmt.Sprintf("c%d", i+1)
		alias.Colnames = append(alias.Colnames, str(name))
		targets = append(targets, target(c.name, column(alias.Aliasname, name)))
	}
	for _, n := range q.SortClause {
		s := n.GetSortBy()
		i := a.sortTarget(s.Node, res)
		if i < 0 {
			i = sameTarget(s.Node, q.TargetList)
		}
		if i < 0 || i >= len(res.columns) {
			a.fail("42P10", location(s.Node), "for SELECT DISTINCT, ORDER BY expressions must appear in the select list", "")
		}
		s.Node = column(alias.Aliasname, fmt.Sprintf("c%d", i+1))
		if res.columns[i].keying != nil {
			sealed[n] = i
		}
		order = append(order, n)
	}
	q.DistinctClause, q.TargetList, q.WhereClause, q.GroupClause, q.GroupDistinct = nil, targets, nil, nil, false
	q.HavingClause, q.WindowClause, q.ValuesLists, q.WithClause = nil, nil, nil, nil
	q.Op, q.All, q.Larg, q.Rarg = pg.SetOperation_SETOP_NONE, false, nil, nil
	q.FromClause = []*pg.Node{subselect(inner, alias)}
	q.SortClause = order
	var keys []*pg.Node
	for i, c := range res.columns {
		if c.keying != nil {
			keys = append(keys, a.hash(c.keying, column(alias.Aliasname, fmt.Sprintf("c%d", i+1))))
		}
	}
	a.appendOrder(q, keys)
	add := res.add
	res.swap, res.place = nil, nil
	if res.into != nil {
		res.into = inner
	}
	for _, n := range order {
		if i, ok := sealed[n]; ok {
			name := a.shadowName()
			add(i, name)
			n.GetSortBy().Node = a.hashShadow(res.columns[i].keying, column(alias.Aliasname, name))
		}
	}
	if more := res.append; more != nil {
		res.append = func(name string, n *pg.Node) {
			more(name, n)
			q.TargetList = append(q.TargetList, target(name, column(alias.Aliasname, name)))
		}
	}
	if add == nil {
		return res
	}
	res.add = func(i int, name string) {
		add(i, name)
		q.TargetList = append(q.TargetList, target(name, column(alias.Aliasname, name)))
	}
	return res
}

// sameTarget finds the target that is the same expression.
func sameTarget(n *pg.Node, targets []*pg.Node) int {
	for i, t := range targets {
		if sameTree(n.ProtoReflect(), t.GetResTarget().GetVal().ProtoReflect()) {
			return i
		}
	}
	return -1
}
