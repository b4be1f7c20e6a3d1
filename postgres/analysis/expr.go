package analysis

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// value is the result of an expression.
type value struct {
	node *pg.Node
	// keying is nil if the value contains no original.
	keying *keying
	// column is set if the expression is an unchanged column.
	column *resolved
	// shown is as in resolved, if PostgreSQL treats the expression as a column.
	shown rows.Origin
	// null: it is the bare constant NULL.
	null bool
	// restricted is set if the value's type has casts of the database.
	restricted *catalog.Type
	// failed is set for a column of a view that is not available, hidden for one that does not
	// exist.
	failed *Refusal
	hidden bool
	// date is set for a shifted date; computed dates have no wrapper.
	date     *dated
	computed bool
	// list is set for collected ids.
	list *idList
	// made describes how a keyed text is made of others, in the expression that makes it.
	made *composition
	// names is the kind of names by OID that the value has; see names.go.
	names string
}

// expr analyses an expression.
func (a *analysis) expr(n *pg.Node, sc *scope) value {
	v := a.operand(n, sc)
	if v.computed {
		a.refuseKeyed(v.keying, location(n), "cannot be selected in a computation", "A date that is computed from it can be compared and subtracted, and nothing else.", "Select the date itself.")
	}
	return v
}

// operand analyses an expression, which may be a date computed from a shifted one. It
// refuses what it does not handle.
func (a *analysis) operand(n *pg.Node, sc *scope) value {
	v := a.operandOf(n, sc)
	if v.names == "" {
		v.names = a.namesOf(n, &v)
	}
	if v.names != "" {
		a.regs[v.node] = v.names
	}
	return v
}

func (a *analysis) operandOf(n *pg.Node, sc *scope) value {
	a.deeper()
	defer a.shallower()
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		return value{node: n, null: x.AConst.Isnull}
	case *pg.Node_ColumnRef:
		return a.columnRef(x.ColumnRef, sc)
	case *pg.Node_ParamRef:
		a.clearParam(x.ParamRef)
		return value{node: n}
	case *pg.Node_AExpr:
		return a.operator(x.AExpr, n, sc)
	case *pg.Node_BoolExpr:
		for i, arg := range x.BoolExpr.Args {
			x.BoolExpr.Args[i] = a.clear(arg, sc)
		}
		x.BoolExpr.Args = flat(x.BoolExpr.Boolop, x.BoolExpr.Args)
		return value{node: n}
	case *pg.Node_NullTest:
		return value{node: a.nullTest(x.NullTest, n, sc)}
	case *pg.Node_BooleanTest:
		x.BooleanTest.Arg = a.clear(x.BooleanTest.Arg, sc)
		return value{node: n}
	case *pg.Node_TypeCast:
		return a.typeCast(x.TypeCast, n, sc)
	case *pg.Node_CollateClause:
		return a.collated(x.CollateClause, n, sc)
	case *pg.Node_CaseExpr:
		return a.caseExpr(x.CaseExpr, n, sc)
	case *pg.Node_CoalesceExpr:
		var vs []value
		var nodes []**pg.Node
		known := true // SQL knows which are NULL
		for i, arg := range x.CoalesceExpr.Args {
			v := a.expr(arg, sc)
			x.CoalesceExpr.Args[i] = v.node
			vs, nodes = append(vs, v), append(nodes, &x.CoalesceExpr.Args[i])
			known = known && (v.keying == nil || v.keying.nulls)
		}
		if v, ok := a.orElse(vs); ok {
			return v
		}
		if known {
			if v, ok := a.mixed(vs, nodes, func() *pg.Node { return n }); ok {
				return v
			}
		}
		date := a.sameDate(vs, func(plains []*pg.Node) *pg.Node { return coalesce(plains...) })
		return value{node: n, keying: a.carried(vs, location(n)), restricted: a.sameRestriction(vs, location(n)), date: date}
	case *pg.Node_MinMaxExpr:
		a.clearAll(x.MinMaxExpr.Args, sc)
		return value{node: n}
	case *pg.Node_AArrayExpr:
		return a.arrayExpr(x.AArrayExpr, n, sc)
	case *pg.Node_RowExpr:
		x.RowExpr.Args = a.rowArgs(x.RowExpr.Args, sc)
		return value{node: n}
	case *pg.Node_AIndirection:
		return a.indirection(x.AIndirection, n, sc)
	case *pg.Node_FuncCall:
		return a.call(x.FuncCall, n, sc)
	case *pg.Node_NamedArgExpr:
		x.NamedArgExpr.Arg = a.clear(x.NamedArgExpr.Arg, sc)
		return value{node: n}
	case *pg.Node_SubLink:
		return a.sublink(x.SubLink, n, sc)
	case *pg.Node_GroupingFunc:
		// GROUPING reveals which columns a row is grouped by, but none of their values.
		for i, arg := range x.GroupingFunc.Args {
			if c := a.local(arg, sc); c != nil && c.grouped {
				x.GroupingFunc.Args[i] = a.shadowOf(c)
				continue
			}
			x.GroupingFunc.Args[i] = a.expr(arg, sc).node
		}
		return value{node: n}
	case *pg.Node_SqlvalueFunction:
		return value{node: a.valueFunction(x.SqlvalueFunction, n)}
	case *pg.Node_XmlExpr:
		a.clearAll(x.XmlExpr.Args, sc)
		for _, arg := range x.XmlExpr.NamedArgs {
			if t := arg.GetResTarget(); t != nil {
				if t.Name == "" {
					t.Name = resultName(t.Val)
				}
				t.Val = a.clear(t.Val, sc)
			} else {
				a.unknown(arg, "this kind of XML argument")
			}
		}
		return value{node: n}
	case *pg.Node_XmlSerialize:
		a.typeName(x.XmlSerialize.TypeName)
		x.XmlSerialize.Expr = a.clear(x.XmlSerialize.Expr, sc)
		return value{node: n}
	}
	a.unknown(n, "this kind of expression")
	return value{}
}

// clear analyses an expression that must contain no original.
func (a *analysis) clear(n *pg.Node, sc *scope) *pg.Node {
	at := location(n)
	v := a.expr(n, sc)
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be used in this expression", "It can be selected, compared for equality, grouped, counted and tested for NULL.", "")
	}
	if v.restricted != nil {
		a.refuseRestricted(v.restricted, at)
	}
	return v.node
}

func (a *analysis) clearAll(list []*pg.Node, sc *scope) {
	for i, n := range list {
		list[i] = a.clear(n, sc)
	}
}

// arrayExpr analyses ARRAY[…].
func (a *analysis) arrayExpr(x *pg.A_ArrayExpr, n *pg.Node, sc *scope) value {
	var vs []value
	for _, e := range x.Elements {
		vs = append(vs, a.expr(e, sc))
	}
	if v, ok := a.arrayOf(vs); ok {
		return v
	}
	for i, v := range vs {
		a.unkeyed(v, location(x.Elements[i]))
		if v.restricted != nil {
			a.refuseRestricted(v.restricted, location(x.Elements[i]))
		}
		x.Elements[i] = v.node
	}
	return value{node: n}
}

// condition analyses an expression of which only the truth matters: a comparison that is
// NULL may stand for one that is false.
func (a *analysis) condition(n *pg.Node, sc *scope) *pg.Node {
	if b := n.GetBoolExpr(); b != nil && b.Boolop != pg.BoolExprType_NOT_EXPR {
		a.deeper()
		defer a.shallower()
		for i, arg := range b.Args {
			b.Args[i] = a.condition(arg, sc)
		}
		b.Args = flat(b.Boolop, b.Args)
		return n
	}
	a.truth = n
	return a.clear(n, sc)
}

// columnRef analyses a reference to a column or a whole row.
func (a *analysis) columnRef(ref *pg.ColumnRef, sc *scope) value {
	at := ref.Location
	if c := a.starred[ref]; c != nil {
		return value{node: a.refer(c, at), keying: c.keying, column: c, shown: c.shown, restricted: a.restrictionOf(c), date: c.date, list: c.list}
	}
	if k := len(ref.Fields); k > 0 && ref.Fields[k-1].GetAStar() != nil {
		// f(t.*) is the whole row of t.
		parts, ok := dotted(ref.Fields[:k-1])
		if !ok || len(parts) == 0 || len(parts) > 2 {
			a.fail(codeSyntax, at, "a star is not allowed here", "")
		}
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		return a.wholeRow(a.item(schema, parts[len(parts)-1], sc, at), at)
	}
	c, it := a.lookup(ref, sc)
	if it != nil {
		return a.wholeRow(it, at)
	}
	return value{node: a.refer(c, at), keying: c.keying, column: c, shown: c.shown, restricted: a.restrictionOf(c), date: c.date, list: c.list}
}

// wholeRow returns a row of a FROM item as one value. It must contain no original, since
// what a row is turned into (text, JSON, an order) cannot be traced.
func (a *analysis) wholeRow(it *item, at int32) value {
	if it.join {
		a.fail("0A000", at, fmt.Sprintf("the whole row of the join %q is not supported", it.alias), "Name the columns, or put the join into a sub-select.")
	}
	if !it.whole() {
		a.fail(codeForbidden, at, fmt.Sprintf("the whole row of %q has keyed columns", it.alias), "Name the columns that are needed.")
	}
	for _, c := range it.columns {
		if f := a.restrictionOf(c); f != nil {
			a.refuseRestricted(f, at)
		}
		if c.cohort != nil {
			if c.cohort.whole = true; len(c.cohort.added) > 0 {
				a.fail(codeForbidden, at, fmt.Sprintf("the whole row of %q has pseudonyms that are compared", it.alias), "Name the columns that are needed.")
			}
		}
		if c.as != "" {
			a.fail("0A000", at, fmt.Sprintf("the whole row of %q has two columns of one name", it.alias), "Give the columns different names.")
		}
		if c.use != nil {
			c.use()
		}
	}
	it.entire = true
	return value{node: column(it.ref)}
}

// rowArgs analyses the members of ROW(…), where t.* stands for all columns of t.
func (a *analysis) rowArgs(args []*pg.Node, sc *scope) (out []*pg.Node) {
	for _, n := range args {
		cols, ok := a.star(n, sc)
		if !ok {
			out = append(out, a.clear(n, sc))
			continue
		}
		for _, c := range cols {
			out = append(out, a.clear(&pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: a.named(c)}}, sc))
		}
	}
	return out
}

// nullTest analyses IS NULL and IS NOT NULL. A wrapper is NULL exactly where the masked
// value is, and none of its members is ever NULL.
func (a *analysis) nullTest(t *pg.NullTest, n *pg.Node, sc *scope) *pg.Node {
	at := location(t.Arg)
	if c, ok := constantOf(t.Arg); ok && c.param > 0 {
		a.testedParam(t, c.param, sc)
		return n
	}
	v := a.expr(t.Arg, sc)
	if t.Arg = v.node; v.keying == nil {
		return n
	}
	if t.Arg = a.testable(v); t.Arg == nil {
		a.refuseKeyed(v.keying, at, "cannot be tested for NULL", "SQL cannot determine which values the method removes.", "")
	}
	return n
}

// caseExpr analyses CASE: keyed results stay keyed; of the conditions only the truth
// matters.
func (a *analysis) caseExpr(c *pg.CaseExpr, n *pg.Node, sc *scope) value {
	var arg value
	if c.Arg != nil {
		if t := a.foreign(c.Arg, sc, 0); t != nil {
			a.refuseForeign(t, location(c.Arg), "CASE with a subject")
		}
		if arg = a.expr(c.Arg, sc); arg.keying == nil {
			c.Arg = arg.node
		} else {
			c.Arg = nil // each WHEN becomes a comparison with it
		}
	}
	var vs []value
	var nodes []**pg.Node
	for _, w := range c.Args {
		cw := w.GetCaseWhen()
		if cw == nil {
			a.unknown(w, "this kind of CASE")
		}
		switch {
		case arg.keying != nil:
			cw.Expr = a.equality("=", arg, a.side(cw.Expr, sc), true, location(cw.Expr))
		case c.Arg != nil:
			w := a.expr(cw.Expr, sc)
			if w.keying != nil {
				a.refuseKeyed(w.keying, location(cw.Expr), "cannot be compared with the subject of a CASE", "", "")
			}
			if subject := arg; subject.restricted != nil || w.restricted != nil {
				a.compareRestricted("=", &subject, &w, location(cw.Expr))
			}
			cw.Expr = w.node
		default:
			cw.Expr = a.condition(cw.Expr, sc)
		}
		v := a.expr(cw.Result, sc)
		cw.Result = v.node
		vs, nodes = append(vs, v), append(nodes, &cw.Result)
	}
	if c.Defresult != nil {
		v := a.expr(c.Defresult, sc)
		c.Defresult = v.node
		vs, nodes = append(vs, v), append(nodes, &c.Defresult)
	}
	if v, ok := a.mixed(vs, nodes, func() *pg.Node { return n }); ok {
		return v
	}
	return value{node: n, keying: a.carried(vs, location(n)), restricted: a.sameRestriction(vs, location(n))}
}

// carried returns the masking of a choice between values: all of one class, or NULL.
func (a *analysis) carried(vs []value, at int32) *keying {
	var s *keying
	for _, v := range vs {
		if v.keying != nil {
			s = v.keying
		}
	}
	if s == nil {
		return nil
	}
	for _, v := range vs {
		if v.null {
			continue
		}
		if v.keying == nil || !sameKeying(v.keying, s) {
			a.refuseKeyed(s, at, "cannot be mixed with other values", "", "Choose between columns that the same method masks, and NULL.")
		}
	}
	return s
}

// sameKeying reports whether wrappers of both may occur in one column.
func sameKeying(a, b *keying) bool {
	return a == b || a.composed.Same(b.composed) && a.Same(&b.Masking) && (a.shown == b.shown || catalog.IsVarying(a.shown) && catalog.IsVarying(b.shown))
}

// collated analyses a value with a collation. Comparisons of a keyed text do not depend on
// it.
func (a *analysis) collated(c *pg.CollateClause, n *pg.Node, sc *scope) value {
	a.collation(c)
	at := location(c.Arg)
	v := a.expr(c.Arg, sc)
	if v.keying != nil && v.keying.orderable() && v.keying.shown == catalog.OIDText {
		return v
	}
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be used in this expression", "It can be selected, compared for equality, grouped, counted and tested for NULL.", "")
	}
	if v.restricted != nil {
		a.refuseRestricted(v.restricted, at)
	}
	c.Arg = v.node
	return value{node: n}
}

// collation checks COLLATE: only collations of pg_catalog are allowed.
func (a *analysis) collation(c *pg.CollateClause) {
	parts, ok := dotted(c.Collname)
	if !ok || len(parts) == 0 || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		a.fail(codeForbidden, c.Location, "only collations of pg_catalog are allowed", "")
	}
}

// valueFunction analyses current_user and the like: names of the session are the client's.
func (a *analysis) valueFunction(f *pg.SQLValueFunction, n *pg.Node) *pg.Node {
	switch f.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE, pg.SQLValueFunctionOp_SVFOP_CURRENT_USER, pg.SQLValueFunctionOp_SVFOP_USER, pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		a.personal = true
		return cast(text(a.session.User), "name")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return a.currentSchema()
	}
	return n
}

// currentSchema returns the first existing schema of the session's search path.
func (a *analysis) currentSchema() *pg.Node {
	for _, s := range a.session.SearchPath {
		if _, ok := a.catalog.Schema(s); ok {
			return cast(text(s), "name")
		}
	}
	return cast(null(), "name")
}
