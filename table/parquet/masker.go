package parquet

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker {
	m := &masker{pass: mask.NewPass(d.plan.Actions), plan: d.plan}
	m.pass.Detail = detail
	m.table = d.plan.Masker(m.pass)
	return m
}

// masker masks pages.
type masker struct {
	pass  *mask.Pass
	plan  *table.Plan
	table *table.Masker

	decoder pageDecoder
	encoder pageEncoder
	bounds  bounds
	// column is the place of the column being masked, columns has only that place, and text
	// its cell; beside has the cells of its neighbours.
	column    int
	columns   [1]int
	text, out []byte
	beside    sideCells
}

// outcome is what the footer and the indexes need to know about a page.
type outcome struct {
	err error
	// bytes is the size in the file, and unpacked the size without compression. Both include
	// the header.
	bytes, unpacked int
	encoding        format.Encoding
	v2              bool
	values, nulls   int
	rows            int
	starts          bool
	stats           format.Statistics
	hashes          []uint64 // of values, for a bloom filter
}

// errFault is an error of Veil, or of a file that triggers one. Its text contains no
// value.
var errFault = errors.New("masking failed: the page is damaged, or there is a fault in Veil")

var errMapKey = errors.New("masking leaves nothing of a key of a map, which cannot be null: hide the column, or use a method that masks every value")

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker. Whatever is wrong with a page makes the whole file
// one that cannot be masked: the merger reports it.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) (out []byte) {
	t := b.Head.(*task)
	defer t.document.budget.release(t.cost)
	from := len(dst)
	defer func() {
		if recover() != nil { // its text can hold a value
			t.done.err = errFault
		}
		if t.done.err != nil {
			out = dst[:from]
			if t.column != nil {
				t.done.err = fmt.Errorf("row group %d, column %s: %w", t.group+1, t.column.column.Name, t.done.err)
			}
		}
	}()
	if t.counts {
		rows := uint64(t.document.meta.RowGroups[t.group].NumRows)
		m.pass.CountResources(m.plan.Source.String(), rows)
		r.Masked += rows
	}
	switch t.kind {
	case startTask:
		if t.document.dropped > 0 {
			r.Lost = []uint64{t.document.dropped}
		}
		return append(dst, magic...)
	case dictionaryTask:
		out, t.done.err = m.dictionary(dst, t)
	case pageTask:
		out, t.done.err = m.page(dst, t)
	}
	t.done.bytes = len(out) - from
	return out
}

// dictionary masks a dictionary.
func (m *masker) dictionary(dst []byte, t *task) ([]byte, error) {
	c, h := t.column, t.page.header
	t.done.encoding = h.DictionaryPageHeader.V.Encoding
	switch {
	case c.treated.Treatment == table.Clear:
		if _, err := t.dict.vector(); err != nil {
			return dst, err
		}
		return m.encoder.copied(dst, h, t.page.body, &t.done)
	case !c.sharesDictionary():
		return dst, nil // its values are written into the pages
	}
	masked, err := t.dict.mask(m, c)
	if err != nil {
		return dst, err
	}
	return m.encoder.dictionary(dst, h, t.codec, &masked.entries, &t.done)
}

// sharesDictionary reports whether the output has a dictionary where the input has one:
// each of its values is then masked once.
func (c *outColumn) sharesDictionary() bool {
	return c.treated.Alone() && c.treated.Treatment == table.Masked
}

// page masks a data page, or copies it.
func (m *masker) page(dst []byte, t *task) ([]byte, error) {
	c := t.column
	dict, err := t.dict.vector()
	if err != nil {
		return dst, err
	}
	g, err := m.decoder.decode(&t.page, c.leaf, t.codec, dict)
	if err != nil {
		return dst, err
	}
	if g.v2 && !g.starts {
		return dst, errors.New("the page is damaged: it begins within a row")
	}
	o := &t.done
	o.v2, o.values, o.rows, o.starts = g.v2, g.n, g.rows, g.starts
	m.bounds.reset(c.out.order)
	indexed := g.values.Dict != nil
	switch {
	case c.treated.Treatment == table.Clear:
		m.bounds.vector(&g.values)
		o.encoding, o.nulls = g.encoding, g.n-g.values.N
		o.stats = m.bounds.statistics(int64(o.nulls))
		o.hash(t, c.place, &g.values)
		return m.encoder.copied(dst, t.page.header, t.page.body, o)
	case indexed && c.sharesDictionary():
		return m.indexed(dst, t, g)
	}
	return m.values(dst, t, g)
}

// indexed masks a page whose values are in a dictionary that is masked.
func (m *masker) indexed(dst []byte, t *task, g *page) ([]byte, error) {
	c, o := t.column, &t.done
	masked, err := t.dict.mask(m, c)
	if err != nil {
		return dst, err
	}
	m.table.Count(c.place, uint64(g.values.N))
	e := &m.encoder
	e.begin(c, g)
	e.index = e.index[:0]
	k := 0
	for i := range g.n {
		place := int32(-1)
		if g.defs == nil || g.defs[i] == c.maxDef {
			place = masked.index[g.values.Index[k]]
			k++
			if !e.level(place < 0) {
				return dst, errMapKey
			}
		} else {
			e.missing(g.defs[i])
		}
		if place >= 0 {
			e.index = append(e.index, place)
		}
	}
	out := encoding.Vector{N: len(e.index), Dict: &masked.entries}
	out.Index = make([]uint32, len(e.index))
	for i, n := range e.index {
		out.Index[i] = uint32(n)
	}
	m.bounds.vector(&out)
	o.encoding, o.nulls = g.encoding, g.n-out.N
	o.stats = m.bounds.statistics(int64(o.nulls))
	o.hash(t, c.place, &out)
	return e.indices(dst, t, o)
}

// values masks the values of a page one by one.
func (m *masker) values(dst []byte, t *task, g *page) ([]byte, error) {
	c, o := t.column, &t.done
	e := &m.encoder
	e.begin(c, g)
	m.column = c.place
	m.columns = [1]int{c.place}
	m.beside.begin(t.beside)
	m.beside.row = t.row - 1
	var out encoding.Vector
	out.Width, out.Data, out.Ends = c.out.width, e.values[:0], e.ends[:0]
	m.table.Begin(m)
	k, looked := 0, 0
	for i := range g.n {
		if i >= looked {
			looked = m.look(c, g, i, k)
		}
		if g.reps == nil || g.reps[i] == 0 {
			m.beside.row++
		}
		if g.defs != nil && g.defs[i] != c.maxDef {
			e.missing(g.defs[i])
			continue
		}
		ok, err := m.value(c, g.values.At(k), &out)
		if err != nil {
			return dst, err
		}
		k++
		if !e.level(!ok) {
			return dst, errMapKey
		}
	}
	e.values, e.ends = out.Data, out.Ends
	m.bounds.vector(&out)
	o.encoding, o.nulls = format.Plain, g.n-out.N
	o.stats = m.bounds.statistics(int64(o.nulls))
	o.hash(t, c.place, &out)
	return e.plain(dst, t, &out, o)
}

// batchValues is how many values are looked at before they are masked.
const batchValues = 128

// look looks ahead at the values of a page from place i on, before they are masked; the
// first of them that is not null is the k-th. It returns the place where the next
// look-ahead begins.
func (m *masker) look(c *outColumn, g *page, i, k int) int {
	end := min(i+batchValues, g.n)
	if !m.table.LookAhead(m.columns[:]) {
		return end
	}
	row := m.beside.row
	for more := true; more && i < end; i++ {
		if g.reps == nil || g.reps[i] == 0 {
			m.beside.row++
		}
		if g.defs != nil && g.defs[i] != c.maxDef {
			continue
		}
		m.text = c.typ.text(m.text[:0], g.values.At(k))
		if m.text == nil {
			m.text = []byte{}
		}
		k++
		more = m.table.Look(m)
	}
	m.beside.row = row
	return end
}

// value masks a value and appends the result. ok is false if nothing is left.
func (m *masker) value(c *outColumn, src []byte, out *encoding.Vector) (ok bool, err error) {
	m.text = c.typ.text(m.text[:0], src)
	if m.text == nil {
		m.text = []byte{}
	}
	m.out, ok, err = m.table.AppendCell(m.out[:0], c.place)
	if err == nil {
		err = m.beside.err
	}
	if !ok || err != nil {
		return false, err
	}
	from := len(out.Data)
	data, ok := c.value(out.Data, src, m.text, m.out)
	if !ok {
		out.Data = data[:from]
		return false, nil
	}
	out.Data = data
	if out.Width == 0 {
		out.Ends = append(out.Ends, uint32(len(data)))
	}
	out.N++
	return true, nil
}

// Cell implements table.Row.
func (m *masker) Cell(column int) []byte {
	if column == m.column {
		return m.text
	}
	return m.beside.cell(column)
}
