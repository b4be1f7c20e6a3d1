package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// pageIndex says for each page of a chunk where it is, at which row it begins, and within
// which bounds its values are.
type pageIndex struct {
	locations []format.PageLocation
	columns   format.ColumnIndex
	order     order
	// bounded: there are bounds too. useless: the pages do not begin with rows, so that
	// an index could not say where a row is.
	bounded, useless bool
}

// indexBound is the maximum length of a bound in bytes. A truncated bound is still a
// bound.
const indexBound = 64

// add adds a page.
func (x *pageIndex) add(o *outcome, offset int64, row int, order order) {
	x.order = order
	x.useless = x.useless || !o.starts
	x.locations = append(x.locations, format.PageLocation{Offset: offset, CompressedPageSize: int32(o.bytes), FirstRowIndex: int64(row)})
	empty := o.nulls == o.values
	least, greatest, ok := boundsOfPage(&o.stats, order)
	x.bounded = x.bounded && (empty || ok)
	c := &x.columns
	c.NullPages = append(c.NullPages, empty)
	c.NullCounts = append(c.NullCounts, int64(o.nulls))
	c.MinValues, c.MaxValues = append(c.MinValues, least), append(c.MaxValues, greatest)
}

// boundsOfPage are bounds of at most indexBound bytes.
func boundsOfPage(s *format.Statistics, order order) (least, greatest []byte, ok bool) {
	least, greatest = s.MinValue, s.MaxValue
	if least == nil || greatest == nil {
		return []byte{}, []byte{}, false
	}
	if order != bytesOrder {
		return least, greatest, true
	}
	least = least[:min(len(least), indexBound)]
	if len(greatest) <= indexBound {
		return least, greatest, true
	}
	// The least byte string that is greater than all with this prefix.
	greatest = bytes.Clone(greatest[:indexBound])
	for len(greatest) > 0 && greatest[len(greatest)-1] == 0xff {
		greatest = greatest[:len(greatest)-1]
	}
	if len(greatest) == 0 {
		return []byte{}, []byte{}, false
	}
	greatest[len(greatest)-1]++
	return least, greatest, true
}

// writeIndexes writes the bounds of all chunks, then the positions of all pages, as
// readers expect, and records in the footer where they are.
func (m *merger) writeIndexes() error {
	for _, write := range []func(*format.ColumnChunk, *pageIndex) error{m.writeBounds, m.writeLocations} {
		i := 0
		for g := range m.groups {
			for c := range m.groups[g].Columns {
				x := m.indexes[i]
				i++
				if x == nil || x.useless {
					continue
				}
				if err := write(&m.groups[g].Columns[c], x); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (m *merger) writeBounds(c *format.ColumnChunk, x *pageIndex) error {
	if !x.bounded {
		return nil
	}
	x.columns.BoundaryOrder = x.boundaryOrder()
	b, err := encoding.Encode(nil, &x.columns)
	if err != nil {
		return err
	}
	c.ColumnIndexOffset, c.ColumnIndexLength = m.offset, int32(len(b))
	return m.write(b)
}

func (m *merger) writeLocations(c *format.ColumnChunk, x *pageIndex) error {
	b, err := encoding.Encode(nil, &format.OffsetIndex{PageLocations: x.locations})
	if err != nil {
		return err
	}
	c.OffsetIndexOffset, c.OffsetIndexLength = m.offset, int32(len(b))
	return m.write(b)
}

// boundaryOrder returns the order of the bounds of pages with values.
func (x *pageIndex) boundaryOrder() format.BoundaryOrder {
	up, down := true, true
	last := -1
	for i, null := range x.columns.NullPages {
		if null {
			continue
		}
		if last >= 0 {
			for _, v := range [][][]byte{x.columns.MinValues, x.columns.MaxValues} {
				up = up && !x.order.less(v[i], v[last])
				down = down && !x.order.less(v[last], v[i])
			}
		}
		last = i
	}
	switch {
	case up:
		return format.Ascending
	case down:
		return format.Descending
	}
	return format.Unordered
}
