package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/veil-proxy/veil/table"
)

// Names of extension types whose values have texts.
const (
	extensionUUID = "arrow.uuid"
	extensionJSON = "arrow.json"
)

// extensionName returns the name of a field's extension type; empty if it has none.
func extensionName(f *arrow.Field) string {
	name, _ := f.Metadata.GetValue(keyExtensionName)
	return name
}

// typeOf returns the type of a leaf for rules.
func typeOf(f *arrow.Field) table.Type {
	t := valueType(f.Type)
	switch name := extensionName(f); {
	case name == extensionUUID && t.ID() == arrow.FIXED_SIZE_BINARY && t.(*arrow.FixedSizeBinaryType).ByteWidth == 16:
		return table.UUID
	case name == extensionJSON && isText(t):
		return table.JSON
	case name != "":
		return table.Opaque
	}
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return table.Text
	case *arrow.BooleanType:
		return table.Bool
	case arrow.DecimalType:
		return table.Decimal
	case *arrow.Date32Type, *arrow.Date64Type:
		return table.Date
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return table.TimestampTZ
		}
		return table.Timestamp
	case *arrow.Time32Type, *arrow.Time64Type, *arrow.DurationType, *arrow.NullType,
		*arrow.MonthIntervalType, *arrow.DayTimeIntervalType, *arrow.MonthDayNanoIntervalType:
		return table.Other
	}
	switch {
	case arrow.IsInteger(t.ID()):
		return table.Integer
	case arrow.IsFloating(t.ID()):
		return table.Float
	}
	return table.Opaque
}

// valueType returns the type of the values of a dictionary or of runs.
func valueType(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return t.ValueType
	case *arrow.RunEndEncodedType:
		return t.Encoded()
	}
	return t
}

func isText(t arrow.DataType) bool {
	return t.ID() == arrow.STRING || t.ID() == arrow.LARGE_STRING || t.ID() == arrow.STRING_VIEW
}

// maskedType returns the type of a leaf's masked values: the leaf's own type if they fit
// it. Runs are not kept, since equal values of different rows can be masked differently.
func maskedType(t arrow.DataType, c *table.Treated) arrow.DataType {
	own := valueType(t)
	if c.Own {
		return own
	}
	switch c.Masked {
	case table.Bool:
		return arrow.FixedWidthTypes.Boolean
	case table.Integer:
		return arrow.PrimitiveTypes.Int64
	case table.Float, table.Decimal:
		return numberType(own, c)
	case table.Date:
		return arrow.FixedWidthTypes.Date32
	case table.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case table.TimestampTZ:
		return arrow.FixedWidthTypes.Timestamp_us
	}
	if isText(own) {
		return own
	}
	return arrow.BinaryTypes.String
}

// numberType is the type of masked numbers that may have a fraction.
func numberType(own arrow.DataType, c *table.Treated) arrow.DataType {
	scale := int32(min(c.Scale, 37))
	switch d, isDecimal := own.(arrow.DecimalType); {
	case arrow.IsFloating(own.ID()):
		return own
	case c.Masked == table.Float:
		return arrow.PrimitiveTypes.Float64
	case isDecimal && d.BitWidth() > 128:
		return &arrow.Decimal256Type{Precision: 76, Scale: max(scale, d.GetScale())}
	case isDecimal:
		return &arrow.Decimal128Type{Precision: 38, Scale: max(scale, d.GetScale())}
	case scale == 0:
		return arrow.PrimitiveTypes.Int64
	}
	return &arrow.Decimal128Type{Precision: 38, Scale: scale}
}

// bare returns a type without the metadata of its fields, for a leaf whose type has
// fields: a union, a dictionary of records.
func bare(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return &arrow.DictionaryType{IndexType: t.IndexType, ValueType: bare(t.ValueType), Ordered: t.Ordered}
	case *arrow.RunEndEncodedType:
		out := arrow.RunEndEncodedOf(t.RunEnds(), bare(t.Encoded()))
		out.ValueNullable = t.ValueNullable
		return out
	case *arrow.SparseUnionType:
		return arrow.SparseUnionOf(bareFields(t.Fields()), t.TypeCodes())
	case *arrow.DenseUnionType:
		return arrow.DenseUnionOf(bareFields(t.Fields()), t.TypeCodes())
	case *arrow.MapType:
		f := bareFields([]arrow.Field{t.KeyField(), t.ItemField()})
		out := arrow.MapOfFields(f[0], f[1])
		out.KeysSorted = t.KeysSorted
		return out
	case arrow.NestedType:
		return nestedType(t, bareFields(t.Fields()))
	}
	return t
}

func bareFields(fields []arrow.Field) []arrow.Field {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrow.Field{Name: f.Name, Type: bare(f.Type), Nullable: f.Nullable}
	}
	return out
}

// supported reports whether Veil reads a type: all but dictionaries inside dictionaries
// or in the fields of a leaf.
func supported(t arrow.DataType, inLeaf bool) bool {
	switch t := t.(type) {
	case arrow.ExtensionType:
		return false
	case *arrow.DictionaryType:
		return !inLeaf && supported(t.ValueType, true)
	case arrow.UnionType, *arrow.RunEndEncodedType:
		inLeaf = true
	}
	if n, ok := t.(arrow.NestedType); ok {
		for _, f := range n.Fields() {
			if !supported(f.Type, inLeaf) {
				return false
			}
		}
	}
	return true
}
