package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// bracketed marks what needs brackets.
const bracketed = "_bracketed"

// bracket wraps a call around each operand whose brackets the deparser omits although the
// grammar requires them: (CASE … END)[1], (NOT a) IS NULL. The call's name is then removed
// from the text. bracket changes a copy, since other statements share parts of the tree.
func (a *analysis) bracket(n *pg.Node) *pg.Node {
	found := false
	eachOperand(n, func(**pg.Node) { found = true })
	if !found {
		return n
	}
	own := proto.Clone(n).(*pg.Node)
	eachOperand(own, func(at **pg.Node) {
		*at = &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{Funcname: names(a.tag + bracketed), Args: []*pg.Node{*at}, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL}}}
	})
	return own
}

// eachOperand calls f for each operand that needs brackets that the deparser does not write.
func eachOperand(n *pg.Node, f func(**pg.Node)) {
	operand := func(at **pg.Node) {
		if isOperation(*at) {
			f(at)
		}
	}
	walk(n.ProtoReflect(), func(m any) {
		switch x := m.(type) {
		case *pg.A_Indirection:
			switch x.Arg.GetNode().(type) {
			case *pg.Node_ColumnRef, *pg.Node_FuncCall, *pg.Node_TypeCast, *pg.Node_AExpr, *pg.Node_ParamRef, *pg.Node_RowExpr:
			default:
				f(&x.Arg)
			}
		case *pg.NullTest:
			operand(&x.Arg)
		case *pg.BooleanTest:
			operand(&x.Arg)
		case *pg.CollateClause:
			operand(&x.Arg)
		case *pg.SubLink:
			operand(&x.Testexpr)
		case *pg.XmlExpr:
			for i := range x.Args {
				operand(&x.Args[i])
			}
		case *pg.FuncCall:
			if x.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX {
				for i := range x.Args {
					operand(&x.Args[i])
				}
			}
		case *pg.A_Expr:
			bracketOperands(x, operand)
		}
	})
}

// bracketOperands calls operand for those operands of an operator that the deparser writes
// without brackets. Operands of plain operators have brackets, unless they are of one of the
// kinds listed here.
func bracketOperands(x *pg.A_Expr, operand func(**pg.Node)) {
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_NULLIF:
	case pg.A_Expr_Kind_AEXPR_OP:
		for _, at := range []**pg.Node{&x.Lexpr, &x.Rexpr} {
			switch (*at).GetNode().(type) {
			case *pg.Node_SubLink, *pg.Node_XmlExpr, *pg.Node_CollateClause, *pg.Node_FuncCall:
				operand(at)
			}
		}
	default:
		operand(&x.Lexpr)
		if list := x.Rexpr.GetList(); list != nil && x.Kind != pg.A_Expr_Kind_AEXPR_IN {
			for i := range list.Items { // BETWEEN a AND b
				operand(&list.Items[i])
			}
			return
		}
		operand(&x.Rexpr)
	}
}

// isOperation reports whether an expression begins or ends with an operand, so that an
// adjacent operator could bind to that operand instead. The deparser itself brackets
// arithmetic.
func isOperation(n *pg.Node) bool {
	switch x := n.GetNode().(type) {
	case *pg.Node_AExpr:
		return x.AExpr.Kind != pg.A_Expr_Kind_AEXPR_NULLIF && (x.AExpr.Kind != pg.A_Expr_Kind_AEXPR_OP || comparisons[lastPart(x.AExpr.Name)])
	case *pg.Node_BoolExpr, *pg.Node_NullTest, *pg.Node_BooleanTest, *pg.Node_CollateClause:
		return true
	case *pg.Node_SubLink:
		return x.SubLink.Testexpr != nil
	case *pg.Node_XmlExpr:
		return x.XmlExpr.Op == pg.XmlExprOp_IS_DOCUMENT
	case *pg.Node_FuncCall:
		name := lastPart(x.FuncCall.Funcname)
		return x.FuncCall.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX && (name == "timezone" || name == "overlaps")
	}
	return false
}
