package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// fromItem analyses one entry of FROM. left has what lateral references see.
func (a *analysis) fromItem(n *pg.Node, sc, left *scope) from {
	a.deeper()
	defer a.shallower()
	switch x := n.Node.(type) {
	case *pg.Node_RangeVar:
		return a.relationRef(x.RangeVar, nil, sc)
	case *pg.Node_RangeTableSample:
		v := x.RangeTableSample.Relation.GetRangeVar()
		if v == nil {
			a.fail(codeForbidden, x.RangeTableSample.Location, "TABLESAMPLE works on tables only", "")
		}
		return a.relationRef(v, x.RangeTableSample, sc)
	case *pg.Node_RangeSubselect:
		return a.subselect(x.RangeSubselect, n, sc, left)
	case *pg.Node_RangeFunction:
		return a.rangeFunction(x.RangeFunction, n, left)
	case *pg.Node_JoinExpr:
		return a.join(x.JoinExpr, n, sc, left)
	}
	a.unknown(n, "this kind of FROM item")
	return from{}
}

func (a *analysis) subselect(s *pg.RangeSubselect, n *pg.Node, sc, left *scope) from {
	stmt := s.Subquery.GetSelectStmt()
	if stmt == nil {
		a.unknown(s.Subquery, "this kind of sub-select")
	}
	outer := &scope{parent: sc.parent, ctes: sc.ctes}
	if s.Lateral {
		outer = &scope{parent: left, ctes: sc.ctes}
	}
	res := a.query(stmt, outer, mode{derived: true})
	alias := ""
	if s.Alias != nil {
		alias = s.Alias.Aliasname
	}
	return a.fromResult(n, res, alias, s.Alias)
}

// rangeFunction analyses functions in FROM. Their arguments see what is to the left.
func (a *analysis) rangeFunction(f *pg.RangeFunction, n *pg.Node, left *scope) from {
	var columns []string
	name, kind := "", ""
	if v := settingsView(f); v != nil {
		return a.relationRef(v, nil, left)
	}
	if len(f.Functions) > 0 && len(firstCall(f).GetArgs()) > 1 {
		spreadUnnest(f)
	}
	if out := a.listRows(f, left); out != nil {
		return *out
	}
	if out := a.parameterRows(f, n, left); out != nil {
		return *out
	}
	if q := spreadArray(f); q != nil && len(f.Alias.Colnames) <= 1 {
		if len(f.Alias.Colnames) == 0 {
			f.Alias.Colnames = names(f.Alias.Aliasname)
		}
		return a.fromResult(subselect(q, nil), a.values(q, &scope{}), f.Alias.Aliasname, f.Alias)
	}
	if c := firstCall(f); len(f.Functions) == 1 && lastPart(c.GetFuncname()) == "pg_partition_ancestors" {
		if f.Alias == nil {
			f.Alias = &pg.Alias{Aliasname: "pg_partition_ancestors"}
		}
		if len(f.Alias.Colnames) == 0 {
			f.Alias.Colnames = names("relid")
		}
	}
	spreadUnnest(f)
	arg := &scope{parent: left, ctes: left.ctes}
	for i, fn := range f.Functions {
		list := fn.GetList()
		if list == nil || len(list.Items) == 0 {
			a.unknown(fn, "this kind of function in FROM")
		}
		if i == 0 {
			name = resultName(list.Items[0])
		}
		own := columnsOf(f, list.Items[0])
		list.Items[0] = a.clear(list.Items[0], arg)
		if k := a.regs[list.Items[0]]; k != "" {
			kind = k
		}
		if len(list.Items) > 1 {
			if defs := list.Items[1].GetList(); defs != nil && len(defs.Items) > 0 {
				own = a.columnDefs(defs.Items)
			}
		}
		columns = append(columns, own...)
	}
	if len(f.Coldeflist) > 0 {
		columns = a.columnDefs(f.Coldeflist)
	}
	if f.Ordinality {
		columns = append(columns, "ordinality")
	}
	if f.Alias != nil {
		name = f.Alias.Aliasname
	}
	it := a.newItem(name)
	for _, c := range columns {
		it.columns = append(it.columns, &resolved{name: c, action: -1, item: it, names: kind})
	}
	a.rename(it, f.Alias, 0)
	// The column names are written out, so that they are right. (A column definition list
	// contains them itself.)
	f.Alias = &pg.Alias{Aliasname: it.ref}
	if len(f.Coldeflist) == 0 {
		f.Alias.Colnames = a.columnAliases(it)
	}
	return from{node: n, items: []*item{it}, columns: it.columns, sources: []*item{it}}
}

// columnsOf names the columns of a function in FROM that has no column definition list.
func columnsOf(f *pg.RangeFunction, fn *pg.Node) []string {
	name := resultName(fn)
	if c := fn.GetFuncCall(); c != nil {
		parts, _ := dotted(c.Funcname)
		if len(parts) == 0 {
			return nil
		}
		name = parts[len(parts)-1]
		if known := functionColumns[name]; known != nil {
			return slices.Clone(known)
		}
	}
	if len(f.Functions) == 1 && f.Alias != nil {
		name = f.Alias.Aliasname
	}
	return []string{name}
}

// settingsView returns the view that shows the result of pg_show_all_settings(), or nil if
// another function is called.
func settingsView(f *pg.RangeFunction) *pg.RangeVar {
	c := firstCall(f)
	parts, _ := dotted(c.GetFuncname())
	if len(f.Functions) != 1 || len(parts) == 0 || parts[len(parts)-1] != "pg_show_all_settings" || len(parts) > 1 && parts[0] != "pg_catalog" ||
		f.Ordinality || len(f.Coldeflist) > 0 || len(c.Args) > 0 {
		return nil
	}
	v := &pg.RangeVar{Schemaname: "pg_catalog", Relname: "pg_settings", Inh: true, Relpersistence: "p", Alias: f.Alias, Location: c.Location}
	if v.Alias == nil {
		v.Alias = &pg.Alias{Aliasname: "pg_show_all_settings"}
	}
	return v
}

// spreadUnnest rewrites unnest of several arrays as its equivalent: one unnest for each.
func spreadUnnest(f *pg.RangeFunction) {
	var out []*pg.Node
	for _, fn := range f.Functions {
		c := firstOf(fn)
		if lastPart(c.GetFuncname()) != "unnest" || len(c.GetArgs()) < 2 || len(fn.GetList().Items) > 1 && fn.GetList().Items[1].GetNode() != nil {
			out = append(out, fn)
			continue
		}
		for _, arg := range c.Args {
			one := proto.Clone(c).(*pg.FuncCall)
			one.Args = []*pg.Node{arg}
			items := append([]*pg.Node{{Node: &pg.Node_FuncCall{FuncCall: one}}}, fn.GetList().Items[1:]...)
			out = append(out, &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: items}}})
		}
	}
	f.IsRowsfrom = f.IsRowsfrom || len(out) != len(f.Functions)
	f.Functions = out
}

func firstOf(fn *pg.Node) *pg.FuncCall {
	if items := fn.GetList().GetItems(); len(items) > 0 {
		return items[0].GetFuncCall()
	}
	return nil
}

func firstCall(f *pg.RangeFunction) *pg.FuncCall {
	if len(f.Functions) == 0 {
		return nil
	}
	return firstOf(f.Functions[0])
}

// columnDefs checks a column definition list and returns its names.
func (a *analysis) columnDefs(defs []*pg.Node) (out []string) {
	for _, d := range defs {
		c := d.GetColumnDef()
		if c == nil {
			a.unknown(d, "this kind of column definition")
		}
		if t := a.typeName(c.TypeName); t != nil && namesTypes[t.Name] {
			a.refuseNames(c.Location)
		}
		if c.RawDefault != nil || c.CookedDefault != nil || len(c.Constraints) > 0 {
			a.fail(codeSyntax, c.Location, "a column definition in FROM has only a name and a type", "")
		}
		out = append(out, c.Colname)
	}
	return out
}

// join analyses a JOIN. USING and NATURAL on keyed columns become ON with the shadow
// columns, so that the originals' types and indexes are used.
func (a *analysis) join(j *pg.JoinExpr, n *pg.Node, sc, left *scope) from {
	l := a.fromItem(j.Larg, sc, left)
	j.Larg = l.node
	lateral := &scope{parent: left, ctes: sc.ctes}
	lateral.add(l)
	r := a.fromItem(j.Rarg, sc, lateral)
	j.Rarg = r.node
	out := from{node: n, items: append(slices.Clone(l.items), r.items...), sources: append(slices.Clone(l.sources), r.sources...)}
	var using []string
	if j.IsNatural {
		for _, c := range l.columns {
			if slices.ContainsFunc(r.columns, func(o *resolved) bool { return o.name == c.name }) {
				using = append(using, c.name)
			}
		}
	} else {
		using, _ = dotted(j.UsingClause)
	}
	if len(using) > 0 {
		a.using(j, l, r, using, &out)
	} else {
		out.columns = append(slices.Clone(l.columns), r.columns...)
		// NATURAL without a visible common column is a cross join. PostgreSQL must not interpret it
		// differently because of a hidden common column.
		j.IsNatural = false
		if j.Quals != nil {
			on := &scope{parent: sc.parent, ctes: sc.ctes}
			on.add(l)
			on.add(r)
			a.joinPersons(j.Quals, on, func(p, q *person) bool {
				return slices.Contains(l.items, p.item) && slices.Contains(r.items, q.item) || slices.Contains(l.items, q.item) && slices.Contains(r.items, p.item)
			})
			a.joinFolks(j.Quals, on, func(f *folk) bool { return has(l.sources, f) || has(r.sources, f) })
			j.Quals = a.condition(j.Quals, on)
		} else if j.Jointype != pg.JoinType_JOIN_INNER {
			j.Quals = boolean(true)
		}
	}
	if j.JoinUsingAlias != nil {
		out.items = append(out.items, a.joinItem(j.JoinUsingAlias, out.columns[:len(using)]))
		j.JoinUsingAlias = nil
	}
	if j.Alias != nil {
		it := a.joinItem(j.Alias, out.columns)
		out.items, out.columns = []*item{it}, it.columns
		j.Alias = nil
	}
	return out
}

// joinItem returns the item that the alias of a join names. The alias is not sent to
// PostgreSQL: references through it become references to columns of the join's own items.
func (a *analysis) joinItem(alias *pg.Alias, columns []*resolved) *item {
	it := a.newItem(alias.Aliasname)
	it.join = true
	for _, c := range columns {
		own := *c
		own.item, own.use = it, nil
		own.emit = func() *pg.Node { return a.refer(c, 0) }
		own.shadow, own.useShadow = "", nil // not visible through the alias
		it.columns = append(it.columns, &own)
	}
	a.rename(it, alias, 0)
	return it
}

// using merges the columns of a USING or NATURAL join, and rewrites it with ON.
func (a *analysis) using(j *pg.JoinExpr, l, r from, names []string, out *from) {
	find := func(cols []*resolved, name, side string) *resolved {
		var found *resolved
		for _, c := range cols {
			if c.name == name {
				if found != nil {
					a.fail(codeAmbiguous, 0, fmt.Sprintf("common column name %q appears more than once in the %s table", name, side), "")
				}
				found = c
			}
		}
		if found == nil {
			a.fail(codeNoColumn, 0, fmt.Sprintf("column %q in the USING clause does not exist in the %s table", name, side), "")
		}
		if found.failed != nil {
			a.refer(found, 0)
		}
		return found
	}
	var quals []*pg.Node
	for _, name := range names {
		l, r := find(l.columns, name, "left"), find(r.columns, name, "right")
		for _, c := range []*resolved{l, r} {
			if t := a.catalog.Base(c.typ); c.keying == nil && t != nil && t.Kind == 'b' && t.Schema != "pg_catalog" {
				a.refuseForeign(t, 0, "USING")
			}
		}
		lv, rv := a.value(l), a.value(r)
		if lv.keying == nil && rv.keying == nil {
			a.sameRestriction([]value{lv, rv}, 0)
			quals = append(quals, op("=", lv.node, rv.node))
		} else {
			quals = append(quals, a.equality("=", lv, rv, true, 0))
			a.samePair(l.person, r.person)
			a.sameFolk(l, r)
		}
		a.sameNames(&resultColumn{names: a.namesOfColumn(l)}, &resultColumn{names: a.namesOfColumn(r)})
		out.columns = append(out.columns, a.merged(j, l, r))
	}
	rest := func(cols []*resolved) {
		for _, c := range cols {
			if !slices.Contains(names, c.name) {
				out.columns = append(out.columns, c)
			}
		}
	}
	rest(l.columns)
	rest(r.columns)
	j.UsingClause, j.IsNatural = nil, false
	j.Quals = quals[0]
	if len(quals) > 1 {
		j.Quals = both(quals...)
	}
}

// merged returns the column that results from USING: the left one, the right one in a right
// join, whichever is not NULL in a full join.
func (a *analysis) merged(j *pg.JoinExpr, l, r *resolved) *resolved {
	side := l
	switch j.Jointype {
	case pg.JoinType_JOIN_RIGHT:
		side = r
	case pg.JoinType_JOIN_FULL:
		m := &resolved{name: l.name, keying: l.keying, typ: l.typ, action: -1, restricted: l.restricted, names: l.names}
		m.emit = func() *pg.Node { return coalesce(a.refer(l, 0), a.refer(r, 0)) }
		return m
	}
	m := *side
	m.emit = func() *pg.Node { return a.refer(side, 0) }
	m.use = nil
	return &m
}
