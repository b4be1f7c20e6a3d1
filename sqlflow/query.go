package sqlflow

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// mode says where a query stands.
type mode struct {
	// unordered: the order of its rows cannot be seen (EXISTS, IN).
	unordered bool
	// recursive: it is a recursive common table expression, which must keep its form.
	recursive bool
	// view is the view whose definition it is: of a column that fails the view is told,
	// one that reads what is not there is not there. united: it is a side of a set
	// operation, whose columns cannot be left out.
	view   *Relation
	united bool
}

// result is what a query returns.
type result struct {
	columns []*resultColumn
	// into is the SELECT that twins are added to.
	into *pg.SelectStmt
	// swap puts the twin of the only column in its place; nil where that cannot be.
	swap func()
	// add appends a twin's target to the query under a name.
	add func(i int, name string)
}

type resultColumn struct {
	name   string
	seal   *seal
	null   bool // the bare constant NULL, which any column can be united with
	typ    uint32
	action int
	origin origin
	whole  bool // a whole row, a record without originals
	failed *Refusal
	fence  *Type
	source *resolved
	row    *item
	base   string
	// twinName is the name under which the twin was asked for.
	twinName string
	twinUsed bool
	// markTwin notes that the twin is needed; nil where there is none.
	markTwin func()
}

func (r *result) hasTwin(i int) bool { return r.columns[i].markTwin != nil && r.add != nil }

func (r *result) twinName(a *analysis, i int) string {
	if r.columns[i].twinName == "" {
		r.columns[i].twinName = a.twinName()
	}
	return r.columns[i].twinName
}

// useTwin makes the query return the twin of column i too.
func (r *result) useTwin(i int) {
	c := r.columns[i]
	if c.twinUsed {
		return
	}
	c.twinUsed = true
	c.markTwin()
	r.add(i, c.twinName)
}

// query analyses a SELECT, VALUES or set operation and rewrites it in place.
func (a *analysis) query(q *pg.SelectStmt, outer *scope, m mode) *result {
	a.deeper()
	defer a.shallower()
	if q.IntoClause != nil {
		a.fail(codeReadOnly, 0, "SELECT INTO writes", "leave INTO away")
	}
	if len(q.LockingClause) > 0 {
		a.fail(codeReadOnly, 0, "FOR UPDATE and the like lock rows", "leave the clause away")
	}
	sc := &scope{parent: outer.parent, ctes: outer.ctes}
	if len(outer.items) > 0 || len(outer.columns) > 0 {
		sc.parent = outer
	}
	if q.WithClause != nil {
		a.with(q.WithClause, sc)
	}
	if q.LimitCount != nil || q.LimitOffset != nil {
		m.unordered = false // which rows come depends on the order
	}
	var res *result
	switch {
	case q.Op != pg.SetOperation_SETOP_NONE:
		res = a.setOperation(q, sc, m)
	case len(q.ValuesLists) > 0:
		res = a.values(q, sc)
	default:
		res = a.plain(q, sc, m)
	}
	if q.LimitCount != nil {
		q.LimitCount = a.limit(q.LimitCount, sc)
	}
	if q.LimitOffset != nil {
		q.LimitOffset = a.limit(q.LimitOffset, sc)
	}
	return res
}

// limit analyses LIMIT and OFFSET, which see no column of their own level.
func (a *analysis) limit(n *pg.Node, sc *scope) *pg.Node {
	return a.clear(n, &scope{parent: sc.parent, ctes: sc.ctes})
}

// with analyses common table expressions.
func (a *analysis) with(w *pg.WithClause, sc *scope) {
	var before []string
	for i, n := range w.Ctes {
		c := n.GetCommonTableExpr()
		stmt := c.GetCtequery().GetSelectStmt()
		if stmt == nil {
			a.fail(codeReadOnly, c.GetLocation(), "a WITH query may only be a SELECT", "Veil is read-only")
		}
		names, ok := dotted(c.Aliascolnames)
		if !ok {
			a.unknown(n, "this kind of WITH query")
		}
		name := c.Ctename
		c.Ctename = a.twinName()
		if slices.Contains(before, name) {
			a.fail(codeDuplicate, c.Location, fmt.Sprintf("WITH query name %q is given more than once", name), "")
		}
		before = append(before, name)
		self := w.Recursive && stmt.Op != pg.SetOperation_SETOP_NONE && refersTo(stmt.Rarg, name) && !refersTo(stmt.Larg, name)
		if w.Recursive {
			// What PostgreSQL takes for a reference forward or to itself must not be one
			// to something else here.
			for k, later := range w.Ctes[i:] {
				if later := later.GetCommonTableExpr(); k == 0 && !self && refersTo(stmt, name) || k > 0 && refersTo(stmt, later.GetCtename()) {
					a.fail("0A000", c.Location, "in WITH RECURSIVE a query may only refer to those before it, or to itself behind UNION", "change the order of the queries")
				}
			}
		}
		// The query does not see the level's own columns, for they are not there yet.
		at := &scope{parent: sc.parent, ctes: sc.ctes}
		var res *result
		if self {
			res = a.recursive(c, stmt, name, names, at)
		} else {
			res = a.query(stmt, at, mode{})
			res = res.renamed(a, names, c.Location)
		}
		if c.SearchClause != nil || c.CycleClause != nil {
			res = a.searchCycle(c, res)
		}
		sc.ctes = &cteEnv{parent: sc.ctes, name: name, ref: c.Ctename, result: res}
	}
}

// renamed gives the first columns other names.
func (r *result) renamed(a *analysis, names []string, at int32) *result {
	if len(names) > len(r.columns) {
		a.fail("42P10", at, "a WITH query has fewer columns than names are given", "")
	}
	for i, n := range names {
		r.columns[i].name = n
	}
	return r
}

// recursive analyses WITH RECURSIVE: the second part sees the columns of the first,
// and must not put an original where the first has none.
func (a *analysis) recursive(c *pg.CommonTableExpr, q *pg.SelectStmt, name string, names []string, sc *scope) *result {
	if q.WithClause != nil || len(q.SortClause) > 0 || q.LimitCount != nil || q.LimitOffset != nil || len(q.LockingClause) > 0 {
		a.fail("0A000", c.Location, "WITH, ORDER BY and LIMIT are not supported in a recursive query", "put them into the outer query")
	}
	first := a.query(q.Larg, sc, mode{recursive: true})
	for _, col := range first.columns {
		col.markTwin = nil
		if col.null {
			col.null = false
		}
	}
	out := (&result{columns: first.columns}).renamed(a, names, c.Location)
	inner := &scope{parent: sc.parent, ctes: &cteEnv{parent: sc.ctes, name: name, ref: c.Ctename, result: out}}
	second := a.query(q.Rarg, inner, mode{recursive: true})
	a.unite(q, first, second, c.Location)
	for i, col := range out.columns {
		a.sameFence([]value{{fence: first.columns[i].fence, null: first.columns[i].null}, {fence: second.columns[i].fence, null: second.columns[i].null}}, c.Location)
		if (col.seal == nil) != (first.columns[i].seal == nil) {
			a.fail(codeForbidden, c.Location, "a recursive query mixes masked and other values in one column", "")
		}
		col.origin, col.action = origin{}, -1
	}
	return out
}

// searchCycle adds the columns of SEARCH and CYCLE, which compare and order rows.
func (a *analysis) searchCycle(c *pg.CommonTableExpr, res *result) *result {
	for _, col := range res.columns {
		if col.seal != nil {
			a.refuseSealed(col.seal, c.Location, "SEARCH and CYCLE order and collect rows", "leave the column out of the recursive query")
		}
	}
	out := &result{columns: slices.Clone(res.columns)}
	plain := func(name string) { out.columns = append(out.columns, &resultColumn{name: name, action: -1}) }
	if s := c.SearchClause; s != nil {
		plain(s.SearchSeqColumn)
	}
	if y := c.CycleClause; y != nil {
		for _, v := range []**pg.Node{&y.CycleMarkValue, &y.CycleMarkDefault} {
			if *v != nil {
				*v = a.clear(*v, &scope{})
			}
		}
		plain(y.CycleMarkColumn)
		plain(y.CyclePathColumn)
	}
	return out
}

// refersTo reports whether a query names a relation anywhere.
func refersTo(q *pg.SelectStmt, name string) bool {
	found := false
	walk(q.ProtoReflect(), func(m any) {
		if v, ok := m.(*pg.RangeVar); ok && v.Relname == name && v.Schemaname == "" {
			found = true
		}
	})
	return found
}

// setOperation analyses UNION, INTERSECT and EXCEPT.
func (a *analysis) setOperation(q *pg.SelectStmt, sc *scope, m mode) *result {
	side := &scope{parent: sc.parent, ctes: sc.ctes}
	inner := mode{unordered: true, recursive: m.recursive, view: m.view, united: true}
	if q.Op == pg.SetOperation_SETOP_UNION && q.All {
		inner.unordered = m.unordered
	}
	l := a.query(q.Larg, side, inner)
	r := a.query(q.Rarg, side, inner)
	sealed := a.unite(q, l, r, 0)
	res := &result{columns: l.columns}
	for i, c := range l.columns {
		lm, rm := c.markTwin, r.columns[i].markTwin
		fence := a.sameFence([]value{{fence: c.fence, null: c.null}, {fence: r.columns[i].fence, null: r.columns[i].null}}, 0)
		res.columns[i] = &resultColumn{name: c.name, fence: fence, seal: c.seal, typ: c.typ, action: c.action, whole: c.whole, failed: c.failed}
		if c.failed == nil {
			res.columns[i].failed = r.columns[i].failed
		}
		if c.seal == nil {
			res.columns[i].seal = r.columns[i].seal
		}
		if lm != nil && rm != nil && c.seal.twin == r.columns[i].seal.twin && !m.recursive {
			res.columns[i].markTwin = func() { lm(); rm() }
		}
	}
	if l.add != nil && r.add != nil {
		res.add = func(i int, name string) { l.add(i, name); r.add(i, name) }
	}
	if l.swap != nil && r.swap != nil {
		res.swap = func() { l.swap(); r.swap() }
	}
	a.sortByName(q, res)
	if sealed && !(q.Op == pg.SetOperation_SETOP_UNION && q.All) && !m.unordered && !m.recursive {
		return a.wrap(q, res)
	}
	return res
}

// unite checks that both sides of a set operation agree column by column, and reports
// whether one is sealed.
func (a *analysis) unite(q *pg.SelectStmt, l, r *result, at int32) (sealed bool) {
	if len(l.columns) != len(r.columns) {
		a.fail(codeSyntax, at, "each side of a set operation must have the same number of columns", "")
	}
	all := q.Op == pg.SetOperation_SETOP_UNION && q.All
	for i, lc := range l.columns {
		rc := r.columns[i]
		if lc.seal == nil && rc.seal == nil {
			continue
		}
		sealed = true
		s := lc.seal
		if s == nil {
			s = rc.seal
		}
		if lc.seal != nil && rc.seal != nil && !sameSeal(lc.seal, rc.seal) ||
			lc.seal == nil && !lc.null || rc.seal == nil && !rc.null {
			a.refuseSealed(s, at, "a set operation mixes it with other values", "unite columns that the same method masks, or NULL")
		}
		if !all && !s.comparable {
			a.refuseSealed(s, at, "the set operation compares it", "use UNION ALL, or leave the column out")
		}
	}
	return sealed
}

// shapeOf says which members a carrier has.
func shapeOf(s *seal) []bool {
	var out []bool
	for _, name := range s.beside() {
		out = append(out, name != "")
	}
	return out
}

// values analyses VALUES.
func (a *analysis) values(q *pg.SelectStmt, sc *scope) *result {
	res := &result{}
	for n, l := range q.ValuesLists {
		list := l.GetList()
		if list == nil {
			a.unknown(l, "this kind of VALUES")
		}
		for i, v := range list.Items {
			if n == 0 {
				res.columns = append(res.columns, &resultColumn{name: fmt.Sprintf("column%d", i+1), action: -1})
			}
			list.Items[i] = a.clear(v, sc)
		}
	}
	a.sortByName(q, res)
	return res
}

// plain analyses a SELECT of one level.
func (a *analysis) plain(q *pg.SelectStmt, sc *scope, m mode) *result {
	for i, n := range q.FromClause {
		f := a.fromItem(n, sc, sc)
		q.FromClause[i] = f.node
		for _, it := range f.items {
			if it.alias != "" && slices.ContainsFunc(sc.items, func(o *item) bool { return o.alias == it.alias }) {
				a.fail(codeDuplicate, 0, fmt.Sprintf("table name %q is used more than once", it.alias), "give the tables different aliases")
			}
		}
		sc.add(f)
	}
	if q.WhereClause != nil {
		// Grouped columns are not grouped yet.
		q.WhereClause = a.condition(q.WhereClause, sc)
	}
	a.expandStars(q, sc)
	a.groupKeys(q, sc)
	res := a.targets(q, sc, m)
	a.group(q, sc, res)
	if q.HavingClause != nil {
		q.HavingClause = a.condition(q.HavingClause, sc)
	}
	for _, w := range q.WindowClause {
		a.window(w.GetWindowDef(), sc)
	}
	distinct := a.distinct(q, sc, res)
	a.sort(q, sc, res)
	if distinct && !m.unordered && !m.recursive {
		return a.wrap(q, res)
	}
	if len(sc.keys) > 0 && len(q.DistinctClause) == 0 && !m.unordered && !m.recursive {
		a.appendOrder(q, sc.keys)
	}
	return res
}

// expandStars replaces * and table.* by the columns that are there.
func (a *analysis) expandStars(q *pg.SelectStmt, sc *scope) {
	var out []*pg.Node
	for _, n := range q.TargetList {
		t := n.GetResTarget()
		if t == nil {
			a.unknown(n, "this kind of target")
		}
		cols, expanded := a.star(t.Val, sc)
		if !expanded {
			out = append(out, n)
			continue
		}
		for _, c := range cols {
			out = append(out, target(c.name, &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: a.named(c)}}))
		}
	}
	if len(q.TargetList) > 0 && len(out) == 0 {
		a.fail(codeSyntax, 0, "the star stands for no column", "")
	}
	q.TargetList = out
}

// star returns the columns that a target stands for where it is a star.
func (a *analysis) star(n *pg.Node, sc *scope) ([]*resolved, bool) {
	ref := n.GetColumnRef()
	if ref == nil || len(ref.Fields) == 0 || ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
		return nil, false
	}
	parts, ok := dotted(ref.Fields[:len(ref.Fields)-1])
	if !ok {
		a.fail(codeSyntax, ref.Location, "this star cannot be resolved", "")
	}
	var cols []*resolved
	switch len(parts) {
	case 0:
		cols = sc.columns
	case 1:
		cols = a.item("", parts[0], sc, ref.Location).columns
	case 2:
		cols = a.item(parts[0], parts[1], sc, ref.Location).columns
	default:
		a.fail(codeSyntax, ref.Location, "this star cannot be resolved", "write table.*")
	}
	return cols, true
}

// named makes a column reference that resolves to c again.
func (a *analysis) named(c *resolved) *pg.ColumnRef {
	ref := &pg.ColumnRef{Fields: names(c.name)}
	if c.item != nil && c.item.alias != "" && c.emit == nil {
		ref.Fields = names(c.item.alias, c.name)
	}
	a.starred[ref] = c
	return ref
}

// targets analyses the target list. Every column gets its name written out.
func (a *analysis) targets(q *pg.SelectStmt, sc *scope, m mode) *result {
	res := &result{}
	var sources []*resolved
	var out []*pg.Node
	for _, n := range q.TargetList {
		t := n.GetResTarget()
		if t == nil || len(t.Indirection) > 0 {
			a.unknown(n, "this kind of target")
		}
		if fields, ok := a.fieldStar(t.Val, sc); ok {
			for _, f := range fields {
				out = append(out, f.Node)
				res.columns = append(res.columns, &resultColumn{name: f.GetResTarget().Name, action: -1, fence: f.fence})
				sources = append(sources, nil)
			}
			continue
		}
		name := t.Name
		if name == "" {
			name = figureName(t.Val)
		}
		c := &resultColumn{name: name, action: -1}
		v := a.try(t.Val, sc, m, name)
		if v.hidden {
			continue
		}
		c.seal, c.null, c.failed, c.fence = v.seal, v.null, v.failed, v.fence
		var source *resolved
		if v.column != nil {
			source = v.column
			c.source, c.row, c.base = source, source.row, source.base
			c.typ, c.action, c.origin = source.typ, source.action, source.origin
			if v.seal != nil && source.twin != "" {
				c.markTwin = func() { source.useTwin() }
			}
		}
		c.whole = v.whole
		out = append(out, target(name, v.node))
		res.columns = append(res.columns, c)
		sources = append(sources, source)
	}
	q.TargetList = out
	res.into = q
	res.swap = func() { res.into.TargetList[0].GetResTarget().Val = a.twinOf(sources[0]) }
	res.add = func(i int, name string) {
		res.into.TargetList = append(res.into.TargetList, target(name, a.twinOf(sources[i])))
	}
	return res
}

// try analyses one target. In a view's definition a refused column is left out
// instead of refusing the view.
func (a *analysis) try(n *pg.Node, sc *scope, m mode, name string) (v value) {
	if m.view == nil {
		return a.expr(n, sc)
	}
	depth := a.depth
	defer func() {
		x := recover()
		if x == nil {
			return
		}
		r, ok := x.(*Refusal)
		if !ok {
			panic(x)
		}
		a.depth = depth
		if r.Code == codeNoColumn {
			if m.united {
				panic(x)
			}
			v = value{hidden: true}
			return
		}
		v = value{node: null(), failed: &Refusal{
			Code: codeForbidden, Rule: r.Rule, Column: r.Column, Reason: "view column",
			Message: fmt.Sprintf("column %q of view %q cannot be had: %s", name, m.view.Name, r.Message),
			Hint:    "leave the column out, or give the view's columns tables rules of their own",
		}}
	}()
	return a.expr(n, sc)
}

// fieldTarget is a target for one field, and the fence of its type.
type fieldTarget struct {
	*pg.Node
	fence *Type
}

// fieldStar expands (composite).*.
func (a *analysis) fieldStar(n *pg.Node, sc *scope) ([]fieldTarget, bool) {
	ind := n.GetAIndirection()
	if ind == nil || len(ind.Indirection) == 0 || ind.Indirection[len(ind.Indirection)-1].GetAStar() == nil {
		return nil, false
	}
	ref := ind.Arg.GetColumnRef()
	if ref == nil || len(ind.Indirection) != 1 {
		a.fail(codeForbidden, 0, "only (column).* of a composite column is supported", "name the fields")
	}
	c, it := a.lookup(ref, sc)
	if it != nil {
		var out []fieldTarget
		for _, c := range it.columns {
			if c.seal != nil || c.failed != nil {
				a.fail(codeForbidden, ref.Location, "the whole row holds masked columns", "name the columns")
			}
			out = append(out, fieldTarget{target(c.name, a.refer(c, 0)), a.fenceOf(c)})
		}
		return out, true
	}
	if c.seal != nil {
		a.refuseSealed(c.seal, ref.Location, "its fields are asked for", "")
	}
	t := a.catalog.types[c.typ]
	if t == nil || len(t.Fields) == 0 {
		a.fail(codeForbidden, ref.Location, "the star of this column cannot be resolved", "name the fields")
	}
	var out []fieldTarget
	for _, f := range t.Fields {
		out = append(out, fieldTarget{fence: a.catalog.fenced(f.Type), Node: target(f.Name, &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{
			Arg: a.refer(c, 0), Indirection: names(f.Name)}}})})
	}
	return out, true
}
