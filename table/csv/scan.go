package csv

import (
	"bytes"
)

// syntaxError is an error in one record. It does not quote the record.
type syntaxError struct {
	Offset int // in the record, from 0
	What   string
}

// Error says what the fault is; the offset is for whoever knows the line.
func (e *syntaxError) Error() string { return e.What }

func syntax(offset int, what string) error {
	return &syntaxError{Offset: offset, What: what}
}

// Record returns the length of the first record of b, with its line end, or 0 if b
// ends before the record does. Line ends inside quotes belong to the record.
func (d *dialect) Record(b []byte) int {
	end := d.lineEnd()
	for at := 0; ; {
		n := bytes.IndexByte(b[at:], end)
		line := b[at:]
		if n >= 0 {
			line = b[at : at+n+1]
		}
		after := d.quotes(b, at, len(line))
		switch {
		case after < 0:
			return 0 // a quote is open at the end of b
		case after > at+len(line):
			at = after // the quoted cell continues after this line
			continue
		case n < 0:
			return 0
		}
		return at + n + 1
	}
}

// quotes examines the cells of b[at:at+n] that begin with a quote. It returns where the
// last of them ends if that is after at+n, -1 if it does not end in b, and at otherwise.
func (d *dialect) quotes(b []byte, at, n int) int {
	if d.Quote == 0 {
		return at
	}
	stop := at + n
	for p := at; p < stop; {
		q := bytes.IndexByte(b[p:stop], d.Quote)
		if q < 0 {
			return at
		}
		q += p
		if q > 0 && b[q-1] != d.Delimiter && !(b[q-1] == '\n' || b[q-1] == '\r') {
			p = q + 1 // not at the beginning of a cell: an error when the record is split
			continue
		}
		p = d.closing(b, q+1)
		if p < 0 {
			return -1
		}
		if p >= stop {
			return p
		}
	}
	return at
}

// closing returns the offset after the quote that ends a cell whose text begins at p, or
// -1.
func (d *dialect) closing(b []byte, p int) int {
	for {
		q := bytes.IndexByte(b[p:], d.Quote)
		if q < 0 {
			return -1
		}
		if d.Escape != d.Quote {
			if e := bytes.IndexByte(b[p:p+q], d.Escape); e >= 0 {
				if p += e + 2; p > len(b) {
					return -1
				}
				continue
			}
			return p + q + 1
		}
		p += q + 1
		if p == len(b) || b[p] != d.Quote {
			return p
		}
		p++
	}
}

// Split appends the cells of a record, given without its line end.
func (d *dialect) Split(cells []cell, record []byte) ([]cell, error) {
	quotes := d.Quote != 0 && bytes.IndexByte(record, d.Quote) >= 0
	breaks := bytes.IndexByte(record, '\n') >= 0 || bytes.IndexByte(record, '\r') >= 0
	for p := 0; ; {
		if quotes && p < len(record) && record[p] == d.Quote {
			c, next, err := d.quoted(record, p)
			if err != nil {
				return cells, err
			}
			cells = append(cells, c)
			if next == len(record) {
				return cells, nil
			}
			p = next + 1
			continue
		}
		n := bytes.IndexByte(record[p:], d.Delimiter)
		end := len(record)
		if n >= 0 {
			end = p + n
		}
		if quotes {
			if q := bytes.IndexByte(record[p:end], d.Quote); q >= 0 {
				return cells, syntax(p+q, "bare quote in a cell without quotes")
			}
		}
		if breaks {
			if e := bytes.IndexAny(record[p:end], "\r\n"); e >= 0 {
				return cells, syntax(p+e, "line end of another kind in a cell without quotes")
			}
		}
		cells = append(cells, cell{Start: p, End: end})
		if n < 0 {
			return cells, nil
		}
		p = end + 1
	}
}

// quoted reads the cell whose quote is at p; next is the offset of the delimiter after
// it, or the record's length.
func (d *dialect) quoted(record []byte, p int) (c cell, next int, err error) {
	next = d.closing(record, p+1)
	if next < 0 {
		return c, 0, syntax(p, "quoted cell without a closing quote")
	}
	if next < len(record) && record[next] != d.Delimiter {
		return c, 0, syntax(next, "unexpected data after the closing quote")
	}
	c = cell{Start: p + 1, End: next - 1, Quoted: true}
	c.Escaped = bytes.IndexByte(record[c.Start:c.End], d.Escape) >= 0
	return c, next, nil
}

// trimNewline returns a record without its line end, and the line end.
func trimNewline(record []byte) (rest, end []byte) {
	n := len(record)
	if n > 0 && record[n-1] == '\n' {
		n--
	}
	if n > 0 && record[n-1] == '\r' {
		n--
	}
	return record[:n], record[n:]
}
