package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/veil-proxy/veil/table"
)

// maxOutput bounds the output of a block, in bytes.
const maxOutput = 4 << 30

// batch masks batches of rows of a schema.
type batch struct {
	*schema
	masker *table.Masker
	cursor cursor
	budget budget
	// dictionaries are the dictionaries of this block, by number.
	dictionaries []*dictionary
}

func newBatch(s *schema, m *table.Masker) *batch {
	return &batch{schema: s, masker: m, cursor: cursor{columns: make([]cell, len(s.leaves))}}
}

// mask returns the masked form of a batch. It panics with a failure if a row cannot be
// masked, and with other values if the data is damaged.
func (b *batch) mask(rec arrow.RecordBatch, dictionaries []*dictionary) arrow.RecordBatch {
	b.budget.left, b.dictionaries = maxOutput, dictionaries
	rows := int(rec.NumRows())
	for i, f := range b.fields {
		b.read(f, rec.Column(i), nil)
	}
	b.masker.Begin(&b.cursor)
	var columns []arrow.Array
	for i, f := range b.fields {
		if !f.shown {
			continue
		}
		n := b.node(f, rec.Column(i))
		if f.byRow {
			for row := range rows {
				b.cursor.row = row
				n.add(row, row+1)
			}
		} else {
			n.add(0, rows)
		}
		columns = append(columns, array.MakeFromData(n.data(f.out.Type)))
	}
	return array.NewRecordBatch(b.out, columns, int64(rows))
}

// read sets from where the cursor reads the columns of a field.
func (b *batch) read(f *field, a arrow.Array, records []arrow.Array) {
	if f.column >= 0 {
		if !b.texts[f.column] {
			return
		}
		c := &b.cursor.columns[f.column]
		column := &b.plan.Columns[f.column]
		*c = cell{values: valuesOf(a, column.Type), repeated: column.Repeated, at: -1, buf: c.buf}
		if !c.repeated {
			c.records = records
		}
		return
	}
	if f.Type.ID() == arrow.STRUCT {
		records = append(records[:len(records):len(records)], a)
	}
	for i, c := range childrenOf(a) {
		b.read(f.children[i], c, records)
	}
}

// node returns the node of a visible field.
func (b *batch) node(f *field, a arrow.Array) node {
	if f.column >= 0 {
		return b.leaf(f, a)
	}
	arrays := childrenOf(a)
	children := make([]node, len(arrays))
	for i, c := range f.children {
		if c.shown {
			children[i] = b.node(c, arrays[i])
		}
	}
	return nestedOf(a, children, &b.budget)
}

func (b *batch) leaf(f *field, a arrow.Array) node {
	count := func(n int) { b.masker.Count(f.column, uint64(n)) }
	leaf := maskedLeaf{in: a, cell: &b.cursor.columns[f.column], field: f, row: &b.cursor, masker: b.masker, looked: -1}
	switch {
	case f.as == masked:
		leaf.writer = newWriter(f.out.Type, &b.budget)
		return &leaf
	case f.as == picked:
		return newChosen(leaf, &b.budget)
	}
	var n node
	if f.dictionary >= 0 {
		width := a.DataType().(*arrow.DictionaryType).Bytes()
		n = &indexed{fixed: fixed{budget: &b.budget, width: width}, in: a.(*array.Dictionary), dict: b.dictionaries[f.dictionary], count: count}
	} else {
		n = copyOf(a, &b.budget)
	}
	if f.as == removed {
		return &removedLeaf{n, count, a}
	}
	return n
}
