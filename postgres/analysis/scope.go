package analysis

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// resolved is a column of something in FROM, or of a query's result.
type resolved struct {
	name string
	// as is the column's name in the rewritten text, where another one has its name.
	as string
	// seal is nil where the column holds no original.
	keying *keying
	// typ is the column's type where it is known.
	typ uint32
	// action is the number of the pushed-down rule that masked it, or -1.
	action int
	// origin is the relation's column that the upstream will name, if any.
	origin rows.Origin
	// shown is the relation's column that the client is told, if any.
	shown rows.Origin
	// failed says why a view's column cannot be had.
	failed *Refusal

	item *item
	// restriction is set where a derived column's type has casts of the database.
	restricted *catalog.Type
	// names is set where a derived column is names by their OIDs.
	names string
	// row and base are the relation's reference and column that it comes from as it is.
	row  *item
	base string
	// emit makes the reference, where the column is another one's or made of two.
	emit func() *pg.Node
	// use notes that the column is read, useShadow that its shadow column is; used tells.
	use, useShadow func()
	used           func() bool
	// shadow column is the name of the bare original beside the wrapper, or empty.
	shadow string
	// bare is the name of the original as it stands in the table, and useBare notes
	// that it is read; empty where the result may not have it. See bare.go.
	bare    string
	useBare func()
	// empty makes a reference to whether the masked text is an empty one; nil where PostgreSQL
	// cannot tell.
	empty func() *pg.Node
	// raw refers to the original of a text as the table has it, which an index can find; nil
	// where there is none. See indexed.go.
	raw func() *pg.Node
	// grouped columns are referred to by their shadow column.
	grouped bool
	// date is set for a shifted date, person for a sealed id of whom the row is about.
	date   *dated
	person *person
	// list is set for collected ids.
	list *idList
	// folk is who has the column's id, where the view counts people.
	folk *folk
	// opened makes a reference to what a column of pseudonyms opens to; nil for others.
	opened func(s *keying) *pg.Node
	cohort *cohort
	// lastly is as in resultColumn.
	lastly bool
	// retyped names a number that a pushed-down rule makes a text; empty for others.
	retyped string
}

// item is an entry of a range table that a name can be qualified with.
type item struct {
	alias string
	// ref is its name in the rewritten text. No name that the client gave means anything
	// to PostgreSQL: it could mean something else there.
	ref string
	// join marks an item that PostgreSQL does not have: the alias of a join.
	join bool
	// schema is set where schema.alias names it too.
	schema  string
	columns []*resolved
	// relation is set where the item is a table, and table is its sub-select.
	relation *catalog.Relation
	table    *tableItem
	// extra are columns that a star leaves out.
	extra []*resolved
	// place refers to the place of its rows (place.go), nil where they have none. safe:
	// the order in which they come tells nothing.
	place func() *pg.Node
	safe  bool
	// first is set where all its rows are those of one table, which can draw the first.
	first *page
	// entire: its whole row is referred to, so that it can have no column more.
	entire bool
	crowd  crowd
}

// newItem makes an item with a name of its own in the rewritten text.
func (a *analysis) newItem(alias string) *item { return &item{alias: alias, ref: a.shadowName()} }

// columnAliases are the names of an item's columns in the rewritten text, each once.
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

// upstream is the column's name in the rewritten text.
func (c *resolved) upstream() string {
	if c.as != "" {
		return c.as
	}
	return c.name
}

// whole reports whether the item's whole row holds no original.
func (it *item) whole() bool {
	return !slices.ContainsFunc(it.columns, func(c *resolved) bool { return c.keying != nil || c.failed != nil })
}

// scope is what names mean at one level of a query.
type scope struct {
	parent *scope
	items  []*item
	// columns are those that can be named without qualifying, in the order of *.
	columns []*resolved
	// ctes are the common table expressions in sight.
	ctes *cteEnv
	// ordered notes that rows may come in the order of originals.
	keys     []*pg.Node
	keyNames []string
	// windows are the calls of window functions, partKeys the keys that a window
	// partitions by.
	windows  []windowCall
	partKeys map[*pg.WindowDef][]string
	// seen: the order of the rows can be seen before keys order them.
	seen bool
	// query is the level's SELECT; groupPersons are whom each group is about, and
	// partPersons whom each partition of a window is.
	query        *pg.SelectStmt
	groupPersons []*person
	// single are whom every row of the level is about.
	single      []*person
	partPersons map[*pg.WindowDef][]*person
	// sources are the items that rows are joined of, with those that a join's alias hides.
	sources []*item
	// aggregated: the level has an aggregate. gathers: it has one that sees the order of
	// its input. unsure: it calls a function of the database, which may be one.
	aggregated, gathers, unsure bool
	// calls are the level's aggregates, folkWindows the windows that see one person's rows,
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

// key notes an expression of Veil's own order, with the shadow column's name where it is of one.
func (s *scope) key(name string, n *pg.Node) {
	if name != "" && slices.Contains(s.keyNames, name) {
		return
	}
	s.keys, s.keyNames = append(s.keys, n), append(s.keyNames, name)
}

// add puts what a FROM item brings into the scope.
func (s *scope) add(f from) {
	s.items = append(s.items, f.items...)
	s.columns = append(s.columns, f.columns...)
	s.sources = append(s.sources, f.sources...)
}

// from is what one FROM item brings: names to qualify with, and columns.
type from struct {
	node    *pg.Node
	items   []*item
	columns []*resolved
	sources []*item
}

// lookup finds what a column reference means. Exactly one of the results is set:
// a column, or an item whose whole row is meant.
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

// item finds what a table name in a column reference means.
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

// refer marks a column as used and returns a reference to it, by the name that its item
// has in the rewritten text, or what stands for it. It is never the reference that the
// client wrote, which PostgreSQL might resolve otherwise.
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

// wrapperOfShadow makes the wrapper out of the shadow column.
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
