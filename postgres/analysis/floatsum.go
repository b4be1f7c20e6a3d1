package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Sums of floating-point numbers. PostgreSQL rounds at each step, so the result reveals
// the order of the rows. As numeric, every number is exact and so is the sum, in any
// order: the result is rounded once, at the end. This is cheaper than sorting the input.

// exactSum makes an aggregate or window function over floating-point numbers compute with
// numeric, and returns the call cast to the type that PostgreSQL would give it. float is
// the type of the argument, which has been analysed.
func (a *analysis) exactSum(name string, f *pg.FuncCall, n *pg.Node, float uint32) *pg.Node {
	out := "float8"
	if float == catalog.OIDFloat4 && name == "sum" {
		out = "float4"
	}
	f.Args[0] = a.exactNumber(f.Args[0])
	// Numbers too small for float8 are 0 there, and an error of the cast.
	return cast(cast(call("round", n, integer(323, "int4")), "float8"), out)
}

// exactNumber converts a floating-point number to numeric with the same value. The
// fastest way is through the shortest exact text, if the session writes texts exactly. A
// cast rounds to 15 digits: the rest is added.
func (a *analysis) exactNumber(v *pg.Node) *pg.Node {
	v = cast(v, "float8")
	rounded := cast(v, "numeric")
	rest := op("-", v, cast(rounded, "float8")) // NaN where v is infinite
	isNaN := op("=", rest, cast(text("NaN"), "float8"))
	added := op("+", rounded, cast(rest, "numeric"))
	out := when(selectOnce(a.fragment("pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 > 0")), cast(cast(v, "text"), "numeric"))
	c := out.GetCaseExpr()
	c.Args = append(c.Args, when(isNaN, rounded).GetCaseExpr().Args...)
	c.Defresult = added
	return out
}

// number is the kind of number that an expression returns.
type number struct {
	// float is the type of a floating-point number, or zero.
	float uint32
	// known: it is a floating-point number, a whole or decimal number, or NULL.
	known bool
}

// summed returns the floating-point type of the argument that a call adds up, or zero if
// it is not known. The call is as the client wrote it.
func (a *analysis) summed(name string, f *pg.FuncCall, sc *scope) uint32 {
	if !sums[name] || len(f.Args) != 1 || f.AggStar {
		return 0
	}
	return a.number(f.Args[0], sc, 0).float
}

// number returns the kind of number that an expression certainly returns.
func (a *analysis) number(n *pg.Node, sc *scope, depth int) number {
	if depth > maxDepth || n == nil {
		return number{}
	}
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		c, _ := constantOf(n)
		return number{known: c.null || c.number}
	case *pg.Node_ColumnRef:
		c := a.starred[x.ColumnRef]
		if c == nil {
			c, _ = a.lookup(x.ColumnRef, sc)
		}
		if c == nil || c.keying != nil {
			return number{}
		}
		return numberOf(c.typ)
	case *pg.Node_TypeCast:
		parts, ok := dotted(x.TypeCast.GetTypeName().GetNames())
		if !ok || len(parts) == 0 || len(parts) > 1 && parts[0] != "pg_catalog" || len(x.TypeCast.GetTypeName().GetArrayBounds()) > 0 {
			return number{}
		}
		if t := a.catalog.TypeNamed("pg_catalog", parts[len(parts)-1]); t != nil {
			return numberOf(t.OID)
		}
		return number{}
	case *pg.Node_AExpr:
		name := lastPart(x.AExpr.Name)
		if x.AExpr.Kind != pg.A_Expr_Kind_AEXPR_OP || !slices.Contains([]string{"+", "-", "*", "/"}, name) {
			return number{}
		}
		r := a.number(x.AExpr.Rexpr, sc, depth+1)
		if x.AExpr.Lexpr == nil {
			return r
		}
		return combined(a.number(x.AExpr.Lexpr, sc, depth+1), r)
	case *pg.Node_CaseExpr:
		var all []*pg.Node
		for _, w := range x.CaseExpr.Args {
			all = append(all, w.GetCaseWhen().GetResult())
		}
		if x.CaseExpr.Defresult != nil {
			all = append(all, x.CaseExpr.Defresult)
		}
		return a.common(all, sc, depth)
	case *pg.Node_CoalesceExpr:
		return a.common(x.CoalesceExpr.Args, sc, depth)
	case *pg.Node_MinMaxExpr:
		return a.common(x.MinMaxExpr.Args, sc, depth)
	case *pg.Node_FuncCall:
		f := x.FuncCall
		parts, _ := dotted(f.Funcname)
		if len(f.Args) != 1 || f.Over != nil || len(parts) > 1 && parts[0] != "pg_catalog" {
			return number{}
		}
		arg := a.number(f.Args[0], sc, depth+1)
		switch name := lastPart(f.Funcname); {
		case arg.float == 0:
			return number{}
		case name == "abs":
			return arg
		case slices.Contains([]string{"round", "floor", "ceil", "ceiling", "trunc", "sqrt", "ln", "exp"}, name):
			return number{float: catalog.OIDFloat8, known: true}
		}
	}
	return number{}
}

// common returns the kind of the type that PostgreSQL chooses for several expressions.
func (a *analysis) common(list []*pg.Node, sc *scope, depth int) number {
	out := number{known: true}
	for _, n := range list {
		k := a.number(n, sc, depth+1)
		if !k.known {
			return number{}
		}
		if out.float != catalog.OIDFloat8 && k.float != 0 {
			out.float = k.float
		}
	}
	return out
}

// combined returns the kind of a sum, product and the like of two numbers.
func combined(l, r number) number {
	switch {
	case !l.known || !r.known:
		return number{}
	case l.float == catalog.OIDFloat4 && r.float == catalog.OIDFloat4, l.float == 0 && r.float == 0:
		return l
	}
	return number{float: catalog.OIDFloat8, known: true}
}

func numberOf(typ uint32) number {
	switch {
	case catalog.IsFloat(typ):
		return number{float: typ, known: true}
	case catalog.IsNumber(typ):
		return number{known: true}
	}
	return number{}
}
