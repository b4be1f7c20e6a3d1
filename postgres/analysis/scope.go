package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// resolved is a column of an item in FROM, or of a query's result.
type resolved struct {
	name string
	// as is the column's name in the rewritten text, if another column has its name.
	as string
	// keying is nil if the column contains no original.
	keying *keying
	// typ is the column's type, if it is known.
	typ uint32
	// action is the number of the pushed-down rule that masked it, or -1.
	action int
	// origin is the relation's column that the upstream will name, if any.
	origin rows.Origin
	// shown is the relation's column that is reported to the client, if any.
	shown rows.Origin
	// failed says why a view's column is not available.
	failed *Refusal

	item *item
	// restricted is set if a derived column's type has casts of the database.
	restricted *catalog.Type
	// names is set if a derived column has names by OID.
	names string
	// row and base are the relation's reference and column, if it is an unchanged column.
	row  *item
	base string
	// emit makes the reference, if the column is that of another item or made from two.
	emit func() *pg.Node
	// use records that the column is read, useShadow that its shadow column is; used reports it.
	use, useShadow func()
	used           func() bool
	// shadow is the name of the bare original beside the wrapper, or empty.
	shadow string
	// bare is the name of the original as stored in the table, and useBare records that it is
	// read; empty if the result may not have it. See bare.go.
	bare    string
	useBare func()
	// empty makes a reference to whether the masked text is empty; nil if PostgreSQL cannot test
	// it.
	empty func() *pg.Node
	// raw refers to the original of a text as stored in the table, which an index can find; nil
	// if there is none. See indexed.go.
	raw func() *pg.Node
	// grouped columns are referred to by their shadow column.
	grouped bool
	// date is set for a shifted date, person for a sealed id of the person whom the row is
	// about.
	date   *dated
	person *person
	// list is set for collected ids.
	list *idList
	// folk is the person whom the column's id identifies, where the view counts people.
	folk *folk
	// opened makes a reference to the opened values of a column of pseudonyms; nil for others.
	opened func(s *keying) *pg.Node
	cohort *cohort
	// lastly is as in resultColumn.
	lastly bool
	// retyped names a number that a pushed-down rule turns into text; empty for others.
	retyped string
}

// item is an entry of a range table that can qualify a name.
type item struct {
	alias string
	// ref is its name in the rewritten text. PostgreSQL never resolves a name that the
	// client gave, which could have another meaning there.
	ref string
	// join marks an item that PostgreSQL does not have: the alias of a join.
	join bool
	// schema is set if schema.alias also names it.
	schema  string
	columns []*resolved
	// relation is set if the item is a table, and table is its sub-select.
	relation *catalog.Relation
	table    *tableItem
	// extra has columns that a star leaves out.
	extra []*resolved
	// place refers to the place of its rows (place.go); nil if they have none. safe: the order
	// of the rows reveals nothing.
	place func() *pg.Node
	safe  bool
	// first is set if all its rows are those of one table, which can draw the first ones.
	first *page
	// entire: its whole row is referred to, so that it cannot have additional columns.
	entire bool
	crowd  crowd
}

// newItem makes an item with a name of its own in the rewritten text.
func (a *analysis) newItem(alias string) *item { return &item{alias: alias, ref: a.shadowName()} }

// columnAliases returns the names of an item's columns in the rewritten text, which are
// unique.
func (a *analysis) columnAliases(it *item) []*pg.Node {
	seen := map[string]bool{}
	var out []*pg.Node
	for _, c := range it.columns {
		if c.lastly {
			break
		}
		if seen[c.name] {
			c.as = a.shadowName()
		}
		seen[c.name] = true
		out = append(out, str(c.upstream()))
	}
	return out
}

// upstream returns the column's name in the rewritten text.
func (c *resolved) upstream() string {
	if c.as != "" {
		return c.as
	}
	return c.name
}

// whole reports whether the item's whole row contains no original.
func (it *item) whole() bool {
	return !slices.ContainsFunc(it.columns, func(c *resolved) bool { return c.keying != nil || c.failed != nil })
}

// scope defines what names mean at one level of a query.
type scope struct {
	parent *scope
	items  []*item
	// columns has those that can be named without qualifying, in the order of *.
	columns []*resolved
	// ctes has the visible common table expressions.
	ctes *cteEnv
	// keys has the expressions of Veil's own order, keyNames the names of shadow columns among
	// them.
	keys     []*pg.Node
	keyNames []string
	// windows has the calls of window functions, partKeys the keys that a window partitions by.
	windows  []windowCall
	partKeys map[*pg.WindowDef][]string
	// seen: the order of the rows can be observed before keys order them.
	seen bool
	// query is the level's SELECT; groupPersons has the persons whom each group is about, and
	// partPersons those whom each partition of a window is about.
	query        *pg.SelectStmt
	groupPersons []*person
	// single has the persons whom every row of the level is about.
	single      []*person
	partPersons map[*pg.WindowDef][]*person
	// sources has the joined items, including those that a join's alias hides.
	sources []*item
	// aggregated: the level has an aggregate. gathers: it has one that depends on the order of
	// its input. unsure: it calls a function of the database, which may be one.
	aggregated, gathers, unsure bool
	// calls has the level's aggregates, folkWindows the windows that see one person's rows,
	// where the view counts people.
	calls       []*pg.FuncCall
	folkWindows map[*pg.WindowDef]bool
}

// cteEnv is a chain of common table expressions, the nearest first.
type cteEnv struct {
	parent *cteEnv
	// name is the client's, ref that in the rewritten text.
	name, ref string
	result    *result
}

func (e *cteEnv) find(name string) *cteEnv {
	for ; e != nil; e = e.parent {
		if e.name == name {
			return e
		}
	}
	return nil
}

// key records an expression of Veil's own order, with the name of the shadow column that it
// is, if any.
func (s *scope) key(name string, n *pg.Node) {
	if name != "" && slices.Contains(s.keyNames, name) {
		return
	}
	s.keys, s.keyNames = append(s.keys, n), append(s.keyNames, name)
}

// add adds the contents of a FROM item to the scope.
func (s *scope) add(f from) {
	s.items = append(s.items, f.items...)
	s.columns = append(s.columns, f.columns...)
	s.sources = append(s.sources, f.sources...)
}

// from is the contents of one FROM item: names to qualify with, and columns.
type from struct {
	node    *pg.Node
	items   []*item
	columns []*resolved
	sources []*item
}

// lookup resolves a column reference. Exactly one of the results is set: a column, or an
// item if the reference is to a whole row.
func (a *analysis) lookup(ref *pg.ColumnRef, sc *scope) (*resolved, *item) {
	parts, ok := dotted(ref.Fields)
	if !ok {
		a.fail(codeSyntax, ref.Location, "a star is not allowed here", "")
	}
	switch len(parts) {
	case 1:
		return a.unqualified(parts[0], sc, ref.Location)
	case 2:
		return a.qualified("", parts[0], parts[1], sc, ref.Location), nil
	case 3:
		return a.qualified(parts[0], parts[1], parts[2], sc, ref.Location), nil
	case 4:
		if parts[0] == a.session.Database {
			return a.qualified(parts[1], parts[2], parts[3], sc, ref.Location), nil
		}
	}
	a.fail(codeNoColumn, ref.Location, "this column reference cannot be resolved", "Name the column as table.column.")
	return nil, nil
}

func (a *analysis) unqualified(name string, sc *scope, at int32) (*resolved, *item) {
	for s := sc; s != nil; s = s.parent {
		var found *resolved
		for _, c := range s.columns {
			if c.name != name {
				continue
			}
			if found != nil {
				a.fail(codeAmbiguous, at, fmt.Sprintf("column reference %q is ambiguous", name), "Qualify it with the table's name.")
			}
			found = c
		}
		if found != nil {
			return found, nil
		}
	}
	for s := sc; s != nil; s = s.parent {
		for _, it := range s.items {
			if it.alias == name {
				return nil, it
			}
		}
	}
	a.fail(codeNoColumn, at, fmt.Sprintf("column %q does not exist", name), "")
	return nil, nil
}

func (a *analysis) qualified(schema, table, name string, sc *scope, at int32) *resolved {
	it := a.item(schema, table, sc, at)
	var found *resolved
	for _, c := range append(it.columns[:len(it.columns):len(it.columns)], it.extra...) {
		if c.name == name {
			if found != nil {
				a.fail(codeAmbiguous, at, fmt.Sprintf("column reference %q is ambiguous", name), "Give the columns different names.")
			}
			found = c
		}
	}
	if found == nil {
		a.fail(codeNoColumn, at, fmt.Sprintf("column %s.%s does not exist", table, name), "")
	}
	return found
}

// item resolves a table name in a column reference.
func (a *analysis) item(schema, table string, sc *scope, at int32) *item {
	for s := sc; s != nil; s = s.parent {
		var found *item
		for _, it := range s.items {
			if it.alias != table || schema != "" && it.schema != schema {
				continue
			}
			if found != nil {
				a.fail(codeAmbiguous, at, fmt.Sprintf("table reference %q is ambiguous", table), "Give the tables different aliases.")
			}
			found = it
		}
		if found != nil {
			return found
		}
	}
	a.fail(codeNoTable, at, fmt.Sprintf("missing FROM-clause entry for table %q", table), "")
	return nil
}

// refer marks a column as used and returns a reference to it, by the name that its item has
// in the rewritten text, or what replaces it. It never returns the client's reference, which
// PostgreSQL might resolve differently.
func (a *analysis) refer(c *resolved, at int32) *pg.Node {
	if c.failed != nil {
		r := *c.failed
		if at > 0 {
			r.Position = a.position(at)
		}
		panic(&r)
	}
	if c.grouped {
		return a.wrapperOfShadow(c)
	}
	if c.use != nil {
		c.use()
	}
	if c.emit != nil {
		return c.emit()
	}
	return column(c.item.ref, c.upstream())
}

// shadowOf marks a column's shadow column as used and returns a reference to it.
func (a *analysis) shadowOf(c *resolved) *pg.Node {
	c.useShadow()
	return column(c.item.ref, c.shadow)
}

// wrapperOfShadow makes the wrapper from the shadow column.
func (a *analysis) wrapperOfShadow(c *resolved) *pg.Node {
	t := a.shadowOf(c)
	return when(isNotNull(t), row(a.tagText(), collateC(cast(t, "text"))))
}

// tagText is the constant that marks a wrapper.
func (a *analysis) tagText() *pg.Node { return cast(text(a.tag), "text") }

// shadowName returns a name that nothing else in the statement has.
func (a *analysis) shadowName() string {
	a.shadows++
	return fmt.Sprintf("%s_%d", a.tag, a.shadows)
}
