package records

import (
	"context"
	"errors"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table/cells"
)

// readParquet reads a Parquet file: a column for each leaf of its schema.
func readParquet(_ context.Context, s *Set, f *file.Opened, _ *told, emit func(*Table, Row) error) (err error) {
	var later error
	defer func() {
		if recover() != nil { // its text may contain a value
			err = errors.New("the file is damaged")
		}
	}()
	at, size := f.At, f.Size
	if at == nil {
		temp, err := f.Temporary()
		if err != nil {
			return err
		}
		if size, err = io.Copy(temp, f.Reader); err != nil {
			return err
		}
		at = temp
	}
	p, err := parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<20))
	if err != nil {
		return errors.New("the file is damaged or encrypted")
	}
	t := s.table(tableOf(f))
	leaves := leavesOf(p.Root(), nil)
	var names []string
	for _, l := range leaves {
		names = append(names, l.name)
	}
	if err := t.lay(names); err != nil {
		return err
	}
	out := &parquetRows{table: t, leaves: leaves, emit: func(t *Table, r Row) error {
		later = emit(t, r)
		return later
	}}
	for _, group := range p.RowGroups() {
		if err := out.group(group); err != nil {
			if errors.Is(err, later) {
				return err
			}
			return errors.New("the file is damaged")
		}
	}
	return nil
}

// parquetLeaf is a column of a file.
type parquetLeaf struct {
	name  string
	write func(dst []byte, v parquet.Value) []byte
}

func leavesOf(c *parquet.Column, list []parquetLeaf) []parquetLeaf {
	if c.Leaf() {
		return append(list, parquetLeaf{strings.Join(c.Path(), "."), textOf(c.Type())})
	}
	for _, child := range c.Columns() {
		list = leavesOf(child, list)
	}
	return list
}

// parquetRows converts the rows of a file.
type parquetRows struct {
	table  *Table
	leaves []parquetLeaf
	emit   func(*Table, Row) error
	row    Row
	text   []byte
}

func (p *parquetRows) group(group parquet.RowGroup) error {
	rows := group.Rows()
	defer func() { _ = rows.Close() }() // only read
	var buffer [256]parquet.Row
	for {
		n, err := rows.ReadRows(buffer[:])
		for _, r := range buffer[:n] {
			p.row.reset()
			p.text = p.text[:0]
			for _, v := range r {
				if v.IsNull() {
					continue
				}
				from := len(p.text)
				p.text = p.leaves[v.Column()].write(p.text, v)
				p.row.add(v.Column(), p.text[from:len(p.text):len(p.text)])
			}
			if err := p.emit(p.table, p.row); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// textOf returns how the values of a type are written.
func textOf(t parquet.Type) func(dst []byte, v parquet.Value) []byte {
	if l := t.LogicalType(); l != nil {
		switch l := l.Value.(type) {
		case *format.DateType:
			return func(dst []byte, v parquet.Value) []byte { return cells.AppendDate(dst, int64(v.Int32())) }
		case *format.TimestampType:
			unit := int64(1e9)
			switch l.Unit.Value.(type) {
			case *format.MilliSeconds:
				unit = 1e3
			case *format.MicroSeconds:
				unit = 1e6
			}
			return func(dst []byte, v parquet.Value) []byte { return appendMoment(dst, v.Int64(), unit, l.IsAdjustedToUTC) }
		case *format.DecimalType:
			return func(dst []byte, v parquet.Value) []byte { return appendDecimal(dst, v, int(l.Scale)) }
		case *format.UUIDType:
			return func(dst []byte, v parquet.Value) []byte { return cells.AppendUUID(dst, v.ByteArray()) }
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendBool(dst, v.Boolean()) }
	case parquet.Int32:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendInt(dst, int64(v.Int32()), 10) }
	case parquet.Int64:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendInt(dst, v.Int64(), 10) }
	case parquet.Int96:
		return func(dst []byte, v parquet.Value) []byte {
			i := v.Int96()
			nanos := int64(i[1])<<32 | int64(i[0])
			return cells.AppendTimestamp(dst, (int64(i[2])-2440588)*86400+nanos/1e9, nanos%1e9, false)
		}
	case parquet.Float:
		return func(dst []byte, v parquet.Value) []byte { return cells.AppendFloat(dst, float64(v.Float()), 32) }
	case parquet.Double:
		return func(dst []byte, v parquet.Value) []byte { return cells.AppendFloat(dst, v.Double(), 64) }
	}
	return func(dst []byte, v parquet.Value) []byte { return append(dst, v.ByteArray()...) }
}

// appendMoment appends a moment given in fractions of a second.
func appendMoment(dst []byte, n, unit int64, utc bool) []byte {
	seconds, part := n/unit, n%unit
	if part < 0 {
		seconds, part = seconds-1, part+unit
	}
	return cells.AppendTimestamp(dst, seconds, part*(1e9/unit), utc)
}

func appendDecimal(dst []byte, v parquet.Value, scale int) []byte {
	switch v.Kind() {
	case parquet.Int32:
		return cells.AppendSmallDecimal(dst, int64(v.Int32()), scale)
	case parquet.Int64:
		return cells.AppendSmallDecimal(dst, v.Int64(), scale)
	}
	b := v.ByteArray()
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b)))) //nolint:gosec // of a value in memory
	}
	return cells.AppendDecimal(dst, n, scale)
}
