package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Shifted dates of one person. All dates of a person are moved by the same number of
// days, so differences between them and their order are the same for the originals as for
// the masked values, and PostgreSQL computes these from the originals. Dates of two
// persons, and a date and a constant, are never compared: that would tell the shift.
// Whether two values are of one person follows from where they come from: the same row of
// a table, rows that are joined on the person's sealed id, or rows that are grouped or
// partitioned by it.

// person is the person that rows of a FROM item are about.
type person struct {
	item *item
	// id is the column of its sealed id, if there is one.
	id *resolved
	// prefix is the text that turns an id into the name of a person.
	prefix string
}

// dated is a shifted date that can be computed with inside one person.
type dated struct {
	person *person
	keying *keying
	typ    uint32
	// plain makes the expression of the original, or of its year if the row names no person:
	// the masked value without the shift.
	plain func() *pg.Node
	// used reports whether it is requested.
	used func() bool
}

// datable reports whether a column is a date that is shifted by the row's person.
func (s *keying) datable() bool {
	return s.shifts && s.Entity != "" && len(s.Names()) == 1 && !s.Array && s.typ != nil && catalog.IsTime(s.typ.OID) && s.shown == s.typ.OID
}

// persons records the persons that a table's columns are about.
func (it *item) persons() {
	found := map[string]*person{}
	for _, c := range it.columns {
		if c.date == nil {
			continue
		}
		s := c.date.keying
		key := s.Entity + "\x00" + s.Prefix
		if found[key] == nil {
			found[key] = &person{item: it, prefix: s.Prefix}
		}
		c.date.person = found[key]
	}
	for _, p := range found {
		for _, c := range it.columns {
			if c.keying != nil && c.keying.comparable && c.shadow != "" && found[c.base+"\x00"+p.prefix] == p {
				c.person, p.id = p, c
			}
		}
	}
}

// plainDate is the original in the form used for computing, in the table's sub-select.
func (a *analysis) plainDate(s *keying) *pg.Node {
	v := catalog.QuoteIdent(s.column)
	return a.fragment("CASE WHEN " + s.guard + " THEN CASE WHEN " + catalog.QuoteIdent(s.Entity) + "::pg_catalog.text <> '' THEN " + v + " ELSE " + yearStart(s.typ.OID, v) + " END END")
}

// samePair records that two persons are the same wherever both exist.
func (a *analysis) samePair(p, q *person) {
	if p != nil && q != nil && p != q && p.prefix == q.prefix {
		a.same = append(a.same, [2]*person{p, q})
	}
}

// samePerson reports whether two values are of one person.
func (a *analysis) samePerson(p, q *person) bool {
	seen := map[*person]bool{p: true}
	for todo := []*person{p}; len(todo) > 0; {
		x := todo[0]
		todo = todo[1:]
		if x == q {
			return true
		}
		for _, pair := range a.same {
			for i, y := range pair {
				if y == x && !seen[pair[1-i]] {
					seen[pair[1-i]] = true
					todo = append(todo, pair[1-i])
				}
			}
		}
	}
	return false
}

// joinPersons records which persons a condition makes the same: those whose ids are equal
// in every row for which it holds, or equal to one pseudonym. counts says whether a pair
// may be recorded.
func (a *analysis) joinPersons(cond *pg.Node, sc *scope, counts func(p, q *person) bool) {
	eachEquality(cond, func(x *pg.A_Expr) {
		l, r := a.peek(x.Lexpr, sc), a.peek(x.Rexpr, sc)
		other := x.Rexpr
		if l == nil || l.person == nil {
			l, r, other = r, l, x.Lexpr
		}
		switch {
		case l == nil || l.person == nil:
		case r != nil && r.person != nil && l.keying.Class == r.keying.Class && counts(l.person, r.person):
			a.samePair(l.person, r.person)
		case r == nil && l.keying.domain != "" && counts(l.person, l.person):
			if _, ok := constantOf(other); ok {
				sc.single = append(sc.single, l.person)
			}
		}
	})
}

// eachEquality calls f with each comparison by an unqualified = that is true in every row
// for which a condition holds.
func eachEquality(cond *pg.Node, f func(x *pg.A_Expr)) {
	if b := cond.GetBoolExpr(); b != nil && b.Boolop == pg.BoolExprType_AND_EXPR {
		for _, arg := range b.Args {
			eachEquality(arg, f)
		}
		return
	}
	x := cond.GetAExpr()
	if x != nil && x.Kind == pg.A_Expr_Kind_AEXPR_OP && lastPart(x.Name) == "=" && len(x.Name) == 1 {
		f(x)
	}
}

// peek finds the column that a reference means, without marking it as used.
func (a *analysis) peek(n *pg.Node, sc *scope) (c *resolved) {
	if t := n.GetTypeCast(); t != nil {
		if c = a.peek(t.Arg, sc); c == nil || c.keying == nil || !c.keying.castsToItself(a.castType(t), t.TypeName) {
			return nil
		}
		return c
	}
	ref := n.GetColumnRef()
	if ref == nil {
		return nil
	}
	if c := a.starred[ref]; c != nil {
		return c
	}
	defer func() {
		if x := recover(); x != nil {
			if _, refusal := x.(*Refusal); !refusal {
				panic(x)
			}
			c = nil // errors in it are reported where it is analysed
		}
	}()
	c, _ = a.lookup(ref, sc)
	return c
}

// within returns a date of a person as it may be ordered among rows that are all of one
// of persons, or nil. An id that has no masked value does not distinguish persons.
func (a *analysis) within(d *dated, persons []*person) *pg.Node {
	if d == nil {
		return nil
	}
	for _, p := range persons {
		if p.id == nil || !a.samePerson(d.person, p) {
			continue
		}
		plain := d.plain()
		if d.person != p {
			if d.person.id == nil {
				continue
			}
			plain = when(a.sameID(d.person, p), plain)
		} else if p.id.keying.guard != "" {
			plain = when(isNotNull(a.idShadow(p)), plain)
		}
		return plain
	}
	return nil
}

// sameID compares two persons' ids once more, where their dates are compared: no
// condition of the statement is certain to be evaluated before that.
func (a *analysis) sameID(p, q *person) *pg.Node {
	return a.equality("=", value{keying: p.id.keying, column: p.id}, value{keying: q.id.keying, column: q.id}, true, 0)
}

func (a *analysis) idShadow(p *person) *pg.Node { return a.shadowOf(p.id) }

// wrapperOfDate makes the wrapper of a computed date: the person is that of the rows.
func (a *analysis) wrapperOfDate(plain *pg.Node, id *pg.Node) *pg.Node {
	return when(isNotNull(plain), row(a.tagText(), collateC(cast(plain, "text")), coalesce(cast(id, "text"), text(""))))
}

// meets reports whether two dates can be compared and subtracted: shifted alike, of one
// person, of types that PostgreSQL compares without the session's time zone.
func (a *analysis) meets(l, r *dated) bool {
	zone := func(d *dated) bool { return d.typ == catalog.OIDTimestamptz }
	if l.keying.Class != r.keying.Class || l.keying.Prefix != r.keying.Prefix || zone(l) != zone(r) {
		return false
	}
	return l.person == r.person || l.person.id != nil && r.person.id != nil && a.samePerson(l.person, r.person)
}

// datedOperator analyses an operator between dates of one person, or a date and a
// constant interval. done is false if it is neither.
func (a *analysis) datedOperator(x *pg.A_Expr, name string, l, r value) (out value, done bool) {
	if x.Kind != pg.A_Expr_Kind_AEXPR_OP {
		return out, false
	}
	switch {
	case l.date != nil && r.date != nil && (name == "-" || name == "=" || name == "<>" || orderOps[name]):
		if !a.meets(l.date, r.date) {
			return out, false
		}
		n := op(name, l.date.plain(), r.date.plain())
		if l.date.person != r.date.person {
			n = when(a.sameID(l.date.person, r.date.person), n)
		}
		return value{node: n}, true
	case l.date != nil && (name == "+" || name == "-"):
		return a.datedSum(l, name, r.node)
	case r.date != nil && name == "+":
		return a.datedSum(r, name, l.node)
	}
	return out, false
}

// datedSum moves a date by a constant number of seconds, which the shift does not change.
// Months differ in length.
func (a *analysis) datedSum(v value, name string, by *pg.Node) (out value, done bool) {
	if v.computed {
		return out, false // however often it is moved, it remains a possible time
	}
	d := *v.date
	var n *pg.Node
	if days, ok := wholeDays(by); ok && d.typ == catalog.OIDDate {
		n = integer(days, "int4")
	} else if seconds, ok := intervalSeconds(by); ok {
		n = cast(text(seconds+" seconds"), "interval")
		if d.typ == catalog.OIDDate {
			d.typ = catalog.OIDTimestamp
		}
	} else {
		return out, false
	}
	d.plain = func() *pg.Node { return op(name, v.date.plain(), n) }
	// It has no wrapper: it can only be compared and subtracted.
	return value{node: null(), keying: v.keying, date: &d, computed: true}, true
}

// between analyses x BETWEEN a AND b over dates of one person.
func (a *analysis) datedBetween(x *pg.A_Expr, subject, low, high value) *pg.Node {
	if subject.date == nil || low.date == nil || high.date == nil || !a.meets(subject.date, low.date) || !a.meets(subject.date, high.date) ||
		x.Kind != pg.A_Expr_Kind_AEXPR_BETWEEN && x.Kind != pg.A_Expr_Kind_AEXPR_NOT_BETWEEN {
		return nil
	}
	compare := func(name string, v value) *pg.Node {
		n, _ := a.datedOperator(&pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP}, name, subject, v)
		return n.node
	}
	out := both(compare(">=", low), compare("<=", high))
	if x.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN {
		return not(out)
	}
	return out
}

// sameDate returns the date of a choice between dates of one person.
func (a *analysis) sameDate(vs []value, choose func(plains []*pg.Node) *pg.Node) *dated {
	var first *dated
	for _, v := range vs {
		if v.null {
			continue
		}
		if v.date == nil || v.computed || first != nil && (v.date.person != first.person || v.date.keying.Class != first.keying.Class || v.date.typ != first.typ) {
			return nil
		}
		if first == nil {
			first = v.date
		}
	}
	if first == nil {
		return nil
	}
	d := *first
	d.used, d.plain = nil, nil
	d.plain = func() *pg.Node {
		var plains []*pg.Node
		for _, v := range vs {
			if v.null {
				plains = append(plains, null())
			} else {
				plains = append(plains, v.date.plain())
			}
		}
		return choose(plains)
	}
	return &d
}

// extreme analyses min and max of a date of one person: over rows that are grouped or
// partitioned by the person's id.
func (a *analysis) extreme(f *pg.FuncCall, v value, persons []*person) (value, bool) {
	if v.date == nil || v.computed || f.AggDistinct {
		return value{}, false
	}
	i := slices.IndexFunc(persons, func(p *person) bool { return p.id != nil && a.samePerson(v.date.person, p) })
	if i < 0 {
		return value{}, false
	}
	p := persons[i]
	arg := a.within(v.date, []*person{p})
	if arg == nil {
		return value{}, false
	}
	f.Args[0] = arg
	n := &pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}}
	d := *v.date
	d.person, d.plain, d.used = p, func() *pg.Node { return n }, nil
	return value{node: a.wrapperOfDate(n, a.idShadow(p)), keying: v.keying, date: &d}, true
}

// groupDate also groups by the form of a date used for computing, if that is requested.
// It depends on the wrapper that is grouped by.
func (a *analysis) groupDate(d *dated, res *result) {
	if d == nil || d.used == nil {
		return
	}
	a.finish = append(a.finish, func() {
		if d.used() {
			res.into.GroupClause = append(res.into.GroupClause, d.plain())
		}
	})
}

// partitionPersons returns the persons of whom a window sees only one at a time.
func (a *analysis) partitionPersons(w *pg.WindowDef, sc *scope) []*person {
	if found, ok := sc.partPersons[w]; ok {
		return found
	}
	out := slices.Clone(sc.single)
	for _, n := range w.PartitionClause {
		if c := a.local(n, sc); c != nil && c.person != nil {
			out = append(out, c.person)
		}
	}
	if sc.partPersons == nil {
		sc.partPersons = map[*pg.WindowDef][]*person{}
	}
	sc.partPersons[w] = out // before the clause is rewritten
	for _, name := range []string{w.Name, w.Refname} {
		if up := named(sc.query, name); name != "" && up != w {
			out = append(out, a.partitionPersons(up, sc)...)
		}
	}
	sc.partPersons[w] = out
	return out
}

// personOf returns the person that rows are about, if a column is the id of one.
func personOf(c *resolved) []*person {
	if c == nil || c.person == nil {
		return nil
	}
	return []*person{c.person}
}
