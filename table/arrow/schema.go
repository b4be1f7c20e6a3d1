package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/veil-proxy/veil/table"
)

// field is a field of a schema, with its treatment.
type field struct {
	arrow.Field
	path     string
	children []*field
	// column is the index of a leaf among the columns of the table; -1 for others.
	column int
	// out is the field in the output; shown says whether it is there.
	out   arrow.Field
	shown bool
	// For a leaf: as is what happens to its values.
	as treatment
	// byRow: a repeated value below it is masked, for which the row must be known.
	byRow bool
	// dictionary is the number of a rewritten dictionary; -1 for none.
	dictionary int
}

// treatment is what happens to the values of a leaf.
type treatment uint8

const (
	copied  treatment = iota
	removed           // they become NULL
	masked            // one by one
	picked            // some are removed, by conditions
	entries           // their dictionary's entries are masked
)

// schema is a schema as a table.
type schema struct {
	*arrow.Schema
	fields []*field
	leaves []*field
	source table.Source
	plan   *table.Plan
	// out is the schema of the output; dictionaries are the leaves whose dictionaries are
	// rewritten.
	out          *arrow.Schema
	dictionaries []*field
	// texts are the columns that are read as texts: the masked ones, and those that they
	// need.
	texts []bool
	// dropped counts the entries of metadata that do not pass.
	dropped uint64
}

// newSchema turns a schema into a table. The columns of the source are the leaves, in
// order.
func newSchema(s *arrow.Schema, name table.Name) *schema {
	out := &schema{Schema: s, source: table.Source{Name: name}}
	for _, f := range s.Fields() {
		out.fields = append(out.fields, out.field(f, f.Name, nil, false))
	}
	return out
}

// field adds a field with its path, the records around it, and whether it is repeated.
func (s *schema) field(f arrow.Field, path string, within []string, repeated bool) *field {
	out := &field{Field: f, path: path, column: -1, dictionary: -1}
	switch t := f.Type.(type) {
	case *arrow.StructType:
		for _, c := range t.Fields() {
			out.children = append(out.children, s.field(c, table.Join(path, c.Name), append(within[:len(within):len(within)], path), repeated))
		}
	case *arrow.MapType:
		within = append(within[:len(within):len(within)], path)
		out.children = []*field{
			s.field(t.KeyField(), table.Join(path, "key"), within, true),
			s.field(t.ItemField(), table.Join(path, "value"), within, true),
		}
	case arrow.ListLikeType:
		out.children = []*field{s.field(t.ElemField(), path, within, true)}
	default:
		out.column = len(s.leaves)
		s.leaves = append(s.leaves, out)
		s.source.Columns = append(s.source.Columns, table.Column{Name: path, Type: typeOf(&f), Within: within, Repeated: repeated})
	}
	return out
}

// treat applies a plan for the source to the fields.
func (s *schema) treat(plan *table.Plan) {
	s.plan = plan
	var fields []arrow.Field
	for _, f := range s.fields {
		if s.treatField(f); f.shown {
			fields = append(fields, f.out)
		}
	}
	s.texts = make([]bool, len(s.leaves))
	for i, f := range s.leaves {
		if f.as == masked || f.as == picked {
			s.texts[i] = true
			for _, n := range plan.Columns[i].Needs() {
				s.texts[n] = true
			}
		}
	}
	metadata, dropped := schemaMetadata(s)
	s.dropped += dropped
	s.out = arrow.NewSchema(fields, &metadata)
}

// treatField decides what a field becomes. A field without a remaining leaf is left out.
func (s *schema) treatField(f *field) {
	f.out = arrow.Field{Name: f.Name, Nullable: f.Nullable}
	var fields []arrow.Field
	for _, c := range f.children {
		s.treatField(c)
		f.byRow = f.byRow || c.byRow
		if c.shown {
			fields = append(fields, c.out)
		}
	}
	if f.column >= 0 {
		s.treatLeaf(f)
	} else if t, ok := f.Type.(*arrow.MapType); ok {
		f.treatMap(t)
	} else if f.shown = len(fields) > 0; f.shown {
		f.out.Type = nestedType(f.Type, fields)
	}
	var dropped uint64
	same := f.column >= 0 && (f.as == copied || f.as == removed || s.plan.Columns[f.column].Masked == s.source.Columns[f.column].Type)
	f.out.Metadata, dropped = fieldMetadata(f, same)
	s.dropped += dropped
}

func (s *schema) treatLeaf(f *field) {
	c := &s.plan.Columns[f.column]
	f.shown, f.out.Type = c.Treatment != table.Hidden, bare(f.Type)
	switch c.Treatment {
	case table.Removed:
		f.as, f.out.Nullable = removed, true
	case table.Masked, table.ByRow:
		f.as, f.out.Nullable, f.byRow = masked, true, c.Repeated
		f.out.Type = maskedType(f.Type, c)
		// No method gives values of these types: they are kept or removed.
		if c.Masked == table.Other || c.Masked == table.Opaque {
			f.as, f.out.Type = picked, bare(valueType(f.Type))
		}
		if t, ok := f.Type.(*arrow.DictionaryType); ok && c.Alone() {
			f.as, f.byRow = entries, false
			f.out.Type = &arrow.DictionaryType{IndexType: t.IndexType, ValueType: f.out.Type}
		}
	}
	if f.out.Type.ID() == arrow.DICTIONARY && f.shown {
		f.dictionary = len(s.dictionaries)
		s.dictionaries = append(s.dictionaries, f)
	}
}

// treatMap decides what a map becomes. It is left out if its keys or values are left out,
// or if its keys are removed, since a key cannot be NULL.
func (f *field) treatMap(t *arrow.MapType) {
	key, value := f.children[0], f.children[1]
	if f.shown = key.shown && value.shown && key.as != removed; !f.shown {
		return
	}
	key.out.Nullable = false
	out := arrow.MapOfFields(key.out, value.out)
	out.KeysSorted = t.KeysSorted && key.as == copied
	f.out.Type = out
}

// nestedType returns the type of a field with the remaining fields below it.
func nestedType(t arrow.DataType, fields []arrow.Field) arrow.DataType {
	switch t := t.(type) {
	case *arrow.StructType:
		return arrow.StructOf(fields...)
	case *arrow.ListType:
		return arrow.ListOfField(fields[0])
	case *arrow.LargeListType:
		return arrow.LargeListOfField(fields[0])
	case *arrow.ListViewType:
		return arrow.ListViewOfField(fields[0])
	case *arrow.LargeListViewType:
		return arrow.LargeListViewOfField(fields[0])
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), fields[0])
	}
	panic("an unknown nested type")
}
