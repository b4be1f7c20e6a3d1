package pgdump

import (
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// arraysOf returns how PostgreSQL writes arrays of a type.
func arraysOf(t table.Type) table.List {
	if t.IsTime() {
		return timeArrays{zoned: t == table.TimestampTZ}
	}
	return arrays{}
}

// timeNames has the types of times as a dump writes them.
var timeNames = map[table.Type]string{
	table.Date: "date", table.Timestamp: "timestamp without time zone", table.TimestampTZ: "timestamp with time zone",
}

// arrays reads and writes arrays in PostgreSQL's text form.
type arrays struct{}

// AppendList implements table.List.
func (arrays) AppendList(dst, src []byte, f func(dst, element []byte) ([]byte, bool, error)) ([]byte, bool, error) {
	elements, ok := rows.ParseArray(src)
	if !ok {
		return dst, false, nil
	}
	for i, e := range elements {
		if e == nil {
			continue
		}
		out, ok, err := f([]byte{}, e)
		if err != nil {
			return dst, false, err
		}
		if !ok {
			out = nil
		}
		elements[i] = out
	}
	return rows.AppendArray(dst, elements), true, nil
}

// timeArrays does so for arrays of times. They keep their dimensions and bounds.
type timeArrays struct {
	// zoned: elements have a time zone, that of the session of pg_dump.
	zoned bool
}

// AppendList implements table.List.
func (l timeArrays) AppendList(dst, src []byte, f func(dst, element []byte) ([]byte, bool, error)) ([]byte, bool, error) {
	var utc []byte
	return rows.MapArray(dst, src, func(dst, element []byte) ([]byte, bool, error) {
		if l.zoned {
			if v, ok := appendUTC(utc[:0], element); ok {
				utc, element = v, v
			}
		}
		return f(dst, element)
	})
}
