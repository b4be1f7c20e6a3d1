package csv

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/veil-proxy/veil/file"
)

// ReadRows reads the values of delimited text without masking them. It calls header with the
// names of the columns, and row with each row; a value is nil if it is NULL, and valid until
// row returns. The first error of either ends it, and so does a row that cannot be read.
func (c Config) ReadRows(in file.Source, header func(names []string) error, row func(values [][]byte) error) error {
	f, err := newFormat(c)
	if err != nil {
		return err
	}
	d, sample, whole, err := f.begin(in)
	if err != nil {
		return err
	}
	named := c.Named
	if named == nil {
		named = func(string) bool { return false }
	}
	names, err := d.readNames(sample, whole, named, errors.New("the first line may be data: use --header if it has the names of columns, --no-header if not"))
	if err != nil {
		return err
	}
	if err := header(names); err != nil {
		return err
	}
	r := &rowReader{document: d, values: make([][]byte, len(names)), escaped: make([][]byte, len(names)), row: row}
	var text []byte
	return d.Split(func() []byte { return text[:0] }, func(b file.Block) error {
		text = b.Text
		return r.block(b)
	})
}

// rowReader reads the rows of blocks.
type rowReader struct {
	*document
	cells           []cell
	values, escaped [][]byte
	row             func(values [][]byte) error
}

func (r *rowReader) block(b file.Block) error {
	header := b.Line == 1 && r.header
	for at := 0; at < len(b.Text); {
		n := r.dialect.Record(b.Text[at:])
		if n == 0 {
			n = len(b.Text) - at
		}
		record, _ := trimNewline(b.Text[at : at+n])
		if len(record) > 0 && !header {
			if err := r.record(record); err != nil {
				var unread unreadRow
				if !errors.As(err, &unread) {
					return err
				}
				fault := bad(b.Line+bytes.Count(b.Text[:at], []byte{r.dialect.lineEnd()}), record, unread.error)
				return fmt.Errorf("line %d: %s", fault.Line, fault.What)
			}
		}
		header = false
		at += n
	}
	return nil
}

// unreadRow is the error of a row that cannot be read.
type unreadRow struct{ error }

func (r *rowReader) record(record []byte) (err error) {
	if !utf8.Valid(record) {
		return unreadRow{errors.New("not valid UTF-8: use --encoding, such as windows-1252")}
	}
	if r.cells, err = r.dialect.Split(r.cells[:0], record); err != nil {
		return unreadRow{err}
	}
	if len(r.cells) != len(r.values) {
		return unreadRow{fmt.Errorf("the row has %d cells, but the table has %d columns", len(r.cells), len(r.values))}
	}
	for i, c := range r.cells {
		r.values[i] = nil
		if !r.dialect.IsNull(record, c) {
			r.values[i], r.escaped[i] = r.dialect.Value(r.escaped[i], record, c)
		}
	}
	return r.row(r.values)
}
