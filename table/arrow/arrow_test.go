package arrow_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/arrow"
	"github.com/veil-proxy/veil/table/csv"
)

// clinic treats columns by the beginning of their names: k keeps, m masks, r removes; what
// has no rule is hidden.
const clinic = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  rules:
    - {id: keep, match: [{column: "k*"}], method: keep}
    - {id: masked, match: [{column: "m*"}], method: pseudonym}
    - {id: removed, match: [{column: "r*"}], method: remove}
    - {id: id, match: [{column: id}], method: seal, domain: Patient}
    - {id: shifted, match: [{column: "s*"}], method: date, mode: shift, window: 100, entity: id}
    - {id: year, match: [{column: "y*"}], method: year}
    - {id: int, match: [{column: "i*"}], method: pseudonym, shape: int}
    - {id: tens, match: [{column: "t*"}], method: round, to: "10"}
    - {id: halves, match: [{column: "h*"}], method: round, to: "0.5"}
    - {id: some, match: [{column: "w*"}], method: keep, where: [{column: k_ok, equals: "yes"}]}
    - {id: others, match: [{column: "w*"}], method: remove}
`

func rules(t testing.TB, text string, more ...mask.Definition) *table.Rules {
	t.Helper()
	return masktest.Rules(t, text, more...)
}

// run is what masking a file did.
type run struct {
	out     []byte
	reports string
	counts  file.Counts
	err     error
}

// maskFile masks Arrow data as a file, or as a stream.
func maskFile(t testing.TB, text string, in []byte, stream bool, workers int) run {
	t.Helper()
	return maskFormat(t, text, in, stream, workers, func(r *table.Rules) file.Format {
		return arrow.New(arrow.Config{Rules: r, Table: r.OfFile, Any: true})
	})
}

func maskFormat(t testing.TB, text string, in []byte, stream bool, workers int, format func(*table.Rules) file.Format) run {
	t.Helper()
	rs := rules(t, text)
	return maskJob(t, rs, in, stream, workers, format(rs))
}

func maskJob(t testing.TB, rs *table.Rules, in []byte, stream bool, workers int, format file.Format) (r run) {
	t.Helper()
	var stdout bytes.Buffer
	job := &file.Job{
		Inputs: []string{"-"}, Stdin: bytes.NewReader(in), Stdout: &stdout, Workers: workers, Formats: []file.Format{format}, Plan: rs.Policy().NewPlan(), Keys: rs.Policy().Keys,
		Report: func(p file.Problem) { r.reports += p.Error() + "\n" },
	}
	if !stream {
		path := filepath.Join(t.TempDir(), "table.arrow")
		if err := os.WriteFile(path, in, 0o600); err != nil {
			t.Fatal(err)
		}
		job.Inputs = []string{path}
	}
	r.counts, r.err = job.Run(t.Context())
	r.out = stdout.Bytes()
	return r
}

// encode writes batches as a stream or a file.
func encode(t testing.TB, stream bool, batches []apache.RecordBatch, options ...ipc.Option) []byte {
	t.Helper()
	var out bytes.Buffer
	var w interface {
		Write(apache.RecordBatch) error
		Close() error
	}
	options = append(options, ipc.WithSchema(batches[0].Schema()))
	w = ipc.NewWriter(&out, options...)
	if !stream {
		f, err := ipc.NewFileWriter(&out, options...)
		if err != nil {
			t.Fatal(err)
		}
		w = f
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decode reads a stream or a file.
func decode(t testing.TB, in []byte) (out []apache.RecordBatch) {
	t.Helper()
	if bytes.HasPrefix(in, []byte("ARROW1")) {
		r, err := ipc.NewFileReader(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.NumRecords() {
			b, err := r.RecordBatchAt(i)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b)
		}
		return out
	}
	r, err := ipc.NewReader(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		r.RecordBatch().Retain()
		out = append(out, r.RecordBatch())
	}
	if r.Err() != nil && !errors.Is(r.Err(), io.EOF) {
		t.Fatal(r.Err())
	}
	return out
}

// batchOf makes a batch of rows in JSON.
func batchOf(t testing.TB, rows string, fields ...apache.Field) apache.RecordBatch {
	t.Helper()
	b, _, err := array.RecordFromJSON(memory.NewGoAllocator(), apache.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func column(t testing.TB, b apache.RecordBatch, name string) apache.Array {
	t.Helper()
	i := b.Schema().FieldIndices(name)
	if len(i) != 1 {
		t.Fatalf("there are %d columns %s", len(i), name)
	}
	return b.Column(i[0])
}

// types are types with two values as JSON has them, and the text of the first; it is
// empty where values of the type are opaque.
var types = []struct {
	apache.DataType
	a, b, text string
}{
	{apache.FixedWidthTypes.Boolean, "true", "false", "true"},
	{apache.PrimitiveTypes.Int8, "-7", "100", "-7"},
	{apache.PrimitiveTypes.Int16, "-7777", "2", "-7777"},
	{apache.PrimitiveTypes.Int32, "-77777777", "2", "-77777777"},
	{apache.PrimitiveTypes.Int64, "-7777777777777777", "2", "-7777777777777777"},
	{apache.PrimitiveTypes.Uint8, "200", "2", "200"},
	{apache.PrimitiveTypes.Uint16, "60000", "2", "60000"},
	{apache.PrimitiveTypes.Uint32, "4000000000", "2", "4000000000"},
	{apache.PrimitiveTypes.Uint64, "18000000000000000000", "2", "18000000000000000000"},
	{apache.FixedWidthTypes.Float16, "1.5", "2", "1.5"},
	{apache.PrimitiveTypes.Float32, "0.1", "2", "0.1"},
	{apache.PrimitiveTypes.Float64, "1e300", "-0.25", "1e+300"},
	{&apache.Decimal32Type{Precision: 7, Scale: 2}, `"-12.5"`, `"2"`, "-12.50"},
	{&apache.Decimal64Type{Precision: 17, Scale: 2}, `"-12.5"`, `"2"`, "-12.50"},
	{&apache.Decimal128Type{Precision: 30, Scale: 3}, `"-77777777777777777777.125"`, `"2"`, "-77777777777777777777.125"},
	{&apache.Decimal256Type{Precision: 60, Scale: 0}, `"777777777777777777777777777777777777777777777"`, `"2"`, "777777777777777777777777777777777777777777777"},
	{apache.BinaryTypes.String, `"MARKERvalue of a text"`, `"b"`, "MARKERvalue of a text"},
	{apache.BinaryTypes.LargeString, `"MARKERvalue of a text"`, `"b"`, "MARKERvalue of a text"},
	{apache.BinaryTypes.StringView, `"MARKERvalue of a text"`, `"b"`, "MARKERvalue of a text"},
	{apache.BinaryTypes.BinaryView, `"TUFSS0VSdmFsdWU="`, `"Yg=="`, ""},
	{apache.BinaryTypes.Binary, `"TUFSS0VSdmFsdWU="`, `"Yg=="`, ""},
	{apache.BinaryTypes.LargeBinary, `"TUFSS0VSdmFsdWU="`, `"Yg=="`, ""},
	{&apache.FixedSizeBinaryType{ByteWidth: 6}, `"TUFSS0VS"`, `"QUJDREVG"`, ""},
	{apache.FixedWidthTypes.Date32, `"1987-06-05"`, `"2001-01-01"`, "1987-06-05"},
	{apache.FixedWidthTypes.Date64, `"1987-06-05"`, `"2001-01-01"`, "1987-06-05"},
	{apache.FixedWidthTypes.Time32s, `"11:22:33"`, `"00:00:00"`, "11:22:33"},
	{apache.FixedWidthTypes.Time64ns, `"11:22:33.000444"`, `"00:00:00"`, "11:22:33.000444"},
	{&apache.TimestampType{Unit: apache.Second}, `"1987-06-05 04:03:02"`, `"2001-01-01"`, "1987-06-05 04:03:02"},
	{&apache.TimestampType{Unit: apache.Nanosecond}, `"1987-06-05 04:03:02.25"`, `"2001-01-01"`, "1987-06-05 04:03:02.25"},
	{&apache.TimestampType{Unit: apache.Microsecond, TimeZone: "Europe/Berlin"}, `"1987-06-05 04:03:02Z"`, `"2001-01-01T00:00:00Z"`, "1987-06-05 04:03:02+00"},
	{apache.FixedWidthTypes.Duration_ms, `"90061500ms"`, `"0ms"`, "25:01:01.5"},
	{apache.FixedWidthTypes.MonthInterval, `{"months": 14}`, `{"months": 1}`, "1 year 2 mons"},
	{apache.FixedWidthTypes.DayTimeInterval, `{"days": 3, "milliseconds": 500}`, `{"days": 0, "milliseconds": 0}`, "3 days 00:00:00.5"},
	{apache.FixedWidthTypes.MonthDayNanoInterval, `{"months": 1, "days": 2, "nanoseconds": 3000}`, `{"months": 0, "days": 0, "nanoseconds": 0}`, "1 mon 2 days 00:00:00.000003"},
	{&apache.DictionaryType{IndexType: apache.PrimitiveTypes.Int8, ValueType: apache.BinaryTypes.String}, `"MARKERvalue of a text"`, `"b"`, "MARKERvalue of a text"},
	{&apache.DictionaryType{IndexType: apache.PrimitiveTypes.Uint16, ValueType: apache.FixedWidthTypes.Date32}, `"1987-06-05"`, `"2001-01-01"`, "1987-06-05"},
}

// TestTypes holds for each type, as a column, in a list and in a record: a kept column is
// as it was, a removed one is NULL, a hidden one is not there, and a masked one has what
// the same text has in a file of comma-separated values.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, tc := range types {
		t.Run(tc.String(), func(t *testing.T) {
			t.Parallel()
			var fields []apache.Field
			var names []string
			for _, name := range []string{"k", "m", "r", "x"} {
				fields = append(fields, apache.Field{Name: name, Type: tc.DataType, Nullable: true})
				names = append(names, name)
				if tc.ID() != apache.DICTIONARY { // RecordFromJSON has no dictionaries in others
					fields = append(fields,
						apache.Field{Name: name + "l", Type: apache.ListOf(tc.DataType), Nullable: true},
						apache.Field{Name: name + "s", Type: apache.StructOf(apache.Field{Name: "v", Type: tc.DataType, Nullable: true}), Nullable: true})
					names = append(names, name+"l", name+"s")
				}
			}
			row := func(v, list, record string) string {
				var cells []string
				for _, name := range names {
					value := map[byte]string{'l': list, 's': record}[name[len(name)-1]]
					if value == "" {
						value = v
					}
					cells = append(cells, fmt.Sprintf("%q: %s", name, value))
				}
				return "{" + strings.Join(cells, ",") + "}"
			}
			in := batchOf(t, "["+row(tc.a, "["+tc.b+", null, "+tc.a+"]", `{"v": `+tc.a+`}`)+","+row("null", "null", "null")+","+row(tc.b, "[]", `{"v": null}`)+"]", fields...)
			for _, stream := range []bool{true, false} {
				r := maskFile(t, clinic, encode(t, stream, []apache.RecordBatch{in}), stream, 2)
				if r.err != nil || r.reports != "" || r.counts.Masked != 3 {
					t.Fatal(r.err, r.reports, r.counts)
				}
				checkTypes(t, in, decode(t, r.out)[0], names, textMask(t, tc.text))
			}
		})
	}
}

// textMask is the masked form of a text in a file of comma-separated values; empty for an
// empty text.
func textMask(t *testing.T, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	r := maskFormat(t, clinic, []byte("m\n"+text+"\n"), true, 1, func(r *table.Rules) file.Format {
		f, err := csv.New(csv.Config{Rules: r, Table: r.OfFile, Any: true, Header: csv.HeaderPresent})
		if err != nil {
			t.Fatal(err)
		}
		return f
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	return strings.Split(string(r.out), "\n")[1]
}

func checkTypes(t *testing.T, in, out apache.RecordBatch, names []string, want string) {
	t.Helper()
	for _, name := range names {
		if name[0] == 'x' {
			if len(out.Schema().FieldIndices(name)) > 0 {
				t.Errorf("column %s is there", name)
			}
			continue
		}
		got := column(t, out, name)
		if name[0] == 'k' && !array.Equal(got, column(t, in, name)) {
			t.Errorf("column %s is %v, was %v", name, got, column(t, in, name))
		}
		if name[0] != 'm' {
			if name[0] == 'r' && strings.Trim(got.String(), "(nul)[] {}:v,") != "" && got.NullN() != 3 {
				for i := range got.Len() {
					if s := got.ValueStr(i); strings.Trim(s, `(nul)[]{}:v,"`) != "" {
						t.Errorf("column %s has %s", name, s)
					}
				}
			}
			continue
		}
		if got.Len() != 3 || !got.IsNull(1) {
			t.Errorf("column %s is %v", name, got)
		}
		if want != "" && !strings.Contains(got.ValueStr(0), want) {
			t.Errorf("column %s has %s, want %s", name, got.ValueStr(0), want)
		}
		if want == "" && strings.Trim(got.ValueStr(0), `(nul)[]{}:v,"`) != "" {
			t.Errorf("opaque column %s has %s", name, got.ValueStr(0))
		}
	}
}

// TestNumbersAndTimesKeepTheirTypes holds that a masked value has the type of its column
// where it fits, and one of the same kind where not.
func TestNumbersAndTimesKeepTheirTypes(t *testing.T) {
	t.Parallel()
	ns := &apache.TimestampType{Unit: apache.Nanosecond, TimeZone: "UTC"}
	in := batchOf(t, `[{"id": "7", "i": 12, "t": 126, "h": 7, "td": "12.34", "hf": 36.6, "y": "1987-06-05", "s": "1987-06-05 01:02:03.000000004Z"}]`,
		apache.Field{Name: "id", Type: apache.BinaryTypes.String}, apache.Field{Name: "i", Type: apache.PrimitiveTypes.Int8}, apache.Field{Name: "t", Type: apache.PrimitiveTypes.Int8},
		apache.Field{Name: "h", Type: apache.PrimitiveTypes.Int32}, apache.Field{Name: "td", Type: &apache.Decimal64Type{Precision: 9, Scale: 2}}, apache.Field{Name: "hf", Type: apache.PrimitiveTypes.Float32},
		apache.Field{Name: "y", Type: apache.FixedWidthTypes.Date32}, apache.Field{Name: "s", Type: ns})
	r := maskFile(t, clinic, encode(t, true, []apache.RecordBatch{in}), true, 1)
	if r.err != nil || r.reports != "" {
		t.Fatal(r.err, r.reports)
	}
	out := decode(t, r.out)[0]
	for name, want := range map[string]string{
		"i": "int64", "t": "int64 130", "h": "decimal(38, 1) 7", "td": "decimal(38, 2) 10", "hf": "float32 36.5", "y": "date32 1987-01-01", "s": "timestamp[ns, tz=UTC] ",
	} {
		got := column(t, out, name)
		if text := got.DataType().String() + " " + got.ValueStr(0); !strings.HasPrefix(text, want) {
			t.Errorf("column %s is %s, want %s", name, text, want)
		}
	}
	shifted := column(t, out, "s").(*array.Timestamp)
	if before := column(t, in, "s").(*array.Timestamp); (shifted.Value(0)-before.Value(0))%86_400_000_000_000 != 0 || shifted.Value(0) == before.Value(0) {
		t.Errorf("the moment was not shifted by days: %d, %d", before.Value(0), shifted.Value(0))
	}
	if slices.Contains(strings.Split(column(t, out, "i").String(), " "), "12") {
		t.Error("the number is as it was")
	}
}
