package records_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// wantPeople are the rows of people, from whatever source.
const wantPeople = "people: id=9007199254740993 born=1899-12-31 weight=61.5 name=Łukasz\npeople: id=2 name="

// TestArrowIsReadLikeCSV: files and streams, batch by batch.
func TestArrowIsReadLikeCSV(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "born", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
		{Name: "weight", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "name", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{9007199254740993, 2}, nil)
	b.Field(1).(*array.Date32Builder).AppendValues([]arrow.Date32{-25568, 0}, []bool{true, false})
	b.Field(2).(*array.Float64Builder).AppendValues([]float64{61.5, 0}, []bool{true, false})
	b.Field(3).(*array.StringBuilder).AppendValues([]string{"Łukasz", ""}, nil)
	batch := b.NewRecordBatch()
	var stream, file bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(schema))
	f, err := ipc.NewFileWriter(&file, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range []func() error{func() error { return w.Write(batch) }, w.Close, func() error { return f.Write(batch) }, f.Close} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string][]byte{"stream": stream.Bytes(), "file": file.Bytes()} {
		path := filepath.Join(t.TempDir(), "people.arrow")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, path)
		if err != nil || strings.Join(got, "\n") != wantPeople {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestPostgreSQLIsReadLikeCSV: the tables of a database, twice the same.
func TestPostgreSQLIsReadLikeCSV(t *testing.T) {
	t.Parallel()
	d := pgtest.Start(t).CreateDatabase(t, "people")
	d.Exec(t, `CREATE TABLE public.people (id bigint, born date, weight numeric, name text);
		INSERT INTO people VALUES (9007199254740993, '1899-12-31', 61.5, 'Łukasz'), (2, NULL, NULL, '')`)
	for range 2 {
		got, err := rows(t, d.DSN(pgtest.Owner))
		if err != nil || strings.Join(got, "\n") != wantPeople {
			t.Errorf("%q, %v", got, err)
		}
	}
}
