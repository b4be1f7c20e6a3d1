package analysis

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Comparisons for equality with a keyed column: with one of its class, and with a
// pseudonym, which is opened. What does not open equals nothing: the comparison is
// false, and NULL where the column is.

// equality builds the comparison of two values of which at least one is keyed. kind
// is =, <>, distinct or not distinct.
func (a *analysis) equality(kind string, l, r value, truth bool, at int32) *pg.Node {
	if l.keying != nil && r.keying != nil {
		return a.keyedEquality(kind, l, r, truth, at)
	}
	if l.keying == nil {
		l, r = r, l
	}
	c, ok := constantOf(r.node)
	if out := a.cohortEquality(kind, l, r, truth); out != nil {
		return out
	}
	if !ok {
		a.refuseKeyed(l.keying, at, "cannot be compared with a value that is not masked in the same way", "", "Compare it with a column that the same method masks, or with a pseudonym.")
	}
	if c.null {
		return a.distinctOp(kind, a.compared(l), null())
	}
	a.openable(l.keying, at)
	if c.param > 0 {
		return a.paramEquality(kind, l, c.param, truth, at)
	}
	return a.literalEquality(kind, l, c.text, truth)
}

// compared is how a keyed value is compared: its shadow column, or its wrapper.
func (a *analysis) compared(v value) *pg.Node {
	if t := v.shadow(a); t != nil {
		return t
	}
	return v.node
}

// distinctOp writes a comparison of two expressions.
func (a *analysis) distinctOp(kind string, l, r *pg.Node) *pg.Node {
	switch kind {
	case "distinct", "not distinct":
		k := pg.A_Expr_Kind_AEXPR_DISTINCT
		if kind == "not distinct" {
			k = pg.A_Expr_Kind_AEXPR_NOT_DISTINCT
		}
		return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: k, Name: names("="), Lexpr: l, Rexpr: r}}}
	}
	return op(kind, l, r)
}

func (a *analysis) keyedEquality(kind string, l, r value, truth bool, at int32) *pg.Node {
	if l.keying.Class != r.keying.Class {
		a.refuseKeyed(l.keying, at, "cannot be compared with column "+r.keying.Action.Path+", which has another method or domain", "", "Give both columns the same method and domain.")
	}
	if !l.keying.comparable {
		a.refuseKeyed(l.keying, at, "cannot be compared for equality", "Equal masked values may have different originals.", "Compare the sealed ids of the patients.")
	}
	lt, rt := l.shadow(a), r.shadow(a)
	switch {
	case l.keying.composed != nil:
		// PostgreSQL joins by a hash of texts, but not by one of records.
		return a.distinctOp(kind, collateC(cast(l.node, "text")), collateC(cast(r.node, "text")))
	case lt == nil || rt == nil:
		return a.distinctOp(kind, l.node, r.node)
	}
	if l.keying.shadow != r.keying.shadow {
		lt, rt = collateC(cast(lt, "text")), collateC(cast(rt, "text"))
	}
	if truth && kind == "=" {
		if out := a.foundEqual(l, r, lt, rt); out != nil {
			return out
		}
	}
	return a.distinctOp(kind, lt, rt)
}

// countRows is count(DISTINCT (…)) of rows with keyed members, which count as they compare. It
// is false for other counts.
func (a *analysis) countRows(f *pg.FuncCall, sc *scope) bool {
	r := rowOf(f.Args[0])
	if r == nil || !f.AggDistinct || len(f.AggOrder) > 0 || !slices.ContainsFunc(r.Args, func(n *pg.Node) bool { c := a.peek(n, sc); return c != nil && c.keying != nil }) {
		return false
	}
	for i, n := range r.Args {
		v := a.expr(n, sc)
		switch {
		case v.restricted != nil:
			a.refuseRestricted(v.restricted, location(n))
		case v.keying == nil:
			r.Args[i] = v.node
		case !v.keying.comparable || v.keying.composed != nil:
			a.refuseKeyed(v.keying, location(n), "cannot be counted with DISTINCT", "Equal masked values may have different originals.", "Count the distinct sealed ids of the patients.")
		default:
			r.Args[i] = a.compared(v)
		}
	}
	a.rest(f, sc)
	return true
}

// openable refuses a comparison with a constant where pseudonyms cannot be opened.
func (a *analysis) openable(s *keying, at int32) {
	if s.domain == "" {
		a.refuseKeyed(s, at, "cannot be compared with a constant", "Its masked values cannot be opened.", "Only columns of method seal can be compared with their pseudonyms. Join on the column instead.")
	}
}

// open opens a pseudonym of a keyed column.
func (a *analysis) open(s *keying, pseudonym string) (string, bool) {
	out, ok := a.keys().AppendOpened(nil, a.policy.masks.Keys.SealSlot(s.domain), []byte(pseudonym))
	return string(out), ok
}

// comparand is an opened id as it compares with a shadow column, or nil where no value of the
// column's type is written so.
func comparand(k rows.ShadowKind, id string) *pg.Node {
	switch {
	case !k.Writes(id):
		return nil
	case k == rows.ShadowInteger:
		n, _ := strconv.ParseInt(id, 10, 64) // it was read before
		return integer(n, "int8")
	case k == rows.ShadowUUID:
		return cast(text(id), "uuid")
	}
	return cast(text(id), "text")
}

// literalEquality compares with a literal pseudonym, which is opened now.
func (a *analysis) literalEquality(kind string, l value, pseudonym string, truth bool) *pg.Node {
	t := l.shadow(a)
	id, ok := a.open(l.keying, pseudonym)
	var other *pg.Node
	if ok {
		if t != nil {
			other = comparand(l.keying.shadow, id)
		} else {
			other = row(a.tagText(), collateC(cast(text(id), "text")))
		}
	}
	node := l.node
	if t != nil {
		node = l.found(t, truth && kind == "=" && other != nil)
	}
	if other != nil {
		return a.distinctOp(kind, node, other)
	}
	switch kind {
	case "=":
		return when(isNotNull(node), boolean(false))
	case "<>":
		return when(isNotNull(node), boolean(true))
	}
	return boolean(kind == "distinct")
}

// paramEquality compares with a parameter, which the listener opens at Bind. What does not
// open arrives as the tag, which is no value of any column.
func (a *analysis) paramEquality(kind string, l value, n int32, truth bool, at int32) *pg.Node {
	p := a.sealedParam(n, l.keying, false, at)
	t := l.shadow(a)
	if t == nil {
		return a.distinctOp(kind, l.node, when(isNotNull(p), row(a.tagText(), collateC(p))))
	}
	if kind == "distinct" || kind == "not distinct" {
		return a.distinctOp(kind, collateC(cast(t, "text")), p)
	}
	other := p
	switch l.keying.shadow {
	case rows.ShadowInteger:
		other = when(op("~", p, text(rows.ShadowInteger.Form())), cast(p, "int8"))
	case rows.ShadowUUID:
		other = when(op("~", p, text(rows.ShadowUUID.Form())), cast(p, "uuid"))
	case rows.ShadowCast:
		return op(kind, t, collateC(p))
	case rows.ShadowText:
		return op(kind, l.found(t, truth && kind == "="), p)
	}
	if kind == "=" && truth {
		return op(kind, t, other)
	}
	// A parameter of no use compares as a value that no column has; a NULL one gives
	// NULL.
	return when(both(isNotNull(t), isNotNull(p)), coalesce(op(kind, t, other), boolean(kind == "<>")))
}

// optional is a comparison that filters if a constant is given: id = COALESCE($1, id). It is
// written as CASE WHEN $1 IS NULL THEN id = id ELSE id = $1 END. It returns nil where
// nothing of it is keyed.
func (a *analysis) optional(x *pg.A_Expr, name string, sc *scope) *pg.Node {
	if x.Kind != pg.A_Expr_Kind_AEXPR_OP || name != "=" {
		return nil
	}
	subject, choice := x.Lexpr, x.Rexpr.GetCoalesceExpr()
	if choice == nil {
		subject, choice = x.Rexpr, x.Lexpr.GetCoalesceExpr()
	}
	if len(choice.GetArgs()) != 2 || subject == nil {
		return nil
	}
	given, other := choice.Args[0], choice.Args[1]
	if _, ok := constantOf(given); !ok {
		return nil
	}
	if c := a.peek(other, sc); c == nil || c.keying == nil || c.keying.domain == "" {
		return nil
	}
	compare := func(n *pg.Node) *pg.Node { return op("=", clone(subject), clone(n)) }
	out := when(isNull(clone(given)), compare(other))
	out.GetCaseExpr().Defresult = compare(given)
	return out
}
