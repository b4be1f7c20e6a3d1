package discover

import (
	"regexp"
	"strings"

	"github.com/veil-proxy/veil/discover/values"
)

// Table is a table, view or file as discovery sees it.
type Table struct {
	Schema, Name string
	Kind         Kind
	Comment      string
	Columns      []Column
	// Unread says why no rows were sampled, or is empty.
	Unread string
}

// Kind is what kind of table a table is.
type Kind string

// The kinds.
const (
	Plain            Kind = "table"
	View             Kind = "view"
	MaterializedView Kind = "materialized view"
	// Partition is a part of another table that has the same columns.
	Partition Kind = "partition"
)

// Column is a column of a table.
type Column struct {
	Name string
	// Type is the SQL type, such as character varying(40).
	Type    string
	Comment string
	// Labels is the profile of the values that a check or an enum allows, or nil.
	Labels *values.Profile
	// Unique says that, by a constraint, no value occurs twice.
	Unique bool
	// Key says that the column is the whole primary key, PartOfKey that it is part of it.
	Key, PartOfKey bool
	// References is the target of a foreign key, or nil.
	References *Reference
	// Joins is the column that this one refers to without a foreign key, as Judge finds by
	// values or names, or nil.
	Joins *Reference
	// Profile is the profile of the sampled values, or nil.
	Profile *values.Profile
	// Seen is what a report knows of the sample, instead of Profile. It is nil elsewhere.
	Seen *Seen
}

// Seen is what a proposal needs to know of a sample.
type Seen struct {
	// Harmless says that the values look as if they could pass, Sealable that all have the
	// form of ids.
	Harmless, Sealable bool
}

// Sealable reports whether the sample has no value that is known to be unsealable.
func (c *Column) Sealable() bool {
	if c.Seen != nil {
		return c.Seen.Sealable
	}
	return c.Profile == nil || c.Profile.Unsealable == 0
}

// Reference is the target column of a foreign key.
type Reference struct{ Schema, Table, Column string }

// family is a group of SQL types with similar values.
type family uint8

const (
	textType family = iota
	integerType
	numberType
	boolType
	dateType
	timestampType
	timeType
	uuidType
	bytesType
	jsonType
	xmlType
	inetType
	geoType
	otherType
)

var families = map[string]family{
	"text": textType, "character varying": textType, "varchar": textType, "character": textType, "char": textType, "bpchar": textType, "name": textType, "citext": textType, "string": textType,
	"integer": integerType, "bigint": integerType, "smallint": integerType, "int": integerType, "int4": integerType, "int8": integerType, "int2": integerType, "oid": integerType,
	"numeric": numberType, "decimal": numberType, "double precision": numberType, "real": numberType, "float": numberType, "money": numberType,
	"boolean": boolType, "bool": boolType, "bit": boolType,
	"date": dateType, "timestamp": timestampType, "timestamp without time zone": timestampType, "timestamp with time zone": timestampType, "timestamptz": timestampType,
	"time": timeType, "time without time zone": timeType, "time with time zone": timeType, "interval": timeType,
	"uuid": uuidType, "bytea": bytesType, "json": jsonType, "jsonb": jsonType, "xml": xmlType,
	"inet": inetType, "cidr": inetType, "macaddr": inetType, "point": geoType, "geometry": geoType, "geography": geoType, "polygon": geoType,
}

// family returns the family of a column's type. Lists count as their elements.
func (c *Column) family() family {
	name := strings.TrimSuffix(strings.ToLower(c.Type), "[]")
	if i := strings.IndexByte(name, '('); i >= 0 {
		end := strings.IndexByte(name[i:], ')')
		rest := ""
		if end >= 0 {
			rest = name[i+end+1:]
		}
		name = strings.TrimSpace(name[:i]) + rest
	}
	if f, ok := families[strings.TrimSpace(name)]; ok {
		return f
	}
	if c.Labels != nil {
		return textType
	}
	return otherType
}

// length returns the maximum number of characters of a type, or 0 without a limit.
func (c *Column) length() int {
	n := 0
	if i := strings.IndexByte(c.Type, '('); i >= 0 && c.family() == textType {
		for _, r := range c.Type[i+1:] {
			if r < '0' || r > '9' {
				break
			}
			n = n*10 + int(r-'0')
		}
	}
	return n
}

// IsText reports whether a column has strings of any kind. This and the following
// methods say which masking methods a column's type allows.
func (c *Column) IsText() bool { return c.family() == textType && c.Labels == nil }

// IsWhole reports whether a column has whole numbers.
func (c *Column) IsWhole() bool { return c.family() == integerType }

// IsNumber reports whether a column has exact numbers.
func (c *Column) IsNumber() bool {
	f := c.family()
	return f == integerType || f == numberType
}

// IsDate reports whether a column has days, with or without a time.
func (c *Column) IsDate() bool { f := c.family(); return f == dateType || f == timestampType }

// IsDocument reports whether a column has JSON or XML.
func (c *Column) IsDocument() bool { f := c.family(); return f == jsonType || f == xmlType }

// IsID reports whether a column can be sealed: strings, whole numbers and UUIDs. Numbers
// of numeric(9,0) are whole, too.
func (c *Column) IsID() bool {
	return c.IsText() || c.IsWhole() || c.family() == uuidType || c.family() == numberType && noScale.MatchString(c.Type)
}

var noScale = regexp.MustCompile(`^(numeric|decimal)\([0-9]+(, ?0)?\)$`)
