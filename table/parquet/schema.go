package parquet

import (
	"errors"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
)

// maxDepth is the maximum number of levels of a schema.
const maxDepth = 100

// node is a field of a schema: a group with its members, or a leaf.
type node struct {
	element  format.SchemaElement
	children []*node
	leaf     *leaf // nil for a group
}

// leaf is a column of a file: a chunk has the values of one leaf.
type leaf struct {
	element *format.SchemaElement
	column  table.Column
	typ     *leafType
	// maxDef and maxRep are the greatest levels: how many optional and repeated fields
	// are on the way, and how many repeated ones.
	maxDef, maxRep uint8
	// mapKey: the leaf is the key of a map, which cannot be null.
	mapKey bool
}

func isGroup(e *format.SchemaElement) bool { return !e.Type.Valid }

func (n *node) repetition() format.FieldRepetitionType { return n.element.RepetitionType.V }

// readSchema builds the tree of a schema and names its leaves.
func readSchema(elements []format.SchemaElement) (*node, []*leaf, error) {
	if len(elements) == 0 || !isGroup(&elements[0]) {
		return nil, nil, errors.New("the footer is damaged: it has no schema")
	}
	rest := elements
	root, err := readNode(&rest, 0)
	if err != nil {
		return nil, nil, err
	}
	if len(rest) > 0 {
		return nil, nil, errors.New("the footer is damaged: its schema has fields that no group has")
	}
	s := schemaReader{}
	for _, c := range root.children {
		s.field(c, level{path: table.Join("", c.element.Name)})
	}
	return root, s.leaves, s.err
}

func readNode(rest *[]format.SchemaElement, depth int) (*node, error) {
	if len(*rest) == 0 || depth > maxDepth {
		return nil, errors.New("the footer is damaged: a group of its schema has other fields than it says, or too many levels")
	}
	n := &node{element: (*rest)[0]}
	*rest = (*rest)[1:]
	if r := n.element.RepetitionType; depth > 0 && (!r.Valid || r.V < format.Required || r.V > format.Repeated) {
		return nil, errors.New("the footer is damaged: a field of its schema may be neither required, optional nor repeated")
	}
	if !isGroup(&n.element) {
		if n.element.NumChildren.V != 0 {
			return nil, errors.New("the footer is damaged: a field of its schema has a type and members")
		}
		return n, nil
	}
	for range n.element.NumChildren.V {
		c, err := readNode(rest, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, c)
	}
	return n, nil
}

// level is the position of a field in the tree.
type level struct {
	path           string
	within         []string
	maxDef, maxRep uint8
	mapKey         bool
}

// schemaReader names the leaves of a tree.
type schemaReader struct {
	leaves []*leaf
	err    error
}

// in returns the level below a field, with one more definition or repetition level if the
// field is optional or repeated.
func (l level) in(n *node) level {
	switch n.repetition() {
	case format.Repeated:
		l.maxRep++
		l.maxDef++
	case format.Optional:
		l.maxDef++
	}
	return l
}

// member returns the level of a member of a group at this level.
func (l level) member(name string) level {
	if len(l.within) == 0 || l.within[len(l.within)-1] != l.path {
		l.within = append(slices.Clip(l.within), l.path)
	}
	l.path = table.Join(l.path, name)
	return l
}

// field reads the field n, whose path is in l.
func (s *schemaReader) field(n *node, l level) {
	l = l.in(n)
	switch {
	case !isGroup(&n.element):
		s.leaf(n, l)
	case n.isList():
		s.list(n.children[0], n, l)
	case n.isMap():
		entry := n.children[0]
		l = l.in(entry)
		for i, name := range []string{"key", "value"}[:len(entry.children)] {
			m := l.member(name)
			m.mapKey = i == 0
			s.field(entry.children[i], m)
		}
	default:
		s.members(n, l)
	}
}

func (s *schemaReader) members(n *node, l level) {
	for _, c := range n.children {
		s.field(c, l.member(c.element.Name))
	}
}

// list reads the elements of a list, whose path is in l. Where the repeated field is only
// a level, the field in it is the element.
func (s *schemaReader) list(repeated, list *node, l level) {
	switch {
	case isGroup(&repeated.element) && !elementIsGroup(repeated, list):
		s.field(repeated.children[0], l.in(repeated))
	case isGroup(&repeated.element) && !repeated.isList() && !repeated.isMap():
		s.members(repeated, l.in(repeated))
	default:
		s.field(repeated, l)
	}
}

// elementIsGroup reports whether the repeated group of a list is its element, as in files
// written by older programs.
func elementIsGroup(repeated, list *node) bool {
	return len(repeated.children) != 1 || repeated.element.Name == "array" || repeated.element.Name == list.element.Name+"_tuple" ||
		repeated.isList() || repeated.isMap()
}

func (s *schemaReader) leaf(n *node, l level) {
	typ, err := typeOf(&n.element)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("column %s: %w", l.path, err)
	}
	n.leaf = &leaf{
		element: &n.element, typ: typ, maxDef: l.maxDef, maxRep: l.maxRep, mapKey: l.mapKey,
		column: table.Column{Name: l.path, Within: l.within, Repeated: l.maxRep > 0},
	}
	if typ != nil {
		n.leaf.column.Type = typ.neutral
	}
	s.leaves = append(s.leaves, n.leaf)
}

// isList reports whether a group is marked as a list, and is one.
func (n *node) isList() bool {
	_, logical := n.element.LogicalType.Value.(*format.ListType)
	return (logical || n.converted(deprecated.List)) && len(n.children) == 1 && n.children[0].repetition() == format.Repeated
}

// isMap reports whether a group is marked as a map, and is one.
func (n *node) isMap() bool {
	_, logical := n.element.LogicalType.Value.(*format.MapType)
	if !logical && !n.converted(deprecated.Map) && !n.converted(deprecated.MapKeyValue) || len(n.children) != 1 {
		return false
	}
	entry := n.children[0]
	return entry.repetition() == format.Repeated && (len(entry.children) == 1 || len(entry.children) == 2)
}

func (n *node) converted(t deprecated.ConvertedType) bool {
	return isGroup(&n.element) && n.element.ConvertedType == thrift.New(t)
}
