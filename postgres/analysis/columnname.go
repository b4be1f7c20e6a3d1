package analysis

import pg "github.com/pganalyze/pg_query_go/v6"

// resultName is the name that PostgreSQL gives a column of a result
// (src/backend/parser/parse_target.c, FigureColname).
func resultName(n *pg.Node) string {
	if name, _ := namedAs(n); name != "" {
		return name
	}
	return "?column?"
}

// namedAs returns a name and how good it is: 0 none, 1 weak, 2 good.
func namedAs(n *pg.Node) (string, int) {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return lastName(x.ColumnRef.Fields)
	case *pg.Node_AIndirection:
		if name, s := lastName(x.AIndirection.Indirection); s > 0 {
			return name, s
		}
		return namedAs(x.AIndirection.Arg)
	case *pg.Node_FuncCall:
		return lastName(x.FuncCall.Funcname)
	case *pg.Node_AExpr:
		if x.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg.Node_TypeCast:
		if name, s := namedAs(x.TypeCast.Arg); s > 1 {
			return name, s
		}
		if name, s := lastName(x.TypeCast.GetTypeName().GetNames()); s > 0 {
			return name, 1
		}
	case *pg.Node_CollateClause:
		return namedAs(x.CollateClause.Arg)
	case *pg.Node_GroupingFunc:
		return "grouping", 2
	case *pg.Node_SubLink:
		switch x.SubLink.SubLinkType {
		case pg.SubLinkType_EXISTS_SUBLINK:
			return "exists", 2
		case pg.SubLinkType_ARRAY_SUBLINK:
			return "array", 2
		case pg.SubLinkType_EXPR_SUBLINK:
			if q := x.SubLink.Subselect.GetSelectStmt(); q != nil {
				for q.Larg != nil {
					q = q.Larg
				}
				if len(q.TargetList) > 0 {
					t := q.TargetList[0].GetResTarget()
					if t.GetName() != "" {
						return t.Name, 2
					}
					return resultName(t.GetVal()), 2
				}
			}
		}
	case *pg.Node_CaseExpr:
		if name, s := namedAs(x.CaseExpr.Defresult); s > 1 {
			return name, s
		}
		return "case", 1
	case *pg.Node_AArrayExpr:
		return "array", 2
	case *pg.Node_RowExpr:
		return "row", 2
	case *pg.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg.Node_MinMaxExpr:
		if x.MinMaxExpr.Op == pg.MinMaxOp_IS_GREATEST {
			return "greatest", 2
		}
		return "least", 2
	case *pg.Node_SqlvalueFunction:
		return valueFunctionNames[x.SqlvalueFunction.Op], 2
	case *pg.Node_XmlExpr:
		return xmlNames[x.XmlExpr.Op], 2
	case *pg.Node_XmlSerialize:
		return "xmlserialize", 2
	}
	return "", 0
}

func lastName(nodes []*pg.Node) (string, int) {
	for i := len(nodes) - 1; i >= 0; i-- {
		if s := nodes[i].GetString_(); s != nil {
			return s.Sval, 2
		}
	}
	return "", 0
}

var valueFunctionNames = map[pg.SQLValueFunctionOp]string{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE: "current_date", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME: "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N: "current_time", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp", pg.SQLValueFunctionOp_SVFOP_LOCALTIME: "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N: "localtime", pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP: "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N: "localtimestamp", pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE: "current_role",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER: "current_user", pg.SQLValueFunctionOp_SVFOP_USER: "user",
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER: "session_user", pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG: "current_catalog",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA: "current_schema",
}

var xmlNames = map[pg.XmlExprOp]string{
	pg.XmlExprOp_IS_XMLCONCAT: "xmlconcat", pg.XmlExprOp_IS_XMLELEMENT: "xmlelement", pg.XmlExprOp_IS_XMLFOREST: "xmlforest",
	pg.XmlExprOp_IS_XMLPARSE: "xmlparse", pg.XmlExprOp_IS_XMLPI: "xmlpi", pg.XmlExprOp_IS_XMLROOT: "xmlroot",
}
