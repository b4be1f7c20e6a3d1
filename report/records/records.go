// Package records reads the rows of files and of PostgreSQL tables as text, for reports
// that count. It masks nothing and keeps nothing.
//
//	set, err := records.Open(ctx, "masked/", records.Options{})
//	defer set.Close()
//	err = set.Each(ctx, func(t *records.Table, r records.Row) error { … })
//
// A set has one or more tables: the files of a directory, the types of FHIR resources in a
// file, the tables of a database. It can be read any number of times. Errors contain names
// of files, tables and columns, but never a value.
package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/table/csv"
)

// Table is a table as far as it has been read: in FHIR, elements become known only with
// the rows.
type Table struct {
	// Name is the name of the table, or the type of the resources.
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

// Row is one row: its non-NULL values, and the column number of each. A column can occur
// more than once in a row, as FHIR elements do. A Row is valid until the next row.
type Row struct {
	Columns []int
	Values  [][]byte
}

func (r *Row) add(column int, value []byte) {
	r.Columns, r.Values = append(r.Columns, column), append(r.Values, value)
}

func (r *Row) reset() { r.Columns, r.Values = r.Columns[:0], r.Values[:0] }

// Progress says how far a pass is.
type Progress struct {
	// What is the file or table that is being read.
	What string
	// Read of Size bytes have been read. Size is 0 if unknown.
	Read, Size int64
	Rows       uint64
}

// Options say how a set is read.
type Options struct {
	CSV csv.Config
	// Progress is called from time to time, unless nil.
	Progress func(Progress)
}

// Set is a set of tables.
type Set struct {
	// Name is the name of the set in reports: without directories, and with nothing of a
	// connection string.
	Name    string
	sources []source
	tables  []*Table
	options Options
	close   func()
}

// source is a file, or the tables of a database.
type source interface {
	// each reads the rows of a source.
	each(ctx context.Context, s *Set, emit func(*Table, Row) error) error
}

// Open opens a file, a directory, or a database (a connection string that begins with
// postgres:// or postgresql://).
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

// Each calls a function for all rows of all tables. For files, the order is the same each
// time.
func (s *Set) Each(ctx context.Context, emit func(*Table, Row) error) error {
	for _, source := range s.sources {
		if err := source.each(ctx, s, emit); err != nil {
			return err
		}
	}
	return nil
}

// Files returns the paths of the files of the set; none for a database.
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

// Close closes what the set has opened.
func (s *Set) Close() {
	if s.close != nil {
		s.close()
	}
}

// table returns the table with a name, and adds it if necessary.
func (s *Set) table(name string) *Table {
	if i := slices.IndexFunc(s.tables, func(t *Table) bool { return t.Name == name }); i >= 0 {
		return s.tables[i]
	}
	t := &Table{Name: name}
	s.tables = append(s.tables, t)
	return t
}

// lay adds columns to a table.
func (t *Table) lay(columns []string) error {
	for i, c := range columns {
		if slices.Contains(columns[:i], c) {
			return fmt.Errorf("two columns are called %q: give each a distinct name", c)
		}
		t.column(c)
	}
	return nil
}

// told counts rows and reports progress from time to time.
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
