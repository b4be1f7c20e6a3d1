package parquet

import (
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
)

// outColumn is a column of the output.
type outColumn struct {
	*leaf
	// place is that of the column in the source, and in the file.
	place   int
	treated *table.Treated
	// out is the type of its values. For a column that passes, it is the leaf's own.
	out *leafType
	// outDef is the greatest definition level: one more than the input's where the column
	// may have nulls now.
	outDef uint8
	// outElement is the leaf in the output.
	outElement *format.SchemaElement
	path       []string
}

// outLogical is the logical type of the output's values, or nil.
func (c *outColumn) outLogical() format.LogicalTypeValue { return c.outElement.LogicalType.Value }

// nullDef is the definition level of a value that masking removes.
func (c *outColumn) nullDef() uint8 { return c.outDef - 1 }

// schemaWriter writes the schema of the output.
type schemaWriter struct {
	plan    *table.Plan
	columns []*outColumn
	err     error
}

// outputSchema returns the schema without hidden columns, the others in the types of the
// plan.
func outputSchema(root *node, leaves []*leaf, plan *table.Plan) ([]format.SchemaElement, []*outColumn, *node, error) {
	w := &schemaWriter{plan: plan}
	places := map[*leaf]int{}
	for i, l := range leaves {
		places[l] = i
	}
	out := &node{element: format.SchemaElement{Name: "schema"}}
	for _, c := range root.children {
		if n := w.field(c, places, nil); n != nil {
			out.children = append(out.children, n)
		}
	}
	var elements []format.SchemaElement
	flatten(out, &elements)
	w.paths(out, nil)
	return elements, w.columns, out, w.err
}

// flatten lists a tree as files have it.
func flatten(n *node, dst *[]format.SchemaElement) {
	if n.leaf == nil {
		n.element.NumChildren = thrift.New(int32(len(n.children)))
	}
	*dst = append(*dst, n.element)
	for _, c := range n.children {
		flatten(c, dst)
	}
}

// paths gives the columns their paths, in the order of the leaves.
func (w *schemaWriter) paths(n *node, path []string) {
	for _, c := range n.children {
		below := append(path[:len(path):len(path)], c.element.Name)
		if c.leaf == nil {
			w.paths(c, below)
			continue
		}
		for _, col := range w.columns {
			if col.leaf == c.leaf {
				col.path = below
			}
		}
	}
}

// field returns the output's form of a field; nil if nothing is left. parent is nil for
// the row.
func (w *schemaWriter) field(n *node, places map[*leaf]int, parent *node) *node {
	if n.leaf != nil {
		return w.leaf(n, places[n.leaf], parent)
	}
	if n.isMap() && !w.showsMap(n, places) {
		return nil
	}
	out := &node{element: n.element}
	for _, c := range n.children {
		if o := w.field(c, places, n); o != nil {
			out.children = append(out.children, o)
		}
	}
	switch {
	case len(out.children) == 0:
		return nil
	case n.isList() && len(n.children[0].children) > 1 && len(out.children[0].children) == 1:
		out.children[0].element.Name = "array" // the group remains the element
	}
	return out
}

// showsMap reports whether a map still has keys, and values if it had some: otherwise the
// rest is no longer a map.
func (w *schemaWriter) showsMap(n *node, places map[*leaf]int) bool {
	entry := n.children[0]
	for i, c := range entry.children {
		if !w.shows(c, places, i == 0) {
			return false
		}
	}
	return true
}

// shows reports whether a field has a column that is not hidden; with key set, removed
// columns count as hidden.
func (w *schemaWriter) shows(n *node, places map[*leaf]int, key bool) bool {
	if n.leaf != nil {
		t := w.plan.Columns[places[n.leaf]].Treatment
		return t != table.Hidden && (!key || t != table.Removed)
	}
	return slices.ContainsFunc(n.children, func(c *node) bool { return w.shows(c, places, key) })
}

// leaf returns the output's form of a leaf.
func (w *schemaWriter) leaf(n *node, place int, parent *node) *node {
	t := &w.plan.Columns[place]
	if t.Treatment == table.Hidden {
		return nil
	}
	c := &outColumn{leaf: n.leaf, place: place, treated: t, out: n.leaf.typ, outDef: n.leaf.maxDef}
	w.columns = append(w.columns, c)
	out := &node{element: n.element, leaf: n.leaf}
	c.outElement = &out.element
	if t.Treatment == table.Clear {
		return out
	}
	if !t.Own {
		convert(&out.element, n.leaf.typ, t)
		var err error
		if c.out, err = typeOf(&out.element); err != nil && w.err == nil {
			w.err = fmt.Errorf("column %s: %w", n.leaf.column.Name, err)
		}
	}
	if n.leaf.mapKey || n.repetition() == format.Optional {
		return out
	}
	c.outDef++
	if n.repetition() == format.Required {
		out.element.RepetitionType = thrift.New(format.Optional)
		return out
	}
	// A repeated value cannot be null: it gets a level for that.
	list := &node{element: format.SchemaElement{Name: "list", RepetitionType: thrift.New(format.Repeated)}, children: []*node{out}}
	name := out.element.Name
	out.element.RepetitionType, out.element.Name = thrift.New(format.Optional), "element"
	if parent != nil && parent.isList() {
		return list
	}
	around := &node{element: format.SchemaElement{Name: name, RepetitionType: thrift.New(format.Required)}, children: []*node{list}}
	around.element.FieldID, out.element.FieldID = out.element.FieldID, 0
	setLogical(&around.element, &format.ListType{}, deprecated.List)
	return around
}

func setLogical(e *format.SchemaElement, l format.LogicalTypeValue, c deprecated.ConvertedType) {
	e.LogicalType, e.ConvertedType = format.LogicalType{Value: l}, thrift.New(c)
}

// maxScale is the largest scale of a decimal column of 38 digits that leaves room for
// whole numbers.
const maxScale = 28

// convert changes the element to that of a column with masked values of another type.
func convert(e *format.SchemaElement, own *leafType, t *table.Treated) {
	was := *e
	*e = format.SchemaElement{Name: e.Name, RepetitionType: e.RepetitionType, FieldID: e.FieldID}
	physical := func(t format.Type) { e.Type = thrift.New(t) }
	scale := t.Scale
	if own.neutral == table.Decimal {
		scale = max(scale, own.scale)
	}
	switch {
	case t.Masked == table.Bool:
		physical(format.Boolean)
	case t.Masked == table.Integer, t.Masked == table.Decimal && own.neutral == table.Integer && scale == 0:
		physical(format.Int64)
	case t.Masked == table.Decimal && own.neutral == table.Float:
		e.Type, e.TypeLength, e.LogicalType = was.Type, was.TypeLength, was.LogicalType
	case t.Masked == table.Float:
		physical(format.Double)
	case t.Masked == table.Decimal && scale <= maxScale:
		physical(format.FixedLenByteArray)
		e.TypeLength, e.Scale, e.Precision = thrift.New(int32(16)), thrift.New(int32(scale)), thrift.New(int32(38))
		setLogical(e, &format.DecimalType{Scale: int32(scale), Precision: 38}, deprecated.Decimal)
	case t.Masked == table.Date:
		physical(format.Int32)
		setLogical(e, &format.DateType{}, deprecated.Date)
	case t.Masked == table.Timestamp, t.Masked == table.TimestampTZ:
		physical(format.Int64)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: t.Masked == table.TimestampTZ, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	case t.Masked == table.UUID:
		physical(format.FixedLenByteArray)
		e.TypeLength, e.LogicalType.Value = thrift.New(int32(16)), &format.UUIDType{}
	case t.Masked == table.JSON:
		physical(format.ByteArray)
		setLogical(e, &format.JsonType{}, deprecated.Json)
	default:
		physical(format.ByteArray)
		setLogical(e, &format.StringType{}, deprecated.UTF8)
	}
}
