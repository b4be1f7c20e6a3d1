package analysis

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Operators. If neither side is keyed, any operator of pg_catalog is allowed. For keyed
// sides see equality.go, for restricted ones restriction.go.

// value returns a column as a value, with its masking.
func (a *analysis) value(c *resolved) value {
	return value{node: a.refer(c, 0), keying: c.keying, column: c, restricted: a.restrictionOf(c), date: c.date, list: c.list}
}

// shadow returns the bare original of a value, or nil.
func (v value) shadow(a *analysis) *pg.Node {
	if v.keying == nil || v.column == nil || v.column.shadow == "" || v.column.emit != nil {
		return nil
	}
	return a.shadowOf(v.column)
}

// operator analyses an operator. If neither side is keyed, any operator of pg_catalog is
// allowed.
func (a *analysis) operator(x *pg.A_Expr, n *pg.Node, sc *scope) value {
	truth := a.truth == n
	for _, side := range []*pg.Node{x.Lexpr, x.Rexpr} {
		if t := a.foreign(side, sc, 0); t != nil && (t.Name != "citext" || x.Kind != pg.A_Expr_Kind_AEXPR_OP || citextOperators[lastPart(x.Name)]) {
			return value{node: a.foreignOperator(x, n, t, sc)}
		}
	}
	name := a.operatorName(x.Name, x.Location)
	if l, r := rowOf(x.Lexpr), rowOf(x.Rexpr); l != nil && r != nil && len(l.Args) == len(r.Args) && len(l.Args) > 0 &&
		(x.Kind == pg.A_Expr_Kind_AEXPR_OP && (name == "=" || name == "<>") || x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT || x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT) {
		return value{node: a.rowsEqual(x, l, r, name, sc)}
	} else if l != nil && r != nil && len(l.Args) == len(r.Args) && len(l.Args) > 1 && x.Kind == pg.A_Expr_Kind_AEXPR_OP && orderOps[name] {
		if out := a.rowsOrdered(name, l, r, sc, x.Location); out != nil {
			return value{node: out}
		}
		return value{node: n}
	}
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_IN:
		return value{node: a.in(x, n, name, truth, sc)}
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		if x.Rexpr.GetList() == nil {
			a.unknown(n, "this kind of BETWEEN")
		}
		return value{node: a.between(x, n, sc)}
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return value{node: a.anyAll(x, n, name, sc)}
	}
	if out := a.optional(x, name, sc); out != nil {
		return a.operandOf(out, sc)
	}
	var l, r value
	if x.Lexpr != nil {
		l = a.side(x.Lexpr, sc)
	}
	if x.Rexpr != nil {
		r = a.side(x.Rexpr, sc)
	}
	if l.keying == nil && r.keying == nil {
		a.settle(&l)
		a.settle(&r)
		if l.restricted != nil || r.restricted != nil {
			a.restrictedOperator(x, name, &l, &r)
		}
		a.retyped(l, x.Location)
		a.retyped(r, x.Location)
		x.Lexpr, x.Rexpr = l.node, r.node
		return value{node: n}
	}
	if v, done := a.datedOperator(x, name, l, r); done {
		return v
	}
	if v, done := emptyCompared(x, name, l, r); done {
		return v
	}
	s := l.keying
	if s == nil {
		s = r.keying
	}
	var kind string
	switch {
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && (name == "=" || name == "<>"):
		kind = name
	case x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT:
		kind = "distinct"
	case x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		kind = "not distinct"
	case x.Kind == pg.A_Expr_Kind_AEXPR_NULLIF && name == "=" && l.keying != nil && !l.computed:
		out := when(a.equality("=", l, r, true, x.Location), null())
		out.GetCaseExpr().Defresult = l.node
		return value{node: out, keying: l.keying}
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && orderOps[name] && s.orderable():
		return value{node: a.orderedCompare(name, l, r, truth, x.Location)}
	default:
		if x.Kind == pg.A_Expr_Kind_AEXPR_OP && name == "||" && x.Lexpr != nil {
			a.settle(&l)
			a.settle(&r)
			if v, ok := a.compose(name, []value{l, r}); ok {
				return v
			}
		}
		a.refuseKeyed(s, x.Location, usedWith(x, name), "", s.compareHint())
	}
	return value{node: a.equality(kind, l, r, truth, x.Location)}
}

// usedWith says that a column cannot be an operand, in the words of the statement.
func usedWith(x *pg.A_Expr, name string) string {
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_LIKE:
		return "cannot be compared with LIKE"
	case pg.A_Expr_Kind_AEXPR_ILIKE:
		return "cannot be compared with ILIKE"
	case pg.A_Expr_Kind_AEXPR_SIMILAR:
		return "cannot be compared with SIMILAR TO"
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return "cannot be compared with NULLIF"
	}
	return "cannot be used with operator " + name
}

// between analyses BETWEEN.
func (a *analysis) between(x *pg.A_Expr, n *pg.Node, sc *scope) *pg.Node {
	items := x.Rexpr.GetList().Items
	subject := a.side(x.Lexpr, sc)
	var vs []value
	for _, item := range items {
		vs = append(vs, a.side(item, sc))
	}
	if len(vs) == 2 {
		if out := a.datedBetween(x, subject, vs[0], vs[1]); out != nil {
			return out
		}
		if s := firstKeying(subject, vs[0], vs[1]); s != nil && s.orderable() {
			return a.ownBetween(x.Kind, subject, vs[0], vs[1], x.Location)
		}
	}
	a.settle(&subject)
	for i := range vs {
		a.settle(&vs[i])
	}
	x.Lexpr = a.unkeyed(subject, x.Location)
	for i, v := range vs {
		items[i] = a.unkeyed(v, x.Location)
		if l := subject; l.restricted != nil || v.restricted != nil {
			a.compareRestricted("<", &l, &v, x.Location)
			items[i] = v.node
		}
	}
	return n
}

// compareHint suggests what works with a keyed column instead of what was refused.
func (s *keying) compareHint() string {
	switch {
	case s.datable():
		return "Dates of one patient can be compared, and subtracted with -: those of one row, or of rows that are joined on the patient's sealed id. Intervals of days, such as interval '30 days', can be added; months and years cannot."
	case catalog.IsTime(s.shown):
		return "Its rule names no entity in this relation, or the date is in a text. Use a column whose method is pushed down."
	case s.orderable():
		return "It can be compared with = and <>, and with < and > by Veil's own order, with a column of the same method and domain or a pseudonym."
	}
	return "Only = and <> are allowed, with a column of the same kind or a pseudonym."
}

// unkeyed returns the node of a value that must not be keyed; it may be restricted.
func (a *analysis) unkeyed(v value, at int32) *pg.Node {
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be compared or computed with", "", v.keying.compareHint())
	}
	return v.node
}

// side analyses one side of a comparison. A parameter stays unsettled until it is known what
// it is compared with.
func (a *analysis) side(n *pg.Node, sc *scope) value {
	if c, ok := constantOf(n); ok && c.param > 0 {
		return value{node: n}
	}
	return a.operand(n, sc)
}

// settle analyses a side that is not compared with anything keyed.
func (a *analysis) settle(v *value) {
	if c, ok := constantOf(v.node); ok && c.param > 0 {
		v.node = a.clear(v.node, &scope{})
	}
}

func rowOf(n *pg.Node) *pg.RowExpr { return n.GetRowExpr() }

// constant is the written form of a pseudonym: a literal, NULL, or a parameter.
type constant struct {
	text  string
	null  bool
	param int32
	// number: it is written as a number, which a pseudonym never is.
	number bool
}

// constantOf reads a literal or parameter inside casts.
func constantOf(n *pg.Node) (c constant, ok bool) {
	for depth := 0; n.GetTypeCast() != nil && depth < 8; depth++ {
		n = n.GetTypeCast().Arg
	}
	if p := n.GetParamRef(); p != nil {
		return constant{param: p.Number}, true
	}
	if selectsNull(n) {
		return constant{null: true}, true
	}
	k := n.GetAConst()
	if k == nil {
		return c, false
	}
	if k.Isnull {
		return constant{null: true}, true
	}
	switch v := k.Val.(type) {
	case *pg.A_Const_Sval:
		return constant{text: v.Sval.Sval}, true
	case *pg.A_Const_Ival:
		return constant{text: strconv.Itoa(int(v.Ival.Ival)), number: true}, true
	case *pg.A_Const_Fval:
		return constant{text: v.Fval.Fval, number: true}, true
	case *pg.A_Const_Bsval:
		return constant{text: v.Bsval.Bsval}, true
	case *pg.A_Const_Boolval:
		return constant{text: strconv.FormatBool(v.Boolval.Boolval)}, true
	}
	return c, false
}

// selectsNull reports whether a node is (SELECT NULL), which postgres_fdw writes for a
// parameter when it requests an estimate.
func selectsNull(n *pg.Node) bool {
	s := n.GetSubLink()
	q := s.GetSubselect().GetSelectStmt()
	if s.GetSubLinkType() != pg.SubLinkType_EXPR_SUBLINK || q == nil || len(q.TargetList) != 1 || q.Op != pg.SetOperation_SETOP_NONE || q.WithClause != nil || q.WhereClause != nil ||
		q.HavingClause != nil || q.LimitCount != nil || q.LimitOffset != nil || q.IntoClause != nil ||
		len(q.FromClause)+len(q.GroupClause)+len(q.DistinctClause)+len(q.ValuesLists)+len(q.LockingClause)+len(q.WindowClause)+len(q.SortClause) > 0 {
		return false
	}
	k := q.TargetList[0].GetResTarget().GetVal()
	for depth := 0; k.GetTypeCast() != nil && depth < 8; depth++ {
		k = k.GetTypeCast().Arg
	}
	return k.GetAConst().GetIsnull()
}

// rowsEqual compares rows member by member.
func (a *analysis) rowsEqual(x *pg.A_Expr, l, r *pg.RowExpr, name string, sc *scope) *pg.Node {
	kind := name
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		kind = "distinct"
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		kind = "not distinct"
	}
	var args []*pg.Node
	for i := range l.Args {
		lv, rv := a.side(l.Args[i], sc), a.side(r.Args[i], sc)
		if lv.keying == nil && rv.keying == nil {
			a.settle(&lv)
			a.settle(&rv)
			if lv.restricted != nil || rv.restricted != nil {
				a.compareRestricted("=", &lv, &rv, x.Location)
			}
			args = append(args, a.distinctOp(kind, lv.node, rv.node))
			continue
		}
		args = append(args, a.equality(kind, lv, rv, false, x.Location))
	}
	if len(args) == 1 {
		return args[0]
	}
	if kind == "<>" || kind == "distinct" {
		return either(args...)
	}
	return both(args...)
}

// operatorName checks the name of an operator, which must be of pg_catalog.
func (a *analysis) operatorName(list []*pg.Node, at int32) string {
	if len(list) == 0 {
		return ""
	}
	parts, ok := dotted(list)
	if !ok || len(parts) > 2 || len(parts) == 2 && parts[0] != "pg_catalog" {
		a.fail(codeNoFunction, at, "only operators of pg_catalog are allowed",
			"Call the operator's function instead, such as similarity(a, b) > 0.3 for %; the operator of Veil can list it under functions.")
	}
	name := parts[len(parts)-1]
	if name == "!=" {
		name = "<>"
	}
	return name
}
