package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Aggregates that see the order of their input. A sum of floating-point numbers depends
// on it, too: 1e16 + 1 - 1e16 is 0 and 1e16 - 1e16 + 1 is 1.

var (
	aggregates = wordSet(`array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg jsonb_agg
json_object_agg jsonb_object_agg max min mode percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count
regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg`)
	// floating are aggregates that compute with floating-point numbers, sums those that
	// do where their argument is one.
	floating = wordSet("corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy")
	sums     = wordSet("sum avg stddev stddev_pop stddev_samp variance var_pop var_samp")
)

// inexact reports whether a call adds up floating-point numbers, or may. The call is as
// the client wrote it. Where the numbers' type is known, floatsum.go makes it exact.
func (a *analysis) inexact(name string, f *pg.FuncCall, sc *scope) bool {
	if f.AggDistinct {
		return false // sorted by the values
	}
	return floating[name] || sums[name] && !slices.ContainsFunc(f.Args, func(n *pg.Node) bool { return a.exact(n, sc, 0) })
}

// aggregate notes a call that is no window function, after its analysis.
func (a *analysis) aggregate(name string, f *pg.FuncCall, inexact bool, sc *scope) {
	if !aggregates[name] && !f.AggWithinGroup {
		return
	}
	sees := inexact || collectors[name] && !f.AggDistinct
	own, refers := false, false
	walk(f.ProtoReflect(), func(m any) {
		if c, ok := m.(*pg.ColumnRef); ok && len(c.Fields) > 0 {
			refers = true
			own = own || slices.ContainsFunc(sc.sources, func(it *item) bool { return it.ref == c.Fields[0].GetString_().GetSval() })
		}
	})
	sc.aggregated, sc.calls = true, append(sc.calls, f)
	sc.gathers = sc.gathers || sees
	if refers && !own && sees {
		// It may be an aggregate of a level outside.
		for up := sc.parent; up != nil; up = up.parent {
			up.gathers = true
		}
	}
}

// exact reports whether an expression surely gives no floating-point number.
func (a *analysis) exact(n *pg.Node, sc *scope, depth int) bool {
	all := func(list ...*pg.Node) bool {
		return !slices.ContainsFunc(list, func(n *pg.Node) bool { return n != nil && !a.exact(n, sc, depth+1) })
	}
	if depth > maxDepth {
		return false
	}
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		return true
	case *pg.Node_ColumnRef:
		c := a.starred[x.ColumnRef]
		if c == nil {
			c, _ = a.lookup(x.ColumnRef, sc)
		}
		return c != nil && (catalog.IsNumber(c.typ) || c.typ == catalog.OIDInterval)
	case *pg.Node_AExpr:
		name := lastPart(x.AExpr.Name)
		return x.AExpr.Kind == pg.A_Expr_Kind_AEXPR_OP && slices.Contains([]string{"+", "-", "*", "/", "%"}, name) && all(x.AExpr.Lexpr, x.AExpr.Rexpr)
	case *pg.Node_CaseExpr:
		for _, w := range x.CaseExpr.Args {
			if !all(w.GetCaseWhen().GetResult()) {
				return false
			}
		}
		return all(x.CaseExpr.Defresult)
	case *pg.Node_CoalesceExpr:
		return all(x.CoalesceExpr.Args...)
	case *pg.Node_MinMaxExpr:
		return all(x.MinMaxExpr.Args...)
	case *pg.Node_TypeCast:
		t := lastPart(x.TypeCast.GetTypeName().GetNames())
		return slices.Contains([]string{"int2", "int4", "int8", "numeric", "interval"}, t) && len(x.TypeCast.GetTypeName().GetArrayBounds()) == 0
	case *pg.Node_FuncCall:
		switch lastPart(x.FuncCall.Funcname) {
		case "count", "length", "char_length", "octet_length", "extract", "row_number", "rank", "dense_rank":
			return true
		case "abs", "round", "floor", "ceil", "ceiling", "trunc", "mod", "sum", "min", "max":
			return all(x.FuncCall.Args...)
		}
	}
	return false
}
