package arrow_test

import (
	"fmt"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/internal/lanestest"
)

// lanesBatch is rows as a batch: texts, those of a dictionary, and lists.
func lanesBatch(rows [][]string) apache.RecordBatch {
	var fields []apache.Field
	for i, name := range lanestest.Columns {
		f := apache.Field{Name: name, Type: apache.BinaryTypes.String, Nullable: true}
		switch i % 4 {
		case 1:
			f.Type = &apache.DictionaryType{IndexType: apache.PrimitiveTypes.Int32, ValueType: apache.BinaryTypes.String}
		case 3:
			f.Type = apache.ListOf(apache.BinaryTypes.String)
		}
		if name == "kind" {
			f.Type = apache.BinaryTypes.LargeString
		}
		fields = append(fields, f)
	}
	b := array.NewRecordBuilder(memory.NewGoAllocator(), apache.NewSchema(fields, nil))
	for _, row := range rows {
		for i, v := range row {
			switch f := b.Field(i).(type) {
			case *array.BinaryDictionaryBuilder:
				if v == lanestest.Null {
					f.AppendNull()
				} else if err := f.AppendString(v); err != nil {
					panic(err)
				}
			case *array.ListBuilder:
				f.Append(v != lanestest.Null)
				for k := range len(v) % 12 {
					_ = f.ValueBuilder().AppendValueFromString(fmt.Sprint(v, k))
				}
			default:
				if v == lanestest.Null {
					f.AppendNull()
				} else if err := f.AppendValueFromString(v); err != nil {
					panic(err)
				}
			}
		}
	}
	return b.NewRecordBatch()
}

// FuzzBatches holds that rows are masked in batches as one by one, whatever they are.
func FuzzBatches(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(seed*97))
	}
	text := "veil: 1\nname: lanes\nreferenceDate: 2025-06-30\ntables:\n  rules: [" + lanestest.Rules + "]\n"
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		rows := int(n % 400)
		in := encode(t, true, []apache.RecordBatch{lanesBatch(lanestest.Rows(seed, rows))})
		lanestest.Alike(t, rows, func() string {
			r := maskFile(t, text, in, true, 1)
			return fmt.Sprint(string(r.out), r.counts, r.reports, r.err)
		})
	})
}
