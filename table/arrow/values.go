package arrow

import (
	"encoding/binary"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/cells"
)

// values reads the values of a leaf as texts.
type values struct {
	null func(i int) bool
	// text returns the text of a value that is not NULL. It may be appended to buf, and
	// is then valid until buf is changed.
	text func(buf []byte, i int) []byte
	// shared: the text is part of the array itself, and buf is not used.
	shared bool
}

// valuesOf returns the reader of an array whose column has the given type. text is nil if
// values have no texts.
func valuesOf(a arrow.Array, t table.Type) (v values) {
	switch a := a.(type) {
	case *array.Dictionary:
		inner := valuesOf(a.Dictionary(), t)
		if inner.text == nil {
			return values{null: func(i int) bool { return a.IsNull(i) || inner.null(a.GetValueIndex(i)) }}
		}
		return values{
			null:   func(i int) bool { return a.IsNull(i) || inner.null(a.GetValueIndex(i)) },
			text:   func(buf []byte, i int) []byte { return inner.text(buf, a.GetValueIndex(i)) },
			shared: inner.shared,
		}
	case *array.RunEndEncoded:
		inner := valuesOf(a.Values(), t)
		if inner.text == nil {
			return values{null: func(i int) bool { return inner.null(a.GetPhysicalIndex(i)) }}
		}
		return values{
			null:   func(i int) bool { return inner.null(a.GetPhysicalIndex(i)) },
			text:   func(buf []byte, i int) []byte { return inner.text(buf, a.GetPhysicalIndex(i)) },
			shared: inner.shared,
		}
	case *array.String:
		v.shared = true
	}
	v.null = a.IsNull
	if t == table.Opaque {
		return v
	}
	if v.text = textOf(a, t); v.text == nil {
		v.text = numberOf(a)
	}
	if v.text == nil {
		v.text = timeOf(a)
	}
	return v
}

// textOf reads texts and similar values.
func textOf(a arrow.Array, t table.Type) func([]byte, int) []byte {
	switch a := a.(type) {
	case *array.String:
		data, offsets := a.ValueBytes(), a.ValueOffsets() // of the slice, from its first offset
		if len(offsets) == 0 {
			return func(buf []byte, _ int) []byte { return buf }
		}
		first := offsets[0]
		return func(_ []byte, i int) []byte { return data[offsets[i]-first : offsets[i+1]-first : offsets[i+1]-first] }
	case *array.LargeString:
		return func(buf []byte, i int) []byte { return append(buf, a.Value(i)...) }
	case *array.StringView:
		return func(buf []byte, i int) []byte { return append(buf, a.Value(i)...) }
	case *array.Null:
		return func(buf []byte, _ int) []byte { return buf }
	case *array.Boolean:
		return func(buf []byte, i int) []byte { return strconv.AppendBool(buf, a.Value(i)) }
	case *array.FixedSizeBinary:
		if t == table.UUID {
			return func(buf []byte, i int) []byte { return cells.AppendUUID(buf, a.Value(i)) }
		}
	}
	return nil
}

// numberOf reads numbers.
func numberOf(a arrow.Array) func([]byte, int) []byte {
	switch a := a.(type) {
	case *array.Int8:
		return integer(a.Value)
	case *array.Int16:
		return integer(a.Value)
	case *array.Int32:
		return integer(a.Value)
	case *array.Int64:
		return integer(a.Value)
	case *array.Uint8:
		return integer(a.Value)
	case *array.Uint16:
		return integer(a.Value)
	case *array.Uint32:
		return integer(a.Value)
	case *array.Uint64:
		return func(buf []byte, i int) []byte { return strconv.AppendUint(buf, a.Value(i), 10) }
	case *array.Float16:
		return func(buf []byte, i int) []byte { return cells.AppendFloat(buf, cells.Half(a.Value(i).Uint16()), 16) }
	case *array.Float32:
		return func(buf []byte, i int) []byte { return cells.AppendFloat(buf, float64(a.Value(i)), 32) }
	case *array.Float64:
		return func(buf []byte, i int) []byte { return cells.AppendFloat(buf, a.Value(i), 64) }
	}
	t, ok := a.DataType().(arrow.DecimalType)
	if !ok {
		return nil
	}
	width, data := t.BitWidth()/8, a.Data().Buffers()[1].Bytes()
	data = data[a.Data().Offset()*width:]
	scale := int(t.GetScale())
	return func(buf []byte, i int) []byte {
		return appendDecimal(buf, data[i*width:(i+1)*width], scale)
	}
}

func integer[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](value func(int) T) func([]byte, int) []byte {
	return func(buf []byte, i int) []byte { return strconv.AppendInt(buf, int64(value(i)), 10) }
}

// appendDecimal appends the text of a decimal number in its bytes, the lowest first.
func appendDecimal(dst, b []byte, scale int) []byte {
	switch low := int64(binary.LittleEndian.Uint64(pad(b))); {
	case len(b) <= 8, isExtension(b[8:], low < 0):
		return cells.AppendSmallDecimal(dst, low, scale)
	}
	negative := b[len(b)-1]&0x80 != 0
	bytes := make([]byte, len(b)) // the highest first
	for i, c := range b {
		if negative {
			c = ^c
		}
		bytes[len(b)-1-i] = c
	}
	n := new(big.Int).SetBytes(bytes)
	if negative {
		n.Not(n)
	}
	return cells.AppendDecimal(dst, n, scale)
}

// pad is the first eight bytes of a number, of which it may have only four.
func pad(b []byte) []byte {
	if len(b) >= 8 {
		return b[:8]
	}
	var out [8]byte
	if b[len(b)-1]&0x80 != 0 {
		out = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	copy(out[:], b)
	return out[:]
}

// isExtension reports whether bytes only extend the sign of the lower ones.
func isExtension(b []byte, negative bool) bool {
	want := byte(0)
	if negative {
		want = 0xff
	}
	for _, c := range b {
		if c != want {
			return false
		}
	}
	return true
}

// timeOf reads days, moments and spans of time.
func timeOf(a arrow.Array) func([]byte, int) []byte {
	switch a := a.(type) {
	case *array.Date32:
		return func(buf []byte, i int) []byte { return cells.AppendDate(buf, int64(a.Value(i))) }
	case *array.Date64:
		return func(buf []byte, i int) []byte {
			days, _ := divide(int64(a.Value(i)), 86_400_000)
			return cells.AppendDate(buf, days)
		}
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		unit, utc := unitsOf(t.Unit), t.TimeZone != ""
		return func(buf []byte, i int) []byte {
			seconds, rest := divide(int64(a.Value(i)), unit)
			return cells.AppendTimestamp(buf, seconds, rest*(nanos/unit), utc)
		}
	case *array.Time32:
		unit := unitsOf(a.DataType().(*arrow.Time32Type).Unit)
		return func(buf []byte, i int) []byte { return cells.AppendTime(buf, int64(a.Value(i))*(nanos/unit)) }
	case *array.Time64:
		unit := unitsOf(a.DataType().(*arrow.Time64Type).Unit)
		return func(buf []byte, i int) []byte { return cells.AppendTime(buf, int64(a.Value(i))*(nanos/unit)) }
	case *array.Duration:
		unit := unitsOf(a.DataType().(*arrow.DurationType).Unit)
		return func(buf []byte, i int) []byte { return appendDuration(buf, int64(a.Value(i)), unit) }
	case *array.MonthInterval:
		return func(buf []byte, i int) []byte { return cells.AppendInterval(buf, int64(a.Value(i)), 0, 0) }
	case *array.DayTimeInterval:
		return func(buf []byte, i int) []byte {
			v := a.Value(i)
			return cells.AppendInterval(buf, 0, int64(v.Days), int64(v.Milliseconds)*1_000_000)
		}
	case *array.MonthDayNanoInterval:
		return func(buf []byte, i int) []byte {
			v := a.Value(i)
			return cells.AppendInterval(buf, int64(v.Months), int64(v.Days), v.Nanoseconds)
		}
	}
	return nil
}

const nanos = 1_000_000_000

// unitsOf returns how many units a second has.
func unitsOf(u arrow.TimeUnit) int64 {
	switch u {
	case arrow.Second:
		return 1
	case arrow.Millisecond:
		return 1000
	case arrow.Microsecond:
		return 1_000_000
	}
	return nanos
}

// divide divides and rounds down.
func divide(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// appendDuration appends a span of time. A span of more than 292 years overflows as
// nanoseconds, and is written in seconds.
func appendDuration(dst []byte, v, unit int64) []byte {
	if factor := nanos / unit; v <= 1<<62/factor && v >= -(1<<62)/factor {
		return cells.AppendInterval(dst, 0, 0, v*factor)
	}
	return append(strconv.AppendInt(dst, v/unit, 10), " secs"...)
}
