package parquet

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/cells"
)

const (
	second    = int64(1_000_000_000)
	daySecond = 24 * 60 * 60
	// julianUnix is the Julian day of 1970-01-01.
	julianUnix = 2440588
)

// nanosOf returns the length of a unit of time; 0 if it is unknown.
func nanosOf(u format.TimeUnit) int64 {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return second / 1e3
	case *format.MicroSeconds:
		return second / 1e6
	case *format.NanoSeconds:
		return 1
	}
	return 0
}

func valueOfDate(dst, text []byte) ([]byte, bool) {
	days, ok := cells.ParseDate(text)
	return appendInt(dst, days, 4), ok && days == int64(int32(days))
}

// time makes it a type of times of day.
func (t *leafType) time(l *format.TimeType) error {
	unit := nanosOf(l.Unit)
	want := format.Int64
	if unit == second/1e3 {
		want = format.Int32
	}
	if unit == 0 || t.physical != want {
		return errLogical
	}
	t.neutral, t.value = table.Other, nil
	t.text = func(dst, value []byte) []byte {
		n := signed(value)
		if n < math.MinInt64/unit || n > math.MaxInt64/unit {
			n = 0 // no time of day
		}
		return cells.AppendTime(dst, n*unit)
	}
	return nil
}

// timestamp makes it a type of moments.
func (t *leafType) timestamp(l *format.TimestampType) error {
	unit := nanosOf(l.Unit)
	if unit == 0 || t.physical != format.Int64 {
		return errLogical
	}
	perSecond := second / unit
	t.neutral = table.Timestamp
	if l.IsAdjustedToUTC {
		t.neutral = table.TimestampTZ
	}
	t.text = func(dst, value []byte) []byte {
		n := signed(value)
		seconds := n / perSecond
		if n%perSecond < 0 {
			seconds--
		}
		return cells.AppendTimestamp(dst, seconds, (n-seconds*perSecond)*unit, l.IsAdjustedToUTC)
	}
	t.value = func(dst, text []byte) ([]byte, bool) {
		seconds, nanos, ok := cells.ParseTimestamp(text)
		if !ok || seconds > math.MaxInt64/perSecond-1 || seconds < math.MinInt64/perSecond+1 {
			return dst, false
		}
		return appendInt(dst, seconds*perSecond+nanos/unit, 8), true
	}
	return nil
}

// textOfInt96 appends a moment of older files: nanoseconds of a Julian day.
func textOfInt96(dst, value []byte) []byte {
	nanos := int64(binary.LittleEndian.Uint64(value))
	seconds := nanos / second
	if nanos %= second; nanos < 0 {
		seconds, nanos = seconds-1, nanos+second
	}
	days := int64(binary.LittleEndian.Uint32(value[8:])) - julianUnix
	return cells.AppendTimestamp(dst, days*daySecond+seconds, nanos, false)
}

func valueOfInt96(dst, text []byte) ([]byte, bool) {
	seconds, nanos, ok := cells.ParseTimestamp(text)
	days := seconds / daySecond
	if seconds%daySecond < 0 {
		days--
	}
	if julian := days + julianUnix; !ok || julian < 0 || julian > math.MaxUint32 {
		return dst, false
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64((seconds-days*daySecond)*second+nanos))
	return binary.LittleEndian.AppendUint32(dst, uint32(days+julianUnix)), true
}

// textOfInterval appends a span of months, days and milliseconds.
func textOfInterval(dst, value []byte) []byte {
	u := func(i int) int64 { return int64(binary.LittleEndian.Uint32(value[i:])) }
	return cells.AppendInterval(dst, u(0), u(4), u(8)*(second/1e3))
}
