package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/veil-proxy/veil/table"
)

// cursor represents the row being masked, for package table. A column is read only when
// its text is needed.
type cursor struct {
	row     int
	columns []cell
}

// cell is the position at which the cursor reads a column.
type cell struct {
	values
	// records are the records around the column: if one is NULL, so is the cell.
	records []arrow.Array
	// at is the index of the element being masked, or -1: for a repeated column, no other
	// value of a row is known.
	repeated bool
	at       int
	buf      []byte
}

// Cell implements table.Row.
func (c *cursor) Cell(column int) []byte {
	f := &c.columns[column]
	i := c.row
	if f.repeated {
		i = f.at
	}
	if i < 0 {
		return nil
	}
	for _, r := range f.records {
		if r.IsNull(i) {
			return nil
		}
	}
	return f.value(i)
}

// value is a value of the column; nil is NULL.
func (f *cell) value(i int) []byte {
	if f.null(i) {
		return nil
	}
	if f.text == nil {
		return opaque
	}
	text := f.text(f.buf[:0], i)
	if !f.shared {
		f.buf = text
	}
	if text == nil {
		return opaque[:0]
	}
	return text
}

// opaque represents a value without a text. Rules do not see it.
var opaque = []byte("opaque")

// failure is the panic of a row that cannot be masked.
type failure struct {
	row int
	err error
}

// maskedLeaf masks the values of a leaf.
type maskedLeaf struct {
	writer
	in     arrow.Array
	cell   *cell
	field  *field
	row    *cursor
	masker *table.Masker

	buf []byte
	// looked is the value that skip has masked, or -1.
	looked int
	ok     bool
	// columns contains only the column.
	columns [1]int
}

func (m *maskedLeaf) add(from, to int) {
	next := from // to look at before they are masked
	for i := from; i < to; i++ {
		if i == next {
			next = m.lookAhead(i, to)
		}
		if m.looked != i {
			m.mask(i)
		}
		m.looked = -1
		if !m.ok || !m.append(m.buf) { // a value that does not fit the type becomes NULL
			m.null(1)
		}
	}
}

// batchValues is how many values are examined before they are masked, and fewValues how
// many are too few for that.
const (
	batchValues = 128
	fewValues   = 8
)

// lookAhead examines a batch of values in a range before they are masked (see
// table.Masker.Look), and returns where the next batch begins.
func (m *maskedLeaf) lookAhead(from, to int) int {
	to = min(to, from+batchValues)
	m.columns[0] = m.field.column
	if to-from < fewValues || !m.masker.LookAhead(m.columns[:]) {
		return to
	}
	for i, more := from, true; more && i < to; i++ {
		m.at(i)
		more = m.masker.Look(m.row)
	}
	m.cell.at = -1
	return to
}

// at moves to the row of a value, or to the value in its row.
func (m *maskedLeaf) at(i int) {
	if m.cell.repeated {
		m.cell.at = i
	} else {
		m.row.row = i
	}
}

// mask masks a value to buf.
func (m *maskedLeaf) mask(i int) {
	m.at(i)
	if m.cell.repeated {
		defer func() { m.cell.at = -1 }()
	}
	var err error
	if m.buf, m.ok, err = m.masker.AppendCell(m.buf[:0], m.field.column); err != nil {
		panic(failure{m.row.row, err})
	}
}

// skip implements skipper.
func (m *maskedLeaf) skip(i int) bool {
	m.mask(i)
	m.looked = i
	return !m.ok
}

// chosen copies the values of a leaf that conditions keep, if no rule masks any. Values
// of dictionaries and runs are written out.
type chosen struct {
	node
	leaf  maskedLeaf
	place func(i int) int
}

func newChosen(leaf maskedLeaf, b *budget) *chosen {
	c := &chosen{leaf: leaf}
	switch a := leaf.in.(type) {
	case *array.Dictionary:
		c.node, c.place = copyOf(a.Dictionary(), b), a.GetValueIndex
	case *array.RunEndEncoded:
		c.node, c.place = copyOf(a.Values(), b), a.GetPhysicalIndex
	default:
		c.node, c.place = copyOf(a, b), func(i int) int { return i }
	}
	return c
}

func (c *chosen) add(from, to int) {
	for i := from; i < to; i++ {
		if c.leaf.mask(i); c.leaf.ok {
			c.node.add(c.place(i), c.place(i)+1)
		} else {
			c.null(1)
		}
	}
}

func (c *chosen) skip(i int) bool {
	c.leaf.mask(i)
	return !c.leaf.ok
}

// removedLeaf turns values into NULLs.
type removedLeaf struct {
	node
	count func(n int)
	in    arrow.Array
}

func (r *removedLeaf) add(from, to int) {
	runs(r.in, from, to, func(from, to int) { r.count(to - from) }, func(int) {})
	r.null(to - from)
}

// indexed writes the indices of a column with a new dictionary.
type indexed struct {
	fixed
	in    *array.Dictionary
	dict  *dictionary
	count func(n int)
}

func (x *indexed) add(from, to int) {
	n := 0
	for i := from; i < to; i++ {
		if x.in.IsNull(i) {
			x.null(1)
			continue
		}
		n++
		place := x.dict.places[x.in.GetValueIndex(i)]
		if place < 0 {
			x.null(1)
			continue
		}
		x.number(uint64(place))
	}
	x.count(n)
}

func (x *indexed) skip(i int) bool {
	return x.in.IsNull(i) || x.dict.places[x.in.GetValueIndex(i)] < 0
}

func (x *indexed) data(t arrow.DataType) arrow.ArrayData {
	d := array.NewData(t, x.n, x.fixed.data(t).Buffers(), nil, x.nulls, 0)
	d.SetDictionary(x.dict.values.Data())
	return d
}
