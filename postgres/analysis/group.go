package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// local finds a column reference at this level only; it returns nil for anything else.
func (a *analysis) local(n *pg.Node, sc *scope) *resolved {
	if c := n.GetTypeCast(); c != nil {
		// A cast that changes nothing counts as the column.
		r := a.local(c.Arg, sc)
		if r == nil || r.keying == nil || !r.keying.castsToItself(a.castType(c), c.TypeName) {
			return nil
		}
		return r
	}
	ref := n.GetColumnRef()
	if ref == nil {
		return nil
	}
	if c := a.starred[ref]; c != nil {
		return c
	}
	parts, ok := dotted(ref.Fields)
	if !ok {
		return nil
	}
	var found *resolved
	match := func(c *resolved) {
		if c.name == parts[len(parts)-1] {
			found = c
		}
	}
	switch len(parts) {
	case 1:
		for _, c := range sc.columns {
			match(c)
		}
	case 2, 3:
		for _, it := range sc.items {
			if it.alias == parts[len(parts)-2] {
				for _, c := range it.columns {
					match(c)
				}
			}
		}
	}
	return found
}

// groupKeys records which keyed columns the level groups by, before anything refers to
// them: references then use the shadow column, which is what is grouped.
func (a *analysis) groupKeys(q *pg.SelectStmt, sc *scope) {
	var visit func(n *pg.Node)
	visit = func(n *pg.Node) {
		if g := n.GetGroupingSet(); g != nil {
			for _, c := range g.Content {
				visit(c)
			}
			return
		}
		if r := n.GetRowExpr(); r != nil {
			for _, c := range r.Args {
				visit(c)
			}
			return
		}
		if c := a.local(a.groupTarget(n, q, sc), sc); c != nil && c.keying != nil && c.shadow != "" && c.emit == nil {
			c.grouped = true
		}
	}
	for _, n := range q.GroupClause {
		visit(n)
		if c := a.local(a.groupTarget(n, q, sc), sc); c != nil && c.grouped && c.person != nil {
			sc.groupPersons = append(sc.groupPersons, c.person)
		}
	}
}

// groupTarget returns the expression that a GROUP BY item means: the target with its
// number, or with its name where no column has it.
func (a *analysis) groupTarget(n *pg.Node, q *pg.SelectStmt, sc *scope) *pg.Node {
	if i := ordinal(n, len(q.TargetList)); i >= 0 {
		return q.TargetList[i].GetResTarget().GetVal()
	}
	if name := bareName(n); name != "" && a.local(n, sc) == nil {
		for _, t := range q.TargetList {
			rt := t.GetResTarget()
			if rt.GetName() == name || rt.GetName() == "" && resultName(rt.GetVal()) == name {
				return rt.GetVal()
			}
		}
	}
	return n
}

// grouping is one GROUP BY clause. The target list has already been rewritten.
type grouping struct {
	*analysis
	query  *pg.SelectStmt
	scope  *scope
	result *result
	keys   []*resolved
}

// group analyses GROUP BY. A target referred to by number or name remains so, unless it
// is a column that is grouped by its shadow column.
func (a *analysis) group(q *pg.SelectStmt, sc *scope, res *result) {
	g := &grouping{a, q, sc, res, a.groupColumns(q, sc, res)}
	for i, n := range q.GroupClause {
		q.GroupClause[i] = g.item(n)
	}
	for _, it := range sc.items {
		if it.keyedBy(g.keys) {
			a.groupDependent(it, res)
		}
	}
}

// item analyses an item of the clause, or each of its parts.
func (g *grouping) item(n *pg.Node) *pg.Node {
	var inner []*pg.Node
	if set := n.GetGroupingSet(); set != nil {
		inner = set.Content
	} else if r := n.GetRowExpr(); r != nil {
		inner = r.Args
	} else if i := g.target(n); i >= 0 {
		return g.byTarget(n, i)
	} else {
		return g.byExpression(n)
	}
	for i, c := range inner {
		inner[i] = g.item(c)
	}
	return n
}

// target returns the index of the target that an item refers to by number or name, or -1.
func (g *grouping) target(n *pg.Node) int {
	i := ordinal(n, len(g.result.columns))
	if name := bareName(n); i < 0 && name != "" && g.local(n, g.scope) == nil {
		return slices.IndexFunc(g.result.columns, func(c *resultColumn) bool { return c.name == name })
	}
	return i
}

// byTarget groups by target i.
func (g *grouping) byTarget(n *pg.Node, i int) *pg.Node {
	c := g.result.columns[i]
	if c.failed != nil {
		panic(c.failed)
	}
	if c.keying == nil {
		return n
	}
	g.groupable(c.keying, n, c.row, g.keys)
	if c.source != nil && c.source.grouped {
		return g.groupByShadow(c.source, g.scope)
	}
	g.groupDate(c.date, g.result)
	wrapper := g.query.TargetList[i].GetResTarget().Val
	if key := g.groupByKey("", wrapper, g.hash(c.keying, wrapper), g.scope); g.scope.seen {
		return key
	}
	return n
}

// byExpression groups by a column or an expression.
func (g *grouping) byExpression(n *pg.Node) *pg.Node {
	if isConstant(n) {
		g.fail("42P10", location(n), "GROUP BY position is not in the select list", "")
	}
	if c := g.local(n, g.scope); c != nil && c.grouped {
		g.groupable(c.keying, n, c.row, g.keys)
		return g.groupByShadow(c, g.scope)
	}
	v := g.expr(n, g.scope)
	if v.keying == nil {
		return v.node
	}
	g.groupable(v.keying, n, v.row(), g.keys)
	g.groupDate(v.date, g.result)
	return g.groupByKey("", v.node, g.hash(v.keying, v.node), g.scope)
}

// keyedBy reports whether an item is a table whose primary key is among the columns.
func (it *item) keyedBy(keys []*resolved) bool {
	if it.relation == nil || len(it.relation.Key) == 0 {
		return false
	}
	for _, name := range it.relation.Key {
		if !slices.ContainsFunc(keys, func(k *resolved) bool { return k.row == it && k.item == it && k.base == name }) {
			return false
		}
	}
	return true
}

// groupDependent also groups by the other columns of a table that is grouped by its
// primary key. They depend on it, but PostgreSQL cannot see that through a sub-select.
func (a *analysis) groupDependent(it *item, res *result) {
	a.finish = append(a.finish, func() {
		for _, c := range it.columns {
			if c.used == nil || !c.used() || c.grouped || slices.Contains(ungroupable, c.typ) && c.keying == nil {
				continue
			}
			res.into.GroupClause = append(res.into.GroupClause, column(it.ref, c.upstream()))
		}
	})
}

// ungroupable has the types without equality.
var ungroupable = []uint32{catalog.OIDJSON, catalog.OIDXML}

// groupColumns has the columns with one value in each group: those of GROUP BY, outside
// of grouping sets.
func (a *analysis) groupColumns(q *pg.SelectStmt, sc *scope, res *result) (out []*resolved) {
	for _, n := range q.GroupClause {
		if i := ordinal(n, len(res.columns)); i >= 0 {
			if s := res.columns[i].source; s != nil {
				out = append(out, s)
			}
			continue
		}
		if c := a.local(n, sc); c != nil {
			out = append(out, c)
			continue
		}
		for _, c := range res.columns {
			if c.name == bareName(n) && c.source != nil {
				out = append(out, c.source)
			}
		}
	}
	return out
}

// row returns the relation's reference that a value comes from unchanged.
func (v value) row() *item {
	if v.column == nil {
		return nil
	}
	return v.column.row
}

// groupable refuses to group by a column whose masked values do not tell originals
// apart, unless the patient whose key they are masked by is grouped by too: within one
// patient, equal masked values are equal originals but for the method's own odds.
func (a *analysis) groupable(s *keying, n *pg.Node, row *item, keys []*resolved) {
	if !s.comparable && !s.keyedBy(row, keys) {
		a.refuseKeyed(s, location(n), "cannot be grouped by", "Equal masked values may have different originals.", "Group by the patient's sealed id instead.")
	}
}

// keyedBy reports whether one of the keys is the keyed entity of the same row. Shifted
// dates are left out: of a row without a person the year is shown, so that equal masked
// values would be several groups. SQL masks them where they are grouped by.
func (s *keying) keyedBy(row *item, keys []*resolved) bool {
	return row != nil && !s.coarser && s.Entity != "" && slices.ContainsFunc(keys, func(k *resolved) bool {
		return k.row == row && k.base == s.Entity && k.keying != nil && k.keying.comparable
	})
}

func (a *analysis) groupByShadow(c *resolved, sc *scope) *pg.Node {
	t := a.shadowOf(c)
	return a.groupByKey(c.shadow, t, a.hashShadow(c.keying, t), sc)
}

// groupByKey groups by an original. Where rows are seen as they come from grouping, by
// a window or in a recursive query, the hash stands before it, so that they are sorted by
// that.
func (a *analysis) groupByKey(shadow string, key, hash *pg.Node, sc *scope) *pg.Node {
	sc.key(shadow, hash)
	if !sc.seen {
		return key
	}
	return &pg.Node{Node: &pg.Node_RowExpr{RowExpr: &pg.RowExpr{Args: []*pg.Node{hash, key}, RowFormat: pg.CoercionForm_COERCE_IMPLICIT_CAST}}}
}
