package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Veil's own order of sealed ids and pseudonyms: by the seeded hash of the original. It
// is the same for every statement, so that a client can page by it, and it tells nothing
// of the originals' order. Comparisons are by it too.

// orderable reports whether a column has an order of Veil's own: each masked value
// stands for one original, and is not one that looks like it.
func (s *keying) orderable() bool {
	return s.comparable && s.hashed
}

// ownOrder is the place of a keyed value in Veil's own order.
func (a *analysis) ownOrder(v value, at int32) *pg.Node {
	t := v.shadow(a)
	if !v.keying.orderable() || t == nil {
		a.refuseOrder(v.keying, at)
	}
	return a.hashShadow(v.keying, t)
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
func (a *analysis) orderedCompare(name string, l, r value, at int32) *pg.Node {
	if l.keying != nil && r.keying != nil {
		if l.keying.Class != r.keying.Class {
			a.refuseKeyed(l.keying, at, "cannot be compared with column "+r.keying.Action.Path+", which has another method or domain", "", "Give both columns the same method and domain.")
		}
		return op(name, a.ownOrder(l, at), a.ownOrder(r, at))
	}
	if l.keying == nil {
		return a.orderedCompare(commuted[name], r, l, at)
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
		return op(name, place, when(op("<>", p, a.tagText()), a.hashShadow(l.keying, p)))
	}
	id, ok := a.open(l.keying, c.text)
	if !ok {
		a.refuseKeyed(l.keying, at, "cannot be compared by order with a value that is not a pseudonym", "", "Compare it with a pseudonym that a query returned.")
	}
	return op(name, place, a.hashShadow(l.keying, text(id)))
}

var commuted = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}
