package analysis

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Constructors for nodes of PostgreSQL's parse tree. A node built from another one shares
// it: the parts of a rewritten tree are never changed afterwards.

func str(s string) *pg.Node { return &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: s}}} }

// names makes a dotted name.
func names(parts ...string) []*pg.Node {
	out := make([]*pg.Node, len(parts))
	for i, p := range parts {
		out[i] = str(p)
	}
	return out
}

func text(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Sval{Sval: &pg.String{Sval: s}}}}}
}

func null() *pg.Node { return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Isnull: true}}} }

func boolean(b bool) *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: b}}}}}
}

func column(parts ...string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: names(parts...)}}}
}

func cast(n *pg.Node, typ string) *pg.Node { return castTo(n, "pg_catalog", typ) }

func castTo(n *pg.Node, schema, typ string) *pg.Node {
	return &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{Arg: n, TypeName: &pg.TypeName{Names: names(schema, typ), Typemod: -1}}}}
}

func castArray(n *pg.Node, typ string) *pg.Node {
	c := cast(n, typ)
	c.GetTypeCast().TypeName.ArrayBounds = []*pg.Node{{Node: &pg.Node_Integer{Integer: &pg.Integer{Ival: -1}}}}
	return c
}

func op(name string, l, r *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP, Name: names(name), Lexpr: l, Rexpr: r}}}
}

func isNotNull(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_NullTest{NullTest: &pg.NullTest{Arg: n, Nulltesttype: pg.NullTestType_IS_NOT_NULL}}}
}

func isNull(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_NullTest{NullTest: &pg.NullTest{Arg: n, Nulltesttype: pg.NullTestType_IS_NULL}}}
}

func both(args ...*pg.Node) *pg.Node {
	args = flat(pg.BoolExprType_AND_EXPR, args)
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: pg.BoolExprType_AND_EXPR, Args: args}}}
}

func either(args ...*pg.Node) *pg.Node {
	args = flat(pg.BoolExprType_OR_EXPR, args)
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: pg.BoolExprType_OR_EXPR, Args: args}}}
}

// flat merges a first argument of the same kind, as PostgreSQL's parser does.
func flat(kind pg.BoolExprType, args []*pg.Node) []*pg.Node {
	for len(args) > 0 && kind != pg.BoolExprType_NOT_EXPR {
		b := args[0].GetBoolExpr()
		if b == nil || b.Boolop != kind {
			break
		}
		args = append(b.Args[:len(b.Args):len(b.Args)], args[1:]...)
	}
	return args
}

// when writes CASE WHEN cond THEN result END.
func when(cond, result *pg.Node) *pg.Node {
	w := &pg.Node{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: cond, Result: result}}}
	return &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: &pg.CaseExpr{Args: []*pg.Node{w}}}}
}

func coalesce(args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_CoalesceExpr{CoalesceExpr: &pg.CoalesceExpr{Args: args}}}
}

func row(args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_RowExpr{RowExpr: &pg.RowExpr{Args: args, RowFormat: pg.CoercionForm_COERCE_EXPLICIT_CALL}}}
}

func call(name string, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: names("pg_catalog", name), Args: args, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL}}}
}

func collateC(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_CollateClause{CollateClause: &pg.CollateClause{Arg: n, Collname: names("pg_catalog", "C")}}}
}

func target(name string, val *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Name: name, Val: val}}}
}

// nth writes a bare whole number, such as one that refers to a target.
func nth(n int) *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Ival{Ival: &pg.Integer{Ival: int32(n)}}}}}
}

// integer writes a whole number with its type.
func integer(n int64, typ string) *pg.Node { return cast(text(strconv.FormatInt(n, 10)), typ) }

func ascending(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_SortBy{SortBy: &pg.SortBy{Node: n, SortbyDir: pg.SortByDir_SORTBY_DEFAULT, SortbyNulls: pg.SortByNulls_SORTBY_NULLS_DEFAULT}}}
}

func selectNode(s *pg.SelectStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}
}

// selectOnce writes an expression that is computed once for each query, not for each row.
func selectOnce(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{SubLinkType: pg.SubLinkType_EXPR_SUBLINK, Subselect: selectNode(selectOf(n))}}}
}

// selectOf selects an expression, from no table.
func selectOf(n *pg.Node) *pg.SelectStmt {
	return &pg.SelectStmt{TargetList: []*pg.Node{target("", n)}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}
}

func subselect(s *pg.SelectStmt, alias *pg.Alias) *pg.Node {
	return &pg.Node{Node: &pg.Node_RangeSubselect{RangeSubselect: &pg.RangeSubselect{Subquery: selectNode(s), Alias: alias}}}
}

// strings reads a dotted name; ok is false if a part of it is not a name.
func dotted(nodes []*pg.Node) (parts []string, ok bool) {
	for _, n := range nodes {
		s := n.GetString_()
		if s == nil {
			return nil, false
		}
		parts = append(parts, s.Sval)
	}
	return parts, true
}
