package pgdump

import (
	"bytes"
	"fmt"

	"github.com/veil-proxy/veil/postgres/script"
)

// read reads the next row.
func (r *row) read(v *script.Values) error {
	if !v.Sign("(") {
		return script.ErrValue
	}
	r.raw = r.raw[:0]
	for {
		value, err := v.Value()
		if err != nil {
			return err
		}
		r.raw = append(r.raw, value)
		if v.Sign(")") {
			break
		}
		if !v.Sign(",") {
			return script.ErrValue
		}
	}
	if len(r.raw) != len(r.layout.fields) {
		return fmt.Errorf("the row has %d values, but the table has %d columns", len(r.raw), len(r.layout.fields))
	}
	clear(r.cells)
	return nil
}

// isDefault reports whether a value is left to the column's default.
func (r *row) isDefault(place int) bool { return script.EqualFold(r.raw[place], "default") }

// value is the text of a value of an INSERT.
func (r *row) value(column int, raw []byte) []byte {
	switch {
	case len(raw) == 0 || script.EqualFold(raw, "default"):
		return nil
	case raw[0] == '\'' && r.plain && bytes.IndexByte(raw[1:len(raw)-1], '\'') < 0:
		return raw[1 : len(raw)-1]
	case raw[0] == '\'' || raw[0] == '$' || len(raw) > 1 && raw[1] == '\'' && bytes.IndexByte([]byte("EeNn"), raw[0]) >= 0:
		r.memory[column] = script.AppendString(r.memory[column][:0], raw, r.plain)
		return r.memory[column]
	case len(raw) > 1 && raw[1] == '\'': // bits
		return raw[2 : len(raw)-1]
	}
	return raw
}

// appendKept appends a value that is not masked, as SQL that reads the same whatever the
// settings of who reads it.
func (r *row) appendKept(dst []byte, place int) []byte {
	raw := r.raw[place]
	switch {
	case raw == nil:
		return append(dst, "NULL"...)
	case raw[0] == '\'' && !r.plain, raw[0] == '$', len(raw) > 1 && raw[1] == '\'' && raw[0] != 'B' && raw[0] != 'X' && raw[0] != 'b' && raw[0] != 'x':
		return script.AppendQuoted(dst, script.AppendString(nil, raw, r.plain))
	}
	return append(dst, raw...)
}
