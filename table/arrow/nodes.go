package arrow

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// node converts an input array to a column.
type node interface {
	// add appends a range of elements of the input.
	add(from, to int)
	output
}

// runs calls valid for the runs of valid elements of an array, and null for those of
// NULLs.
func runs(a arrow.Array, from, to int, valid func(from, to int), null func(n int)) {
	if from == to {
		return // an empty array may have no buffers
	}
	if len(a.NullBitmapBytes()) == 0 {
		valid(from, to)
		return
	}
	for from < to {
		end, isNull := from+1, a.IsNull(from)
		for end < to && a.IsNull(end) == isNull {
			end++
		}
		if isNull {
			null(end - from)
		} else {
			valid(from, end)
		}
		from = end
	}
}

// copyOf returns a node that copies an array, whatever its type is.
func copyOf(a arrow.Array, b *budget) node {
	switch a := a.(type) {
	case *array.Null:
		return &copiedNulls{}
	case *array.Boolean:
		return &copiedBits{booleans{budget: b}, a}
	case *array.String:
		return newCopiedTexts(a, a.ValueOffsets(), b, false)
	case *array.Binary:
		return newCopiedTexts(a, a.ValueOffsets(), b, false)
	case *array.LargeString:
		return newCopiedTexts(a, a.ValueOffsets(), b, true)
	case *array.LargeBinary:
		return newCopiedTexts(a, a.ValueOffsets(), b, true)
	case *array.StringView:
		return &copiedViews{newViews(b), a, func(i int) []byte { return []byte(a.Value(i)) }}
	case *array.BinaryView:
		return &copiedViews{newViews(b), a, a.Value}
	case *array.RunEndEncoded:
		return &copiedRuns{in: a, values: copyOf(a.Values(), b), last: -1}
	case array.Union:
		return newCopiedUnion(a, b)
	}
	if children := childrenOf(a); children != nil {
		nodes := make([]node, len(children))
		for i, c := range children {
			nodes[i] = copyOf(c, b)
		}
		return nestedOf(a, nodes, b)
	}
	return newCopiedFixed(a, b)
}

func newViews(b *budget) views { return views{fixed: fixed{budget: b, width: viewBytes}} }

// copiedNulls copies a column of NULLs.
type copiedNulls struct{ nothing }

func (c *copiedNulls) add(from, to int) { c.null(to - from) }

// copiedFixed copies values of one width.
type copiedFixed struct {
	fixed
	in     arrow.Array
	values []byte
}

func newCopiedFixed(a arrow.Array, b *budget) node {
	width := a.DataType().(arrow.FixedWidthDataType).Bytes()
	c := &copiedFixed{fixed: fixed{budget: b, width: width}, in: a}
	if buffer := a.Data().Buffers()[1]; buffer != nil {
		c.values = buffer.Bytes()[a.Data().Offset()*width:]
	}
	return c
}

func (c *copiedFixed) add(from, to int) {
	runs(c.in, from, to, func(from, to int) { c.append(c.values[from*c.width:to*c.width], to-from) }, c.null)
}

// copiedBits copies bits.
type copiedBits struct {
	booleans
	in *array.Boolean
}

func (c *copiedBits) add(from, to int) {
	for i := from; i < to; i++ {
		if c.in.IsNull(i) {
			c.null(1)
		} else {
			c.append(c.in.Value(i))
		}
	}
}

// copiedTexts copies texts or bytes.
type copiedTexts[T int32 | int64] struct {
	texts
	in      arrow.Array
	offsets []T
	source  []byte
}

func newCopiedTexts[T int32 | int64](a arrow.Array, offsets []T, b *budget, wide bool) node {
	c := &copiedTexts[T]{texts: texts{budget: b, ends: ends{wide: wide}}, in: a, offsets: offsets}
	if buffer := a.Data().Buffers()[2]; buffer != nil {
		c.source = buffer.Bytes()
	}
	return c
}

func (c *copiedTexts[T]) add(from, to int) {
	runs(c.in, from, to, func(from, to int) {
		before := c.offsets[from]
		shift := len(c.bytes) - int(before)
		all := c.source[before:c.offsets[to]]
		c.take(len(all))
		c.bytes = append(c.bytes, all...)
		for _, end := range c.offsets[from+1 : to+1] {
			if end < before {
				panic("offsets go back")
			}
			c.ends.repeat(c.budget, 1, int(end)+shift)
			before = end
		}
		c.valid(to - from)
	}, c.null)
}

// copiedViews copies texts or bytes from views.
type copiedViews struct {
	views
	in    arrow.Array
	value func(i int) []byte
}

func (c *copiedViews) add(from, to int) {
	for i := from; i < to; i++ {
		if c.in.IsNull(i) {
			c.null(1)
		} else {
			c.append(c.value(i))
		}
	}
}

// copiedRuns copies runs of equal values. A run that is split between batches stays one
// run.
type copiedRuns struct {
	in     *array.RunEndEncoded
	values node
	ends   []int
	n      int
	// last is the input's run of the last run; -1 for NULLs and at the beginning.
	last int
}

func (c *copiedRuns) add(from, to int) {
	for i := from; i < to; i++ {
		run := c.in.GetPhysicalIndex(i)
		if c.n++; run == c.last {
			c.ends[len(c.ends)-1] = c.n
			continue
		}
		c.values.add(run, run+1)
		c.ends, c.last = append(c.ends, c.n), run
	}
}

func (c *copiedRuns) null(n int) {
	if n > 0 {
		c.values.null(1)
		c.n += n
		c.ends, c.last = append(c.ends, c.n), -1
	}
}

func (c *copiedRuns) data(t arrow.DataType) arrow.ArrayData {
	dt := t.(*arrow.RunEndEncodedType)
	width := dt.RunEnds().(arrow.FixedWidthDataType).Bytes()
	ends := fixed{budget: &budget{left: math.MaxInt}, width: width}
	for _, end := range c.ends {
		ends.number(uint64(end))
	}
	return array.NewData(t, c.n, nil, []arrow.ArrayData{ends.data(dt.RunEnds()), c.values.data(dt.Encoded())}, 0, 0)
}

// copiedUnion copies values of several types.
type copiedUnion struct {
	in       array.Union
	codes    fixed
	offsets  fixed // of a dense union
	children []node
	lengths  []int
	dense    *array.DenseUnion // nil for a sparse one
}

func newCopiedUnion(a array.Union, b *budget) node {
	c := &copiedUnion{in: a, codes: fixed{budget: b, width: 1}, offsets: fixed{budget: b, width: 4}}
	c.dense, _ = a.(*array.DenseUnion)
	for i := range a.NumFields() {
		c.children = append(c.children, copyOf(a.Field(i), b))
	}
	c.lengths = make([]int, len(c.children))
	return c
}

func (c *copiedUnion) add(from, to int) {
	for i := from; i < to; i++ {
		child := c.in.ChildID(i)
		at := i
		if c.dense != nil {
			at = int(c.dense.ValueOffset(i))
		}
		c.one(child, func(n node) { n.add(at, at+1) })
	}
}

// null appends what represents NULL, since a union has no NULL of its own.
func (c *copiedUnion) null(n int) {
	for range n {
		c.one(0, func(n node) { n.null(1) })
	}
}

// one appends a value of a child.
func (c *copiedUnion) one(child int, add func(node)) {
	c.codes.number(uint64(c.in.UnionType().TypeCodes()[child]))
	for k, n := range c.children {
		switch {
		case k == child:
			add(n)
		case c.dense == nil:
			n.null(1)
		}
	}
	c.offsets.number(uint64(c.lengths[child]))
	c.lengths[child]++
}

func (c *copiedUnion) data(t arrow.DataType) arrow.ArrayData {
	u := t.(arrow.UnionType)
	var children []arrow.ArrayData
	for i, f := range u.Fields() {
		children = append(children, c.children[i].data(f.Type))
	}
	buffers := c.codes.data(arrow.PrimitiveTypes.Int8).Buffers()
	if c.dense != nil {
		buffers = append(buffers, c.offsets.data(arrow.PrimitiveTypes.Int32).Buffers()[1])
	}
	return array.NewData(t, c.codes.n, buffers, children, 0, 0)
}
