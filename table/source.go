package table

import (
	"errors"
	"fmt"
)

// Source describes the rows of a table, a view or a file.
type Source struct {
	Name
	// Columns are the columns of a row, in order.
	Columns []Column
}

// ErrUncovered is wrapped by the error for a table if no rule covers any of its
// columns.
var ErrUncovered = errors.New("no rule covers a column")

// Uncovered returns an error that wraps ErrUncovered and names the table.
func (r *Rules) Uncovered(n Name) error {
	if len(r.matches) == 0 {
		return fmt.Errorf("%w of table %s: the ruleset has no rules for tables; veil discover proposes some", ErrUncovered, n)
	}
	return fmt.Errorf("%w of table %s: see veil mask --check", ErrUncovered, n)
}

// Column is one column of a source.
type Column struct {
	Name string
	// Type is the type of a cell, or of an element if cells are lists.
	Type Type
	// List is how the source writes lists of values in a cell; nil if a cell has one
	// value.
	List List
	// Within are the paths of the records that contain the column, outermost first. The
	// column's name is then its path, such as address.city in the record address. Records
	// themselves are not columns. See Join.
	Within []string
	// Repeated reports that a row can have any number of values, as in a list of records.
	// Each is masked on its own, and no other column uses them as neighbours.
	Repeated bool
}

// List is a source's way of writing a list of values in a cell, such as a JSON array.
type List interface {
	// AppendList appends the list src with each element replaced by the result of f. f
	// appends an element's masked form to dst; ok is false if the element becomes NULL.
	// NULL elements stay and are not passed to f. valid is false if src is not a flat
	// list; the cell then becomes NULL.
	AppendList(dst, src []byte, f func(dst, element []byte) (out []byte, ok bool, err error)) (out []byte, valid bool, err error)
}

// has tells whether a source has a column with one value in a row.
func (s *Source) has(name string) bool {
	i := s.index(name)
	return i >= 0 && !s.Columns[i].Repeated
}

// index is the place of a column, or -1.
func (s *Source) index(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Row provides the cells of one row by the index of their column.
type Row interface {
	// Cell returns the text of a cell in the form of its column's type, or nil for NULL.
	// The bytes must not change while the row is masked; they are neither modified nor
	// kept.
	Cell(column int) []byte
}

// Cells is a row of cells in memory; nil is NULL.
type Cells [][]byte

// Cell implements Row.
func (c Cells) Cell(column int) []byte { return c[column] }

// Batch holds masked rows, cell by cell, in one buffer that is reused after Reset. It is
// not safe for concurrent use.
type Batch struct {
	width int
	data  []byte
	// ends are the ends of cells in data; that of a NULL is negative, less one.
	ends []int
}

// Reset empties the batch, for rows of width columns.
func (b *Batch) Reset(width int) {
	b.width, b.data, b.ends = width, b.data[:0], b.ends[:0]
}

// Rows returns the number of rows.
func (b *Batch) Rows() int {
	if b.width == 0 {
		return 0
	}
	return len(b.ends) / b.width
}

// Cell returns a cell's text, or nil for NULL. The text is valid until the batch
// changes.
func (b *Batch) Cell(row, column int) []byte {
	i := row*b.width + column
	if b.ends[i] < 0 {
		return nil
	}
	from := 0
	if i > 0 {
		if from = b.ends[i-1]; from < 0 {
			from = -from - 1
		}
	}
	return b.data[from:b.ends[i]:b.ends[i]]
}

// end closes a cell whose text has been appended to data.
func (b *Batch) end(null bool) {
	n := len(b.data)
	if null {
		n = -n - 1
	}
	b.ends = append(b.ends, n)
}
