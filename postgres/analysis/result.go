package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// result is what a query returns.
type result struct {
	columns []*resultColumn
	// into is the SELECT that shadow columns are added to.
	into *pg.SelectStmt
	// swap puts the shadow column of a column in its place; nil where that cannot be.
	swap func(i int)
	// add appends a shadow column's target to the query under a name, append another one.
	add    func(i int, name string)
	append func(name string, n *pg.Node)
	// retarget changes what the query returns for a column; nil where something else of it
	// depends on that.
	retarget func(i int, f func(*pg.Node) *pg.Node)
	// told: the query reads rows whose order could tell something. safe: the order in
	// which its own come does not.
	told, safe bool
	// place appends the place of the rows to the query under a name, placeName that
	// under which it was requested; nil where the query cannot tell it.
	place     func(name string)
	placeName string
	crowd     crowd
	// first is set where its rows are all rows of one table, which can draw the first.
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
	// node is what the query returns for the column, bare that it is the original.
	node *pg.Node
	bare bool
	row  *item
	base string
	// shadowName is the name under which the shadow column was requested.
	shadowName string
	shadowUsed bool
	// date and person are those of the value; plainName is the name under which the
	// date as it can be computed with was requested.
	date      *dated
	person    *person
	folk      *folk
	plainName string
	// empty makes a reference to whether the masked text is an empty one, and emptyName is
	// the name under which that was requested.
	empty     func() *pg.Node
	emptyName string
	// list is set for collected ids; listName is the name under which the array of the
	// originals was requested.
	list     *idList
	listName string
	// lastly: a column of SEARCH or CYCLE, which stands behind the others, and which no alias
	// can give another name.
	lastly bool
	// cohort is set for a column of VALUES whose cells are written out.
	cohort *cohort
	// markShadow notes that the shadow column is needed; nil where there is none.
	markShadow func()
}

func (r *result) hasShadow(i int) bool { return r.columns[i].markShadow != nil && r.add != nil }

func (r *result) shadowName(a *analysis, i int) string {
	if r.columns[i].shadowName == "" {
		r.columns[i].shadowName = a.shadowName()
	}
	return r.columns[i].shadowName
}

// useShadow makes the query return the shadow column of column i too.
func (r *result) useShadow(i int) {
	c := r.columns[i]
	if c.shadowUsed {
		return
	}
	c.shadowUsed = true
	c.markShadow()
	r.add(i, c.shadowName)
}

// usePlain makes the query return the date of column i as it can be computed with.
func (r *result) usePlain(a *analysis, i int) string {
	c := r.columns[i]
	if c.plainName == "" {
		c.plainName = a.shadowName()
		r.append(c.plainName, c.date.plain())
	}
	return c.plainName
}

// useEmpty makes the query return whether the text of column i is empty.
func (r *result) useEmpty(a *analysis, i int) string {
	c := r.columns[i]
	if c.emptyName == "" {
		c.emptyName = a.shadowName()
		r.append(c.emptyName, c.empty())
	}
	return c.emptyName
}
