package pgdump

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// row is one row that has been read. It returns cells in the form that rules expect.
type row struct {
	layout *layout
	plain  bool
	// raw has the fields as in the dump; nil is NULL.
	raw [][]byte
	// cells has the columns that have been read, and memory the texts made for them.
	cells, memory [][]byte
	kinds         []cellKind
}

// cellKind says how the text of a cell differs from what rules expect.
type cellKind uint8

const (
	same cellKind = iota
	boolean
	zoned
	filled  // with spaces
	address // inet, whose text always has a mask
)

var (
	errEncoding = errors.New("not valid UTF-8: use pg_dump --encoding=UTF8")
	errEscape   = errors.New("an escape that pg_dump does not write")
)

// reset prepares the row for rows of a layout.
func (r *row) reset(l *layout, plain bool) {
	r.plain = plain
	if r.layout != nil && r.layout.relation == l.relation && len(r.layout.fields) == len(l.fields) {
		r.layout = l
		return
	}
	r.layout = l
	r.raw = make([][]byte, 0, len(l.fields))
	r.cells, r.memory = make([][]byte, len(l.relation.columns)), make([][]byte, len(l.relation.columns))
	r.kinds = make([]cellKind, len(l.relation.columns))
	for i, c := range l.relation.columns {
		switch t := c.treated; {
		case t == nil || t.List != nil:
		case t.Type == table.Bool:
			r.kinds[i] = boolean
		case t.Type == table.TimestampTZ:
			r.kinds[i] = zoned
		default:
			r.kinds[i] = c.cells
		}
	}
}

// split reads a row of a COPY. Escapes are those that PostgreSQL writes: another one would
// be read differently by whoever reads the output.
func (r *row) split(line []byte) error {
	if !utf8.Valid(line) {
		return errEncoding
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		return errEscape
	}
	escapes := bytes.IndexByte(line, '\\') >= 0
	r.raw = r.raw[:0]
	for rest := line; ; {
		n := bytes.IndexByte(rest, '\t')
		field := rest
		if n >= 0 {
			field = rest[:n]
		}
		if escapes && !script.CheckEscapes(field) {
			return errEscape
		}
		r.raw = append(r.raw, field)
		if n < 0 {
			break
		}
		rest = rest[n+1:]
	}
	if len(r.raw) != len(r.layout.fields) {
		return fmt.Errorf("the row has %d cells, but the COPY has %d columns", len(r.raw), len(r.layout.fields))
	}
	clear(r.cells)
	return nil
}

// set sets the row's fields to ones that were read.
func (r *row) set(raw [][]byte) {
	r.raw = append(r.raw[:0], raw...)
	clear(r.cells)
}

// Cell implements table.Row.
func (r *row) Cell(column int) []byte {
	if v := r.cells[column]; v != nil {
		return v
	}
	place := r.layout.at[column]
	if place < 0 {
		return nil
	}
	v := r.raw[place]
	if r.layout.insert {
		v = r.value(column, v)
	} else if string(v) == script.Null {
		return nil
	} else if bytes.IndexByte(v, '\\') >= 0 {
		r.memory[column] = script.AppendUnescaped(r.memory[column][:0], v)
		v = r.memory[column]
	}
	switch r.kinds[column] {
	case boolean:
		v = wordOf(v)
	case zoned:
		if utc, ok := appendUTC(r.memory[column][:0], v); ok && !bytes.HasSuffix(v, []byte("+00")) {
			r.memory[column], v = utc, utc
		}
	case filled:
		v = bytes.TrimRight(v, " ")
	case address:
		if v != nil && bytes.IndexByte(v, '/') < 0 {
			mask := "/32"
			if bytes.IndexByte(v, ':') >= 0 {
				mask = "/128"
			}
			v = append(bytes.Clone(v), mask...)
		}
	}
	if v == nil {
		return nil
	}
	r.cells[column] = v
	return v
}

// wordOf returns the word for a Boolean.
func wordOf(v []byte) []byte {
	switch string(v) {
	case "t":
		return []byte("true")
	case "f":
		return []byte("false")
	}
	return v
}
