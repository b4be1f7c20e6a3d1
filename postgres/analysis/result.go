package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// result is the result of a query.
type result struct {
	columns []*resultColumn
	// into is the SELECT that shadow columns are added to.
	into *pg.SelectStmt
	// swap replaces a column with its shadow column; nil if that is not possible.
	swap func(i int)
	// add appends a column's shadow column to the query under a name, append any other target.
	add    func(i int, name string)
	append func(name string, n *pg.Node)
	// retarget changes what the query returns for a column; nil if another part of the query
	// depends on it.
	retarget func(i int, f func(*pg.Node) *pg.Node)
	// told: the query reads rows whose order could reveal something. safe: the order of its own
	// rows does not.
	told, safe bool
	// place appends the place of the rows to the query under a name, and placeName is the name
	// under which it was requested; place is nil if the query cannot return it.
	place     func(name string)
	placeName string
	crowd     crowd
	// first is set if its rows are all rows of one table, which can draw the first ones.
	first *page
}

type resultColumn struct {
	name       string
	keying     *keying
	null       bool // the bare constant NULL, which any column can be united with
	typ        uint32
	action     int
	origin     rows.Origin
	shown      rows.Origin // as in resolved
	failed     *Refusal
	restricted *catalog.Type
	names      string // as in value
	source     *resolved
	// node is what the query returns for the column; bare: that is the original.
	node *pg.Node
	bare bool
	row  *item
	base string
	// shadowName is the name under which the shadow column was requested.
	shadowName string
	shadowUsed bool
	// date and person are those of the value; plainName is the name under which the computable
	// form of the date was requested.
	date      *dated
	person    *person
	folk      *folk
	plainName string
	// empty makes a reference to whether the masked text is empty, and emptyName is the name
	// under which that was requested.
	empty     func() *pg.Node
	emptyName string
	// list is set for collected ids; listName is the name under which the array of the
	// originals was requested.
	list     *idList
	listName string
	// lastly: a column of SEARCH or CYCLE, which comes after the others, and which no alias can
	// rename.
	lastly bool
	// cohort is set for a column of VALUES whose cells are literals.
	cohort *cohort
	// markShadow records that the shadow column is needed; nil if there is none.
	markShadow func()
}

func (r *result) hasShadow(i int) bool { return r.columns[i].markShadow != nil && r.add != nil }

func (r *result) shadowName(a *analysis, i int) string {
	if r.columns[i].shadowName == "" {
		r.columns[i].shadowName = a.shadowName()
	}
	return r.columns[i].shadowName
}

// useShadow makes the query also return the shadow column of column i.
func (r *result) useShadow(i int) {
	c := r.columns[i]
	if c.shadowUsed {
		return
	}
	c.shadowUsed = true
	c.markShadow()
	r.add(i, c.shadowName)
}

// usePlain makes the query also return the computable form of the date of column i.
func (r *result) usePlain(a *analysis, i int) string {
	return r.also(a, &r.columns[i].plainName, r.columns[i].date.plain)
}

// useEmpty makes the query also return whether the text of column i is empty.
func (r *result) useEmpty(a *analysis, i int) string {
	return r.also(a, &r.columns[i].emptyName, r.columns[i].empty)
}

// useList makes the query also return the array of originals for column i.
func (r *result) useList(a *analysis, i int) string {
	return r.also(a, &r.columns[i].listName, r.columns[i].list.node)
}

// also makes the query also return a node. It returns the name of that column, which it
// remembers in name.
func (r *result) also(a *analysis, name *string, node func() *pg.Node) string {
	if *name == "" {
		*name = a.shadowName()
		r.append(*name, node())
	}
	return *name
}
