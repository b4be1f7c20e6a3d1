package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Types with casts of their own. PostgreSQL calls the function of an implicit cast
// wherever an operator, a function or a set operation needs another type, whatever the
// search path is, and a function of the database can return anything. A value of such a
// type is restricted: it may be selected, grouped, ordered, counted and compared with its own
// kind or a literal, and be cast where PostgreSQL's own cast is taken. Everything else is
// refused.
//
// A cast for an assignment or by request fires in no expression that does not ask for
// it, so only the expression that asks is refused (askedCast). An implicit one leads to
// what takes its target: where that is a type of an extension, this is nothing of
// pg_catalog's, and functions and operators are pg_catalog's. So the types of pg_catalog
// stay as they are, and the target is restricted, with which a value could be united.

// askedCast refuses a cast to a type if a function of the database could perform it: if
// the value has that function's type, or may have it because the statement reads such a
// value.
func (a *analysis) askedCast(v *value, to *catalog.Type, at int32) {
	if to == nil {
		return
	}
	for _, cast := range a.catalog.CastsTo(to.OID) {
		if a.catalog.CastsImplicitly(cast.Source) {
			continue // its values are restricted
		}
		if v.node.GetAConst() != nil {
			continue // a literal has no type yet
		}
		if v.column != nil && v.column.typ != 0 && !a.catalog.Contains(v.column.typ, cast.Source.OID, 0) {
			continue
		}
		if cast.Source.Schema != "pg_catalog" && !a.met(cast.Source.OID) {
			continue
		}
		a.failReason("cast", codeForbidden, at, fmt.Sprintf("this cast to %s is not allowed: the database has one of its own from %s", to.Name, cast.Source.Name),
			"Cast a column of another type, or remove the cast.")
	}
}

// met reports whether the statement has read a value of a type so far.
func (a *analysis) met(oid uint32) bool {
	for typ := range a.types {
		if a.catalog.Contains(typ, oid, 0) {
			return true
		}
	}
	return false
}

// restrictionOf returns the restriction of a column.
func (a *analysis) restrictionOf(c *resolved) *catalog.Type {
	if c.keying != nil {
		return nil
	}
	if c.typ >= catalog.FirstUser {
		a.types[c.typ] = true
	}
	if c.restricted != nil {
		return c.restricted
	}
	if c.typ == 0 {
		return nil
	}
	return a.catalog.Restricted(c.typ)
}

func (a *analysis) refuseRestricted(t *catalog.Type, at int32) {
	hint := "It may be selected, grouped, ordered and counted as it is."
	if a.castsRestricted(t, a.catalog.Type(catalog.OIDText)) {
		hint = "Cast it to text first, or compare it with a literal."
	}
	a.failReason("cast", codeForbidden, at, fmt.Sprintf("values of type %s.%s cannot be used in this way: the database has casts of its own for it", t.Schema, t.Name), hint)
}

// castsRestricted reports whether PostgreSQL itself performs a cast of a restricted
// value: through its text, to a type of pg_catalog that is not the target of any cast of
// the database.
func (a *analysis) castsRestricted(f *catalog.Type, to *catalog.Type) bool {
	return to != nil && to.Schema == "pg_catalog" && catalog.IsText(to.OID) && f.Kind == 'e' &&
		!slices.ContainsFunc(f.Casts, func(c catalog.Cast) bool { return catalog.IsText(c.Target) || c.Target == catalog.OIDName })
}

// compareRestricted analyses a comparison with a restricted side: a literal is cast to
// the type, so that no other operator matches.
func (a *analysis) compareRestricted(name string, l, r *value, at int32) {
	f := l.restricted
	if f == nil {
		f = r.restricted
	}
	for _, v := range []*value{l, r} {
		if v.restricted == f {
			continue
		}
		if _, isText := constantText(v.node); isText && v.node.GetAConst() != nil && f.Kind == 'e' {
			v.node = castNamed(v.node, f)
			continue
		}
		if v.node.GetParamRef() != nil && f.Kind == 'e' {
			v.node = castNamed(v.node, f)
			continue
		}
		if v.null {
			continue
		}
		a.refuseRestricted(f, at)
	}
	if !slices.Contains([]string{"=", "<>", "<", ">", "<=", ">="}, name) {
		a.refuseRestricted(f, at)
	}
}

// restrictedOperator analyses an operator over a restricted value: only comparisons are
// allowed.
func (a *analysis) restrictedOperator(x *pg.A_Expr, name string, l, r *value) {
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_OP, pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		if x.Lexpr != nil && x.Rexpr != nil {
			a.compareRestricted(name, l, r, x.Location)
			return
		}
	}
	f := l.restricted
	if f == nil {
		f = r.restricted
	}
	a.refuseRestricted(f, x.Location)
}

// restrictedArray analyses the array of = ANY: a list of literals, or one array literal.
func (a *analysis) restrictedArray(f *catalog.Type, x *pg.A_Expr) *pg.Node {
	arr := x.Rexpr
	for arr.GetTypeCast() != nil {
		arr = arr.GetTypeCast().Arg
	}
	if arr.GetAConst() == nil && arr.GetAArrayExpr() == nil || f.Kind != 'e' {
		a.refuseRestricted(f, x.Location)
	}
	for _, e := range arr.GetAArrayExpr().GetElements() {
		if e.GetAConst() == nil {
			a.refuseRestricted(f, x.Location)
		}
	}
	c := castNamed(arr, f)
	c.GetTypeCast().TypeName.ArrayBounds = castArray(nil, "text").GetTypeCast().TypeName.ArrayBounds
	return c
}

func castNamed(n *pg.Node, t *catalog.Type) *pg.Node {
	c := cast(n, t.Name)
	c.GetTypeCast().TypeName.Names = names(t.Schema, t.Name)
	return c
}

// sameRestriction makes sure that the values of one column are all of the same restricted
// type, or none of them is restricted.
func (a *analysis) sameRestriction(vs []value, at int32) *catalog.Type {
	var f *catalog.Type
	for _, v := range vs {
		if v.restricted != nil {
			f = v.restricted
		}
	}
	if f == nil {
		return nil
	}
	for _, v := range vs {
		if v.restricted != f && !v.null {
			a.refuseRestricted(f, at)
		}
	}
	return f
}
