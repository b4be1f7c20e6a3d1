// Package records reads the rows of files and of PostgreSQL tables as texts, for reports
// that count: it masks nothing and keeps nothing.
//
//	set, err := records.Open(ctx, "masked/", records.Options{})
//	defer set.Close()
//	err = set.Each(ctx, func(t *records.Table, r records.Row) error { … })
//
// A set has one table, or several: the files of a directory, the types of FHIR resources in
// a file, the tables of a database. It can be passed over any number of times. Errors have
// names of files, tables and columns, and never a value.
package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/table/csv"
)

// Table is a table as far as it has been read: FHIR names its elements only in its rows.
type Table struct {
	// Name is that of the table, or the type of the resources.
	Name    string
	Columns []string
	numbers map[string]int
}

// Column returns the number of a column, which it adds.
func (t *Table) column(name string) int {
	if i, ok := t.numbers[name]; ok {
		return i
	}
	if t.numbers == nil {
		t.numbers = map[string]int{}
	}
	i := len(t.Columns)
	t.Columns = append(t.Columns, name)
	t.numbers[name] = i
	return i
}

// Row is one row: its values that are not NULL, and the number of the column of each. A
// column can occur more than once in a row, as elements of FHIR do. It is valid until the
// next row.
type Row struct {
	Columns []int
	Values  [][]byte
}

func (r *Row) add(column int, value []byte) {
	r.Columns, r.Values = append(r.Columns, column), append(r.Values, value)
}

func (r *Row) reset() { r.Columns, r.Values = r.Columns[:0], r.Values[:0] }

// Progress is how far a pass is.
type Progress struct {
	// What is read: the name of a file or table.
	What string
	// Read of Size bytes are read; Size is 0 if it is not known.
	Read, Size int64
	Rows       uint64
}

// Options say how a set is read.
type Options struct {
	CSV csv.Config
	// Progress is told now and then how far a pass is; nil for nobody.
	Progress func(Progress)
}

// Set is a set of tables.
type Set struct {
	// Name is how the set is called in reports: without directories, and nothing of a
	// connection string.
	Name    string
	sources []source
	tables  []*Table
	options Options
	close   func()
}

// source is a file, or the tables of a database.
type source interface {
	// each passes over the rows of a source.
	each(ctx context.Context, s *Set, emit func(*Table, Row) error) error
}

// Open opens a file, a directory or a database, whose connection string begins with
// postgres:// or postgresql://.
func Open(ctx context.Context, name string, o Options) (*Set, error) {
	if isDSN(name) {
		return openPostgres(ctx, name, o)
	}
	return openFiles(name, o)
}

// isDSN reports whether the name of a set is a connection string.
func isDSN(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Each passes over all rows of all tables, in the same order each time if it reads files.
func (s *Set) Each(ctx context.Context, emit func(*Table, Row) error) error {
	for _, source := range s.sources {
		if err := source.each(ctx, s, emit); err != nil {
			return err
		}
	}
	return nil
}

// Files returns the paths of the files of the set; none of a database.
func (s *Set) Files() (paths []string) {
	for _, source := range s.sources {
		if f, ok := source.(*fileSource); ok {
			paths = append(paths, f.path)
		}
	}
	return paths
}

// Tables returns the tables in order, as far as they have been read.
func (s *Set) Tables() []*Table { return s.tables }

// Close releases what the set has opened.
func (s *Set) Close() {
	if s.close != nil {
		s.close()
	}
}

// table returns the table of a name, which it adds.
func (s *Set) table(name string) *Table {
	if i := slices.IndexFunc(s.tables, func(t *Table) bool { return t.Name == name }); i >= 0 {
		return s.tables[i]
	}
	t := &Table{Name: name}
	s.tables = append(s.tables, t)
	return t
}

// lay gives a table its columns.
func (t *Table) lay(columns []string) error {
	for i, c := range columns {
		if slices.Contains(columns[:i], c) {
			return fmt.Errorf("two columns are called %q: give each a name of its own", c)
		}
		t.column(c)
	}
	return nil
}

// told counts rows and tells of progress now and then.
type told struct {
	*Set
	what string
	size int64
	read func() int64
	rows uint64
}

const tellEvery = 1 << 14 // rows

func (t *told) row(ctx context.Context) error {
	t.rows++
	if t.rows%tellEvery != 0 {
		return nil
	}
	if t.options.Progress != nil {
		p := Progress{What: t.what, Size: t.size, Rows: t.rows}
		if t.read != nil {
			p.Read = t.read()
		}
		t.options.Progress(p)
	}
	return ctx.Err()
}
