package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Cohorts: pseudonyms that a client writes as rows, in VALUES or an array that is
// unnested. They stay what the client wrote. Where they are compared with a sealed id, the
// comparison is with a column beside them, of what they open to, which has no name that
// the client could know.

// cohort is a column of pseudonyms that are written out.
type cohort struct {
	*cohortRows
	index int
	cells []constant
}

// cohortRows are the rows of a VALUES.
type cohortRows struct {
	values *pg.SelectStmt
	// added are the places of columns that were opened, by column, domain and type.
	added map[string]int
	// whole: a whole row of it is used, in which such a column would be seen.
	whole bool
}

// column is the cohort of column i of VALUES, or nil where a cell is no literal.
func (rows *cohortRows) column(i int) *cohort {
	c := &cohort{cohortRows: rows, index: i}
	for _, l := range rows.values.ValuesLists {
		items := l.GetList().GetItems()
		if i >= len(items) {
			return nil
		}
		k, ok := constantOf(items[i])
		if !ok || k.param > 0 {
			return nil
		}
		c.cells = append(c.cells, k)
	}
	return c
}

// open adds a column of what the pseudonyms open to, and returns its place.
func (a *analysis) openCohort(c *cohort, s *keying) int {
	if c.whole {
		a.fail(codeForbidden, 0, "the whole row of a list of pseudonyms is used beside them", "Name the columns that are needed.")
	}
	key := fmt.Sprint(c.index, " ", s.shadow, " ", s.domain)
	if at, ok := c.added[key]; ok {
		return at
	}
	at := len(c.values.ValuesLists[0].GetList().Items)
	for i, l := range c.values.ValuesLists {
		l.GetList().Items = append(l.GetList().Items, a.openedCell(c.cells[i], s))
	}
	c.added[key] = at
	return at
}

// openedCell is a pseudonym as it compares with a column; NULL where it opens to nothing
// that the column could have.
func (a *analysis) openedCell(k constant, s *keying) *pg.Node {
	if !k.null {
		if id, ok := a.open(s, k.text); ok {
			if n := comparand(s.shadow, id); n != nil {
				return n
			}
		}
	}
	switch s.shadow {
	case rows.ShadowInteger:
		return cast(null(), "int8")
	case rows.ShadowUUID:
		return cast(null(), "uuid")
	}
	return cast(null(), "text")
}

// cohortEquality compares a sealed id with a column of pseudonyms, or returns nil where
// the value is none.
func (a *analysis) cohortEquality(kind string, l, r value, truth bool) *pg.Node {
	if kind != "=" || r.column == nil || r.column.opened == nil || r.column.emit != nil || l.keying.domain == "" || l.keying.Entity != "" {
		return nil
	}
	t := l.shadow(a)
	if t == nil {
		return nil
	}
	other := r.column.opened(l.keying)
	if truth {
		return op("=", t, other)
	}
	return when(both(isNotNull(t), isNotNull(r.node)), coalesce(op("=", t, other), boolean(false)))
}

// openIn opens the pseudonyms of IN (VALUES …), which nothing else can see.
func (a *analysis) openIn(res *result, v value) *pg.Node {
	if len(res.columns) != 1 || res.columns[0].cohort == nil || v.keying == nil || v.keying.domain == "" {
		return nil
	}
	t, c := v.shadow(a), res.columns[0].cohort
	if t == nil {
		return nil
	}
	for i, l := range c.values.ValuesLists {
		l.GetList().Items[0] = a.openedCell(c.cells[i], v.keying)
	}
	return t
}

// spreadArray writes unnest of an array that is written out as VALUES, or returns nil.
func spreadArray(f *pg.RangeFunction) *pg.SelectStmt {
	c := firstCall(f)
	if len(f.Functions) != 1 || f.Ordinality || len(f.Coldeflist) > 0 || len(c.GetArgs()) != 1 || f.Alias == nil {
		return nil
	}
	parts, ok := dotted(c.Funcname)
	if !ok || parts[len(parts)-1] != "unnest" || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		return nil
	}
	arr := c.Args[0]
	texts := arr.GetTypeCast() == nil
	for arr.GetTypeCast() != nil {
		t := arr.GetTypeCast().TypeName
		texts = slices.Contains([]string{"text", "varchar"}, lastPart(t.Names)) && len(t.ArrayBounds) == 1
		if !texts {
			return nil
		}
		arr = arr.GetTypeCast().Arg
	}
	var cells []*pg.Node
	if e := arr.GetAArrayExpr(); e != nil {
		for _, n := range e.Elements {
			k, ok := constantOf(n)
			if !ok || k.param > 0 || k.number || n.GetTypeCast() != nil {
				return nil
			}
			cells = append(cells, n)
		}
	} else if s, ok := constantText(arr); ok && texts && c.Args[0].GetTypeCast() != nil {
		elements, ok := rows.ParseArray([]byte(s))
		if !ok {
			return nil
		}
		for _, e := range elements {
			if e == nil {
				cells = append(cells, null())
			} else {
				cells = append(cells, text(string(e)))
			}
		}
	}
	if len(cells) == 0 {
		return nil
	}
	q := &pg.SelectStmt{LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}
	for _, n := range cells {
		q.ValuesLists = append(q.ValuesLists, &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{cast(n, "text")}}}})
	}
	return q
}

// parameterRows is unnest of an array parameter, whose elements may turn out to be
// pseudonyms: the column then holds what they open to, and comes as a keyed one. nil for
// other functions.
func (a *analysis) parameterRows(f *pg.RangeFunction, n *pg.Node) *from {
	c := firstCall(f)
	if len(f.Functions) != 1 || f.Ordinality || len(f.Coldeflist) > 0 || len(c.GetArgs()) != 1 || f.Alias == nil || len(f.Alias.Colnames) > 1 {
		return nil
	}
	parts, ok := dotted(c.Funcname)
	if !ok || len(parts) == 0 || parts[len(parts)-1] != "unnest" || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		return nil
	}
	arg := c.Args[0]
	if t := arg.GetTypeCast(); t != nil && len(t.TypeName.ArrayBounds) == 1 && slices.Contains([]string{"text", "varchar"}, lastPart(t.TypeName.Names)) {
		a.typeName(t.TypeName)
		arg = t.Arg
	}
	p := arg.GetParamRef()
	if p == nil || arg == c.Args[0] {
		return nil
	}
	it := a.newItem(f.Alias.Aliasname)
	rc := &resolved{name: it.alias, action: -1, item: it}
	it.columns = []*resolved{rc}
	a.rename(it, f.Alias, 0)
	name := a.shadowName()
	rc.as = name
	uses := 0
	rc.use = func() { uses++ }
	rc.opened = func(s *keying) *pg.Node {
		ref := column(it.ref, name)
		if rc.keying == nil {
			if old := a.params[p.Number]; uses > 1 || old != nil && !old.tested {
				a.mixedParam(p.Number, p.Location)
			}
			c.Args[0] = a.sealedParam(p.Number, s, true, p.Location)
			a.params[p.Number].Nulls = true
			own := *s
			rc.keying = &own
			rc.emit = func() *pg.Node { return when(isNotNull(ref), row(a.tagText(), collateC(cast(ref, "text")))) }
		}
		switch s.shadow {
		case rows.ShadowInteger:
			return cast(ref, "int8")
		case rows.ShadowUUID:
			return cast(ref, "uuid")
		}
		return ref
	}
	a.finish = append(a.finish, func() {
		if rc.keying == nil {
			a.clearParam(p)
		}
	})
	c.Funcname = names("pg_catalog", "unnest")
	f.Alias = &pg.Alias{Aliasname: it.ref, Colnames: names(name)}
	return &from{node: n, items: []*item{it}, columns: it.columns}
}
