package records

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table/cells"
)

// readArrow reads an Arrow file or stream, batch by batch.
func readArrow(_ context.Context, s *Set, f *file.Opened, _ *told, emit func(*Table, Row) error) (err error) {
	var later error
	defer func() {
		if recover() != nil { // its text may contain a value
			err = errors.New("the file is damaged")
		}
	}()
	schema, next, err := batches(f)
	if err != nil {
		return err
	}
	t := s.table(tableOf(f))
	var names []string
	for _, field := range schema.Fields() {
		names = append(names, field.Name)
	}
	if err := t.lay(names); err != nil {
		return err
	}
	var row Row
	var text []byte
	for {
		batch, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.New("the file is damaged or cut off")
		}
		for i := range int(batch.NumRows()) {
			row.reset()
			text = text[:0]
			for c, column := range batch.Columns() {
				if column.IsNull(i) {
					continue
				}
				from := len(text)
				text = appendArrow(text, column, i)
				row.add(c, text[from:len(text):len(text)])
			}
			if later = emit(t, row); later != nil {
				return later
			}
		}
	}
}

// batches returns a reader for the batches of a file, which begins with ARROW1, or of a
// stream.
func batches(f *file.Opened) (*arrow.Schema, func() (arrow.RecordBatch, error), error) {
	if !bytes.HasPrefix(f.Beginning, []byte("ARROW1")) {
		r, err := ipc.NewReader(f.Reader)
		if err != nil {
			return nil, nil, errors.New("the file is damaged")
		}
		return r.Schema(), func() (arrow.RecordBatch, error) {
			if !r.Next() {
				if err := r.Err(); err != nil {
					return nil, err
				}
				return nil, io.EOF
			}
			return r.RecordBatch(), nil
		}, nil
	}
	at, size := f.At, f.Size
	if at == nil {
		temp, err := f.Temporary()
		if err != nil {
			return nil, nil, err
		}
		if size, err = io.Copy(temp, f.Reader); err != nil {
			return nil, nil, err
		}
		at = temp
	}
	r, err := ipc.NewFileReader(io.NewSectionReader(at, 0, size))
	if err != nil {
		return nil, nil, errors.New("the file is damaged or cut off")
	}
	n := 0
	return r.Schema(), func() (arrow.RecordBatch, error) {
		if n == r.NumRecords() {
			return nil, io.EOF
		}
		n++
		return r.RecordBatch(n - 1)
	}, nil
}

// appendArrow appends a value in the form that a CSV file would have.
func appendArrow(dst []byte, a arrow.Array, i int) []byte {
	switch a := a.(type) {
	case *array.Dictionary:
		return appendArrow(dst, a.Dictionary(), a.GetValueIndex(i))
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(i), 10)
	case *array.Float32:
		return cells.AppendFloat(dst, float64(a.Value(i)), 32)
	case *array.Float64:
		return cells.AppendFloat(dst, a.Value(i), 64)
	case *array.Date32:
		return cells.AppendDate(dst, int64(a.Value(i)))
	case *array.Date64:
		return cells.AppendDate(dst, int64(a.Value(i))/86_400_000)
	case *array.Timestamp:
		typ := a.DataType().(*arrow.TimestampType)
		return appendMoment(dst, int64(a.Value(i)), int64(1e9)/int64(typ.Unit.Multiplier()), typ.TimeZone != "")
	case *array.Decimal128:
		return cells.AppendDecimal(dst, a.Value(i).BigInt(), int(a.DataType().(*arrow.Decimal128Type).Scale))
	case *array.Decimal256:
		return cells.AppendDecimal(dst, new(big.Int).Set(a.Value(i).BigInt()), int(a.DataType().(*arrow.Decimal256Type).Scale))
	case *array.Binary:
		return append(dst, a.Value(i)...)
	}
	return append(dst, a.ValueStr(i)...)
}
