package arrow_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/arrow"
)

// seeds are small inputs with every kind of column.
func seeds(t testing.TB) (out [][]byte) {
	t.Helper()
	var columns []apache.Array
	var fields []apache.Field
	for _, data := range columnsWithRemains() {
		for _, name := range []string{"k", "m"} {
			fields = append(fields, apache.Field{Name: name + fmt.Sprint(len(fields)), Type: data.DataType(), Nullable: true})
			columns = append(columns, array.MakeFromData(data))
		}
	}
	for _, name := range []string{"kd", "md"} {
		d := dictionaryOf([]int8{2, -1, 0}, false, "a", "b", "c")
		fields, columns = append(fields, apache.Field{Name: name, Type: d.DataType(), Nullable: true}), append(columns, d)
	}
	b := []apache.RecordBatch{array.NewRecordBatch(apache.NewSchema(fields, nil), columns, 3)}
	for _, stream := range []bool{true, false} {
		out = append(out, encode(t, stream, b), encode(t, stream, b, ipc.WithZstd()), encode(t, stream, b, ipc.WithLZ4()))
	}
	return out
}

// feed masks bytes without a job, in this goroutine. It returns the errors.
func feed(t testing.TB, r *table.Rules, in []byte, random bool) (problems []string) {
	t.Helper()
	src := file.Source{Reader: bytes.NewReader(in), Name: "t.arrow"}
	if random {
		src.At, src.Size = bytes.NewReader(in), int64(len(in))
	}
	doc, err := arrow.New(arrow.Config{Rules: r, Table: r.OfFile}).Open(src)
	if err != nil {
		return []string{err.Error()}
	}
	m, merger := doc.NewMasker(false), doc.NewMerger(io.Discard)
	m.Pass().Begin(mask.Origin{})
	err = doc.Split(func() []byte { return nil }, func(b file.Block) error {
		var r file.Result
		out := m.AppendMasked(nil, b, &r)
		for _, bad := range r.Bad {
			problems = append(problems, bad.What)
		}
		return merger.Append(out)
	})
	if err == nil {
		err = merger.Close()
	}
	if err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

// TestTruncated holds that data that ends early, wherever it does, is an error that says
// so, and never an output that could be taken for whole.
func TestTruncated(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	for i, in := range seeds(t) {
		if problems := feed(t, r, in, i >= 3); problems != nil {
			t.Fatal(problems)
		}
		for n := range len(in) - 1 {
			if n > 200 && n%101 != 0 && n < len(in)-40 {
				continue
			}
			problems := feed(t, r, in[:n], i >= 3)
			if i >= 3 && n >= len(in)-6 || len(problems) == 1 && (strings.Contains(problems[0], "truncated") || strings.Contains(problems[0], "empty") || strings.Contains(problems[0], "damaged")) {
				continue
			}
			t.Fatalf("seed %d, %d bytes of %d: %q", i, n, len(in), problems)
		}
	}
}

// TestDamaged holds that bytes that are changed give an error or an output, and nothing
// else: no panic, and no memory that is not needed.
func TestDamaged(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	runs := uint64(0)
	for i, seed := range seeds(t) {
		for n := 0; n < len(seed); n += 97 {
			in := bytes.Clone(seed)
			in[n] ^= []byte{0xff, 0x80, 0x01}[n%3]
			for _, problem := range feed(t, r, in, i >= 3) {
				if strings.Contains(problem, "MARKER") || strings.Contains(problem, "runtime error") {
					t.Errorf("byte %d: %s", n, problem)
				}
			}
			runs++
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / runs; each > 16<<20 { // other tests run beside it
		t.Errorf("%d inputs, %d MiB each", runs, each>>20)
	}
}

// TestSharedTexts holds that a schema that refers to one text from many places is refused
// before a reader copies it for each.
func TestSharedTexts(t *testing.T) {
	t.Parallel()
	const times, megabyte = 100, 1 << 20
	for name, build := range map[string]func(b *flatbuffers.Builder, text flatbuffers.UOffsetT) (fields, pairs flatbuffers.UOffsetT){
		"names": func(b *flatbuffers.Builder, text flatbuffers.UOffsetT) (fields, pairs flatbuffers.UOffsetT) {
			return repeated(b, tableOf(b, text), times), repeated(b, 0, 0)
		},
		"keys": func(b *flatbuffers.Builder, text flatbuffers.UOffsetT) (fields, pairs flatbuffers.UOffsetT) {
			return repeated(b, 0, 0), repeated(b, tableOf(b, text), times)
		},
		"values": func(b *flatbuffers.Builder, text flatbuffers.UOffsetT) (fields, pairs flatbuffers.UOffsetT) {
			return repeated(b, 0, 0), repeated(b, tableOf(b, 0, text), times)
		},
		"metadata of fields": func(b *flatbuffers.Builder, text flatbuffers.UOffsetT) (fields, pairs flatbuffers.UOffsetT) {
			own := repeated(b, tableOf(b, text), 1)
			return repeated(b, tableOf(b, 0, 0, 0, 0, 0, 0, own), times), repeated(b, 0, 0)
		},
	} {
		b := flatbuffers.NewBuilder(0)
		fields, pairs := build(b, b.CreateString(strings.Repeat("a", megabyte)))
		schema := tableOf(b, 0, fields, pairs)
		b.StartObject(5)
		b.PrependInt16Slot(0, 4, 0) // version 5
		b.PrependByteSlot(1, 1, 0)  // a schema
		b.PrependUOffsetTSlot(2, schema, 0)
		b.Finish(b.EndObject())
		meta := b.FinishedBytes()
		meta = append(meta, make([]byte, -len(meta)&7)...)
		in := binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff, 0xff}, uint32(len(meta)))
		problems := feed(t, rules(t, clinic), append(in, meta...), false)
		if len(problems) != 1 || !strings.Contains(problems[0], "more than 64 MiB of names and metadata") {
			t.Errorf("%s: %q", name, problems)
		}
	}
}

// tableOf is a table of a flatbuffer that refers to others.
func tableOf(b *flatbuffers.Builder, members ...flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartObject(len(members))
	for i, m := range members {
		b.PrependUOffsetTSlot(i, m, 0)
	}
	return b.EndObject()
}

// repeated is a list that has one table so many times.
func repeated(b *flatbuffers.Builder, of flatbuffers.UOffsetT, times int) flatbuffers.UOffsetT {
	b.StartVector(4, times, 4)
	for range times {
		b.PrependUOffsetT(of)
	}
	return b.EndVector(times)
}

// TestLies holds that lengths which data claims to have take no memory, and what is no
// Arrow data of today is named.
func TestLies(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	stream := encode(t, true, []apache.RecordBatch{batchOf(t, `[{"k": "a"}]`, apache.Field{Name: "k", Type: apache.BinaryTypes.String})})
	lie := func(in []byte, at int, v uint32) []byte {
		in = bytes.Clone(in)
		binary.LittleEndian.PutUint32(in[at:], v)
		return in
	}
	packed := encode(t, true, []apache.RecordBatch{batchOf(t, `[{"k": "`+strings.Repeat("a", 5000)+`"}]`, apache.Field{Name: "k", Type: apache.BinaryTypes.String})}, ipc.WithZstd())
	frame := bytes.LastIndex(packed, []byte("\x28\xb5\x2f\xfd")) // its size stands before it
	for name, tc := range map[string]struct {
		in   []byte
		want string
	}{
		"grows":      {lie(packed, frame-8, 800<<20), "the Arrow data is damaged"},
		"grows much": {lie(packed, frame-4, 1), "the Arrow data is damaged"},
		"metadata":   {lie(stream, 4, 0x7fffffff), "metadata of a message has more than 64 MiB"},
		"some bytes": {lie(stream, 4, 60<<20), "it is truncated"},
		"two":        {append(bytes.Clone(stream), stream...), "mask one stream at a time"},
		"feather":    {[]byte("FEA1......"), "Feather version 1"},
		"empty":      {nil, "the file is empty"},
		"text":       {[]byte("id,name\n1,MARKER and more than some words of a text that is no Arrow data"), "the Arrow data is damaged"},
		"no rule":    {encode(t, true, []apache.RecordBatch{batchOf(t, `[{"x": 1}]`, apache.Field{Name: "x", Type: apache.PrimitiveTypes.Int8})}), "no rule covers a column of table t"},
		"twice":      {encode(t, true, []apache.RecordBatch{array.NewRecordBatch(apache.NewSchema([]apache.Field{{Name: "k", Type: apache.Null}, {Name: "k", Type: apache.Null}}, nil), []apache.Array{array.NewNull(1), array.NewNull(1)}, 1)}), `two columns "k"`},
	} {
		if problems := feed(t, r, tc.in, false); len(problems) != 1 || !strings.Contains(problems[0], tc.want) {
			t.Errorf("%s: %q, want %q", name, problems, tc.want)
		}
	}
}

// TestFieldsInFields holds that a schema of fields in fields without end is refused before
// anything follows it.
func TestFieldsInFields(t *testing.T) {
	t.Parallel()
	dt := apache.PrimitiveTypes.Int8
	for range 100 {
		dt = apache.StructOf(apache.Field{Name: "k", Type: dt, Nullable: true})
	}
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(apache.NewSchema([]apache.Field{{Name: "k", Type: dt, Nullable: true}}, nil)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if problems := feed(t, rules(t, clinic), out.Bytes(), false); len(problems) != 1 || !strings.Contains(problems[0], "nests fields more than 64 levels deep") {
		t.Error(problems)
	}
}

// FuzzArrow: whatever the bytes are, there is an error or an output.
func FuzzArrow(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	r := rules(f, clinic)
	f.Fuzz(func(t *testing.T, in []byte) {
		feed(t, r, in, false)
		feed(t, r, in, true)
	})
}
