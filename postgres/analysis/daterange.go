package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Ranges of shifted dates. A shift is bounded, so a comparison of a shifted date with a
// constant can only be true if the original is close enough to it: PostgreSQL finds these
// rows by an index on the column, and hashes no others.
//
// Which rows are within reach tells of originals. So nothing else may see them: the
// comparison with the masked date is made in the same sub-select, behind which are the rows
// that it lets pass and no others, and all that is judged beside it raises no error and
// calls no function. OFFSET 0 keeps PostgreSQL from judging anything else there.

// fence moves the conditions of a level of one table into the table's sub-select, where
// that helps and all of them are harmless.
func (a *analysis) fence(q *pg.SelectStmt, sc *scope) {
	if len(sc.sources) != 1 || len(q.FromClause) != 1 || q.WhereClause == nil {
		return
	}
	it := sc.sources[0]
	t := it.table
	if t == nil || t.renamed || t.drawn != nil || q.FromClause[0].GetRangeSubselect().GetSubquery().GetSelectStmt() != t.stmt ||
		a.depth > 1 && len(q.GroupClause) == 0 { // what is joined to the level could find its rows through an index
		return
	}
	conditions := []*pg.Node{q.WhereClause}
	if b := q.WhereClause.GetBoolExpr(); b != nil && b.Boolop == pg.BoolExprType_AND_EXPR {
		conditions = b.Args
	}
	var within []*pg.Node
	for _, n := range conditions {
		if !it.harmless(n, 0) {
			return
		}
		within = append(within, t.within(n)...)
	}
	if len(within) == 0 {
		return
	}
	t.fenced, t.nearby = conditions, within
	it.first = nil
	q.WhereClause = nil
}

// putFence writes the sub-select that the conditions are in. Its rows are computed in one of
// their own, once for all conditions.
func (t *tableItem) putFence() {
	inner := &pg.SelectStmt{
		TargetList: t.stmt.TargetList, FromClause: t.stmt.FromClause, WhereClause: t.stmt.WhereClause,
		LimitOffset: integer(0, "int8"), LimitOption: pg.LimitOption_LIMIT_OPTION_COUNT, Op: pg.SetOperation_SETOP_NONE,
	}
	where := t.nearby
	if inner.WhereClause != nil {
		where = append([]*pg.Node{inner.WhereClause}, where...)
	}
	inner.WhereClause = all(where)
	t.subselects[inner] = true
	delete(t.subselects, t.stmt)
	t.stmt.TargetList = []*pg.Node{target("", column())}
	t.stmt.TargetList[0].GetResTarget().Val.GetColumnRef().Fields = []*pg.Node{{Node: &pg.Node_AStar{AStar: &pg.A_Star{}}}}
	t.stmt.FromClause = []*pg.Node{subselect(inner, &pg.Alias{Aliasname: t.item.ref})}
	t.stmt.WhereClause = all(t.fenced)
	t.stmt.LimitOffset, t.stmt.LimitOption = integer(0, "int8"), pg.LimitOption_LIMIT_OPTION_COUNT
}

// all writes the conjunction of several conditions.
func all(conditions []*pg.Node) *pg.Node {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return both(conditions...)
}

// compares has the operators that raise no error between values of harmless types.
var compares = wordSet("= <> < > <= >=")

// harmless reports whether a condition over the item's columns raises no error, whatever
// the row: it compares columns with constants.
func (it *item) harmless(n *pg.Node, depth int) bool {
	if depth > maxDepth {
		return false
	}
	every := func(list ...*pg.Node) bool {
		return !slices.ContainsFunc(list, func(n *pg.Node) bool { return !it.harmless(n, depth+1) })
	}
	switch x := n.GetNode().(type) {
	case *pg.Node_BoolExpr:
		return every(x.BoolExpr.Args...)
	case *pg.Node_NullTest:
		return it.owns(x.NullTest.Arg)
	case *pg.Node_AExpr:
		e := x.AExpr
		if !it.owns(e.Lexpr) || len(e.Name) != 1 {
			return false
		}
		switch e.Kind {
		case pg.A_Expr_Kind_AEXPR_OP:
			return compares[lastPart(e.Name)] && fixedValue(e.Rexpr)
		case pg.A_Expr_Kind_AEXPR_IN, pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
			return !slices.ContainsFunc(e.Rexpr.GetList().GetItems(), func(n *pg.Node) bool { return !fixedValue(n) })
		case pg.A_Expr_Kind_AEXPR_OP_ANY:
			return lastPart(e.Name) == "=" && fixedValue(e.Rexpr)
		}
	}
	return false
}

// owns reports whether a node is a column of the item's, of a type whose comparison is
// PostgreSQL's own and raises no error; or a shadow column.
func (it *item) owns(n *pg.Node) bool {
	name, ok := it.columnName(n)
	if !ok {
		return false
	}
	for _, c := range it.columns {
		if c.upstream() == name {
			return c.keying == nil && c.restricted == nil &&
				(catalog.IsText(c.typ) || catalog.IsNumber(c.typ) || catalog.IsFloat(c.typ) || catalog.IsTime(c.typ) || c.typ == catalog.OIDUUID || c.typ == catalog.OIDBool)
		}
	}
	return slices.ContainsFunc(it.columns, func(c *resolved) bool { return c.shadow == name && c.shadow != "" })
}

// columnName returns the name of the item's column that a node refers to.
func (it *item) columnName(n *pg.Node) (string, bool) {
	ref := n.GetColumnRef()
	if ref == nil || len(ref.Fields) != 2 || ref.Fields[0].GetString_().GetSval() != it.ref {
		return "", false
	}
	return ref.Fields[1].GetString_().GetSval(), true
}

// fixedTypes has the types of constants whose casts are PostgreSQL's own.
var fixedTypes = wordSet("text varchar bpchar int2 int4 int8 numeric float4 float8 date timestamp timestamptz bool uuid")

// fixedValue reports whether a node is a constant or a parameter, cast or not: it is
// computed before any row is.
func fixedValue(n *pg.Node) bool {
	for range 4 {
		c := n.GetTypeCast()
		if c == nil {
			break
		}
		if !fixedTypes[lastPart(c.TypeName.GetNames())] || len(c.TypeName.GetTypmods()) > 0 {
			return false
		}
		n = c.Arg
	}
	return n.GetAConst() != nil || n.GetParamRef() != nil
}

// within returns the conditions on the original that follow from one on the shifted date.
func (t *tableItem) within(n *pg.Node) []*pg.Node {
	x := n.GetAExpr()
	if x == nil {
		return nil
	}
	column, ok := t.item.columnName(x.Lexpr)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(t.columns, func(c *tableColumn) bool { return c.shape.Name == column && c.shape.reach > 0 })
	if i < 0 {
		return nil
	}
	c := t.columns[i].shape
	switch name := lastPart(x.Name); {
	case x.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN:
		bounds := x.Rexpr.GetList().Items
		return append(t.reaches(c, ">=", bounds[0]), t.reaches(c, "<=", bounds[1])...)
	case x.Kind != pg.A_Expr_Kind_AEXPR_OP:
		return nil
	case name == ">", name == ">=":
		return t.reaches(c, ">=", x.Rexpr)
	case name == "<", name == "<=":
		return t.reaches(c, "<=", x.Rexpr)
	case name == "=":
		return append(t.reaches(c, ">=", x.Rexpr), t.reaches(c, "<=", x.Rexpr)...)
	}
	return nil
}

// moreReach is added to the distance within which originals may be: it covers the effect
// of time zones on the comparison of a date with a moment.
const moreReach = 2

// reaches compares the original with a bound at the distance by which a date may be
// moved. The date of an unknown person is at the beginning of its year.
func (t *tableItem) reaches(c *shapeColumn, name string, bound *pg.Node) []*pg.Node {
	out := []*pg.Node{c.near(name, bound, c.reach)}
	if name == "<=" && c.reach < daysOfYear {
		out = []*pg.Node{c.near(name, bound, daysOfYear), either(out[0], t.fragment(c.nobody))}
	}
	return out
}

// near compares the original with a bound that is some days further away. A bound that no
// shifted date can approach is dropped: adding to it could be an error.
func (c *shapeColumn) near(name string, bound *pg.Node, days int64) *pg.Node {
	typ := map[uint32]string{catalog.OIDDate: "date", catalog.OIDTimestamp: "timestamp", catalog.OIDTimestamptz: "timestamptz"}[c.shown]
	if b := bound.GetTypeCast(); b != nil && catalogTime[lastPart(b.TypeName.Names)] {
		typ = lastPart(b.TypeName.Names)
	} else {
		bound = cast(bound, typ)
	}
	sign, within, limit, far := "-", ">", "0009-01-01", "-infinity"
	if name == "<=" {
		sign, within, limit, far = "+", "<", "9992-01-01", "infinity"
	}
	reach := fmt.Sprintf("'%d days'::pg_catalog.interval", days+moreReach)
	if typ == "date" {
		reach = fmt.Sprint(days + moreReach)
	}
	sql := fmt.Sprintf("CASE WHEN veil_bound %s '%s'::pg_catalog.%[3]s THEN veil_bound %[4]s %[5]s ELSE '%[6]s'::pg_catalog.%[3]s END", within, limit, typ, sign, reach, far)
	edge := parseFragment(sql)
	walk(edge.ProtoReflect(), func(m any) {
		if x, ok := m.(*pg.Node); ok && bareName(x) == "veil_bound" {
			x.Node = clone(bound).Node
		}
	})
	return op(name, column(c.Name), edge)
}

var catalogTime = wordSet("date timestamp timestamptz")
