package arrow_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// remains is a text that lies where no value is.
const remains = "MARKERremains"

func buffer(b []byte) *memory.Buffer { return memory.NewBufferBytes(b) }

func int32s(v ...int32) *memory.Buffer {
	var b []byte
	for _, n := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return buffer(b)
}

func texts(v ...string) arrayData {
	b := array.NewStringBuilder(memory.NewGoAllocator())
	b.AppendValues(v, nil)
	return b.NewArray().Data()
}

type arrayData = apache.ArrayData

// columns of three elements, of which the second is NULL, that have remains: under the
// NULL, before and behind the values, or where nothing leads to.
func columnsWithRemains() map[string]arrayData {
	second := buffer([]byte{0b101}) // the second is NULL
	text := apache.BinaryTypes.String
	word := []byte(remains + "," + remains)
	n := int32(len(remains))
	children := texts(remains, "v", remains, "w", remains)
	viewData := bytes.Repeat([]byte(remains), 3)
	views := make([]byte, 48)
	for i, v := range []string{"short", remains[:12], "other"} {
		binary.LittleEndian.PutUint32(views[16*i:], uint32(len(v)))
		copy(views[16*i+4:], v)
	}
	copy(views[12:], remains[:4]) // behind the short text
	item := func(t apache.DataType) apache.Field { return apache.Field{Name: "item", Type: t, Nullable: true} }
	return map[string]arrayData{
		"text":      array.NewData(text, 3, []*memory.Buffer{second, int32s(0, 1, 1+n, 2+n), buffer([]byte("v" + remains + "w" + remains))}, nil, 1, 0),
		"slice":     array.NewData(text, 3, []*memory.Buffer{buffer([]byte{0b1101111}), int32s(0, n, 2*n, 2*n+1, 2*n+1, 2*n+2, 3*n), buffer([]byte(remains + remains + "vw" + remains))}, nil, 1, 2),
		"fixed":     array.NewData(&apache.FixedSizeBinaryType{ByteWidth: int(n)}, 3, []*memory.Buffer{second, buffer([]byte("first value!!" + remains + "third value!!" + remains))}, nil, 1, 0),
		"view":      array.NewData(apache.BinaryTypes.StringView, 3, []*memory.Buffer{second, buffer(views), buffer(viewData)}, nil, 1, 0),
		"list":      array.NewData(apache.ListOfField(item(text)), 3, []*memory.Buffer{second, int32s(1, 2, 3, 4)}, []arrayData{children}, 1, 0),
		"listview":  array.NewData(apache.ListViewOfField(item(text)), 3, []*memory.Buffer{second, int32s(3, 0, 1), int32s(1, 1, 1)}, []arrayData{children}, 1, 0),
		"fixedlist": array.NewData(apache.FixedSizeListOfField(1, item(text)), 3, []*memory.Buffer{second}, []arrayData{texts("v", remains, "w")}, 1, 0),
		"struct":    array.NewData(apache.StructOf(item(text)), 3, []*memory.Buffer{second}, []arrayData{texts("v", remains, "w")}, 1, 0),
		"map": array.NewData(apache.MapOf(text, text), 3, []*memory.Buffer{second, int32s(1, 2, 3, 4)}, []arrayData{array.NewData(
			apache.StructOf(apache.Field{Name: "key", Type: text}, apache.Field{Name: "value", Type: text, Nullable: true}), 5, []*memory.Buffer{nil}, []arrayData{children, children}, 0, 0)}, 1, 0),
		"sparse": array.NewData(apache.SparseUnionOf([]apache.Field{item(text), {Name: "n", Type: apache.PrimitiveTypes.Int8, Nullable: true}}, []apache.UnionTypeCode{0, 1}), 3,
			[]*memory.Buffer{nil, buffer([]byte{0, 1, 0})}, []arrayData{texts("v", remains, "w"), array.NewData(apache.PrimitiveTypes.Int8, 3, []*memory.Buffer{nil, buffer([]byte{1, 2, 3})}, nil, 0, 0)}, 0, 0),
		"dense": array.NewData(apache.DenseUnionOf([]apache.Field{item(text)}, []apache.UnionTypeCode{0}), 3,
			[]*memory.Buffer{nil, buffer([]byte{0, 0, 0}), int32s(1, 3, 1)}, []arrayData{children}, 0, 0),
		"runs": array.NewData(apache.RunEndEncodedOf(apache.PrimitiveTypes.Int32, text), 3, nil,
			[]arrayData{array.NewData(apache.PrimitiveTypes.Int32, 3, []*memory.Buffer{nil, int32s(1, 3, 99)}, nil, 0, 0), texts("v", "w", remains)}, 0, 0),
		"words": array.NewData(apache.BinaryTypes.Binary, 3, []*memory.Buffer{nil, int32s(n, n+1, n+1, n+1), buffer(word)}, nil, 0, 0),
	}
}

// TestNothingRemains holds that an output has nothing that lay beside the values of a kept
// or masked column: under NULLs, behind buffers, in elements and runs that no row has.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	for kind, data := range columnsWithRemains() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, name := range []string{"k", "m", "r", "wide"} {
				col := array.MakeFromData(data)
				ok := texts("yes", "yes", "no")
				schema := apache.NewSchema([]apache.Field{{Name: name, Type: col.DataType(), Nullable: true}, {Name: "k_ok", Type: apache.BinaryTypes.String}}, nil)
				in := encode(t, true, []apache.RecordBatch{array.NewRecordBatch(schema, []apache.Array{col, array.MakeFromData(ok)}, 3)})
				if trimmed := slices.Contains([]string{"runs", "slice", "words"}, kind); trimmed == bytes.Contains(in, []byte("MARKER")) {
					t.Error("the input should have remains, but where the writer trims them")
				}
				r := maskFile(t, clinic, in, true, 1)
				if r.err != nil || r.reports != "" {
					t.Fatal(name, r.err, r.reports)
				}
				if bytes.Contains(r.out, []byte("MARKER")) {
					t.Errorf("column %s: %q", name, r.out)
				}
				out := decode(t, r.out)[0]
				if kind == "map" && name == "r" {
					continue // a map has no keys that are NULL
				}
				if got := column(t, out, name); name == "k" && got.String() != col.String() {
					t.Errorf("got %v, want %v", got, col)
				} else if name == "wide" && (strings.Contains(got.ValueStr(2), "w") || col.IsValid(0) && got.IsNull(0)) {
					t.Errorf("conditions: %v of %v", got, col)
				}
			}
		})
	}
}

// dictionaryOf makes a column of indices of a dictionary.
func dictionaryOf(indices []int8, ordered bool, entries ...string) apache.Array {
	b := array.NewInt8Builder(memory.NewGoAllocator())
	for _, i := range indices {
		if i < 0 {
			b.AppendNull()
		} else {
			b.Append(i)
		}
	}
	dt := &apache.DictionaryType{IndexType: apache.PrimitiveTypes.Int8, ValueType: apache.BinaryTypes.String, Ordered: ordered}
	return array.NewDictionaryArray(dt, b.NewArray(), array.MakeFromData(texts(entries...)))
}

func dictionaryBatch(columns map[string]apache.Array) apache.RecordBatch {
	var fields []apache.Field
	var arrays []apache.Array
	for _, name := range []string{"k", "m", "r", "w", "k_ok"} {
		if c := columns[name]; c != nil {
			fields, arrays = append(fields, apache.Field{Name: name, Type: c.DataType(), Nullable: true}), append(arrays, c)
		}
	}
	return array.NewRecordBatch(apache.NewSchema(fields, nil), arrays, int64(arrays[0].Len()))
}

// TestDictionaries holds of dictionaries, those that grow and those that are replaced too:
// kept ones lose entries that no row uses and keep their order; masked ones have the
// masked texts, in an order that tells nothing of the originals'.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	yes := array.MakeFromData(texts("yes", "no", "yes"))
	batch := func(entries ...string) apache.RecordBatch {
		c := dictionaryOf([]int8{2, -1, 0}, false, entries...)
		return dictionaryBatch(map[string]apache.Array{"k": dictionaryOf([]int8{2, -1, 0}, true, entries...), "m": c, "r": c, "w": c, "k_ok": yes})
	}
	grown := batch("aMARKED", "MARKERunused", "cMARKED", "dMARKED")
	for name, tc := range map[string]struct {
		stream  bool
		batches []apache.RecordBatch
		options []ipc.Option
	}{
		"file":     {false, []apache.RecordBatch{batch("aMARKED", "MARKERunused", "cMARKED"), batch("aMARKED", "MARKERunused", "cMARKED")}, nil},
		"stream":   {true, []apache.RecordBatch{batch("aMARKED", "MARKERunused", "cMARKED")}, nil},
		"grows":    {true, []apache.RecordBatch{batch("aMARKED", "MARKERunused", "cMARKED"), grown}, []ipc.Option{ipc.WithDictionaryDeltas(true)}},
		"replaced": {true, []apache.RecordBatch{batch("aMARKED", "MARKERunused", "cMARKED"), batch("xMARKED", "yMARKER", "zMARKED", "qMARKER")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := encode(t, tc.stream, tc.batches, tc.options...)
			r := maskFile(t, clinic, in, tc.stream, 2)
			if r.err != nil || r.reports != "" {
				t.Fatal(r.err, r.reports)
			}
			if !bytes.Contains(in, []byte("MARKER")) || bytes.Contains(r.out, []byte("MARKER")) {
				t.Error("an unused entry is in the output, or not in the input")
			}
			if !tc.stream { // on standard input it can be read once only
				if once := maskFile(t, clinic, in, true, 2); once.err != nil || !bytes.Equal(once.out, r.out) {
					t.Error(once.err, "standard input gives another output")
				}
			}
			for i, b := range decode(t, r.out) {
				before := column(t, tc.batches[i], "k").(*array.Dictionary)
				kept := column(t, b, "k").(*array.Dictionary)
				if kept.ValueStr(0) != before.ValueStr(0) || kept.IsValid(1) || kept.ValueStr(2) != before.ValueStr(2) || kept.GetValueIndex(0) <= kept.GetValueIndex(2) {
					t.Errorf("batch %d: kept %v, was %v", i, kept, before)
				}
				masked := column(t, b, "m").(*array.Dictionary)
				if want := textMask(t, before.ValueStr(0)); masked.ValueStr(0) != want || masked.IsValid(1) {
					t.Errorf("batch %d: masked %v, want %s", i, masked, want)
				}
				for k := range masked.Dictionary().Len() - 1 {
					if masked.Dictionary().ValueStr(k) >= masked.Dictionary().ValueStr(k+1) {
						t.Errorf("batch %d: the masked entries are not sorted: %v", i, masked.Dictionary())
					}
				}
				if removed := column(t, b, "r"); removed.NullN() != 3 || removed.(*array.Dictionary).Dictionary().Len() != 0 {
					t.Errorf("batch %d: removed %v", i, removed)
				}
				if some := column(t, b, "w"); some.ValueStr(0) != before.ValueStr(0) || some.IsValid(1) {
					t.Errorf("batch %d: by conditions %v", i, some)
				}
			}
		})
	}
}

// TestValuesThatConditionsRemove holds that an entry of a dictionary that only removed
// cells use does not pass.
func TestValuesThatConditionsRemove(t *testing.T) {
	t.Parallel()
	b := dictionaryBatch(map[string]apache.Array{"w": dictionaryOf([]int8{0, 1, 0}, false, "passes", "MARKERgoes"), "k_ok": array.MakeFromData(texts("yes", "no", "yes"))})
	r := maskFile(t, clinic, encode(t, true, []apache.RecordBatch{b}), true, 1)
	if r.err != nil || bytes.Contains(r.out, []byte("MARKER")) {
		t.Error(r.err, "the removed value is in the output")
	}
	if got := column(t, decode(t, r.out)[0], "w"); got.ValueStr(0) != "passes" || got.IsValid(1) {
		t.Error(got)
	}
}

// TestMetadata holds that only metadata passes of which is known what it says.
func TestMetadata(t *testing.T) {
	t.Parallel()
	mine := apache.NewMetadata([]string{"note"}, []string{"MARKER"})
	uuid := apache.NewMetadata([]string{"ARROW:extension:name", "ARROW:extension:metadata", "note"}, []string{"arrow.uuid", "", "MARKER"})
	id := array.NewData(&apache.FixedSizeBinaryType{ByteWidth: 16}, 1, []*memory.Buffer{nil, buffer(bytes.Repeat([]byte{1}, 16))}, nil, 0, 0)
	inner := apache.StructOf(apache.Field{Name: "v", Type: apache.BinaryTypes.String, Metadata: mine})
	union := apache.DenseUnionOf([]apache.Field{{Name: "v", Type: apache.BinaryTypes.String, Metadata: mine}}, []apache.UnionTypeCode{0})
	schema := apache.NewSchema([]apache.Field{
		{Name: "k", Type: id.DataType(), Metadata: uuid},
		{Name: "m", Type: id.DataType(), Metadata: uuid},
		{Name: "k_odd", Type: id.DataType(), Metadata: apache.NewMetadata([]string{"ARROW:extension:name", "ARROW:extension:metadata"}, []string{"MARKER.type", "MARKER"})},
		{Name: "k_s", Type: inner, Metadata: mine},
		{Name: "k_u", Type: union, Metadata: mine},
	}, &mine)
	cols := []apache.Array{array.MakeFromData(id), array.MakeFromData(id), array.MakeFromData(id), array.MakeFromData(array.NewData(inner, 1, []*memory.Buffer{nil}, []arrayData{texts("v")}, 0, 0)),
		array.MakeFromData(array.NewData(union, 1, []*memory.Buffer{nil, buffer([]byte{0}), int32s(0)}, []arrayData{texts("v")}, 0, 0))}
	b := array.NewRecordBatchWithMetadata(schema, cols, 1, mine)
	for _, stream := range []bool{true, false} {
		r := maskFile(t, clinic, encode(t, stream, []apache.RecordBatch{b}), stream, 1)
		if r.err != nil || bytes.Contains(r.out, []byte("MARKER")) {
			t.Errorf("%v: %q", r.err, r.out)
		}
		if !strings.Contains(r.reports, "left out 8 × entry of the metadata") {
			t.Error(r.reports)
		}
		out := decode(t, r.out)[0].Schema()
		if name, _ := out.Field(0).Metadata.GetValue("ARROW:extension:name"); name != "arrow.uuid" || out.Field(1).HasMetadata() {
			t.Error(out)
		}
	}
}
