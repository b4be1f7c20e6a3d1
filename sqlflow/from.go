package sqlflow

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
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
	res := a.query(stmt, outer, mode{})
	alias := ""
	if s.Alias != nil {
		alias = s.Alias.Aliasname
	} else {
		s.Alias = &pg.Alias{}
	}
	return a.fromResult(n, res, alias, s.Alias)
}

// rangeFunction analyses functions in FROM. Their arguments see what is to the left.
func (a *analysis) rangeFunction(f *pg.RangeFunction, n *pg.Node, left *scope) from {
	var columns []string
	name := ""
	if c := firstCall(f); len(f.Functions) == 1 && lastPart(c.GetFuncname()) == "pg_partition_ancestors" {
		if f.Alias == nil {
			f.Alias = &pg.Alias{Aliasname: "pg_partition_ancestors"}
		}
		if len(f.Alias.Colnames) == 0 {
			f.Alias.Colnames = names("relid")
		}
	}
	arg := &scope{parent: left, ctes: left.ctes}
	for i, fn := range f.Functions {
		list := fn.GetList()
		if list == nil || len(list.Items) == 0 {
			a.unknown(fn, "this kind of function in FROM")
		}
		c := list.Items[0].GetFuncCall()
		if i == 0 {
			name = figureName(list.Items[0])
		}
		var own []string
		if c != nil {
			parts, _ := dotted(c.Funcname)
			if len(parts) > 0 {
				last := parts[len(parts)-1]
				own = slices.Clone(functionColumns[last])
				if last == "unnest" && len(c.Args) > 1 {
					own = nil
					for range c.Args {
						own = append(own, "unnest")
					}
				}
				if own == nil {
					own = []string{last}
					if len(f.Functions) == 1 && f.Alias != nil {
						own = []string{f.Alias.Aliasname}
					}
				}
			}
		} else {
			own = []string{figureName(list.Items[0])}
		}
		list.Items[0] = a.clear(list.Items[0], arg)
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
		it.columns = append(it.columns, &resolved{name: c, action: -1, item: it})
	}
	a.rename(it, f.Alias, 0)
	f.Alias = &pg.Alias{Aliasname: it.sql}
	if len(f.Coldeflist) == 0 {
		// A function of one column gives it the alias' name: the names are written out.
		for _, c := range it.columns {
			f.Alias.Colnames = append(f.Alias.Colnames, str(c.name))
		}
	}
	return from{node: n, items: []*item{it}, columns: it.columns}
}

func firstCall(f *pg.RangeFunction) *pg.FuncCall {
	if len(f.Functions) == 0 || len(f.Functions[0].GetList().GetItems()) == 0 {
		return nil
	}
	return f.Functions[0].GetList().Items[0].GetFuncCall()
}

// columnDefs checks a column definition list and returns its names.
func (a *analysis) columnDefs(defs []*pg.Node) (out []string) {
	for _, d := range defs {
		c := d.GetColumnDef()
		if c == nil {
			a.unknown(d, "this kind of column definition")
		}
		a.typeName(c.TypeName)
		if c.RawDefault != nil || c.CookedDefault != nil || len(c.Constraints) > 0 {
			a.fail(codeSyntax, c.Location, "a column definition in FROM has a name and a type only", "")
		}
		out = append(out, c.Colname)
	}
	return out
}

// join analyses a JOIN. USING and NATURAL over sealed columns become ON, over the
// twins, so that the originals' own types and indexes serve.
func (a *analysis) join(j *pg.JoinExpr, n *pg.Node, sc, left *scope) from {
	l := a.fromItem(j.Larg, sc, left)
	j.Larg = l.node
	lateral := &scope{parent: left, ctes: sc.ctes}
	lateral.add(l)
	r := a.fromItem(j.Rarg, sc, lateral)
	j.Rarg = r.node
	if j.JoinUsingAlias != nil {
		a.fail("0A000", 0, "an alias of a USING clause is not supported", "qualify the columns with the tables' names")
	}
	out := from{node: n, items: append(slices.Clone(l.items), r.items...)}
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
		// NATURAL without a common column is a cross join, which PostgreSQL must not
		// see otherwise where a hidden column is common.
		j.IsNatural = false
		if j.Quals != nil {
			on := &scope{parent: sc.parent, ctes: sc.ctes}
			on.add(l)
			on.add(r)
			j.Quals = a.condition(j.Quals, on)
		} else if j.Jointype != pg.JoinType_JOIN_INNER {
			j.Quals = boolean(true)
		}
	}
	if j.Alias != nil {
		it := a.newItem(j.Alias.Aliasname)
		for _, c := range out.columns {
			if c.emit != nil && c.seal != nil {
				a.fail("0A000", 0, "an alias of a JOIN … USING over sealed columns is not supported", "write the join in a sub-select, or with ON")
			}
			own := *c
			own.item, own.emit = it, nil
			if own.twin != "" {
				own.twin, own.useTwin = "", nil // not visible through the alias
			}
			it.columns = append(it.columns, &own)
		}
		a.rename(it, j.Alias, 0)
		j.Alias.Aliasname = it.sql
		out.items, out.columns = []*item{it}, it.columns
	}
	return out
}

// using merges the columns of a USING or NATURAL join.
func (a *analysis) using(j *pg.JoinExpr, l, r from, names []string, out *from) {
	type pair struct{ l, r *resolved }
	var pairs []pair
	sealed := false
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
			a.refer(found, nil, 0)
		}
		return found
	}
	for _, name := range names {
		p := pair{find(l.columns, name, "left"), find(r.columns, name, "right")}
		pairs = append(pairs, p)
		sealed = sealed || p.l.seal != nil || p.r.seal != nil || p.l.emit != nil || p.r.emit != nil
	}
	var quals []*pg.Node
	for _, p := range pairs {
		var merged *resolved
		if !sealed {
			a.refer(p.l, nil, 0)
			a.refer(p.r, nil, 0)
			a.sameFence([]value{{fence: a.fenceOf(p.l)}, {fence: a.fenceOf(p.r)}}, 0)
			if merged = a.merged(j, p.l, p.r); j.Jointype == pg.JoinType_JOIN_FULL {
				// Either side's: PostgreSQL's own merged column, which has no table.
				merged = &resolved{name: p.l.name, typ: p.l.typ, action: p.l.action, fence: a.fenceOf(p.l)}
			}
		} else {
			lv, rv := a.value(p.l), a.value(p.r)
			if lv.seal == nil && rv.seal == nil {
				a.sameFence([]value{lv, rv}, 0)
				quals = append(quals, op("=", lv.node, rv.node))
			} else {
				quals = append(quals, a.equality("=", lv, rv, true, 0))
			}
			merged = a.merged(j, p.l, p.r)
		}
		out.columns = append(out.columns, merged)
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
	if sealed {
		j.UsingClause, j.IsNatural = nil, false
		j.Quals = quals[0]
		if len(quals) > 1 {
			j.Quals = both(quals...)
		}
		return
	}
	if j.IsNatural {
		j.IsNatural, j.UsingClause = false, nameNodes(names)
	}
}

// nameNodes is names of a list, where a parameter has the function's name.
func nameNodes(list []string) []*pg.Node { return names(list...) }

// merged is the column that a sealed USING leaves: the left one, the right one of a
// right join, either of a full join.
func (a *analysis) merged(j *pg.JoinExpr, l, r *resolved) *resolved {
	side := l
	switch j.Jointype {
	case pg.JoinType_JOIN_RIGHT:
		side = r
	case pg.JoinType_JOIN_FULL:
		m := &resolved{name: l.name, seal: l.seal, typ: l.typ, action: -1}
		m.emit = func() *pg.Node { return coalesce(a.refer(l, nil, 0), a.refer(r, nil, 0)) }
		return m
	}
	m := *side
	m.emit = func() *pg.Node { return a.refer(side, nil, 0) }
	m.use = nil
	return &m
}
