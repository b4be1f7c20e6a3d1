package analysis

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// PostgreSQL looks names up not only where a cast to regclass and the like is written.
// Where values of several expressions meet in one type (CASE, coalesce, arrays, VALUES,
// set operations …) and one is of such a type, it casts the others to it. So each branch
// is treated as a cast to it, or the statement is refused.

// namesTypes has the types whose values are names by OID.
var namesTypes = wordSet("regclass regtype regproc regnamespace regrole")

// namesFunctions return such values.
var namesFunctions = map[string]string{"to_regclass": "regclass", "to_regtype": "regtype", "to_regproc": "regproc",
	"to_regnamespace": "regnamespace", "to_regrole": "regrole", "pg_typeof": "regtype",
	"pg_partition_ancestors": "regclass", "pg_partition_tree": "regclass", "pg_partition_root": "regclass"}

// sameTypeFunctions return the type of their first argument, or of its elements.
var sameTypeFunctions = wordSet(`first_value last_value nth_value lag lead mode percentile_disc any_value unnest array_agg array_fill
array_append array_prepend array_cat array_remove array_replace array_position array_positions trim_array array_shuffle array_sample`)

// elementFunctions return an element of an array.
var elementFunctions = wordSet("unnest")

func arrayOfNames(kind string) string {
	if kind == "" {
		return ""
	}
	return strings.TrimSuffix(kind, "[]") + "[]"
}

// namesOf returns the kind of names that an analysed expression returns: a type of
// namesTypes, with [] after it for an array, or empty.
func (a *analysis) namesOf(n *pg.Node, v *value) string {
	switch x := n.GetNode().(type) {
	case *pg.Node_TypeCast:
		t := x.TypeCast.TypeName
		name := lastPart(t.GetNames())
		switch {
		case namesTypes[name] && len(t.ArrayBounds) == 0:
			return name
		case namesTypes[strings.TrimPrefix(name, "_")]:
			return strings.TrimPrefix(name, "_") + "[]"
		}
	case *pg.Node_ColumnRef:
		if c := v.column; c != nil {
			return a.namesOfColumn(c)
		}
	case *pg.Node_CaseExpr:
		var all []**pg.Node
		for _, w := range x.CaseExpr.Args {
			all = append(all, &w.GetCaseWhen().Result)
		}
		if x.CaseExpr.Defresult != nil {
			all = append(all, &x.CaseExpr.Defresult)
		}
		return a.uniteNames(all)
	case *pg.Node_CoalesceExpr:
		return a.uniteNames(places(x.CoalesceExpr.Args))
	case *pg.Node_MinMaxExpr:
		return a.uniteNames(places(x.MinMaxExpr.Args))
	case *pg.Node_AArrayExpr:
		return arrayOfNames(a.uniteNames(places(x.AArrayExpr.Elements)))
	case *pg.Node_AIndirection:
		kind := a.regs[x.AIndirection.Arg]
		for _, i := range x.AIndirection.Indirection {
			if i.GetAIndices() == nil || i.GetAIndices().IsSlice {
				return kind
			}
		}
		return strings.TrimSuffix(kind, "[]")
	case *pg.Node_AExpr:
		return a.namesOfOperator(x.AExpr)
	case *pg.Node_FuncCall:
		return a.namesOfCall(x.FuncCall)
	}
	return ""
}

func (a *analysis) namesOfColumn(c *resolved) string {
	if t := a.catalog.Type(c.typ); c.names == "" && t != nil && t.Schema == "pg_catalog" && namesTypes[t.Name] {
		return t.Name
	}
	return c.names
}

func (a *analysis) namesOfOperator(x *pg.A_Expr) string {
	switch {
	case x.Kind == pg.A_Expr_Kind_AEXPR_NULLIF:
		return a.regs[x.Lexpr]
	case x.Kind == pg.A_Expr_Kind_AEXPR_IN && x.Rexpr.GetList() != nil:
		a.uniteNames(append(places(x.Rexpr.GetList().Items), &x.Lexpr))
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && lastPart(x.Name) == "||":
		l, r := a.regs[x.Lexpr], a.regs[x.Rexpr]
		if strings.HasSuffix(l, "[]") || strings.HasSuffix(r, "[]") {
			if arrayOfNames(l) != arrayOfNames(r) {
				a.refuseNames(x.Location)
			}
			return arrayOfNames(l)
		}
	}
	return ""
}

func (a *analysis) namesOfCall(f *pg.FuncCall) string {
	name := lastPart(f.Funcname)
	if kind := namesFunctions[name]; kind != "" || !sameTypeFunctions[name] {
		return kind
	}
	kind := ""
	for _, arg := range append(f.Args[:len(f.Args):len(f.Args)], sortedBy(f)...) {
		if k := a.regs[arg]; k != "" {
			kind = k
		}
	}
	if kind == "" {
		return ""
	}
	switch name {
	case "lag", "lead":
		if len(f.Args) == 3 {
			a.uniteNames([]**pg.Node{&f.Args[0], &f.Args[2]})
		}
	case "array_append", "array_prepend", "array_cat", "array_remove", "array_replace", "array_position", "array_positions":
		for i, arg := range f.Args {
			if (name != "array_position" || i < 2) && arrayOfNames(a.regs[arg]) != arrayOfNames(kind) {
				a.refuseNames(f.Location)
			}
		}
	}
	if strings.HasPrefix(name, "array_") {
		return arrayOfNames(kind)
	}
	if elementFunctions[name] {
		return strings.TrimSuffix(kind, "[]")
	}
	return kind
}

func sortedBy(f *pg.FuncCall) (out []*pg.Node) {
	for _, s := range f.AggOrder {
		out = append(out, s.GetSortBy().GetNode())
	}
	return out
}

func places(list []*pg.Node) (out []**pg.Node) {
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

// uniteNames writes out the cast that PostgreSQL would add to each branch if one of them
// has a type of names, and returns that type.
func (a *analysis) uniteNames(branches []**pg.Node) string {
	kind := ""
	for _, b := range branches {
		if k := a.regs[*b]; k != "" {
			kind = k
		}
	}
	if kind == "" {
		return ""
	}
	for _, b := range branches {
		n := *b
		if c := n.GetAConst(); a.regs[n] == kind || c != nil && c.Isnull {
			continue
		}
		if a.regs[n] != "" || strings.HasSuffix(kind, "[]") {
			a.refuseNames(location(n))
		}
		if _, ok := constantText(n); ok {
			c := &pg.TypeCast{Arg: n, TypeName: &pg.TypeName{Names: names("pg_catalog", kind), Typemod: -1}}
			*b = a.regCast(c, &catalog.Type{Schema: "pg_catalog", Name: kind}, &pg.Node{Node: &pg.Node_TypeCast{TypeCast: c}}, &scope{})
			continue
		}
		oid := cast(n, "oid")
		*b = a.visibleName(kind, oid, cast(oid, kind))
	}
	return kind
}

// sameNames makes sure that two columns which become one are names of the same kind, or
// not names at all.
func (a *analysis) sameNames(l, r *resultColumn) string {
	switch {
	case l.names == r.names || r.null:
		return l.names
	case l.null:
		return r.names
	}
	a.refuseNames(0)
	return ""
}

func (a *analysis) refuseNames(at int32) {
	a.fail(codeForbidden, at, "names of relations, types and the like are mixed with values of another type", "Cast each to text, or each to oid.")
}
