package table

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/text"
)

// RelatedRows has known values from rows of other tables, of the people that texts may
// name. Plans with Options.Survey collect them, in one goroutine, before the first row is
// masked; afterwards they are only read, by any number of goroutines.
type RelatedRows struct {
	mu     sync.Mutex
	tables map[string]*relatedTable
	// size is about the memory of what was collected, and most the bound of it.
	size, most int64
	// unread: something could not be read that may have had more rows for a key.
	unread bool
	row    []byte // of the one that is read
}

const (
	// mostRelatedBytes bounds the memory of all related rows.
	mostRelatedBytes = 1 << 30
	// MostOfKey bounds the size of the rows of one key, in bytes. A text that needs more is
	// removed.
	MostOfKey = 64 << 10
	// rowOverhead is roughly what a row takes besides its values.
	rowOverhead = 128
)

// NewRelatedRows returns an empty RelatedRows.
func NewRelatedRows() *RelatedRows {
	return &RelatedRows{tables: map[string]*relatedTable{}, most: mostRelatedBytes}
}

// relatedTable is a table that one or more rules name.
type relatedTable struct {
	all     *RelatedRows
	name    Name
	columns []ruleset.KnownColumn
	// rows has the values of columns by key, each after its length, one row after the other.
	// It is empty for a key that has too many.
	rows map[string]string
	// found: the table was read. why says why it cannot be used.
	found bool
	why   string
	// missed counts the texts that were removed because a row was missing.
	missed atomic.Uint64
}

// Related is a row of another table that a row refers to.
type Related struct {
	by    string        // the column that has the key
	table *relatedTable // nil: not available
	// beside lists the columns of rows whose values come with the row itself, in place of the
	// key: see RelatedBeside.
	beside []ruleset.KnownColumn
}

// RelatedBeside returns a row of another table whose values come with the row that refers to
// it, in place of the key: each after its length in bytes of UTF-8 and a space, one related
// row after the other. An empty value says that there is no such row.
func RelatedBeside(r *ruleset.RelatedRow) Related { return Related{by: r.By, beside: r.Columns} }

// same reports whether the values of both are read alike.
func (r Related) same(o Related) bool {
	return r.table == o.table && slices.EqualFunc(r.beside, o.beside, sameKind)
}

func sameKind(a, b ruleset.KnownColumn) bool { return a.Kind == b.Kind }

// NameRelated reports whether a rule names related rows.
func (r *Rules) NameRelated() bool {
	return slices.ContainsFunc(r.All(), func(rule ruleset.TableRule) bool { return len(rule.Related) > 0 })
}

// of returns the related rows that a rule names, for rows of a schema.
func (a *RelatedRows) of(schema string, rule *ruleset.TableRule) (out []Related) {
	for i := range rule.Related {
		r := Related{by: rule.Related[i].By}
		if a != nil {
			r.table = a.table(schema, &rule.Related[i])
		}
		out = append(out, r)
	}
	return out
}

// table returns the table that rule names, for rows of a schema.
func (a *RelatedRows) table(schema string, r *ruleset.RelatedRow) *relatedTable {
	if r.Schema != "" {
		schema = r.Schema
	}
	key := fmt.Sprintf("%q %q %q %q", schema, r.Table, r.Key, r.Columns)
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tables[key]
	if t == nil {
		t = &relatedTable{all: a, name: Name{Schema: schema, Table: r.Table}, columns: r.Columns, rows: map[string]string{}}
		a.tables[key] = t
	}
	return t
}

// collected is a related table whose rows are being read, and the place of its first
// value after the key.
type collected struct {
	table *relatedTable
	from  int
}

// survey turns a plan into one that collects: it hides all columns but the keys of
// related tables.
func (a *RelatedRows) survey(r *Rules, p *Plan) {
	s := &p.Source
	for _, c := range s.Columns {
		p.Columns = append(p.Columns, Treated{Column: c, action: -1})
	}
	for i := range r.All() {
		for k := range r.All()[i].Related {
			named := &r.All()[i].Related[k]
			if named.Table == s.Table && (named.Schema == "" || named.Schema == s.Schema) {
				a.surveyed(p, named)
			}
		}
	}
	for i := range p.Columns {
		if p.Columns[i].Treatment != Hidden {
			p.Out = append(p.Out, i)
		}
	}
}

// surveyed makes a plan collect the related rows that a rule names.
func (a *RelatedRows) surveyed(p *Plan, named *ruleset.RelatedRow) {
	t := a.table(p.Source.Schema, named)
	t.found = true
	var names []string
	for _, c := range p.Source.Columns {
		names = append(names, c.Name)
	}
	place := func(name string) int {
		i := p.Source.index(name)
		switch {
		case i < 0:
			t.why = fmt.Sprintf("it has no column %s%s", name, suggest.DidYouMean(name, names))
		case p.Source.Columns[i].Repeated || p.Source.Columns[i].Type == Opaque:
			t.why, i = fmt.Sprintf("its column %s has no texts", name), -1
		}
		return i
	}
	key := place(named.Key)
	var beside []int
	for _, c := range named.Columns {
		beside = append(beside, place(c.Column))
	}
	if key < 0 || slices.Contains(beside, -1) {
		return
	}
	c := &p.Columns[key]
	if c.Treatment == Hidden {
		c.Treatment, c.Masked = Masked, Text
		c.branches = []branch{{treatment: Masked, typ: Text, masking: &Masking{Type: Text, PerKnown: true}}}
	}
	b := &c.branches[0]
	switch {
	case slices.ContainsFunc(b.masking.collects, func(o collected) bool { return o.table == t }): // another rule names the same one
	case len(b.beside)+len(beside) > mostBeside:
		t.why = fmt.Sprintf("rules name more than %d of its columns", mostBeside)
	default:
		b.masking.collects = append(b.masking.collects, collected{t, len(b.beside)})
		b.beside = append(b.beside, beside...)
	}
}

// collect keeps the values of a row with a key.
func collect(to []collected, key []byte, values [][]byte) {
	name := string(relatedKey(key))
	for _, c := range to {
		t := c.table
		row := t.all.row[:0]
		for _, v := range values[c.from : c.from+len(t.columns)] {
			row = appendSized(row, v)
		}
		t.all.row = row
		if t.all.size += int64(len(row) + len(name) + rowOverhead); t.all.size > t.all.most {
			t.rows = nil
		}
		before, seen := t.rows[name]
		switch {
		case name == "" || t.rows == nil || seen && before == "":
		case len(before)+len(row) > MostOfKey:
			t.rows[name] = ""
		default:
			t.rows[name] = before + string(row)
		}
	}
}

// relatedKey returns a key in the form in which it is compared: as text, without spaces
// around it. UUIDs are equal in upper and lower case.
func relatedKey(key []byte) []byte {
	key = bytes.TrimSpace(key)
	if len(key) == len("00000000-0000-0000-0000-000000000000") && bytes.Count(key, []byte("-")) == 4 {
		key = bytes.ToLower(key)
	}
	return key
}

// addKnown adds the values of the rows of a key. It reports false if there are none.
func (r *Related) addKnown(b *text.KnownBuilder, key []byte) bool {
	t := r.table
	switch {
	case r.beside != nil:
		return len(key) <= MostOfKey && addRows(b, r.beside, string(key))
	case t == nil:
		return false
	}
	rows := ""
	if t.usable() {
		rows = t.rows[string(relatedKey(key))]
	}
	if rows == "" {
		t.missed.Add(1)
	}
	return addRows(b, t.columns, rows)
}

// addRows adds what rows have, each value behind its length. It reports false where there
// is no row, or they cannot be read.
func addRows(b *text.KnownBuilder, columns []ruleset.KnownColumn, rows string) bool {
	if rows == "" {
		return false
	}
	values := make([][]byte, len(columns))
	for rows != "" {
		for i := range values {
			size, rest, _ := strings.Cut(rows, " ")
			n, err := strconv.Atoi(size)
			if err != nil || n < 0 || n > len(rest) {
				return false
			}
			values[i], rows = []byte(rest[:n]), rest[n:]
		}
		addColumns(b, columns, values)
	}
	return true
}

// Unread records that a file or row could not be read. It may have contained rows for any
// key, so texts that need related rows are removed from then on.
func (a *RelatedRows) Unread() { a.unread = true }

// usable reports whether all of a table was read and kept.
func (t *relatedTable) usable() bool {
	return t.why == "" && t.all.size <= t.all.most && !t.all.unread
}

// Missed returns how many texts were removed because a related row was missing, for each
// table, and why. It returns them only once.
func (a *RelatedRows) Missed() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tables {
		n := t.missed.Swap(0)
		if n == 0 {
			continue
		}
		why := "the rows that they belong to are not in it"
		switch {
		case !t.found:
			why = "it is not among the inputs that can be read twice"
		case t.why != "":
			why = t.why
		case a.unread:
			why = "a file or row that may belong to it cannot be read: fix it, or leave it out"
		case a.size > a.most:
			why = fmt.Sprintf("related rows need more than %d MiB of memory", t.all.most>>20)
		}
		out = append(out, fmt.Sprintf("%d texts were removed that need related rows of table %s: %s", n, t.name, why))
	}
	slices.Sort(out)
	return out
}
