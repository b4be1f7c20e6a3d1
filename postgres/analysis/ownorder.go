package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Veil's own order of sealed ids and pseudonyms: by the seeded hash of the original. It
// is the same for every statement, so that a client can page by it, and it reveals
// nothing about the originals' order. Comparisons, min and max are by it too.

// orderable reports whether a column has an order of Veil's own: each masked value
// stands for one original, and is not one that looks like it. What SQL masks has the order
// of its masked values.
func (s *keying) orderable() bool {
	return s.comparable && s.hashed && s.inSQL == nil
}

// ownOrder returns the place of a keyed value in Veil's own order.
func (a *analysis) ownOrder(v value, at int32) *pg.Node {
	if !v.keying.orderable() || v.computed {
		a.refuseOrder(v.keying, at)
	}
	n := a.original(v)
	if n == nil {
		a.refuseOrder(v.keying, at)
	}
	return a.hashShadow(v.keying, n)
}

// original is what a keyed value stands for: its shadow column, the record of what it is
// made of, or the text that is in its wrapper, of which the ids that can be sealed have no
// character that a record quotes. nil where there is none of them.
func (a *analysis) original(v value) *pg.Node {
	if t := v.shadow(a); t != nil {
		return t
	}
	if v.keying.composed != nil {
		return a.untagged(v.node)
	}
	if v.keying.domain == "" || v.keying.Entity != "" {
		return nil
	}
	// (tag,original)
	return call("rtrim", call("substr", a.untagged(v.node), integer(3, "int4")), cast(text(")"), "text"))
}

func (a *analysis) refuseOrder(s *keying, at int32) {
	hint := "Order by a column that is not keyed, or by a sealed id, which has an order of Veil's own."
	if catalog.IsTime(s.shown) {
		hint = "Order by it within one patient: OVER (PARTITION BY the patient's sealed id ORDER BY it)."
	}
	a.refuseKeyed(s, at, "cannot be ordered by", "The order would be that of the originals.", hint)
}

// orderOps compare by an order.
var orderOps = wordSet("< > <= >=")

// orderedCompare compares two sealed ids, or one with a pseudonym, by Veil's own order.
// What does not open is in no order with anything: the comparison is false, as for
// equality.
func (a *analysis) orderedCompare(name string, l, r value, truth bool, at int32) *pg.Node {
	if l.keying != nil && r.keying != nil {
		if l.keying.Class != r.keying.Class {
			a.refuseKeyed(l.keying, at, "cannot be compared with column "+r.keying.Action.Path+", which has another method or domain", "", "Give both columns the same method and domain.")
		}
		return op(name, a.ownOrder(l, at), a.ownOrder(r, at))
	}
	if l.keying == nil {
		return a.orderedCompare(commuted[name], r, l, truth, at)
	}
	c, ok := constantOf(r.node)
	if !ok || l.keying.domain == "" || c.number {
		a.refuseKeyed(l.keying, at, "cannot be compared with a value that is not masked in the same way", "", "Compare it with a pseudonym.")
	}
	place := a.ownOrder(l, at)
	switch {
	case c.null:
		return op(name, place, cast(null(), "int8"))
	case c.param > 0:
		p := a.sealedParam(c.param, l.keying, false, at)
		opens := op("<>", p, a.tagText())
		compared := both(opens, op(name, place, a.hashShadow(l.keying, p)))
		if truth {
			return compared
		}
		return when(both(isNotNull(place), isNotNull(p)), compared)
	}
	id, ok := a.open(l.keying, c.text)
	if !ok {
		return when(isNotNull(place), boolean(false))
	}
	return op(name, place, a.hashShadow(l.keying, text(id)))
}

var commuted = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}

// ownBetween is BETWEEN by Veil's own order.
func (a *analysis) ownBetween(kind pg.A_Expr_Kind, subject, low, high value, at int32) *pg.Node {
	within := func(low, high value) *pg.Node {
		return both(a.orderedCompare(">=", subject, low, false, at), a.orderedCompare("<=", subject, high, false, at))
	}
	out := within(low, high)
	if kind == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		out = either(out, within(high, low))
	}
	if kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		return not(out)
	}
	return out
}

// rowsOrdered compares rows of which one has a keyed member, the first members first, as
// clients do that page by several columns. It returns nil where none is keyed.
func (a *analysis) rowsOrdered(name string, l, r *pg.RowExpr, sc *scope, at int32) *pg.Node {
	ls, rs, keyed := make([]value, len(l.Args)), make([]value, len(l.Args)), false
	for i := range l.Args {
		ls[i], rs[i] = a.side(l.Args[i], sc), a.side(r.Args[i], sc)
		keyed = keyed || ls[i].keying != nil || rs[i].keying != nil
	}
	for i := range ls {
		if ls[i].keying == nil && rs[i].keying == nil {
			a.settle(&ls[i])
			a.settle(&rs[i])
			if ls[i].restricted != nil || rs[i].restricted != nil {
				a.compareRestricted("<", &ls[i], &rs[i], at)
			}
		} else if s := firstKeying(ls[i], rs[i]); !s.orderable() {
			a.refuseOrder(s, at)
		}
		l.Args[i], r.Args[i] = ls[i].node, rs[i].node
	}
	if !keyed {
		return nil
	}
	compare := func(i int, kind string) *pg.Node {
		switch {
		case ls[i].keying == nil && rs[i].keying == nil:
			return op(kind, ls[i].node, rs[i].node)
		case kind == "=":
			return a.equality(kind, ls[i], rs[i], false, at)
		}
		return a.orderedCompare(kind, ls[i], rs[i], false, at)
	}
	last := len(ls) - 1
	out := compare(last, name)
	for i := last - 1; i >= 0; i-- {
		out = either(compare(i, name[:1]), both(compare(i, "="), out))
	}
	return out
}

func firstKeying(vs ...value) *keying {
	for _, v := range vs {
		if v.keying != nil {
			return v.keying
		}
	}
	return nil
}

// ownExtreme is min and max by Veil's own order: of texts that begin with the place.
func (a *analysis) ownExtreme(f *pg.FuncCall, v value, at int32) value {
	place := op("#", a.ownOrder(v, at), integer(-1<<63, "int8")) // so that its digits sort as it does
	digits := call("lpad", call("to_hex", place), integer(16, "int4"), cast(text("0"), "text"))
	f.Args[0] = collateC(op("||", digits, cast(a.original(v), "text")))
	found := call("substr", &pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}}, integer(17, "int4"))
	return value{node: when(isNotNull(found), row(a.tagText(), collateC(found))), keying: v.keying}
}
