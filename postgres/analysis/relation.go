package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	pgquery "github.com/wasilibs/go-pgquery"
)

// relationRef replaces a reference to a table, view or common table expression with what the
// consumer may see of it.
func (a *analysis) relationRef(v *pg.RangeVar, sample *pg.RangeTableSample, sc *scope) from {
	if v.Catalogname != "" && v.Catalogname != a.session.Database {
		a.fail("0A000", v.Location, "cross-database references are not implemented", "Write schema.table.")
	}
	v.Catalogname = ""
	alias := v.Relname
	if v.Alias != nil {
		alias = v.Alias.Aliasname
	}
	if v.Schemaname == "" {
		if cte := sc.ctes.find(v.Relname); cte != nil {
			if sample != nil {
				a.fail(codeForbidden, v.Location, "TABLESAMPLE works on tables only", "")
			}
			v.Relname = cte.ref
			return a.fromResult(&pg.Node{Node: &pg.Node_RangeVar{RangeVar: v}}, cte.result, alias, v.Alias)
		}
	}
	r := a.catalog.Find(a.session.SearchPath, v.Schemaname, v.Relname)
	var s *shape
	switch {
	case r == nil:
	case catalog.IsSystem(r.Schema):
		s = a.systemShape(r)
	default:
		s = a.over.shapes[r.OID]
	}
	if s == nil || s.refused != "" || s.unlisted && a.views == 0 {
		// The message is the same whether or not the relation exists.
		a.failAbout(objectName(r), "relation", codeNoTable, v.Location, fmt.Sprintf("relation %q does not exist", dottedName(v)), "Only relations that the policy's tables rules cover exist.")
	}
	a.relations[r.Schema+"."+r.Name] = true
	if !catalog.IsSystem(r.Schema) {
		a.checked[r.OID] = r.Row
	}
	if s.expand {
		if sample != nil {
			a.fail(codeForbidden, v.Location, "TABLESAMPLE works on tables only", "")
		}
		return a.view(r, v, alias)
	}
	return a.table(s, v, sample, alias)
}

// objectName returns the name of a relation that the database has, or an empty text.
func objectName(r *catalog.Relation) string {
	if r == nil {
		return ""
	}
	return r.Schema + "." + r.Name
}

func dottedName(v *pg.RangeVar) string {
	if v.Schemaname != "" {
		return v.Schemaname + "." + v.Relname
	}
	return v.Relname
}

// relate allows an expression of Veil's own to read other relations, and records
// their versions.
func (a *analysis) relate(n *pg.Node, relations []*catalog.Relation) {
	walk(n.ProtoReflect(), func(m any) {
		v, ok := m.(*pg.RangeVar)
		if ok && slices.ContainsFunc(relations, func(r *catalog.Relation) bool { return r.Schema == v.Schemaname && r.Name == v.Relname }) {
			a.related[v] = true
		}
	})
	for _, r := range relations {
		a.checked[r.OID] = r.Row
	}
}

// sample checks a TABLESAMPLE clause.
func (a *analysis) sample(s *pg.RangeTableSample) {
	parts, ok := dotted(s.Method)
	if !ok || len(parts) != 1 || parts[0] != "system" && parts[0] != "bernoulli" {
		a.fail(codeForbidden, s.Location, "only SYSTEM and BERNOULLI samples are allowed", "")
	}
	for i := range s.Args {
		s.Args[i] = a.clear(s.Args[i], &scope{})
	}
	if s.Repeatable != nil {
		s.Repeatable = a.clear(s.Repeatable, &scope{})
	}
}

// wrapper returns the record that carries a keyed value:
// CASE WHEN v IS NOT NULL AND guard THEN ROW(tag, v::text, beside …) END.
func (a *analysis) wrapper(s *keying) *pg.Node {
	v := column(s.column)
	members := append([]*pg.Node{a.tagText(), collateC(a.originalText(s))}, s.members()...)
	cond := isNotNull(v)
	if s.guard != "" {
		cond = both(cond, a.fragment(s.guard))
	}
	if s.scan {
		// No index has a system column: this rules out an index-only scan, which would return the
		// rows in the originals' order.
		cond = both(cond, isNotNull(s.system("tableoid")))
	}
	if len(s.knownRows) > 0 {
		return a.withKnownRows(s, cond, row(members...))
	}
	return when(cond, row(members...))
}

// system returns a system column of the wrapper's row. Inside a sub-select, it is qualified.
func (s *keying) system(name string) *pg.Node {
	if len(s.knownRows) > 0 {
		return column(rows.RowAlias, name)
	}
	return column(name)
}

// bare returns the shadow column of a wrapper: the original in the form that compares.
func (a *analysis) bare(s *keying) *pg.Node {
	v := column(s.column)
	if s.shadow == rows.ShadowCast {
		v = collateC(cast(v, "text"))
	}
	if s.guard == "" {
		return v
	}
	return when(a.fragment(s.guard), v)
}

// fragment parses an expression of Veil's own. The overlay caches and shares the results.
func (a *analysis) fragment(sql string) *pg.Node { return a.over.fragment(sql) }

func (o *overlay) fragment(sql string) *pg.Node {
	if n, ok := o.fragments.Load(sql); ok {
		return n.(*pg.Node)
	}
	n := parseFragment(sql)
	o.fragments.Store(sql, n)
	return n
}

// parseFragment parses an expression of Veil's own that depends on the session.
func parseFragment(sql string) *pg.Node {
	tree, err := withParser(pgquery.Parse, "SELECT "+sql)
	if err != nil || len(tree.Stmts) != 1 {
		panic(&Refusal{Code: "XX000", Message: "the masking expression of a column does not parse", Reason: "internal"})
	}
	n := tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val
	unplace(n.ProtoReflect())
	return n
}

// rename applies the column names of an alias.
func (a *analysis) rename(it *item, alias *pg.Alias, at int32) {
	if alias == nil {
		return
	}
	list, ok := dotted(alias.Colnames)
	if i := slices.IndexFunc(it.columns, func(c *resolved) bool { return c.lastly }); i >= 0 && len(list) > i {
		ok = false
	}
	if !ok || len(list) > len(it.columns) {
		a.fail("42P10", at, fmt.Sprintf("table %q has fewer columns than names are given", it.alias), "")
	}
	for i, name := range list {
		it.columns[i].name = name
	}
}

// view expands a view: its definition is analysed as if it were written in its place, with
// the treatments of the tables that it reads. A column that uses a keyed value in a way that
// is refused is not available; the others are.
func (a *analysis) view(r *catalog.Relation, v *pg.RangeVar, alias string) from {
	if a.views >= maxViews {
		a.fail(codeLimit, v.Location, "views are nested too deep", "")
	}
	tree, err := withParser(pgquery.Parse, strings.TrimSuffix(strings.TrimSpace(r.Definition), ";"))
	if err != nil || len(tree.Stmts) != 1 || tree.Stmts[0].Stmt.GetSelectStmt() == nil {
		a.fail(codeForbidden, v.Location, fmt.Sprintf("view %q cannot be expanded", dottedName(v)), "Give its columns tables rules of their own.")
	}
	unplace(tree.Stmts[0].ProtoReflect())
	stmt := tree.Stmts[0].Stmt.GetSelectStmt()
	at, path := a.at, a.session
	if a.views == 0 {
		a.at = v.Location
	}
	a.views++
	own := *path
	own.SearchPath = nil // every name in a definition is qualified
	a.session = &own
	res := a.definition(stmt, r, v)
	a.views--
	a.at, a.session = at, path
	for _, c := range res.columns {
		c.shown = rows.Origin{}
		if i := slices.IndexFunc(r.Columns, func(rc catalog.Attribute) bool { return rc.Name == c.name }); i >= 0 {
			c.shown = rows.Origin{Table: r.OID, Column: r.Columns[i].Number}
		}
	}
	f := a.fromResult(subselect(stmt, nil), res, alias, v.Alias)
	if v.Alias == nil {
		f.items[0].schema = r.Schema
	}
	return f
}

// definition analyses the query of a view. The message of a refusal inside it is
// not reported.
func (a *analysis) definition(q *pg.SelectStmt, r *catalog.Relation, v *pg.RangeVar) *result {
	defer func() {
		x := recover()
		if inner, ok := x.(*Refusal); ok && inner.Code != codeLimit && inner.Code != "XX000" {
			x = &Refusal{
				Code: codeForbidden, Rule: inner.Rule, Column: inner.Column, Reason: "view", Position: inner.Position,
				Message: fmt.Sprintf("view %q cannot be used", dottedName(v)),
				Hint:    "The view reads or does something that the policy does not allow. The operator can give its columns tables rules of their own.",
				keying:  inner.keying,
			}
		}
		if x != nil {
			panic(x)
		}
	}()
	return a.query(q, &scope{}, mode{view: r, derived: true})
}

// maxViews limits how deeply views may read views.
const maxViews = 16

// fromResult makes a FROM item from a query's result. names is the alias of node.
func (a *analysis) fromResult(node *pg.Node, res *result, alias string, names *pg.Alias) from {
	it := a.newItem(alias)
	out := &pg.Alias{Aliasname: it.ref}
	persons := map[*person]*person{}
	about := func(p *person) *person {
		if p == nil {
			return nil
		}
		if persons[p] == nil {
			persons[p] = &person{item: it, prefix: p.prefix}
		}
		return persons[p]
	}
	for i, c := range res.columns {
		rc := &resolved{name: c.name, keying: c.keying, typ: c.typ, action: c.action, origin: c.origin, shown: c.shown, failed: c.failed, item: it, row: c.row, base: c.base, restricted: c.restricted, names: c.names, lastly: c.lastly}
		if c.keying != nil && res.hasShadow(i) {
			rc.shadow = res.shadowName(a, i)
			rc.useShadow = func() { res.useShadow(i) }
			if rc.person = about(c.person); rc.person != nil {
				rc.person.id = rc
			}
		}
		if c.cohort != nil {
			rc.cohort = c.cohort
			rc.opened = func(s *keying) *pg.Node {
				at := a.openCohort(c.cohort, s)
				for len(out.Colnames) <= at {
					out.Colnames = append(out.Colnames, str(a.shadowName()))
				}
				return column(it.ref, out.Colnames[at].GetString_().Sval)
			}
		}
		if c.keying != nil && c.date != nil && res.append != nil {
			d := *c.date
			d.person, d.plain = about(c.date.person), func() *pg.Node { return column(it.ref, res.usePlain(a, i)) }
			d.used = func() bool { return c.plainName != "" }
			rc.date = &d
		}
		if c.empty != nil && res.append != nil {
			rc.empty = func() *pg.Node { return column(it.ref, res.useEmpty(a, i)) }
		}
		if c.list != nil && res.append != nil {
			rc.list = &idList{keying: c.list.keying, ordered: c.list.ordered, node: func() *pg.Node { return column(it.ref, res.useList(a, i)) }}
		}
		it.columns = append(it.columns, rc)
	}
	a.crowdFrom(it, res, node.GetRangeSubselect().GetLateral())
	a.rename(it, names, 0)
	out.Colnames = a.columnAliases(it)
	if v := node.GetRangeVar(); v != nil {
		v.Alias = out
	} else {
		node.GetRangeSubselect().Alias = out
	}
	it.safe, it.place = res.safe, a.placeOf(it, res, node.GetRangeVar() == nil)
	if node.GetRangeVar() == nil {
		it.first = res.first
	}
	if res.told {
		a.told++
	}
	return from{node: node, items: []*item{it}, columns: it.columns, sources: []*item{it}}
}
