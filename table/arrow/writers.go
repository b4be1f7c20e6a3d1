package arrow

import (
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/veil-proxy/veil/table/cells"
)

// writer writes masked texts as values of a type.
type writer struct {
	output
	// append appends a value; it returns false if it does not fit the type.
	append func(text []byte) bool
}

// newWriter returns a writer for a type that maskedType returns.
func newWriter(t arrow.DataType, b *budget) writer {
	switch t := t.(type) {
	case *arrow.StringType:
		return newTextWriter(&texts{budget: b})
	case *arrow.LargeStringType:
		return newTextWriter(&texts{budget: b, ends: ends{wide: true}})
	case *arrow.StringViewType:
		v := newViews(b)
		return newTextWriter(&v)
	case *arrow.BooleanType:
		out := &booleans{budget: b}
		return writer{out, func(text []byte) bool {
			v, err := strconv.ParseBool(string(text))
			if err == nil {
				out.append(v)
			}
			return err == nil
		}}
	case *arrow.NullType:
		return writer{&nothing{}, func([]byte) bool { return false }}
	case arrow.FixedWidthDataType:
		out := &fixed{budget: b, width: t.Bytes()}
		return writer{out, out.parser(t)}
	}
	return writer{&nothing{}, func([]byte) bool { return false }}
}

func newTextWriter[T interface {
	output
	append([]byte)
}](out T) writer {
	return writer{out, func(text []byte) bool { out.append(text); return true }}
}

// parser returns what reads a text as a value of a type and appends it.
func (f *fixed) parser(t arrow.DataType) func(text []byte) bool {
	switch t := t.(type) {
	case arrow.DecimalType:
		return f.decimal(t)
	case *arrow.FixedSizeBinaryType:
		return func(text []byte) bool {
			id, ok := cells.AppendUUIDBytes(nil, text)
			if ok = ok && len(id) == f.width; ok {
				f.append(id, 1)
			}
			return ok
		}
	case *arrow.Date32Type:
		return f.parsed(func(text []byte) (int64, bool) {
			days, ok := cells.ParseDate(text)
			return days, ok && days == int64(int32(days))
		})
	case *arrow.Date64Type:
		return f.parsed(func(text []byte) (int64, bool) {
			days, ok := cells.ParseDate(text)
			return days * 86_400_000, ok
		})
	case *arrow.TimestampType:
		unit := unitsOf(t.Unit)
		return f.parsed(func(text []byte) (int64, bool) {
			seconds, rest, ok := cells.ParseTimestamp(text)
			if !ok || seconds > math.MaxInt64/unit-1 || seconds < math.MinInt64/unit+1 {
				return 0, false
			}
			return seconds*unit + rest/(nanos/unit), true
		})
	}
	switch bits := f.width * 8; {
	case arrow.IsSignedInteger(t.ID()):
		return f.parsed(func(text []byte) (int64, bool) {
			n, err := strconv.ParseInt(string(text), 10, bits)
			return n, err == nil
		})
	case arrow.IsUnsignedInteger(t.ID()):
		return f.parsed(func(text []byte) (int64, bool) {
			n, err := strconv.ParseUint(string(text), 10, bits)
			return int64(n), err == nil
		})
	case arrow.IsFloating(t.ID()):
		return f.parsed(func(text []byte) (int64, bool) { return float(text, bits) })
	}
	return func([]byte) bool { return false }
}

// parsed appends numbers that parse returns.
func (f *fixed) parsed(parse func(text []byte) (int64, bool)) func(text []byte) bool {
	return func(text []byte) bool {
		n, ok := parse(text)
		if ok {
			f.number(uint64(n))
		}
		return ok
	}
}

// float reads a number as the bits of a float of so many.
func float(text []byte, bits int) (int64, bool) {
	v, err := strconv.ParseFloat(string(text), max(bits, 32))
	switch {
	case err != nil:
		return 0, false
	case bits == 16:
		return int64(cells.HalfOf(v)), true
	case bits == 32:
		return int64(math.Float32bits(float32(v))), true
	}
	return int64(math.Float64bits(v)), true
}

// decimal returns what reads decimal numbers.
func (f *fixed) decimal(t arrow.DecimalType) func(text []byte) bool {
	scale := int(t.GetScale())
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.GetPrecision())), nil)
	buf := make([]byte, f.width)
	return func(text []byte) bool {
		n, ok := cells.ParseDecimal(text, max(scale, 0))
		if !ok {
			return false
		}
		if scale < 0 {
			var rest big.Int
			n.QuoRem(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-scale)), nil), &rest)
			if rest.Sign() != 0 {
				return false
			}
		}
		if n.CmpAbs(limit) >= 0 {
			return false
		}
		if n.Sign() < 0 { // two's complement
			n.Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*f.width)))
		}
		n.FillBytes(buf)
		for i, k := 0, len(buf)-1; i < k; i, k = i+1, k-1 {
			buf[i], buf[k] = buf[k], buf[i]
		}
		f.append(buf, 1)
		return true
	}
}
