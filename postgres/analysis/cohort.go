package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Cohorts: pseudonyms that a client writes as rows, in VALUES or an unnested array. They
// remain as the client wrote them. A comparison with a sealed id uses an additional
// column with the opened values, whose name the client cannot know.

// cohort is a column of pseudonyms that are written out.
type cohort struct {
	*cohortRows
	index int
	cells []constant
}

// cohortRows has the rows of a VALUES.
type cohortRows struct {
	values *pg.SelectStmt
	// added has the places of columns with opened values, by column, domain and type.
	added map[string]int
	// whole: a whole row of it is used, in which such a column would be visible.
	whole bool
}

// column returns the cohort of column i of VALUES, or nil if a cell is not a literal.
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

// open adds a column with the opened values of the pseudonyms, and returns its place.
func (a *analysis) openCohort(c *cohort, s *keying) int {
	if c.whole {
		a.fail(codeForbidden, 0, "a list of pseudonyms is used both as a whole row and in a comparison", "Name the columns that are needed.")
	}
	key := fmt.Sprint(c.index, " ", s.shadow, " ", s.domain)
	if at, ok := c.added[key]; ok {
		return at
	}
	at := len(c.values.ValuesLists[0].GetList().Items)
	for i, l := range c.values.ValuesLists {
		l.GetList().Items = append(l.GetList().Items, a.openedCell(c.cells[i], s, i == 0))
	}
	c.added[key] = at
	return at
}

// openedCell returns a pseudonym in the form that compares with a column; NULL if it
// opens to nothing that the column could have. The cell of the first row determines the
// type of all.
func (a *analysis) openedCell(k constant, s *keying, first bool) *pg.Node {
	cell := null()
	if !k.null {
		if id, ok := a.open(s, k.text); ok && s.shadow.Writes(id) {
			cell = text(id)
		}
	}
	if first {
		return cast(cell, openedType(s.shadow))
	}
	return cell
}

// openedType returns the type in which opened pseudonyms are compared.
func openedType(k rows.ShadowKind) string {
	switch k {
	case rows.ShadowInteger:
		return "int8"
	case rows.ShadowUUID:
		return "uuid"
	}
	return "text"
}

// cohortEquality compares a sealed id with a column of pseudonyms, or returns nil if the
// value is not one.
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
		return op("=", l.found(t, true), other)
	}
	return when(both(isNotNull(t), isNotNull(r.node)), coalesce(op("=", t, other), boolean(false)))
}

// openIn opens the pseudonyms of IN (SELECT …), where the column is one of pseudonyms
// that are written out. If NULL and false make a difference, what does not open must not
// become NULL.
func (a *analysis) openIn(q *pg.SelectStmt, res *result, v value, truth bool) *pg.Node {
	if len(res.columns) != 1 || v.keying == nil || v.keying.domain == "" || v.keying.Entity != "" {
		return nil
	}
	t, c := v.shadow(a), res.columns[0]
	switch {
	case t == nil:
		return nil
	case c.cohort != nil && truth: // VALUES, which nothing else can see
		for i, l := range c.cohort.values.ValuesLists {
			l.GetList().Items[0] = a.openedCell(c.cohort.cells[i], v.keying, i == 0)
		}
		return v.found(t, true)
	case c.source != nil && c.source.opened != nil && c.source.emit == nil && c.keying == nil && len(q.SortClause)+len(q.DistinctClause)+len(q.GroupClause) == 0 && q.Op == pg.SetOperation_SETOP_NONE:
		if !truth && c.source.cohort == nil {
			return nil
		}
		target := q.TargetList[0].GetResTarget()
		written := target.Val
		target.Val = c.source.opened(v.keying)
		if !truth {
			known := either(isNotNull(target.Val), isNull(written))
			if q.WhereClause != nil {
				known = both(q.WhereClause, known)
			}
			q.WhereClause = known
		}
		return v.found(t, truth)
	}
	return nil
}

// unnestTarget moves SELECT unnest(…), if that is the whole query, into its FROM.
func unnestTarget(q *pg.SelectStmt, name string) {
	if len(q.TargetList) != 1 || len(q.FromClause)+len(q.ValuesLists)+len(q.GroupClause)+len(q.SortClause)+len(q.DistinctClause) > 0 || q.Op != pg.SetOperation_SETOP_NONE ||
		q.WhereClause != nil || q.HavingClause != nil || q.WithClause != nil || q.LimitCount != nil || q.LimitOffset != nil {
		return
	}
	t := q.TargetList[0].GetResTarget()
	if c := t.GetVal().GetFuncCall(); !isUnnest(c) || len(c.Args) != 1 {
		return
	}
	q.FromClause = []*pg.Node{{Node: &pg.Node_RangeFunction{RangeFunction: &pg.RangeFunction{
		Functions: []*pg.Node{{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{t.Val, {}}}}}},
		Alias:     &pg.Alias{Aliasname: name, Colnames: names(name)}}}}}
	t.Val = column(name, name)
}

// isUnnest reports whether a call is one of pg_catalog's unnest.
func isUnnest(c *pg.FuncCall) bool {
	parts, ok := dotted(c.GetFuncname())
	return c != nil && ok && (len(parts) == 1 || len(parts) == 2 && parts[0] == "pg_catalog") && parts[len(parts)-1] == "unnest" && c.Over == nil && !c.AggDistinct
}

// literalRows rewrites SELECT '…' UNION ALL SELECT '…', if its rows are literals, as
// VALUES with the same column names; it returns nil for anything else.
func literalRows(q *pg.SelectStmt) (columns []string) {
	var lists []*pg.Node
	if q.WithClause != nil || len(q.SortClause) > 0 || q.LimitCount != nil || q.LimitOffset != nil || !collectRows(q, &lists) {
		return nil
	}
	first := q
	for first.Op != pg.SetOperation_SETOP_NONE {
		first = first.Larg
	}
	for _, n := range first.TargetList {
		t := n.GetResTarget()
		name := t.Name
		if name == "" {
			name = resultName(t.Val)
		}
		columns = append(columns, name)
	}
	q.ValuesLists, q.Op, q.All, q.Larg, q.Rarg, q.TargetList = lists, pg.SetOperation_SETOP_NONE, false, nil, nil, nil
	return columns
}

// collectRows collects the rows of a query that consists only of literal rows.
func collectRows(q *pg.SelectStmt, lists *[]*pg.Node) bool {
	if q == nil || len(q.FromClause)+len(q.ValuesLists)+len(q.GroupClause)+len(q.DistinctClause)+len(q.WindowClause)+len(q.LockingClause) > 0 ||
		q.WhereClause != nil || q.HavingClause != nil || q.IntoClause != nil {
		return false
	}
	if q.Op != pg.SetOperation_SETOP_NONE {
		plain := func(s *pg.SelectStmt) bool {
			return s.WithClause == nil && len(s.SortClause) == 0 && s.LimitCount == nil && s.LimitOffset == nil
		}
		return q.Op == pg.SetOperation_SETOP_UNION && q.All && plain(q.Larg) && plain(q.Rarg) && collectRows(q.Larg, lists) && collectRows(q.Rarg, lists)
	}
	list := &pg.List{}
	for _, n := range q.TargetList {
		t := n.GetResTarget()
		if c, ok := constantOf(t.GetVal()); !ok || c.param > 0 || len(t.Indirection) > 0 {
			return false
		}
		list.Items = append(list.Items, t.Val)
	}
	*lists = append(*lists, &pg.Node{Node: &pg.Node_List{List: list}})
	return len(list.Items) > 0 && len(list.Items) == len((*lists)[0].GetList().Items)
}

// spreadArray rewrites unnest of a literal array as VALUES, or returns nil.
func spreadArray(f *pg.RangeFunction) *pg.SelectStmt {
	c := firstCall(f)
	if len(f.Functions) != 1 || f.Ordinality || len(f.Coldeflist) > 0 || len(c.GetArgs()) != 1 || f.Alias == nil || !isUnnest(c) {
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
