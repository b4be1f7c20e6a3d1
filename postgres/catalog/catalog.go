package catalog

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Catalog describes the relations, columns and types of a database at one moment. It is
// immutable.
type Catalog struct {
	version   string
	relations map[uint32]*Relation
	byName    map[relationName]*Relation
	schemas   map[string]uint32
	types     map[uint32]*Type
	typeNames map[relationName]*Type
	// functions are the names of all functions, for the log.
	functions map[relationName]bool
	// casts are the types that functions of the database cast to a type, by its OID.
	casts map[uint32][]CastFrom
	// children are the relations that inherit from one, or are its partitions.
	children map[uint32][]*Relation
}

type relationName struct{ schema, name string }

// Relation is a table, view or the like.
type Relation struct {
	OID          uint32
	Schema, Name string
	// Kind is pg_class.relkind: r table, p partitioned table, f foreign table, v view,
	// m materialised view.
	Kind byte
	// Heap reports that its rows are stored in a heap, as in PostgreSQL's own tables.
	Heap bool
	// Row is the version of the relation's row in pg_class (its xmin).
	Row     uint32
	Columns []Attribute
	// Parents are the relations that it inherits from, or is a partition of.
	Parents []uint32
	// Definition is a view's query, every name in it qualified.
	Definition string
	// Key are the names of the primary key's columns.
	Key []string
	// Indexes are the OIDs of its indexes.
	Indexes []uint32
	// Plain are its indexes without an expression or a condition.
	Plain []Index
	// Partitioned are the columns that it is partitioned by, if none of these is an
	// expression.
	Partitioned []int16
}

// Index is an index over columns.
type Index struct {
	OID  uint32
	Name string
	Keys []int16
}

// Attribute is a column of a relation or a field of a composite type.
type Attribute struct {
	Name     string
	Number   int16
	Type     uint32
	Modifier int32
	// Collation is zero if the type has none.
	Collation uint32
}

// Type is a data type.
type Type struct {
	OID          uint32
	Schema, Name string
	// Kind is pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r
	// range, m multirange.
	Kind byte
	// base is what a domain is over, Element what an array is of.
	base, Element uint32
	Size          int16
	// Relation is the relation that a composite type's fields belong to.
	Relation uint32
	// Fields are those of a composite type.
	Fields []Attribute
	// Casts are the casts by functions defined in the database.
	Casts []Cast
}

// Cast is a cast of a type by a function defined in the database.
type Cast struct {
	Target uint32
	// Implicit reports that PostgreSQL calls the function implicitly, to match operators
	// and functions. Otherwise only an explicit cast or an assignment does.
	Implicit bool
}

// New returns a catalog of the given relations and types. It includes the built-in
// types that Veil itself needs. The error names a relation or type that is given twice
// or refers to one that does not exist.
func New(version string, relations []Relation, types []Type) (*Catalog, error) {
	c := &Catalog{
		version:   version,
		relations: map[uint32]*Relation{},
		byName:    map[relationName]*Relation{},
		schemas:   map[string]uint32{},
		types:     map[uint32]*Type{},
		typeNames: map[relationName]*Type{},
		children:  map[uint32][]*Relation{},
	}
	for _, group := range [][]Type{builtinTypes(), types} {
		for i := range group {
			t := &group[i]
			c.types[t.OID] = t
			c.typeNames[relationName{t.Schema, t.Name}] = t
		}
	}
	c.casts = castsInto(c.types)
	for i := range relations {
		r := &relations[i]
		name := relationName{r.Schema, r.Name}
		if c.byName[name] != nil || c.relations[r.OID] != nil {
			return nil, fmt.Errorf("relation %s.%s appears twice", r.Schema, r.Name)
		}
		c.relations[r.OID], c.byName[name] = r, r
		for _, parent := range r.Parents {
			c.children[parent] = append(c.children[parent], r)
		}
		if _, ok := c.schemas[r.Schema]; !ok {
			c.schemas[r.Schema] = 0
		}
		for _, a := range r.Columns {
			if c.types[a.Type] == nil {
				return nil, fmt.Errorf("column %s of %s.%s has an unknown type", a.Name, r.Schema, r.Name)
			}
		}
	}
	return c, nil
}

// Version identifies the state of the system catalogs that c was loaded from.
func (c *Catalog) Version() string { return c.version }

// Relations returns all relations in order of schema and name.
func (c *Catalog) Relations() []*Relation {
	out := make([]*Relation, 0, len(c.relations))
	for _, r := range c.relations {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Relation) int {
		if a.Schema != b.Schema {
			return strings.Compare(a.Schema, b.Schema)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// Find returns a relation by name; without a schema, it follows the search path, with
// pg_catalog first.
func (c *Catalog) Find(path []string, schema, name string) *Relation {
	if schema != "" {
		return c.byName[relationName{schema, name}]
	}
	for _, s := range Searched(path) {
		if r := c.byName[relationName{s, name}]; r != nil {
			return r
		}
	}
	return nil
}

// Function returns the full name of a function that the database has; without a schema,
// it follows the search path.
func (c *Catalog) Function(path []string, schema, name string) (full string, ok bool) {
	schemas := []string{schema}
	if schema == "" {
		schemas = Searched(path)
	}
	for _, s := range schemas {
		if c.functions[relationName{s, name}] {
			return s + "." + name, true
		}
	}
	return "", false
}

// Searched returns the search path with pg_catalog in its implicit place.
func Searched(path []string) []string {
	if slices.Contains(path, "pg_catalog") {
		return path
	}
	return append([]string{"pg_catalog"}, path...)
}

// Base returns the type under a domain.
func (c *Catalog) Base(oid uint32) *Type {
	t := c.types[oid]
	for depth := 0; t != nil && t.Kind == 'd' && depth < 32; depth++ {
		t = c.types[t.base]
	}
	return t
}

// IsEnum reports whether a type is an enum, or a domain over one.
func (c *Catalog) IsEnum(oid uint32) bool {
	t := c.Base(oid)
	return t != nil && t.Kind == 'e'
}

// IsSystem reports whether a schema is PostgreSQL's own.
func IsSystem(schema string) bool { return schema == "pg_catalog" || schema == "information_schema" }

// Column returns a column by its name, or nil.
func (r *Relation) Column(name string) *Attribute {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return &r.Columns[i]
		}
	}
	return nil
}

// Relation returns a relation by its OID, or nil.
func (c *Catalog) Relation(oid uint32) *Relation { return c.relations[oid] }

// Named returns a relation by its schema and name, or nil.
func (c *Catalog) Named(schema, name string) *Relation { return c.byName[relationName{schema, name}] }

// Children returns the relations that inherit from a relation, or are its partitions.
func (c *Catalog) Children(r *Relation) []*Relation { return c.children[r.OID] }

// Type returns a type by its OID, or nil.
func (c *Catalog) Type(oid uint32) *Type { return c.types[oid] }

// TypeNamed returns a type by its schema and name, or nil.
func (c *Catalog) TypeNamed(schema, name string) *Type {
	return c.typeNames[relationName{schema, name}]
}

// Types yields all types, in no order.
func (c *Catalog) Types() iter.Seq[*Type] { return maps.Values(c.types) }

// Schema returns the OID of a schema, zero if it is not known, and whether the schema
// exists.
func (c *Catalog) Schema(name string) (oid uint32, ok bool) {
	oid, ok = c.schemas[name]
	return oid, ok
}

// Schemas yields the names of schemas and their OIDs, in no order.
func (c *Catalog) Schemas() iter.Seq2[string, uint32] { return maps.All(c.schemas) }

// InTables reports whether the rows of a relation and of all its parts are stored in
// tables.
func (c *Catalog) InTables(r *Relation) bool { return c.inTables(r, 0) }

func (c *Catalog) inTables(r *Relation, depth int) bool {
	if r.Kind != 'r' && r.Kind != 'm' && r.Kind != 'p' || depth > 16 {
		return false
	}
	for _, child := range c.Children(r) {
		if !c.inTables(child, depth+1) {
			return false
		}
	}
	return true
}
