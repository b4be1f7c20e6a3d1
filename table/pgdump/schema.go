package pgdump

import (
	"sync/atomic"

	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// database is what the statements of a dump have said of a database so far.
type database struct {
	relations map[script.Object]*relation
	order     []*relation
	types     map[script.Object]*userType
	// ranges are the names of multirange types.
	ranges    map[script.Object]bool
	sequences map[script.Object]*sequence
	views     map[script.Object]*view
	// indexes are the tables of those that were written, by name, for partitions to be attached to.
	indexes map[script.Object]*relation
	keys    map[script.Object][]key // keys that were written, by relation
	// schemas and extensions that were made.
	schemas map[string]bool
	// typed is false for a dump of data alone.
	typed bool
}

func newDatabase() *database {
	return &database{
		relations: map[script.Object]*relation{}, types: map[script.Object]*userType{}, ranges: map[script.Object]bool{}, sequences: map[script.Object]*sequence{},
		views: map[script.Object]*view{}, indexes: map[script.Object]*relation{}, keys: map[script.Object][]key{}, schemas: map[string]bool{},
	}
}

// relation is a table.
type relation struct {
	script.Object
	columns  []*column
	unlogged bool
	foreign  bool
	checks   []check
	// parents are what it inherits from, or is a partition of.
	parents  []*relation
	children []*relation
	// inherits: it was made with INHERITS, and lists its own columns alone.
	inherits bool
	// partitioned is how it is partitioned, bound is which partition it is.
	partitioned, bound []script.Token
	// partition: it is one.
	partition bool

	// decided is set by the rules.
	decided bool
	// why says why it is left out; empty for a table that is written.
	why string
	// uncovered: it is left out since no rule covers it.
	uncovered bool
	// flat partitions are children by inheritance: their bounds say originals.
	flat  bool
	plans []*table.Plan
	// offsets are the numbers of the plans' first actions in the document's, or -1.
	offsets []int
	// bad is set once a row could not be masked.
	bad *atomic.Bool
}

// check is a CHECK constraint of a table.
type check struct {
	name  string
	expr  []script.Token
	after string
}

// column is a column of a table.
type column struct {
	name      string
	typ       typeName
	collation []script.Token
	notNull   bool
	inherited bool // not listed by the table itself
	def       []script.Token
	// takes is the sequence of a default that is set later.
	takes     script.Object
	generated []script.Token
	virtual   bool
	identity  *identity

	// What was decided:

	// plan is the number of the relation's plan that has the column's rule, and owner the
	// relation whose rules they are.
	plan  int
	owner *relation
	// treated is what the plan says of it.
	treated *table.Treated
	shown   bool
	// note says why it is not shown, or has no value.
	note string
	// out is the type that it has now; changed: it is not the one it had.
	out     string
	changed bool
	// keeps: its values are the originals. unique: equal masked values are of equal
	// originals, and class names the masking.
	keeps, unique bool
	class         string
	// nulled is set once a value became NULL.
	nulled *atomic.Bool
	// cells is how the dump writes its values.
	cells cellKind
}

type identity struct {
	always   bool
	sequence script.Object
	options  []script.Token
}

// sequence is a sequence that has a statement of its own.
type sequence struct {
	script.Object
	options  []script.Token
	unlogged bool
	// ownedBy is the column that it belongs to.
	owner  script.Object
	column string
	// used: the default of a column that is kept takes it.
	used bool
}

// column returns the column of a name, or nil.
func (r *relation) column(name string) *column {
	for _, c := range r.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}

// written reports whether the relation is in the output.
func (r *relation) written() bool { return r != nil && r.decided && r.why == "" }

// family is the relation with all that it is connected to by inheritance, each once, its
// ancestors before their children.
func (r *relation) family() []*relation {
	seen := map[*relation]bool{}
	var all []*relation
	for todo := []*relation{r}; len(todo) > 0; todo = todo[1:] {
		x := todo[0]
		if seen[x] {
			continue
		}
		seen[x] = true
		all = append(all, x)
		todo = append(append(todo, x.parents...), x.children...)
	}
	return all
}

// kept reports whether a sequence is in the output: it counts a column that is kept.
func (d *database) kept(s *sequence) bool {
	if s.owner != (script.Object{}) {
		r := d.relations[s.owner]
		if !r.written() {
			return false
		}
		c := r.column(s.column)
		return c != nil && c.shown && c.keeps
	}
	return s.used
}
