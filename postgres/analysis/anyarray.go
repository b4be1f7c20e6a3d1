package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// arrayOfKeyed analyses = ANY and <> ALL of an array constructed from keyed columns in
// the same expression: it compares with each element, as IN does. It returns nil if the
// array is anything else.
func (a *analysis) arrayOfKeyed(x *pg.A_Expr, n *pg.Node, name string, sc *scope) *pg.Node {
	isAny := x.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY
	if isAny && name != "=" || !isAny && name != "<>" {
		return nil
	}
	keyed := func(n *pg.Node) bool {
		c := a.local(n, sc)
		return c != nil && c.keying != nil
	}
	arr := x.Rexpr
	for arr.GetTypeCast() != nil {
		arr = arr.GetTypeCast().Arg
	}
	if e := arr.GetAArrayExpr(); e != nil && slices.ContainsFunc(e.Elements, keyed) {
		in := &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: x.Lexpr, Location: x.Location,
			Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: e.Elements}}}}
		return a.in(in, n, name, false, sc)
	}
	s := arr.GetSubLink()
	if s.GetSubLinkType() != pg.SubLinkType_ARRAY_SUBLINK || !keyed(x.Lexpr) {
		return nil
	}
	s.SubLinkType, s.Testexpr = pg.SubLinkType_ANY_SUBLINK, x.Lexpr
	if !isAny {
		s.SubLinkType, s.OperName = pg.SubLinkType_ALL_SUBLINK, names("<>")
	}
	out := &pg.Node{Node: &pg.Node_SubLink{SubLink: s}}
	return a.sublink(s, out, sc).node
}
