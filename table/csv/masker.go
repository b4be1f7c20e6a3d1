package csv

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker {
	m := &masker{pass: mask.NewPass(d.plan.Actions), plan: d.plan}
	m.pass.Detail = detail
	m.table = d.plan.Masker(m.pass)
	m.values = make([][]byte, len(d.plan.Columns))
	m.escaped = make([][]byte, len(d.plan.Columns))
	return m
}

// masker masks blocks of records.
type masker struct {
	pass  *mask.Pass
	plan  *table.Plan
	table *table.Masker

	dialect *dialect
	record  []byte
	cells   []cell
	// values are the cells read so far, and escaped the memory of those with escapes.
	values, escaped [][]byte
	buf             []byte
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	d := b.Head.(*document)
	m.dialect = &d.dialect
	newline := []byte{d.dialect.lineEnd()}
	text, line, header := b.Text, b.Line, b.Line == 1 && d.header
	rows := uint64(0)
	for len(text) > 0 {
		n := m.dialect.Record(text)
		if n == 0 {
			n = len(text)
		}
		whole := text[:n]
		text = text[n:]
		record, end := trimNewline(whole)
		switch {
		case len(record) == 0:
			dst = append(dst, end...)
		default:
			from := len(dst)
			out, err := m.one(dst, record, header)
			if err == nil {
				dst = append(out, end...)
				if !header {
					rows++
				}
				break
			}
			dst = dst[:from]
			r.Bad = append(r.Bad, bad(line, record, err))
		}
		header = false
		line += bytes.Count(whole, newline)
	}
	m.pass.CountResources(m.plan.Source.String(), rows)
	r.Masked += rows
	return dst
}

// bad describes a record that cannot be masked.
func bad(line int, record []byte, err error) file.Bad {
	b := file.Bad{Line: line, Column: 1, What: err.Error(), Text: bytes.Clone(record)}
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		before := record[:min(syntax.Offset, len(record))]
		b.Line += bytes.Count(before, []byte("\n"))
		b.Column = len(before) - bytes.LastIndexByte(before, '\n')
	}
	return b
}

// one masks a record; a header loses its hidden columns only. A fault of a method is an
// error of that record.
func (m *masker) one(dst, record []byte, header bool) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text can hold a value
			out, err = dst, errors.New("masking failed: a fault of Veil")
		}
	}()
	if !utf8.Valid(record) {
		return dst, errors.New("not valid UTF-8: use --encoding, such as windows-1252")
	}
	if m.cells, err = m.dialect.Split(m.cells[:0], record); err != nil {
		return dst, err
	}
	if len(m.cells) != len(m.plan.Columns) {
		return dst, fmt.Errorf("the row has %d cells, and the table %d columns", len(m.cells), len(m.plan.Columns))
	}
	m.record = record
	clear(m.values)
	m.table.Begin(m)
	for i, column := range m.plan.Out {
		if i > 0 {
			dst = append(dst, m.dialect.Delimiter)
		}
		c := m.cells[column]
		if header || m.plan.Columns[column].Treatment == table.Clear {
			dst = m.asItWas(dst, c)
			continue
		}
		var ok bool
		if m.buf, ok, err = m.table.AppendCell(m.buf[:0], column); err != nil {
			return dst, err
		}
		switch {
		case !ok && m.dialect.IsNull(record, c):
			dst = append(dst, record[c.Start:c.End]...)
		case !ok:
			dst = m.dialect.AppendNull(dst)
		default:
			if dst, ok = m.dialect.AppendCell(dst, m.buf, c.Quoted); !ok {
				return dst, fmt.Errorf("column %s: the masked value has a delimiter, and the file has no quotes", m.plan.Columns[column].Name)
			}
		}
	}
	return dst, nil
}

// asItWas appends a cell as the file has it, with its quotes.
func (m *masker) asItWas(dst []byte, c cell) []byte {
	if c.Quoted {
		return append(dst, m.record[c.Start-1:c.End+1]...)
	}
	return append(dst, m.record[c.Start:c.End]...)
}

// Cell implements table.Row.
func (m *masker) Cell(column int) []byte {
	if m.values[column] == nil {
		c := m.cells[column]
		if m.dialect.IsNull(m.record, c) {
			return nil
		}
		m.values[column], m.escaped[column] = m.dialect.Value(m.escaped[column], m.record, c)
	}
	return m.values[column]
}
