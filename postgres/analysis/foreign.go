package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Base types of the database, such as those of extensions. The upstream's search path
// holds pg_catalog alone, so an operator over such a value would be one of another type,
// to which PostgreSQL casts it unasked: with another meaning, and without an error. The
// operators of citext are known and are named with their schema; others are refused.

// citextOperators has citext's own operators.
var citextOperators = wordSet("= <> < > <= >= ~ !~ ~* !~* ~~ !~~ ~~* !~~*")

// citextFunctions has citext's own functions.
var citextFunctions = wordSet("min max regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table replace split_part strpos position translate")

// foreign returns the expression's type if it is a base type defined in the database; nil
// if it is one of pg_catalog. The expression is as the client wrote it.
func (a *analysis) foreign(n *pg.Node, sc *scope, depth int) *catalog.Type {
	of := func(list ...*pg.Node) *catalog.Type {
		for _, n := range list {
			if t := a.foreign(n, sc, depth+1); t != nil {
				return t
			}
		}
		return nil
	}
	if n == nil || depth > maxDepth {
		return nil
	}
	switch x := n.Node.(type) {
	case *pg.Node_ColumnRef:
		c := a.starred[x.ColumnRef]
		if k := len(x.ColumnRef.Fields); c == nil && k > 0 && x.ColumnRef.Fields[k-1].GetString_() != nil {
			c, _ = a.lookup(x.ColumnRef, sc)
		}
		if c == nil || c.keying != nil {
			return nil
		}
		t := a.catalog.Base(c.typ)
		if t != nil && t.Element != 0 {
			t = a.catalog.Base(t.Element)
		}
		if t != nil && t.Kind == 'b' && t.Schema != "pg_catalog" {
			return t
		}
	case *pg.Node_CoalesceExpr:
		return of(x.CoalesceExpr.Args...)
	case *pg.Node_MinMaxExpr:
		return of(x.MinMaxExpr.Args...)
	case *pg.Node_CaseExpr:
		for _, w := range x.CaseExpr.Args {
			if t := of(w.GetCaseWhen().GetResult()); t != nil {
				return t
			}
		}
		return of(x.CaseExpr.Defresult)
	case *pg.Node_AExpr:
		if x.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return of(x.AExpr.Lexpr)
		}
	case *pg.Node_FuncCall:
		if name := lastPart(x.FuncCall.Funcname); carryFunctions[name] || name == "min" || name == "max" {
			return of(x.FuncCall.Args...)
		}
	case *pg.Node_AIndirection:
		return of(x.AIndirection.Arg)
	case *pg.Node_RowExpr:
		return of(x.RowExpr.Args...)
	case *pg.Node_List:
		return of(x.List.Items...)
	case *pg.Node_AArrayExpr:
		return of(x.AArrayExpr.Elements...)
	}
	return nil
}

func (a *analysis) refuseForeign(t *catalog.Type, at int32, what string) {
	a.failReason("type", codeForbidden, at, fmt.Sprintf("%s is not possible with values of type %s.%s: PostgreSQL would use that of another type", what, t.Schema, t.Name),
		"Cast the column to text, which compares as text does.")
}

// foreignOperator analyses an operator over a value of type t.
func (a *analysis) foreignOperator(x *pg.A_Expr, n *pg.Node, t *catalog.Type, sc *scope) *pg.Node {
	name := a.operatorName(x.Name, x.Location)
	isColumn := func(n *pg.Node) bool { return n.GetColumnRef() != nil && a.foreign(n, sc, 0) == t }
	if t.Name != "citext" || x.Lexpr == nil {
		a.refuseForeign(t, x.Location, "this operator")
	}
	literal := func(n *pg.Node) (*pg.Node, bool) {
		switch {
		case isColumn(n):
			return a.clear(n, sc), true
		case n.GetAConst() != nil, n.GetParamRef() != nil:
			return castNamed(a.clear(n, sc), t), true
		}
		return a.clear(n, sc), false
	}
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_OP, pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE:
		if a.foreign(x.Lexpr, sc, 0) != nil && !isColumn(x.Lexpr) || a.foreign(x.Rexpr, sc, 0) != nil && !isColumn(x.Rexpr) {
			break
		}
		text := !isColumn(x.Lexpr) // citext ~~ text is an operator, text ~~ citext is none
		l, known := literal(x.Lexpr)
		r, also := literal(x.Rexpr)
		if known && also || !comparisons[name] && !text {
			return ownOperator(t, name, l, r)
		}
		x.Lexpr, x.Rexpr = l, r // with a text it is compared as a text
		return n
	case pg.A_Expr_Kind_AEXPR_IN, pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		if !isColumn(x.Lexpr) {
			break
		}
		if out := a.foreignList(x, t, name, sc); out != nil {
			return out
		}
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		items := x.Rexpr.GetList().GetItems()
		if !isColumn(x.Lexpr) || len(items) != 2 {
			break
		}
		l := a.clear(x.Lexpr, sc)
		low, known := literal(items[0])
		high, also := literal(items[1])
		switch {
		case !known || !also:
		case x.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN:
			return both(ownOperator(t, ">=", l, low), ownOperator(t, "<=", l, high))
		default:
			return either(ownOperator(t, "<", l, low), ownOperator(t, ">", l, high))
		}
	}
	a.refuseForeign(t, x.Location, "this comparison")
	return nil
}

// ownOperator writes an operator of a type's own schema.
func ownOperator(t *catalog.Type, name string, l, r *pg.Node) *pg.Node {
	out := op(name, l, r)
	out.GetAExpr().Name = names(t.Schema, name)
	return out
}

// foreignList compares a column of type t with a list or an array of literals; it returns
// nil for anything else.
func (a *analysis) foreignList(x *pg.A_Expr, t *catalog.Type, name string, sc *scope) *pg.Node {
	list := x.Rexpr
	if l := x.Rexpr.GetList(); l != nil {
		list = &pg.Node{Node: &pg.Node_AArrayExpr{AArrayExpr: &pg.A_ArrayExpr{Elements: l.Items}}}
	}
	for _, e := range list.GetAArrayExpr().GetElements() {
		if e.GetAConst() == nil && e.GetParamRef() == nil {
			a.refuseForeign(t, x.Location, "a list of other than literals")
		}
	}
	if list.GetAArrayExpr() == nil && list.GetAConst() == nil && list.GetParamRef() == nil {
		return nil
	}
	l := a.clear(x.Lexpr, sc)
	array := castNamed(a.clear(list, sc), t)
	array.GetTypeCast().TypeName.ArrayBounds = castArray(nil, "text").GetTypeCast().TypeName.ArrayBounds
	out := ownOperator(t, name, l, array)
	switch out.GetAExpr().Kind = x.Kind; {
	case x.Kind == pg.A_Expr_Kind_AEXPR_IN && name == "<>":
		out.GetAExpr().Kind = pg.A_Expr_Kind_AEXPR_OP_ALL
	case x.Kind == pg.A_Expr_Kind_AEXPR_IN:
		out.GetAExpr().Kind = pg.A_Expr_Kind_AEXPR_OP_ANY
	}
	return out
}

// comparisons has the operators of text that also apply where citext has none with a
// text.
var comparisons = wordSet("= <> < > <= >=")

// foreignArguments refuses a call if the type has its own function of that name.
func (a *analysis) foreignArguments(name string, f *pg.FuncCall, sc *scope) {
	if !citextFunctions[name] {
		return
	}
	if i := slices.IndexFunc(f.Args, func(n *pg.Node) bool { return a.foreign(n, sc, 0) != nil }); i >= 0 {
		a.refuseForeign(a.foreign(f.Args[i], sc, 0), f.Location, name)
	}
}
