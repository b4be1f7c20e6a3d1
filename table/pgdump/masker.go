package pgdump

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker {
	m := &masker{pass: mask.NewPass(d.actions)}
	m.pass.Detail = detail
	return m
}

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger { return file.Concatenate(out) }

// masker masks blocks of rows.
type masker struct {
	pass *mask.Pass
	// last is what masked the block before: the rows of a table follow one another.
	last *relationMasker
	row  row
	// values are those of the INSERT that is read.
	values values
	buf    []byte
}

// relationMasker masks rows of one table.
type relationMasker struct {
	relation *relation
	tables   []*table.Masker
	passes   []*mask.Pass
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	h := b.Head.(*head)
	defer h.document.done()
	dst = append(dst, h.before...)
	if h.lost != nil {
		r.Lost = h.lost[:]
	}
	r.Bad = append(r.Bad, h.bad...)
	l := h.rows
	if l == nil {
		return dst
	}
	rm := m.of(l.relation)
	m.row.reset(l, h.plain)
	rows, bad := uint64(0), len(r.Bad)
	if l.insert {
		dst, rows = m.inserts(dst, b, l, rm, r)
	} else {
		dst, rows = m.copied(dst, b, l, rm, r)
		if h.last {
			dst = append(dst, "\\.\n\n"...)
		}
	}
	if len(r.Bad) > bad {
		l.relation.bad.Store(true)
	}
	m.pass.CountResources(l.relation.names().String(), rows)
	r.Masked += rows
	rm.count(h.document, m.pass)
	return dst
}

// of returns what masks rows of a table.
func (m *masker) of(r *relation) *relationMasker {
	if m.last != nil && m.last.relation == r {
		return m.last
	}
	rm := &relationMasker{relation: r}
	for _, p := range r.plans {
		pass := mask.NewPass(p.Actions)
		rm.passes = append(rm.passes, pass)
		rm.tables = append(rm.tables, p.Masker(pass))
	}
	m.last = rm
	return rm
}

// count adds what rules did to the counts of the document.
func (rm *relationMasker) count(d *document, to *mask.Pass) {
	for i, pass := range rm.passes {
		for n, times := range pass.Counts {
			if offset := rm.relation.offsets[i]; offset >= 0 {
				to.Counts[offset+n] += times
			} else if times > 0 {
				rule, _, _ := strings.Cut(rm.relation.plans[i].Actions.Actions[n].Rule, ", ")
				to.Counts[d.byRule[rule]] += times
			}
			pass.Counts[n] = 0
		}
	}
}

var errFault = errors.New("masking failed: a fault of Veil")

// copied masks the rows of a COPY.
func (m *masker) copied(dst []byte, b file.Block, l *layout, rm *relationMasker, r *file.Result) ([]byte, uint64) {
	dst = append(dst, l.begins...)
	text, line, rows := b.Text, b.Line, uint64(0)
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\n')
		if n < 0 {
			n = len(text) - 1
		}
		raw := bytes.TrimSuffix(text[:n], []byte("\r"))
		text = text[n+1:]
		from := len(dst)
		out, err := m.copyRow(dst, raw, l, rm)
		if err == nil {
			dst = append(out, '\n')
			rows++
		} else {
			dst = dst[:from]
			r.Bad = append(r.Bad, file.Bad{Line: line, Column: 1, What: err.Error(), Text: bytes.Clone(raw)})
		}
		line++
	}
	return dst, rows
}

// copyRow masks a row of a COPY. A fault of a method is an error of that row.
func (m *masker) copyRow(dst, raw []byte, l *layout, rm *relationMasker) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text can hold a value
			out, err = dst, errFault
		}
	}()
	if err := m.row.split(raw); err != nil {
		return dst, err
	}
	for i, place := range l.out {
		if i > 0 {
			dst = append(dst, '\t')
		}
		c := l.relation.columns[l.fields[place]]
		if c.keeps {
			dst = append(dst, m.row.raw[place]...)
			continue
		}
		var ok bool
		if m.buf, ok, err = m.cell(c, l.fields[place], rm); err != nil {
			return dst, err
		}
		if ok {
			dst = appendEscaped(dst, m.buf)
		} else {
			dst = append(dst, `\N`...)
		}
	}
	return dst, nil
}

// cell masks a cell of the row.
func (m *masker) cell(c *column, i int, rm *relationMasker) (out []byte, ok bool, err error) {
	t := rm.tables[c.plan]
	t.Begin(&m.row)
	out, ok, err = t.AppendCell(m.buf[:0], i)
	if ok && c.out == "bigint" && len(out) >= 19 { // the last multiple may be beyond the type
		_, rangeErr := strconv.ParseInt(string(out), 10, 64)
		ok = rangeErr == nil
	}
	if err == nil && !ok && m.row.Cell(i) != nil && !c.nulled.Load() {
		c.nulled.Store(true)
	}
	return out, ok, err
}

// inserts masks INSERT statements.
func (m *masker) inserts(dst []byte, b file.Block, l *layout, rm *relationMasker, r *file.Result) ([]byte, uint64) {
	text, line, rows := b.Text, b.Line, uint64(0)
	for {
		skipped := len(text) - len(bytes.TrimLeft(text, " \r\n\t"))
		line += bytes.Count(text[:skipped], []byte("\n"))
		if text = text[skipped:]; !bytes.HasPrefix(text, l.begins) {
			return dst, rows // the reader has seen to it that nothing is left
		}
		from := len(dst)
		out, n, done, err := m.insert(dst, text, l, rm)
		if err != nil {
			if n, _ = script.StatementEnd(text, m.row.plain); n == 0 {
				n = len(text)
			}
			out, done = dst[:from], 0
			r.Bad = append(r.Bad, file.Bad{Line: line, Column: 1, What: err.Error(), Text: bytes.Clone(text[:n])})
		}
		dst, rows = out, rows+done
		line += bytes.Count(text[:n], []byte("\n"))
		text = text[n:]
	}
}

// insert masks the INSERT statement that a text begins with, with its rows. It returns how
// long the statement is.
func (m *masker) insert(dst, text []byte, l *layout, rm *relationMasker) (out []byte, n int, rows uint64, err error) {
	defer func() {
		if recover() != nil { // its text can hold a value
			out, err = dst, errFault
		}
	}()
	dst = append(dst, l.start...)
	v := &m.values
	*v = values{text: text, at: len(l.begins), plain: m.row.plain}
	for {
		if err := m.row.read(v); err != nil {
			return dst, 0, 0, err
		}
		if rows > 0 {
			dst = append(dst, ",\n\t"...)
		}
		if dst, err = m.appendValues(append(dst, '('), l, rm); err != nil {
			return dst, 0, 0, err
		}
		dst = append(dst, ')')
		rows++
		if !v.sign(",") {
			break
		}
	}
	end, err := v.tail()
	if err == nil && !utf8.Valid(text[:v.at]) {
		err = errEncoding
	}
	return append(dst, end...), v.at, rows, err
}

// appendValues appends the values of a masked row.
func (m *masker) appendValues(dst []byte, l *layout, rm *relationMasker) ([]byte, error) {
	for i, place := range l.out {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		c := l.relation.columns[l.fields[place]]
		if c.keeps || m.row.raw[place] == nil || m.row.isDefault(place) {
			dst = m.row.appendKept(dst, place)
			continue
		}
		var ok bool
		var err error
		if m.buf, ok, err = m.cell(c, l.fields[place], rm); err != nil {
			return dst, err
		}
		if !ok {
			dst = append(dst, "NULL"...)
			continue
		}
		dst = appendQuoted(dst, m.buf)
	}
	return dst, nil
}
