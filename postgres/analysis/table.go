package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// tableItem is a table in FROM: the sub-select that replaces it, of the columns that the
// statement uses.
type tableItem struct {
	*analysis
	shape  *shape
	item   *item
	source *pg.RangeVar
	stmt   *pg.SelectStmt
	// drawn is the condition of a sample that is drawn by a keyed hash.
	drawn   *pg.Node
	columns []*tableColumn
	// place is the name of the column with the rows' places, once it is requested; label is what
	// the places are keyed by.
	place, label string
	// fenced has the conditions that are evaluated in the sub-select, and nearby what follows
	// from them about originals: see daterange.go.
	fenced, nearby []*pg.Node
	// renamed: the statement gives the columns names of its own.
	renamed bool
	// seen is the name of the condition on a system relation's rows, if columns need it.
	seen string
	// joined: something is joined to the table, so that its system columns must be qualified.
	joined bool
	// hashes has the names of the sub-selects joined to the table, by what they compute.
	hashes map[string][2]string
}

// tableColumn is a column of a table with what the statement uses of it: its masked form,
// and for a keyed one the shadow column, the computable date, the bare original, and whether
// it is an empty text.
type tableColumn struct {
	shape                                            *shapeColumn
	used, shadowUsed, plainUsed, bareUsed, emptyUsed bool
	shadow, plain, bare, raw, empty                  string
}

// table makes the sub-select that replaces a table.
func (a *analysis) table(s *shape, v *pg.RangeVar, sample *pg.RangeTableSample, alias string) from {
	t := &tableItem{
		analysis: a, shape: s, item: a.newItem(alias),
		source: &pg.RangeVar{Schemaname: s.relation.Schema, Relname: s.relation.Name, Inh: v.Inh, Relpersistence: "p"},
	}
	it := t.item
	it.relation = s.relation
	it.table = t
	if v.Alias == nil {
		it.schema = s.relation.Schema
	}
	t.begin(sample)
	renamed := v.Alias != nil && len(v.Alias.Colnames) > 0
	t.renamed = renamed
	for _, c := range s.columns {
		if c.treatment != Hidden {
			it.columns = append(it.columns, t.column(c, renamed))
		}
	}
	if catalog.IsSystem(s.relation.Schema) {
		for _, name := range []string{"tableoid", "xmin"} {
			c := &tableColumn{shape: &shapeColumn{Attribute: catalog.Attribute{Name: name}, treatment: Clear}}
			t.columns = append(t.columns, c)
			it.extra = append(it.extra, &resolved{name: name, action: -1, item: it, use: func() { c.used = true }})
		}
	}
	it.persons()
	a.crowdOf(it, s)
	a.rename(it, v.Alias, v.Location)
	if !catalog.IsSystem(s.relation.Schema) {
		t.places(sample != nil)
	}
	a.finish = append(a.finish, t.finish)
	out := &pg.Alias{Aliasname: it.ref}
	if renamed {
		out.Colnames = a.columnAliases(it)
	}
	return from{node: subselect(t.stmt, out), items: []*item{it}, columns: it.columns, sources: []*item{it}}
}

// begin begins the sub-select. A sample of masked rows is drawn by Veil.
func (t *tableItem) begin(sample *pg.RangeTableSample) {
	fromNode := &pg.Node{Node: &pg.Node_RangeVar{RangeVar: t.source}}
	if sample != nil {
		t.sample(sample)
		if t.shape.tells() {
			t.drawn = t.analysis.drawn(t.shape.relation, sample)
		} else {
			sample.Relation = fromNode
			fromNode = &pg.Node{Node: &pg.Node_RangeTableSample{RangeTableSample: sample}}
		}
	}
	t.stmt = &pg.SelectStmt{FromClause: []*pg.Node{fromNode}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}
	switch {
	case t.shape.guarded:
		t.guard()
	case t.shape.where != "":
		t.stmt.WhereClause = t.fragment(t.shape.where)
	}
	if t.shape.apart {
		t.setApart()
	}
	if t.drawn != nil {
		t.stmt.WhereClause = t.drawn
	}
	t.subselects[t.stmt] = true
}

// setApart makes PostgreSQL evaluate the conditions of the sub-select before any of the
// statement's.
func (t *tableItem) setApart() {
	t.stmt.LimitOffset, t.stmt.LimitOption = nth(0), pg.LimitOption_LIMIT_OPTION_COUNT
}

// guard names the condition on a system relation's rows, which WHERE and the guarded columns
// use.
func (t *tableItem) guard() {
	t.seen = t.shadowName()
	t.beside(pg.JoinType_JOIN_INNER, [2]string{t.seen, t.seen}, selectOf(t.fragment(t.shape.where)))
	t.stmt.WhereClause = column(t.seen, t.seen)
}

// column adds a column as the statement may refer to it.
func (t *tableItem) column(c *shapeColumn, used bool) *resolved {
	if c.treatment == Keyed && t.inSQL[c.keying] {
		c = c.computed()
	}
	e := &tableColumn{shape: c, used: used}
	t.columns = append(t.columns, e)
	relation := t.shape.relation
	at := rows.Origin{Table: relation.OID, Column: c.Number}
	rc := &resolved{name: c.Name, typ: c.shown, action: -1, shown: at, item: t.item, row: t.item, base: c.Name, use: func() { e.used = true }, used: func() bool { return e.used }}
	switch c.treatment {
	case Clear:
		rc.origin = at
	case Pushed:
		if c.action != nil {
			rc.action = t.action(*c.action)
		}
		if typ := t.catalog.Base(c.Type); typ != nil && (catalog.IsNumber(typ.OID) || catalog.IsFloat(typ.OID)) && c.shown == catalog.OIDText {
			rc.retyped = relation.Schema + "." + relation.Name + "." + c.Name
		}
	case Keyed:
		t.keyed(e, rc)
	}
	return rc
}

// keyed allows the statement to refer to what a keyed column has besides its wrapper.
func (t *tableItem) keyed(e *tableColumn, rc *resolved) {
	c := e.shape
	rc.keying = c.keying
	if c.keying.datable() && t.shape.where == "" {
		rc.date = &dated{keying: c.keying, typ: c.keying.typ.OID, used: func() bool { return e.plainUsed }, plain: func() *pg.Node {
			if e.plain == "" {
				e.plain = t.shadowName()
			}
			e.plainUsed = true
			return column(t.item.ref, e.plain)
		}}
	}
	if c.keying.empties {
		rc.empty = func() *pg.Node {
			if e.empty == "" {
				e.empty = t.shadowName()
			}
			e.emptyUsed = true
			return column(t.item.ref, e.empty)
		}
	}
	if c.keying.shadow != rows.ShadowNone {
		e.shadow = t.shadowName()
		rc.shadow, rc.useShadow = e.shadow, func() { e.shadowUsed = true }
	}
	if c.keying.shadow == rows.ShadowText && c.keying.guard != "" {
		rc.raw = func() *pg.Node {
			if e.raw == "" {
				e.raw = t.shadowName()
			}
			return column(t.item.ref, e.raw)
		}
	}
	if c.keying.showsBare() && t.shape.where == "" {
		e.bare = t.shadowName()
		rc.bare, rc.useBare = e.bare, func() { e.bareUsed = true }
		rc.origin = rc.shown
	}
}

// places allows the statement to request the places of the table's rows.
func (t *tableItem) places(sampled bool) {
	it, relation := t.item, t.shape.relation
	t.label = t.analysis.label(relation.Schema + "." + relation.Name)
	it.place = func() *pg.Node {
		if it.entire {
			return seededText(t.label, t.untagged(wholeOf(it.ref)))
		}
		if t.place == "" {
			t.place = t.shadowName()
		}
		return column(it.ref, t.place)
	}
	if t.shape.tells() {
		t.told++
	}
	if !sampled && t.paged(t.shape) {
		it.first = &page{relation: relation, label: t.label}
	}
}

// finish writes the columns that are used, once the whole statement is analysed.
func (t *tableItem) finish() {
	for _, c := range t.columns {
		if c.used {
			t.add(c.shape.Name, t.masked(c))
		}
	}
	for _, c := range t.columns {
		if c.shadowUsed {
			t.depends(c.shape.keying.typ)
			t.add(c.shadow, t.bare(c.shape.keying))
		}
		if c.raw != "" {
			t.depends(c.shape.keying.typ)
			t.add(c.raw, column(c.shape.keying.column))
		}
		if c.plainUsed {
			t.add(c.plain, t.plainDate(c.shape.keying))
		}
		if c.emptyUsed {
			t.depends(c.shape.keying.typ)
			t.add(c.empty, when(isNotNull(t.wrapped(c.shape.keying)), op("=", collateC(t.originalText(c.shape.keying)), text(""))))
		}
	}
	for _, c := range t.columns {
		if c.bareUsed {
			t.depends(c.shape.keying.typ)
			t.add(c.bare, column(c.shape.keying.column))
			t.stmt.WhereClause = isNotNull(column("tableoid")) // no index-only scan: see wrapper
			if t.drawn != nil {
				t.stmt.WhereClause = both(t.stmt.WhereClause, t.drawn)
			}
		}
	}
	t.finishPlaces()
	if t.joined {
		t.qualify()
	}
	if len(t.stmt.TargetList) == 0 {
		t.add(t.shadowName(), null())
	}
	if t.fenced != nil {
		t.putFence()
	}
}

func (t *tableItem) add(name string, n *pg.Node) {
	t.stmt.TargetList = append(t.stmt.TargetList, target(name, n))
}

// masked returns what replaces a column.
func (t *tableItem) masked(c *tableColumn) *pg.Node {
	if c.shape.joined {
		t.setApart()
	}
	if c.shape.guarded {
		n := when(column(t.seen, t.seen), column(c.shape.Name))
		if typ := t.catalog.Type(c.shape.Type); typ.Kind == 'd' {
			n = castTo(n, typ.Schema, typ.Name)
		}
		return n
	}
	switch c.shape.treatment {
	case Clear:
		t.plan.Clear[rows.Origin{Table: t.shape.relation.OID, Column: c.shape.Number}] = true
	case Pushed:
		n := c.shape.expression(t.analysis)
		if c.shape.hash != nil {
			n = t.hashed(n, hashColumn, c.shape.hash)
		}
		for i, h := range c.shape.hashes {
			n = t.hashed(n, branchHash(i), h)
		}
		if len(c.shape.related) > 0 {
			t.source.Alias = &pg.Alias{Aliasname: rows.RowAlias}
			t.relate(n, c.shape.related)
		}
		return n
	case Keyed:
		n := t.wrapped(c.shape.keying)
		t.depends(c.shape.keying.typ)
		return n
	}
	return column(c.shape.Name)
}

// wrapped returns the wrapper of a keyed value of the table.
func (t *tableItem) wrapped(s *keying) *pg.Node {
	if len(s.knownRows) > 0 {
		t.source.Alias = &pg.Alias{Aliasname: rows.RowAlias}
	}
	return t.wrapper(s)
}

// finishPlaces writes the rows' places, and the condition for the rows of a page.
func (t *tableItem) finishPlaces() {
	p := t.item.first
	if p != nil && p.offset != nil {
		shown := t.write(p, pageOf)
		if t.stmt.WhereClause != nil {
			shown = both(t.stmt.WhereClause, shown)
		}
		t.stmt.WhereClause = shown
	}
	switch {
	case t.place == "":
	case p != nil && p.limit != nil && p.offset == nil:
		t.add(t.place, t.write(p, drawnFirst))
	default:
		t.add(t.place, t.lies(t.shape.relation, t.label))
	}
}
