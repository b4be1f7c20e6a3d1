package pgdump

import (
	"errors"
	"io"
	"strconv"
	"strings"

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
	// last is the masker of the previous block: the rows of a table follow one another.
	last *relationMasker
	row  row
	// batch has the rows that have been read but not masked, and raw their fields.
	batch []record
	raw   [][]byte
	// looked counts the rows of the batch that have been searched for values to hash.
	looked int
	// statements has the INSERT statements of the rows, and values the values of the one
	// being read.
	statements []statement
	values     script.Values
	buf        []byte
}

// relationMasker masks rows of one table.
type relationMasker struct {
	relation *relation
	tables   []*table.Masker
	passes   []*mask.Pass
	// columns has those that each of tables masks in rows of a layout, and looks says which
	// of tables look ahead.
	layout  *layout
	columns [][]int
	looks   []bool
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

// of returns the masker of the rows of a table.
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

// count adds the actions of rules to the counts of the document.
func (rm *relationMasker) count(d *document, to *mask.Pass) {
	for i, pass := range rm.passes {
		offset := -1
		if i < len(rm.relation.offsets) { // otherwise the table appeared after the first rows
			offset = rm.relation.offsets[i]
		}
		for n, times := range pass.Counts {
			if offset >= 0 {
				to.Counts[offset+n] += times
			} else if times > 0 {
				rule, _, _ := strings.Cut(rm.relation.plans[i].Actions.Actions[n].Rule, ", ")
				to.Counts[d.byRule[rule]] += times
			}
			pass.Counts[n] = 0
		}
	}
}

var errFault = errors.New("masking failed: internal error")

// cell masks a cell of the row.
func (m *masker) cell(c *column, i int, rm *relationMasker) (out []byte, ok bool, err error) {
	t := rm.tables[c.plan]
	t.Begin(&m.row)
	out, ok, err = t.AppendCell(m.buf[:0], i)
	if ok && c.out == "bigint" && len(out) >= 19 { // the last multiple may be out of the type's range
		_, rangeErr := strconv.ParseInt(string(out), 10, 64)
		ok = rangeErr == nil
	}
	if err == nil && !ok && m.row.Cell(i) != nil && !c.nulled.Load() {
		c.nulled.Store(true)
	}
	return out, ok, err
}
