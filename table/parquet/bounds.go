package parquet

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// bounds has the least and the greatest value, for statistics.
type bounds struct {
	order    order
	min, max []byte
	any      bool
	used     []bool // entries of a dictionary
}

// maxBound is the length of the longest value in statistics: a longer one would only
// bloat them.
const maxBound = 4096

// reset forgets the values.
func (b *bounds) reset(o order) { b.order, b.any = o, false }

// less compares two values.
func (o order) less(x, y []byte) bool {
	switch o {
	case signedOrder:
		return signed(x) < signed(y)
	case unsignedOrder:
		return encoding.Unsigned(x) < encoding.Unsigned(y)
	case floatOrder:
		return floatOf(x) < floatOf(y)
	case decimalOrder:
		return twos(x).Cmp(twos(y)) < 0
	}
	return bytes.Compare(x, y) < 0
}

// add adds a value.
func (b *bounds) add(v []byte) {
	if b.order == noOrder || b.order == floatOrder && math.IsNaN(floatOf(v)) {
		return
	}
	if !b.any {
		b.min, b.max, b.any = append(b.min[:0], v...), append(b.max[:0], v...), true
		return
	}
	if b.order.less(v, b.min) {
		b.min = append(b.min[:0], v...)
	} else if b.order.less(b.max, v) {
		b.max = append(b.max[:0], v...)
	}
}

// vector adds all values of a vector.
func (b *bounds) vector(v *encoding.Vector) {
	switch {
	case b.order == noOrder || v.N == 0:
	case v.Dict != nil:
		b.entries(v)
	case b.order == signedOrder && v.Width == 8:
		least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
		for i := 0; i < len(v.Data); i += 8 {
			n := int64(binary.LittleEndian.Uint64(v.Data[i:]))
			least, greatest = min(least, n), max(greatest, n)
		}
		b.add(appendInt(nil, least, 8))
		b.add(appendInt(nil, greatest, 8))
	case b.order == signedOrder && v.Width == 4:
		least, greatest := int32(math.MaxInt32), int32(math.MinInt32)
		for i := 0; i < len(v.Data); i += 4 {
			n := int32(binary.LittleEndian.Uint32(v.Data[i:]))
			least, greatest = min(least, n), max(greatest, n)
		}
		b.add(appendInt(nil, int64(least), 4))
		b.add(appendInt(nil, int64(greatest), 4))
	case b.order == bytesOrder:
		b.strings(v)
	default:
		for i := range v.N {
			b.add(v.At(i))
		}
	}
}

// entries adds the entries of a dictionary that a vector uses.
func (b *bounds) entries(v *encoding.Vector) {
	if cap(b.used) < v.Dict.N {
		b.used = make([]bool, v.Dict.N)
	}
	used := b.used[:v.Dict.N]
	clear(used)
	for _, i := range v.Index {
		used[i] = true
	}
	for i, u := range used {
		if u {
			b.add(v.Dict.At(i))
		}
	}
}

func (b *bounds) strings(v *encoding.Vector) {
	least, greatest := v.At(0), v.At(0)
	for i := 1; i < v.N; i++ {
		if x := v.At(i); bytes.Compare(x, least) < 0 {
			least = x
		} else if bytes.Compare(x, greatest) > 0 {
			greatest = x
		}
	}
	b.add(least)
	b.add(greatest)
}

// statistics returns the statistics of the values, given the number of nulls.
func (b *bounds) statistics(nulls int64) format.Statistics {
	s := format.Statistics{NullCount: nulls}
	if !b.any || len(b.min) > maxBound || len(b.max) > maxBound {
		return s
	}
	s.MinValue, s.MaxValue = bytes.Clone(b.min), bytes.Clone(b.max)
	if b.order == floatOrder {
		s.MinValue, s.MaxValue = zeroBound(s.MinValue, 0x80), zeroBound(s.MaxValue, 0)
	}
	return s
}

// zeroBound gives a bound of zero the sign with which both zeros are within bounds.
func zeroBound(v []byte, sign byte) []byte {
	if floatOf(v) == 0 {
		v[len(v)-1] = sign
	}
	return v
}
