package arrow_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/arrow"
	"github.com/veil-proxy/veil/table/csv"
)

// persons makes rows of ten columns, of which rules mask three.
func persons(rows int) (apache.RecordBatch, []byte) {
	var fields []apache.Field
	for _, name := range []string{"id", "m_name", "s_born", "k_a", "k_b", "k_c", "k_d", "k_e", "k_f", "k_g"} {
		fields = append(fields, apache.Field{Name: name, Type: apache.BinaryTypes.String, Nullable: true})
	}
	schema := apache.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	var text bytes.Buffer
	for i, f := range fields {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(f.Name)
	}
	text.WriteByte('\n')
	for row := range rows {
		for i := range fields {
			v := fmt.Sprintf("%d-%d", i, row%1000)
			switch i {
			case 0:
				v = fmt.Sprint(row)
			case 1:
				v = fmt.Sprintf("Name %d", row)
			case 2:
				v = fmt.Sprintf("%d-0%d-1%d", 1950+row%50, 1+row%9, row%10)
			}
			b.Field(i).(*array.StringBuilder).Append(v)
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(v)
		}
		text.WriteByte('\n')
	}
	return b.NewRecordBatch(), text.Bytes()
}

// TestWorkersAndBatches holds that the output does not depend on the workers, that rows
// keep their order, and that they have the texts of a file of comma-separated values.
func TestWorkersAndBatches(t *testing.T) {
	t.Parallel()
	const rows = 66_000
	big, text := persons(rows)
	r := maskFormat(t, clinic, text, true, 2, csvFormat(t))
	if r.err != nil || r.counts.Masked != rows {
		t.Fatal(r.err, r.counts)
	}
	lines := strings.Split(string(r.out), "\n")
	for _, compression := range [][]ipc.Option{{ipc.WithZstd()}} {
		in := encode(t, true, []apache.RecordBatch{big.NewSlice(0, 10), big.NewSlice(10, 10), big.NewSlice(10, rows)}, compression...)
		one := maskFile(t, clinic, in, true, 1)
		four := maskFile(t, clinic, in, true, 4)
		if one.err != nil || four.err != nil || !bytes.Equal(one.out, four.out) || one.counts.Masked != rows {
			t.Fatal("the workers make a difference", one.err, four.err, one.counts)
		}
		row := 1
		for _, b := range decode(t, one.out) {
			for i := range int(b.NumRows()) {
				var cells []string
				for _, c := range b.Columns() {
					cells = append(cells, c.ValueStr(i))
				}
				if got := strings.Join(cells, ","); got != lines[row] {
					t.Fatalf("row %d is %s, want %s", row, got, lines[row])
				}
				row++
			}
		}
		if row != rows+1 {
			t.Errorf("there are %d rows", row-1)
		}
	}
}

func csvFormat(t testing.TB) func(*table.Rules) file.Format {
	return func(r *table.Rules) file.Format {
		f, err := csv.New(csv.Config{Rules: r, Table: r.OfFile, Any: true, Header: csv.HeaderPresent})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// TestValuesThatDoNotFit holds that a masked value that does not fit the type of its
// column is NULL: here a moment that is shifted to before the first one.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	var rows []string
	for id := range 50 {
		rows = append(rows, fmt.Sprintf(`{"id": "%d", "s": "1677-09-22 00:00:00"}`, id))
	}
	in := batchOf(t, "["+strings.Join(rows, ",")+"]", apache.Field{Name: "id", Type: apache.BinaryTypes.String}, apache.Field{Name: "s", Type: &apache.TimestampType{Unit: apache.Nanosecond}})
	r := maskFile(t, clinic, encode(t, true, []apache.RecordBatch{in}), true, 1)
	if r.err != nil || r.reports != "" {
		t.Fatal(r.err, r.reports)
	}
	if got := column(t, decode(t, r.out)[0], "s"); got.NullN() == 0 || got.NullN() == 50 {
		t.Errorf("%d are NULL", got.NullN())
	}
}

// failing is a method that fails on some values.
type failing struct{}

func (failing) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if bytes.HasPrefix(src, []byte("MARKER")) {
		return dst, mask.Removed, errors.New("MARKER")
	}
	return append(dst, 'x'), mask.Replaced, nil
}

// TestRowsThatFail holds that a row that cannot be masked is left out and reported with
// its number, and that nothing of it is counted.
func TestRowsThatFail(t *testing.T) {
	t.Parallel()
	method := mask.Definition{Name: "failing", Label: mask.LabelMasked, New: func(mask.Env, mask.Args) (mask.Method, error) { return failing{}, nil }}
	rs := rules(t, clinic+"    - {id: bad, match: [{column: bad}], method: failing}\n", method)
	in := batchOf(t, `[{"m": "1", "bad": "a"}, {"m": "2", "bad": "MARKER1"}, {"m": "3", "bad": "MARKER2"}, {"m": "4", "bad": "b"}]`,
		apache.Field{Name: "m", Type: apache.BinaryTypes.String}, apache.Field{Name: "bad", Type: apache.BinaryTypes.String})
	r := maskJob(t, rs, encode(t, true, []apache.RecordBatch{in}), true, 1, arrow.New(arrow.Config{Rules: rs, Table: rs.OfFile}))
	want := "standard input:2:1: column stdin.bad: method failing failed\nstandard input:3:1: column stdin.bad: method failing failed\n"
	if r.err != nil || r.reports != want || r.counts.Bad != 2 || r.counts.Masked != 2 {
		t.Errorf("%v, %q, %+v", r.err, r.reports, r.counts)
	}
	var got []string
	for _, b := range decode(t, r.out) {
		got = append(got, column(t, b, "m").ValueStr(0))
	}
	if len(got) != 2 || got[0] != textMask(t, "1") || got[1] != textMask(t, "4") {
		t.Error(got)
	}
}

// TestMaps holds what becomes of maps: an entry without its key goes, and so does a map
// whose keys or values are not shown.
func TestMaps(t *testing.T) {
	t.Parallel()
	const text = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  rules:
    - {id: keep, match: [{column: a.key}, {column: b.value}, {column: c.value}, {column: d}], method: keep}
    - {id: year, match: [{column: a.value}, {column: c.key}], method: year}
    - {id: removed, match: [{column: d.key}], method: remove}
`
	m := apache.MapOf(apache.BinaryTypes.String, apache.BinaryTypes.String)
	in := batchOf(t, `[{"a": [{"key": "k", "value": "1987-06-05"}, {"key": "l", "value": "x"}], "b": [{"key": "MARKER", "value": "v"}], "c": [{"key": "1987-06-05", "value": "v"}, {"key": "MARKER", "value": "w"}], "d": [{"key": "MARKER", "value": "v"}]},
		{"a": null, "b": null, "c": [], "d": null}]`,
		apache.Field{Name: "a", Type: m, Nullable: true}, apache.Field{Name: "b", Type: m, Nullable: true}, apache.Field{Name: "c", Type: m, Nullable: true}, apache.Field{Name: "d", Type: m, Nullable: true})
	r := maskFile(t, text, encode(t, true, []apache.RecordBatch{in}), true, 1)
	if r.err != nil || r.reports != "" || bytes.Contains(r.out, []byte("MARKER")) {
		t.Fatal(r.err, r.reports)
	}
	out := decode(t, r.out)[0]
	if out.NumCols() != 2 {
		t.Error(out.Schema())
	}
	for name, want := range map[string]string{
		"a": `map<utf8, utf8, items_nullable> [{["k" "l"] ["1987" (null)]} (null)]`,
		"c": `map<utf8, utf8, items_nullable> [{["1987"] ["v"]} {[] []}]`,
	} {
		if got := column(t, out, name); got.DataType().String()+" "+got.String() != want {
			t.Errorf("column %s is %s %s", name, got.DataType(), got)
		}
	}
}

// TestEmpty holds that a table without rows is masked to one: its schema.
func TestEmpty(t *testing.T) {
	t.Parallel()
	b, _ := persons(0)
	for _, batches := range [][]apache.RecordBatch{{b}, {b.NewSlice(0, 0), b}} {
		for _, stream := range []bool{true, false} {
			r := maskFile(t, clinic, encode(t, stream, batches), stream, 1)
			if r.err != nil || r.reports != "" || r.counts.Bad > 0 {
				t.Fatal(r.err, r.reports)
			}
			for _, out := range decode(t, r.out) {
				if out.NumRows() != 0 || out.NumCols() != 10 {
					t.Error(out)
				}
			}
		}
	}
}

// BenchmarkRows masks the same rows as Arrow and as CSV, three of ten columns keyed.
func BenchmarkRows(b *testing.B) {
	const rows = 200_000
	batch, text := persons(rows)
	stream := encode(b, true, []apache.RecordBatch{batch})
	for _, tc := range []struct {
		name string
		mask func() run
	}{
		{"Arrow", func() run { return maskFile(b, clinic, stream, true, 1) }},
		{"CSV", func() run { return maskFormat(b, clinic, text, true, 1, csvFormat(b)) }},
	} {
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				if r := tc.mask(); r.err != nil || r.counts.Masked != rows {
					b.Fatal(r.err, r.counts)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
