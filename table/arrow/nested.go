package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// childrenOf returns the child arrays of a nested array; nil for others.
func childrenOf(a arrow.Array) []arrow.Array {
	switch a := a.(type) {
	case *array.Struct:
		out := make([]arrow.Array, a.NumField())
		for i := range out {
			out[i] = a.Field(i)
		}
		return out
	case *array.Map:
		return []arrow.Array{a.Keys(), a.Items()}
	case array.ListLike:
		return []arrow.Array{a.ListValues()}
	}
	return nil
}

// nestedOf returns the node of a nested array. Children that are not shown are nil.
func nestedOf(a arrow.Array, children []node, b *budget) node {
	switch a := a.(type) {
	case *array.Struct:
		return &records{in: a, children: children}
	case *array.Map:
		return &maps{lists: lists{budget: b, in: a, children: children}}
	case *array.FixedSizeList:
		return &fixedLists{in: a, child: children[0], size: int(a.DataType().(*arrow.FixedSizeListType).Len())}
	case *array.ListView:
		return &lists{budget: b, in: a, children: children, view: true}
	case *array.LargeListView:
		return &lists{budget: b, in: a, children: children, view: true, starts: ends{wide: true}, sizes: ends{wide: true}}
	case *array.LargeList:
		return &lists{budget: b, in: a, children: children, ends: ends{wide: true}}
	case array.ListLike:
		return &lists{budget: b, in: a, children: children}
	}
	panic("a nested array of an unknown type")
}

// records makes records.
type records struct {
	validity
	in       *array.Struct
	children []node
}

func (r *records) add(from, to int) {
	runs(r.in, from, to, func(from, to int) {
		for _, c := range r.children {
			if c != nil {
				c.add(from, to)
			}
		}
		r.valid(to - from)
	}, r.null)
}

func (r *records) null(n int) {
	for _, c := range r.children {
		if c != nil {
			c.null(n)
		}
	}
	r.validity.null(n)
}

func (r *records) data(t arrow.DataType) arrow.ArrayData {
	var children []arrow.ArrayData
	fields := t.(*arrow.StructType).Fields()
	for _, c := range r.children {
		if c != nil {
			children = append(children, c.data(fields[len(children)].Type))
		}
	}
	return array.NewData(t, r.n, []*memory.Buffer{r.buffer()}, children, r.nulls, 0)
}

// lists makes lists of any number of elements. Those of list views are written in order,
// each with its own elements.
type lists struct {
	*budget
	validity
	in       array.ListLike
	children []node
	ends     ends
	view     bool
	starts   ends
	sizes    ends
	n        int // elements
}

func (l *lists) add(from, to int) {
	if l.view {
		for i := from; i < to; i++ {
			if l.in.IsNull(i) {
				l.null(1)
				continue
			}
			start, end := l.in.ValueOffsets(i)
			l.elements(start, end)
			l.list(int(end - start))
		}
		return
	}
	runs(l.in, from, to, func(from, to int) {
		start, _ := l.in.ValueOffsets(from)
		_, end := l.in.ValueOffsets(to - 1)
		l.elements(start, end)
		for i := from; i < to; i++ {
			start, end := l.in.ValueOffsets(i)
			if end < start {
				panic("offsets go back")
			}
			l.list(int(end - start))
		}
	}, l.null)
}

// elements appends elements of the input.
func (l *lists) elements(start, end int64) {
	n := int64(l.in.ListValues().Len())
	if start < 0 || end < start || end > n {
		panic("a list ends outside of its elements")
	}
	l.take(int(end - start))
	for _, c := range l.children {
		c.add(int(start), int(end))
	}
}

// list appends a list of the n newest elements.
func (l *lists) list(n int) {
	l.end(n)
	l.valid(1)
}

func (l *lists) end(n int) {
	if l.view {
		l.starts.put(l.n)
		l.sizes.put(n)
	}
	l.n += n
	if !l.view {
		l.ends.repeat(l.budget, 1, l.n)
	}
}

func (l *lists) null(n int) {
	for range n {
		l.end(0)
	}
	l.validity.null(n)
}

func (l *lists) data(t arrow.DataType) arrow.ArrayData {
	child := l.children[0].data(t.(arrow.ListLikeType).Elem())
	buffers := []*memory.Buffer{l.buffer()}
	if l.view {
		buffers = append(buffers, memory.NewBufferBytes(l.starts.b), memory.NewBufferBytes(l.sizes.b))
	} else {
		buffers = append(buffers, l.ends.buffer())
	}
	return array.NewData(t, l.validity.n, buffers, []arrow.ArrayData{child}, l.nulls, 0)
}

// maps makes maps. An entry whose key becomes NULL is removed.
type maps struct{ lists }

func (m *maps) add(from, to int) {
	key, skips := m.children[0].(skipper)
	if !skips {
		m.lists.add(from, to)
		return
	}
	for i := from; i < to; i++ {
		if m.in.IsNull(i) {
			m.null(1)
			continue
		}
		start, end := m.in.ValueOffsets(i)
		n := 0
		for k := start; k < end; k++ {
			if key.skip(int(k)) {
				continue
			}
			m.elements(k, k+1)
			n++
		}
		m.list(n)
	}
}

// skipper is a node for keys: those that become NULL are left out.
type skipper interface{ skip(i int) bool }

func (m *maps) data(t arrow.DataType) arrow.ArrayData {
	entries := t.(*arrow.MapType).Elem().(*arrow.StructType)
	key := m.children[0].data(entries.Field(0).Type)
	value := m.children[1].data(entries.Field(1).Type)
	child := array.NewData(entries, key.Len(), []*memory.Buffer{nil}, []arrow.ArrayData{key, value}, 0, 0)
	return array.NewData(t, m.validity.n, []*memory.Buffer{m.buffer(), m.ends.buffer()}, []arrow.ArrayData{child}, m.nulls, 0)
}

// fixedLists makes lists of a fixed number of elements.
type fixedLists struct {
	validity
	in    *array.FixedSizeList
	child node
	size  int
}

func (f *fixedLists) add(from, to int) {
	runs(f.in, from, to, func(from, to int) {
		start, _ := f.in.ValueOffsets(from)
		_, end := f.in.ValueOffsets(to - 1)
		f.child.add(int(start), int(end))
		f.valid(to - from)
	}, f.null)
}

func (f *fixedLists) null(n int) {
	f.child.null(n * f.size)
	f.validity.null(n)
}

func (f *fixedLists) data(t arrow.DataType) arrow.ArrayData {
	child := f.child.data(t.(arrow.ListLikeType).Elem())
	return array.NewData(t, f.n, []*memory.Buffer{f.buffer()}, []arrow.ArrayData{child}, f.nulls, 0)
}
