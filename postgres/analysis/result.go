package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// result is what a query returns.
type result struct {
	columns []*resultColumn
	// into is the SELECT that twins are added to.
	into *pg.SelectStmt
	// swap puts the twin of the only column in its place; nil where that cannot be.
	swap func()
	// add appends a twin's target to the query under a name, append another one.
	add    func(i int, name string)
	append func(name string, n *pg.Node)
	// told: the query reads rows whose order could tell something. safe: the order in
	// which its own come does not.
	told, safe bool
	// place appends the place of the rows to the query under a name, placeName that
	// under which it was asked for; nil where the query cannot tell it.
	place     func(name string)
	placeName string
	// first is set where its rows are all rows of one table, which can draw the first.
	first *page
}

type resultColumn struct {
	name   string
	seal   *seal
	null   bool // the bare constant NULL, which any column can be united with
	typ    uint32
	action int
	origin rows.Origin
	failed *Refusal
	fence  *catalog.Type
	names  string // as in value
	source *resolved
	// node is what the query returns for the column, bare that it is the original.
	node *pg.Node
	bare bool
	row  *item
	base string
	// twinName is the name under which the twin was asked for.
	twinName string
	twinUsed bool
	// date and person are those of the value; plainName is the name under which the
	// date as it can be computed with was asked for.
	date      *dated
	person    *person
	plainName string
	// cohort is set for a column of VALUES whose cells are written out.
	cohort *cohort
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

// usePlain makes the query return the date of column i as it can be computed with.
func (r *result) usePlain(a *analysis, i int) string {
	c := r.columns[i]
	if c.plainName == "" {
		c.plainName = a.twinName()
		r.append(c.plainName, c.date.plain())
	}
	return c.plainName
}
