// Package csv reads and writes delimited text, RFC 4180 and its dialects. Everything
// that is not masked stays as it was: delimiters, quoting and line ends are those of
// the file.
//
// It knows records and cells, but nothing of masking. A record that can be read in two
// ways is an error for that record.
package csv

import "bytes"

// dialect is the syntax of a file of delimited text.
type dialect struct {
	// Delimiter separates cells: a comma, semicolon, tab, vertical bar or any other ASCII
	// byte.
	Delimiter byte
	// Quote encloses a cell that contains delimiters or line ends; 0 if the file has no
	// quoting.
	Quote byte
	// Escape precedes a quote inside a quoted cell. In RFC 4180 it is the quote itself,
	// doubled.
	Escape byte
	// Newline ends a record: "\n", "\r\n" or "\r". Records may end in "\r\n" where it
	// is "\n".
	Newline string
	// Nulls are the spellings of NULL, as cells without quotes. NULL is written as the first
	// of them. Nil means the empty cell.
	Nulls []string
}

// standardDialect is RFC 4180 with line feeds, as most programs write it.
var standardDialect = dialect{Delimiter: ',', Quote: '"', Escape: '"', Newline: "\n"}

// cell is a cell of a record, as a range of its bytes.
type cell struct {
	// Start and End are offsets in the record, within the quotes if there are any.
	Start, End int
	Quoted     bool
	// Escaped says that the range has escapes: its value is not its bytes.
	Escaped bool
}

// from is where a cell begins, with its quote.
func (c cell) from() int { return c.Start - c.quotes() }

// to is where a cell ends, with its quote.
func (c cell) to() int { return c.End + c.quotes() }

func (c cell) quotes() int {
	if c.Quoted {
		return 1
	}
	return 0
}

// IsNull reports whether a cell of the record is NULL.
func (d *dialect) IsNull(record []byte, c cell) bool {
	if c.Quoted {
		return false
	}
	if d.Nulls == nil {
		return c.Start == c.End
	}
	for _, n := range d.Nulls {
		if string(record[c.Start:c.End]) == n {
			return true
		}
	}
	return false
}

// Value returns the value of a cell. It is a part of the record, or of buf if the
// cell has escapes; buf is grown as needed and returned.
func (d *dialect) Value(buf, record []byte, c cell) (value, grown []byte) {
	raw := record[c.Start:c.End]
	if !c.Escaped {
		return raw, buf
	}
	buf = buf[:0]
	for {
		i := bytes.IndexByte(raw, d.Escape)
		if i < 0 || i+1 == len(raw) {
			buf = append(buf, raw...)
			return buf, buf
		}
		buf = append(buf, raw[:i]...)
		if next := raw[i+1]; d.Escape != d.Quote && next != d.Quote && next != d.Escape {
			buf = append(buf, d.Escape) // it escapes nothing
		}
		buf = append(buf, raw[i+1])
		raw = raw[i+2:]
	}
}

// null returns how NULL is written.
func (d *dialect) null() string {
	if len(d.Nulls) == 0 {
		return ""
	}
	return d.Nulls[0]
}

// AppendNull appends NULL.
func (d *dialect) AppendNull(dst []byte) []byte { return append(dst, d.null()...) }

// AppendCell appends a value, with quotes if quoted is set or the value needs
// them. Without quoting, a value that has a delimiter or a line end cannot be
// written: ok is false, and dst is returned as it was.
func (d *dialect) AppendCell(dst, value []byte, quoted bool) (out []byte, ok bool) {
	if !quoted && !d.needsQuotes(value) {
		return append(dst, value...), true
	}
	if d.Quote == 0 {
		if d.ends(value) {
			return dst, false
		}
		return append(dst, value...), true
	}
	dst = append(dst, d.Quote)
	for len(value) > 0 {
		i := bytes.IndexByte(value, d.Quote)
		if d.Escape != d.Quote {
			if e := bytes.IndexByte(value, d.Escape); e >= 0 && (i < 0 || e < i) {
				i = e
			}
		}
		if i < 0 {
			break
		}
		dst = append(append(dst, value[:i]...), d.Escape, value[i])
		value = value[i+1:]
	}
	return append(append(dst, value...), d.Quote), true
}

// lineEnd returns the last byte of a line end.
func (d *dialect) lineEnd() byte {
	if d.Newline == "\r" {
		return '\r'
	}
	return '\n'
}

// ends reports whether a value contains a byte that ends a cell.
func (d *dialect) ends(value []byte) bool {
	return bytes.IndexByte(value, d.Delimiter) >= 0 || bytes.IndexByte(value, '\n') >= 0 || bytes.IndexByte(value, '\r') >= 0
}

// needsQuotes reports whether a value without quotes would be read as a different one.
func (d *dialect) needsQuotes(value []byte) bool {
	if len(value) == 0 {
		return d.Quote != 0 && (d.Nulls == nil || d.IsNull(nil, cell{}))
	}
	if d.ends(value) || d.Quote != 0 && bytes.IndexByte(value, d.Quote) >= 0 {
		return true
	}
	return d.Nulls != nil && d.IsNull(value, cell{End: len(value)})
}
