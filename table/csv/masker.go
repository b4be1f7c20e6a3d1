package csv

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	m.kept = runsOf(d.plan.Out, func(column int) bool { return d.plan.Columns[column].Treatment == table.Clear })
	m.shown = runsOf(d.plan.Out, func(int) bool { return true })
	return m
}

// masker masks blocks of records, batch by batch.
type masker struct {
	pass  *mask.Pass
	plan  *table.Plan
	table *table.Masker

	// kept has the runs of columns that are not masked, and shown those of a header.
	kept, shown []int

	dialect *dialect
	batch   []record
	// cells has those of the batch.
	cells []cell
	// record is the record being masked, values are its cells read so far, and escaped is
	// the buffer for those with escapes.
	record          *record
	values, escaped [][]byte
	buf             []byte
}

// record is a parsed record.
type record struct {
	offset    int // in the block
	text, end []byte
	cells     []cell
	err       error
}

// batchRecords is how many records are read before they are masked: enough for their keyed
// hashes to be computed together, and few enough to stay in the processor's cache.
const batchRecords = 64

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	d := b.Head.(*document)
	m.dialect = &d.dialect
	header := b.Line == 1 && d.header
	rows, line, counted := uint64(0), b.Line, 0
	for at := 0; at < len(b.Text); {
		at = m.read(b.Text, at, header)
		for i := range m.batch {
			rec := &m.batch[i]
			from := len(dst)
			out, err := m.one(dst, rec, header)
			if err == nil {
				dst = append(out, rec.end...)
				if !header && len(rec.text) > 0 {
					rows++
				}
			} else {
				dst = dst[:from]
				line += bytes.Count(b.Text[counted:rec.offset], []byte{d.dialect.lineEnd()})
				counted = rec.offset
				r.Bad = append(r.Bad, bad(line, rec.text, err))
			}
			header = false
		}
	}
	m.pass.CountResources(m.plan.Source.String(), rows)
	r.Masked += rows
	return dst
}

// read reads a batch of the records of a block from an offset on, and returns where it
// ends. If it is worthwhile, it looks ahead for values to hash. A header is a separate
// batch.
func (m *masker) read(text []byte, at int, header bool) int {
	m.batch, m.cells = m.batch[:0], m.cells[:0]
	ahead := !header && m.table.LookAhead(m.plan.Out)
	for more := true; more && at < len(text) && len(m.batch) < batchRecords; {
		n := m.dialect.Record(text[at:])
		if n == 0 {
			n = len(text) - at
		}
		m.batch = append(m.batch, record{offset: at})
		rec := &m.batch[len(m.batch)-1]
		rec.text, rec.end = trimNewline(text[at : at+n])
		at += n
		if len(rec.text) > 0 {
			rec.err = m.split(rec)
		}
		if ahead && rec.cells != nil {
			m.begin(rec)
			more = m.table.Look(m)
		}
		more = more && !header
	}
	return at
}

// split reads the cells of a record.
func (m *masker) split(r *record) (err error) {
	defer recovered(&err)
	if !utf8.Valid(r.text) {
		return errors.New("not valid UTF-8: use --encoding, such as windows-1252")
	}
	from := len(m.cells)
	if m.cells, err = m.dialect.Split(m.cells, r.text); err != nil {
		return err
	}
	cells := m.cells[from:]
	if len(cells) != len(m.plan.Columns) {
		return fmt.Errorf("the row has %d cells, but the table has %d columns", len(cells), len(m.plan.Columns))
	}
	r.cells = cells
	return nil
}

// recovered turns a panic into an error without its text, which may contain a value.
func recovered(err *error) {
	if recover() != nil {
		*err = errors.New("masking failed: internal error")
	}
}

// begin makes a record the current one.
func (m *masker) begin(r *record) {
	m.record = r
	clear(m.values)
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

// one masks a record; a header only loses its hidden columns. If a method fails, only
// that record has an error.
func (m *masker) one(dst []byte, r *record, header bool) (out []byte, err error) {
	if r.cells == nil {
		return dst, r.err // an empty line, or an error
	}
	out = dst
	defer recovered(&err)
	m.begin(r)
	m.table.Begin(m)
	runs := m.kept
	if header {
		runs = m.shown
	}
	for i := 0; i < len(m.plan.Out); i++ {
		if i > 0 {
			dst = append(dst, m.dialect.Delimiter)
		}
		column := m.plan.Out[i]
		if last := runs[i]; last >= 0 {
			dst = append(dst, r.text[r.cells[column].from():r.cells[m.plan.Out[last]].to()]...)
			i = last
			continue
		}
		c := r.cells[column]
		var ok bool
		if m.buf, ok, err = m.table.AppendCell(m.buf[:0], column); err != nil {
			return dst, err
		}
		switch {
		case !ok && m.dialect.IsNull(r.text, c):
			dst = append(dst, r.text[c.Start:c.End]...)
		case !ok:
			dst = m.dialect.AppendNull(dst)
		default:
			if dst, ok = m.dialect.AppendCell(dst, m.buf, c.Quoted); !ok {
				return dst, fmt.Errorf("column %s: the masked value contains a delimiter, but the file has no quotes", m.plan.Columns[column].Name)
			}
		}
	}
	return dst, nil
}

// runsOf finds runs of adjacent columns that are written unchanged: for each position of
// out, the last position of the run that begins there; -1 if the column is masked.
func runsOf(out []int, kept func(column int) bool) []int {
	last := make([]int, len(out))
	for i, column := range slices.Backward(out) {
		switch {
		case !kept(column):
			last[i] = -1
		case i+1 < len(out) && last[i+1] >= 0 && out[i+1] == column+1:
			last[i] = last[i+1]
		default:
			last[i] = i
		}
	}
	return last
}

// Cell implements table.Row.
func (m *masker) Cell(column int) []byte {
	if m.values[column] == nil {
		c := m.record.cells[column]
		if m.dialect.IsNull(m.record.text, c) {
			return nil
		}
		m.values[column], m.escaped[column] = m.dialect.Value(m.escaped[column], m.record.text, c)
	}
	return m.values[column]
}
