package parquet

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
)

// arrowKey has the Arrow schema that the file was written from, with types that Parquet
// lacks, such as dictionaries and large strings.
const arrowKey = "ARROW:schema"

var errNotKnown = errors.New("not known")

// arrowFields turns the fields of the file's Arrow schema into those of the output, with
// the output's types and without metadata.
func (d *document) arrowFields(value string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil || !d.isSmallSchema(b) {
		return "", errNotKnown
	}
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", errNotKnown
	}
	defer r.Release()
	p := arrowPruner{document: d}
	var fields []arrow.Field
	for _, f := range r.Schema().Fields() {
		if f, ok := p.field(f, table.Join("", f.Name)); ok {
			fields = append(fields, f)
		}
	}
	if p.fits() {
		d.arrow = fields
	}
	return "", nil
}

// arrowSchema returns an Arrow schema of the fields. Readers take what pandas says from
// there.
func (d *document) arrowSchema(string) (string, error) {
	if d.arrow == nil {
		return "", errNotKnown
	}
	var metadata arrow.Metadata
	for _, kv := range d.values {
		metadata = arrow.NewMetadata([]string{kv.Key}, []string{kv.Value})
	}
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(arrow.NewSchema(d.arrow, &metadata)), ipc.WithAllocator(memory.DefaultAllocator))
	if err := w.Close(); err != nil {
		return "", errNotKnown
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// isSmallSchema reports whether a message has a schema with not many more fields than the
// file. Fields of a message can be shared, so that few bytes make endless many.
func (d *document) isSmallSchema(b []byte) bool {
	const prefix = 8 // a mark and the length
	if len(b) < prefix+4 {
		return false
	}
	b = b[prefix:]
	message := flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
	o := message.Offset(slot(2))
	if o == 0 {
		return false
	}
	var schema flatbuffers.Table
	message.Union(&schema, flatbuffers.UOffsetT(o))
	left := 4*len(d.meta.Schema) + 64
	return countFields(&schema, slot(1), &left, maxDepth)
}

// slot returns where the table of a flatbuffer has the offset of its n-th field.
func slot(n int) flatbuffers.VOffsetT { return flatbuffers.VOffsetT(4 + 2*n) }

// countFields subtracts the fields of a schema or a field from the number left.
func countFields(t *flatbuffers.Table, slots flatbuffers.VOffsetT, left *int, depth int) bool {
	o := flatbuffers.UOffsetT(t.Offset(slots))
	if o == 0 {
		return true
	}
	n := t.VectorLen(o)
	if *left -= n; *left < 0 || depth == 0 {
		return false
	}
	start := t.Vector(o)
	for i := range n {
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(4*i))}
		if !countFields(&field, slot(5), left, depth-1) {
			return false
		}
	}
	return true
}

// arrowPruner removes hidden columns from an Arrow schema.
type arrowPruner struct {
	*document
	found []*outColumn
}

// fits reports whether the columns that were found are those of the output, in order.
func (p *arrowPruner) fits() bool { return slices.Equal(p.found, p.out) }

// field returns the output's form of the field at a path. ok is false if nothing is left
// of it.
func (p *arrowPruner) field(f arrow.Field, path string) (out arrow.Field, ok bool) {
	out = arrow.Field{Name: f.Name, Nullable: f.Nullable}
	switch t := f.Type.(type) {
	case *arrow.StructType:
		var fields []arrow.Field
		for _, m := range t.Fields() {
			if m, ok := p.field(m, table.Join(path, m.Name)); ok {
				fields = append(fields, m)
			}
		}
		out.Type = arrow.StructOf(fields...)
		return out, len(fields) > 0
	case *arrow.MapType:
		return p.mapField(out, t, path)
	case *arrow.ListType, *arrow.LargeListType, *arrow.ListViewType, *arrow.LargeListViewType, *arrow.FixedSizeListType:
		element, ok := p.field(t.(arrow.ListLikeType).ElemField(), path)
		if ok {
			out.Type = listOf(t, element)
		}
		return out, ok
	}
	c := p.named(path)
	if c == nil {
		return out, false
	}
	p.found = append(p.found, c)
	out.Type = arrowTypeOf(c, f.Type)
	if t, ok := out.Type.(*arrow.TimestampType); ok {
		p.zones[path] = t.TimeZone
	}
	out.Nullable = out.Nullable || c.outDef > c.maxDef
	if c.treated.Treatment == table.Clear {
		out.Metadata = extensionOf(f)
	}
	return out, true
}

func (p *arrowPruner) mapField(out arrow.Field, t *arrow.MapType, path string) (arrow.Field, bool) {
	key, hasKey := p.field(t.KeyField(), table.Join(path, "key"))
	item, hasItem := p.field(t.ItemField(), table.Join(path, "value"))
	if hasKey && hasItem {
		m := arrow.MapOfFields(key, item)
		out.Type = m
	}
	return out, hasKey && hasItem
}

// listOf returns a list type like t with other elements.
func listOf(t arrow.DataType, element arrow.Field) arrow.DataType {
	switch t := t.(type) {
	case *arrow.LargeListType:
		return arrow.LargeListOfField(element)
	case *arrow.ListViewType:
		return arrow.ListViewOfField(element)
	case *arrow.LargeListViewType:
		return arrow.LargeListViewOfField(element)
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), element)
	}
	return arrow.ListOfField(element)
}

// extensionOf is the name of an extension type of Arrow itself, which no metadata
// explains.
func extensionOf(f arrow.Field) arrow.Metadata {
	const name, explained = "ARROW:extension:name", "ARROW:extension:metadata"
	v, ok := f.Metadata.GetValue(name)
	if !ok || !slices.Contains([]string{"arrow.uuid", "arrow.json", "arrow.bool8"}, v) {
		return arrow.Metadata{}
	}
	return arrow.NewMetadata([]string{name, explained}, []string{v, ""})
}

// arrowTypeOf returns the Arrow type of a column of the output, given its type in the
// input.
func arrowTypeOf(c *outColumn, own arrow.DataType) arrow.DataType {
	if e, ok := own.(arrow.ExtensionType); ok && c.treated.Treatment != table.Clear {
		own = e.StorageType()
	}
	if c.treated.Own {
		return cleanType(own)
	}
	if c.treated.Masked == table.Text {
		return stringType(own)
	}
	switch l := c.outLogical().(type) {
	case *format.DecimalType:
		return &arrow.Decimal128Type{Precision: l.Precision, Scale: l.Scale}
	case *format.DateType:
		return arrow.FixedWidthTypes.Date32
	case *format.TimestampType:
		if l.IsAdjustedToUTC {
			return arrow.FixedWidthTypes.Timestamp_us
		}
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case *format.UUIDType:
		return &arrow.FixedSizeBinaryType{ByteWidth: 16}
	}
	if c.out.neutral == table.Float && c.typ.neutral == table.Float {
		return own
	}
	switch c.out.physical {
	case format.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case format.Int64:
		return arrow.PrimitiveTypes.Int64
	case format.Double:
		return arrow.PrimitiveTypes.Float64
	}
	return stringType(own)
}

// stringType returns the string type that is closest to a type.
func stringType(own arrow.DataType) arrow.DataType {
	switch t := own.(type) {
	case *arrow.LargeStringType, *arrow.StringViewType:
		return t
	case *arrow.DictionaryType:
		if s := stringType(t.ValueType); arrow.TypeEqual(s, t.ValueType) {
			return t
		}
	}
	return arrow.BinaryTypes.String
}

// cleanType returns a type without texts, which could have any content.
func cleanType(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case *arrow.TimestampType:
		if !isTimeZone(t.TimeZone) {
			return &arrow.TimestampType{Unit: t.Unit, TimeZone: "UTC"}
		}
	case *arrow.DictionaryType:
		return &arrow.DictionaryType{IndexType: t.IndexType, ValueType: cleanType(t.ValueType), Ordered: t.Ordered}
	}
	return t
}
