package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/cells"
	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// leafType is the type of a column's values. Values are bytes as in the encoding PLAIN,
// without the length of byte arrays; a boolean is one byte.
type leafType struct {
	physical format.Type
	// width is the length of a value; 0 for byte arrays.
	width   int
	neutral table.Type
	scale   int // of decimal numbers
	order   order
	// text appends the text of a value. A value has the right length.
	text func(dst, value []byte) []byte
	// value appends the value that a text represents; ok is false if the type has none. It
	// is nil for types whose texts are never read back.
	value func(dst, text []byte) (out []byte, ok bool)
}

// order is how values compare in statistics.
type order uint8

const (
	noOrder order = iota
	bytesOrder
	signedOrder
	unsignedOrder
	floatOrder
	decimalOrder // big-endian numbers in two's complement
)

var errLogical = errors.New("the footer is damaged: its logical type does not fit its physical type")

// typeOf reads the type of a leaf: its logical type, else the converted type of older
// files, else the physical one.
func typeOf(e *format.SchemaElement) (*leafType, error) {
	t, err := physicalType(e)
	if err != nil {
		return nil, err
	}
	logical := e.LogicalType.Value
	if logical == nil && e.ConvertedType.Valid {
		logical = logicalOf(e)
	}
	if logical == nil {
		return t, nil
	}
	return t, t.logical(logical)
}

// physicalType returns the type of a leaf if only its storage is known.
func physicalType(e *format.SchemaElement) (*leafType, error) {
	t := &leafType{physical: e.Type.V, neutral: table.Opaque, text: sameBytes, value: anyBytes}
	switch e.Type.V {
	case format.Boolean:
		t.width, t.neutral, t.order, t.text, t.value = 1, table.Bool, unsignedOrder, textOfBool, valueOfBool
	case format.Int32:
		t.integer(4, 32, true)
	case format.Int64:
		t.integer(8, 64, true)
	case format.Int96:
		t.width, t.neutral, t.text, t.value = 12, table.Timestamp, textOfInt96, valueOfInt96
	case format.Float:
		t.float(4)
	case format.Double:
		t.float(8)
	case format.ByteArray:
		t.order = bytesOrder
	case format.FixedLenByteArray:
		t.width, t.order = int(e.TypeLength.V), bytesOrder
		if t.width <= 0 || t.width > encoding.MaxPage {
			return nil, errors.New("the footer is damaged: it has no length for the type")
		}
	default:
		return nil, fmt.Errorf("unknown physical type %d", e.Type.V)
	}
	return t, nil
}

// logicalOf returns the logical type that a converted type represents.
func logicalOf(e *format.SchemaElement) format.LogicalTypeValue {
	millis, micros := format.TimeUnit{Value: &format.MilliSeconds{}}, format.TimeUnit{Value: &format.MicroSeconds{}}
	switch c := e.ConvertedType.V; c {
	case deprecated.UTF8:
		return &format.StringType{}
	case deprecated.Enum:
		return &format.EnumType{}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Bson:
		return &format.BsonType{}
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{BitWidth: 8 << (c - deprecated.Uint8)}
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return &format.IntType{BitWidth: 8 << (c - deprecated.Int8), IsSigned: true}
	case deprecated.Interval:
		return interval{}
	}
	return nil
}

// interval is the one converted type without a logical type.
type interval struct{ format.LogicalTypeValue }

// logical applies a logical type to a physical one.
func (t *leafType) logical(l format.LogicalTypeValue) error {
	is := func(types ...format.Type) error {
		if !slices.Contains(types, t.physical) {
			return errLogical
		}
		return nil
	}
	switch l := l.(type) {
	case *format.StringType, *format.EnumType:
		t.neutral, t.value = table.Text, valueOfText
		return is(format.ByteArray)
	case *format.JsonType:
		t.neutral, t.value = table.JSON, valueOfText
		return is(format.ByteArray)
	case *format.BsonType:
		return is(format.ByteArray)
	case *format.UUIDType:
		t.neutral, t.text, t.value = table.UUID, cells.AppendUUID, cells.AppendUUIDBytes
		return t.fixed(16)
	case *format.Float16Type:
		t.float(2)
		return t.fixed(2)
	case interval:
		t.neutral, t.order, t.text, t.value = table.Other, noOrder, textOfInterval, nil
		return t.fixed(12)
	case *format.IntType:
		t.integer(t.width, int(l.BitWidth), l.IsSigned)
		if l.BitWidth == 64 {
			return is(format.Int64)
		}
		return is(format.Int32)
	case *format.DecimalType:
		t.decimal(int(l.Scale))
		if l.Scale < 0 || l.Scale > 1000 {
			return errLogical
		}
		return is(format.Int32, format.Int64, format.ByteArray, format.FixedLenByteArray)
	case *format.DateType:
		t.neutral, t.text, t.value = table.Date, textOfDate, valueOfDate
		return is(format.Int32)
	case *format.TimeType:
		return t.time(l)
	case *format.TimestampType:
		return t.timestamp(l)
	case *format.NullType:
		t.neutral = table.Other
		return nil
	case *format.GeometryType, *format.GeographyType:
		t.order = noOrder
		return is(format.ByteArray)
	}
	return errors.New("its logical type is not for a column with values")
}

func (t *leafType) fixed(width int) error {
	if t.physical != format.FixedLenByteArray || t.width != width {
		return errLogical
	}
	return nil
}

func sameBytes(dst, value []byte) []byte       { return append(dst, value...) }
func anyBytes(dst, text []byte) ([]byte, bool) { return append(dst, text...), true }
func valueOfText(dst, t []byte) ([]byte, bool) { return append(dst, t...), utf8.Valid(t) }
func textOfBool(dst, value []byte) []byte      { return strconv.AppendBool(dst, value[0] != 0) }
func textOfDate(dst, value []byte) []byte      { return cells.AppendDate(dst, signed(value)) }
func signed(value []byte) int64 {
	return int64(encoding.Unsigned(value)<<(64-8*len(value))) >> (64 - 8*len(value))
}
func appendInt(dst []byte, v int64, w int) []byte {
	return append(dst, binary.LittleEndian.AppendUint64(make([]byte, 0, 8), uint64(v))[:w]...)
}

func valueOfBool(dst, text []byte) ([]byte, bool) {
	switch string(text) {
	case "true":
		return append(dst, 1), true
	case "false":
		return append(dst, 0), true
	}
	return dst, false
}

// integer makes it a type of whole numbers of that many bits.
func (t *leafType) integer(width, bits int, sign bool) {
	t.width, t.neutral, t.order = width, table.Integer, signedOrder
	t.text = func(dst, value []byte) []byte { return strconv.AppendInt(dst, signed(value), 10) }
	t.value = func(dst, text []byte) ([]byte, bool) {
		n, err := strconv.ParseInt(string(text), 10, bits)
		return appendInt(dst, n, width), err == nil
	}
	if sign {
		return
	}
	t.order = unsignedOrder
	t.text = func(dst, value []byte) []byte { return strconv.AppendUint(dst, encoding.Unsigned(value), 10) }
	t.value = func(dst, text []byte) ([]byte, bool) {
		n, err := strconv.ParseUint(string(text), 10, bits)
		return appendInt(dst, int64(n), width), err == nil
	}
}

// float makes it a type of binary numbers of that many bytes.
func (t *leafType) float(width int) {
	t.width, t.neutral, t.order = width, table.Float, floatOrder
	t.text = func(dst, value []byte) []byte { return cells.AppendFloat(dst, floatOf(value), 8*width) }
	t.value = func(dst, text []byte) ([]byte, bool) {
		f, err := strconv.ParseFloat(string(text), max(8*width, 32))
		switch width {
		case 2:
			return binary.LittleEndian.AppendUint16(dst, cells.HalfOf(f)), err == nil
		case 4:
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(f))), err == nil
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), err == nil
	}
}

func floatOf(value []byte) float64 {
	switch len(value) {
	case 2:
		return cells.Half(binary.LittleEndian.Uint16(value))
	case 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(value)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(value))
}

// decimal makes it a type of decimal numbers.
func (t *leafType) decimal(scale int) {
	t.neutral, t.scale = table.Decimal, scale
	if t.physical == format.Int32 || t.physical == format.Int64 {
		width := t.width
		t.text = func(dst, value []byte) []byte { return cells.AppendSmallDecimal(dst, signed(value), scale) }
		t.value = func(dst, text []byte) ([]byte, bool) {
			n, ok := cells.ParseDecimal(text, scale)
			if !ok || n.BitLen() >= 8*width { // one bit is the sign
				return dst, false
			}
			return appendInt(dst, n.Int64(), width), true
		}
		return
	}
	width := t.width
	t.order = decimalOrder
	t.text = func(dst, value []byte) []byte {
		if len(value) > 0 && len(value) <= 8 {
			n := int64(int8(value[0]))
			for _, b := range value[1:] {
				n = n<<8 | int64(b)
			}
			return cells.AppendSmallDecimal(dst, n, scale)
		}
		return cells.AppendDecimal(dst, twos(value), scale)
	}
	t.value = func(dst, text []byte) ([]byte, bool) {
		n, ok := cells.ParseDecimal(text, scale)
		if !ok {
			return dst, false
		}
		return appendTwos(dst, n, width)
	}
}

// twos returns the number that big-endian bytes represent in two's complement.
func twos(value []byte) *big.Int {
	n := new(big.Int).SetBytes(value)
	if len(value) > 0 && value[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(value))))
	}
	return n
}

// appendTwos is the inverse of twos; a width of 0 is as many bytes as are needed.
func appendTwos(dst []byte, n *big.Int, width int) ([]byte, bool) {
	bits := n.BitLen()
	if n.Sign() < 0 {
		bits = new(big.Int).Not(n).BitLen()
	}
	need := bits/8 + 1
	if width == 0 {
		width = need
	}
	if need > width {
		return dst, false
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*width)))
	}
	from := len(dst)
	dst = append(dst, make([]byte, width)...)
	n.FillBytes(dst[from:])
	return dst, true
}
