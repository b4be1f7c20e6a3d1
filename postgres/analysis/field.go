package analysis

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// indirection analyses (expression).field, [subscript] and the like.
func (a *analysis) indirection(x *pg.A_Indirection, n *pg.Node, sc *scope) value {
	// (t).column is t.column where t is a FROM item.
	if ref := x.Arg.GetColumnRef(); ref != nil && len(x.Indirection) > 0 {
		if name := x.Indirection[0].GetString_(); name != nil && a.starred[ref] == nil && len(ref.Fields) > 0 && ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
			if _, it := a.lookup(ref, sc); it != nil {
				for _, c := range it.columns {
					if c.name == name.Sval {
						v := value{node: a.refer(c, ref.Location), keying: c.keying, column: c, restricted: a.restrictionOf(c)}
						if len(x.Indirection) == 1 {
							return v
						}
						if v.keying != nil {
							a.refuseKeyed(v.keying, ref.Location, "cannot be taken apart", "", "")
						}
						x.Arg, x.Indirection = v.node, x.Indirection[1:]
						return value{node: n, restricted: a.parts(c.typ, v.restricted, x.Indirection, sc)}
					}
				}
				a.fail(codeNoColumn, ref.Location, fmt.Sprintf("column %q does not exist", name.Sval), "")
			}
		}
	}
	if v, ok := a.firstOf(x, n, sc); ok {
		return v
	}
	at := location(x.Arg)
	v := a.expr(x.Arg, sc)
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be taken apart", "", "")
	}
	x.Arg = v.node
	typ := uint32(0)
	if v.column != nil {
		typ = v.column.typ
	}
	return value{node: n, restricted: a.parts(typ, v.restricted, x.Indirection, sc)}
}

// parts follows fields and subscripts from a type, 0 if unknown, and returns the
// restriction of the result. A field must be one that the type is known to have:
// PostgreSQL treats another name as a function, as in (text).pg_read_file.
func (a *analysis) parts(typ uint32, restricted *catalog.Type, list []*pg.Node, sc *scope) *catalog.Type {
	for _, i := range list {
		t := a.catalog.Base(typ)
		switch y := i.GetNode().(type) {
		case *pg.Node_String_:
			typ = 0
			if t != nil {
				for _, f := range t.Fields {
					if f.Name == y.String_.Sval {
						typ = f.Type
					}
				}
			}
			if typ == 0 && (t != nil || restricted != nil || !knownFields[y.String_.Sval]) {
				a.fail(codeForbidden, 0, "a field of this value cannot be distinguished from a function", "Name fields of composite columns only.")
			}
		case *pg.Node_AIndices:
			for _, b := range []**pg.Node{&y.AIndices.Lidx, &y.AIndices.Uidx} {
				if *b != nil {
					*b = a.clear(*b, sc)
				}
			}
			switch {
			case y.AIndices.IsSlice:
			case t != nil && t.Element != 0:
				typ = t.Element
			default:
				typ = 0
			}
		default:
			a.unknown(i, "this kind of subscript")
		}
		if typ != 0 {
			restricted = a.catalog.Restricted(typ)
		}
	}
	return restricted
}

// knownFields has the fields of records that allowed functions return. No function of
// pg_catalog has such a name, except conversions.
var knownFields = func() map[string]bool {
	set := map[string]bool{}
	for _, list := range functionColumns {
		for _, name := range list {
			set[name] = true
		}
	}
	return set
}()
