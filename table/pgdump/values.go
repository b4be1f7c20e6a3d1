package pgdump

import (
	"bytes"
	"fmt"

	"github.com/veil-proxy/veil/postgres/script"
)

// values reads the rows of an INSERT.
type values struct {
	text  []byte
	at    int
	plain bool
}

// next returns the token that comes next, without what is blank.
func (v *values) next() (kind script.Kind, s []byte, err error) {
	for v.at < len(v.text) {
		if v.text[v.at] == ' ' {
			v.at++
			continue
		}
		kind, end, err := script.Scan(v.text, v.at, v.plain)
		if err != nil {
			return 0, nil, err
		}
		if end == script.More {
			return 0, nil, errValue
		}
		s, v.at = v.text[v.at:end], end
		if kind != script.Comment {
			return kind, s, nil
		}
	}
	return 0, nil, errValue
}

// sign takes a sign if it comes next.
func (v *values) sign(want string) bool {
	at := v.at
	if at < len(v.text) {
		switch c := v.text[at]; c {
		case ',', '(', ')', ';': // a token of its own, and nearly always what is asked for
			if len(want) == 1 && want[0] == c {
				v.at++
				return true
			}
			return false
		}
	}
	kind, s, err := v.next()
	if err == nil && kind == script.Sign && string(s) == want {
		return true
	}
	v.at = at
	return false
}

// value takes a value: NULL is nil.
func (v *values) value() ([]byte, error) {
	kind, s, err := v.next()
	if err != nil {
		return nil, err
	}
	out := s
	switch kind {
	case script.Text, script.Bits, script.Number:
	case script.Word:
		switch {
		case script.EqualFold(s, "null"):
			out = nil
		case !script.EqualFold(s, "true") && !script.EqualFold(s, "false") && !script.EqualFold(s, "default"):
			return nil, errValue
		}
	case script.Sign:
		from := v.at - len(s)
		if len(s) != 1 || s[0] != '-' {
			return nil, errValue
		}
		if kind, _, err = v.next(); err != nil || kind != script.Number {
			return nil, errValue
		}
		out = v.text[from:v.at]
	default:
		return nil, errValue
	}
	return out, v.cast()
}

// cast goes over a cast: a column's value has the column's type without it.
func (v *values) cast() error {
	if !v.sign("::") {
		return nil
	}
	for depth := 0; ; {
		at := v.at
		kind, s, err := v.next()
		switch {
		case err != nil:
			return err
		case kind == script.Sign && s[0] == '(':
			depth++
		case kind == script.Sign && s[0] == ')' && depth > 0:
			depth--
		case depth == 0 && kind == script.Sign && (s[0] == ',' || s[0] == ')'):
			v.at = at
			return nil
		case kind != script.Word && kind != script.Name && kind != script.Number && kind != script.Sign:
			return errValue
		}
	}
}

// tail reads what stands behind the rows, to the end of the statement.
func (v *values) tail() (string, error) {
	if v.sign(";") {
		return ";\n", nil
	}
	for _, w := range []string{"on", "conflict", "do", "nothing"} {
		if kind, s, err := v.next(); err != nil || kind != script.Word || !script.EqualFold(s, w) {
			return "", errValue
		}
	}
	if !v.sign(";") {
		return "", errValue
	}
	return " ON CONFLICT DO NOTHING;\n", nil
}

// read reads the next row.
func (r *row) read(v *values) error {
	if !v.sign("(") {
		return errValue
	}
	r.raw = r.raw[:0]
	for {
		value, err := v.value()
		if err != nil {
			return err
		}
		r.raw = append(r.raw, value)
		if v.sign(")") {
			break
		}
		if !v.sign(",") {
			return errValue
		}
	}
	if len(r.raw) != len(r.layout.fields) {
		return fmt.Errorf("the row has %d values, and the table %d columns", len(r.raw), len(r.layout.fields))
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
		return appendQuoted(dst, script.AppendString(nil, raw, r.plain))
	}
	return append(dst, raw...)
}
