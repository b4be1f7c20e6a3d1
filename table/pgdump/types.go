package pgdump

import (
	"strings"

	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// typeName is a type as a dump writes it.
type typeName struct {
	// base is the name without modifiers and brackets; a type of the database has its
	// schema, built-in ones have none.
	base script.Object
	// sql is the type as it is written, and plain without its modifiers.
	sql, plain string
	array      bool
}

// readType reads a type. Nothing but the type may be there.
func readType(tokens []script.Token) (t typeName, ok bool) {
	p := &script.Parser{Tokens: tokens}
	first, ok := p.Object()
	if !ok {
		return t, false
	}
	t.base = first
	var modifiers []script.Token
	modifiedAt := -1
	words := []string{first.Name}
	for !p.Done() {
		switch {
		case p.Peek(0).Is("(") && modifiers == nil:
			if modifiers, ok = p.Group(); !ok || !areModifiers(modifiers) {
				return t, false
			}
			modifiedAt = len(words)
		case p.Peek(0).Kind == script.Word && first.Schema == "":
			words = append(words, p.Peek(0).Text)
			p.At++
		case p.Take("["):
			if p.Peek(0).Kind == script.Number {
				p.At++
			}
			if !p.Take("]") {
				return t, false
			}
			t.array = true
		default:
			return t, false
		}
	}
	if first.Schema == "" {
		t.base.Name = strings.Join(words, " ")
		if _, known := builtin[t.base.Name]; !known && len(words) > 1 {
			return t, false
		}
		t.plain = t.base.Name
		if tokens[0].Kind == script.Name && t.plain != sqlWord(t.plain) {
			t.plain = t.base.SQL()
		}
	} else {
		t.plain = first.SQL()
	}
	if t.base.Schema == "pg_catalog" {
		t.base.Schema = ""
	}
	t.sql = t.plain
	if modifiers != nil {
		t.sql += "(" + script.SQL(modifiers) + ")"
		if first.Schema == "" {
			t.sql = strings.TrimSuffix(t.plain, strings.Join(words[modifiedAt:], " "))
			t.sql = strings.TrimSuffix(t.sql, " ") + "(" + script.SQL(modifiers) + ")"
			if after := strings.Join(words[modifiedAt:], " "); after != "" {
				t.sql += " " + after
			}
		}
	}
	if t.array {
		t.sql, t.plain = t.sql+"[]", t.plain+"[]"
	}
	return t, true
}

// sqlWord is the name of a built-in type as SQL has it without quotes: two are other types
// then.
func sqlWord(name string) string {
	switch name {
	case "char":
		return "character"
	case "bit":
		return "bit(1)"
	}
	return name
}

// areModifiers reports whether tokens are modifiers of a type: numbers and words, such as
// those of numeric(10,2) and geometry(Point,4326).
func areModifiers(tokens []script.Token) bool {
	for _, t := range script.List(tokens) {
		if len(t) == 2 && t[0].Is("-") {
			t = t[1:]
		}
		if len(t) != 1 || t[0].Kind != script.Number && t[0].Kind != script.Word {
			return false
		}
	}
	return len(tokens) > 0
}

// builtin are the built-in types that methods know, and those with names of several words.
var builtin = map[string]table.Type{
	"text": table.Text, "character varying": table.Text, "character": table.Text, "varchar": table.Text, "bpchar": table.Text,
	"boolean": table.Bool, "smallint": table.Integer, "integer": table.Integer, "bigint": table.Integer, "numeric": table.Decimal,
	"real": table.Float, "double precision": table.Float, "date": table.Date, "timestamp without time zone": table.Timestamp,
	"timestamp with time zone": table.TimestampTZ, "uuid": table.UUID, "json": table.JSON, "jsonb": table.JSON, "xml": table.XML,
	"bytea": table.Other, "int4range": table.Opaque, "int8range": table.Opaque, "numrange": table.Opaque, "tsrange": table.Opaque,
	"tstzrange": table.Opaque, "daterange": table.Opaque, "int4multirange": table.Opaque, "int8multirange": table.Opaque,
	"nummultirange": table.Opaque, "tsmultirange": table.Opaque, "tstzmultirange": table.Opaque, "datemultirange": table.Opaque,
	"bit varying": table.Other, "time without time zone": table.Other, "time with time zone": table.Other,
	"interval year": table.Other, "interval month": table.Other, "interval day": table.Other, "interval hour": table.Other, "interval minute": table.Other,
	"interval second": table.Other, "interval year to month": table.Other, "interval day to hour": table.Other, "interval day to minute": table.Other,
	"interval day to second": table.Other, "interval hour to minute": table.Other, "interval hour to second": table.Other, "interval minute to second": table.Other,
}

// userType is a type that the dump makes.
type userType struct {
	script.Object
	kind userKind
	// of is the type under a domain or of a range; fields those of a composite type.
	of     typeName
	fields []typeField
	labels []string
	// multirange is the name of a range's other type.
	multirange script.Object
	// null is NOT NULL of a domain.
	notNull bool
	// check are the checks of a domain.
	checks [][]script.Token
}

type typeField struct {
	name string
	typ  typeName
}

type userKind uint8

const (
	enum userKind = iota
	domain
	composite
	rangeType
)

// under is the type under domains.
func (d *database) under(t typeName) typeName {
	for range 32 {
		u := d.types[t.base]
		if u == nil || u.kind != domain || t.array {
			return t
		}
		t = u.of
	}
	return t
}

// neutral is the type of a column for methods, and whether its cells are arrays of it.
func (d *database) neutral(t typeName) (typ table.Type, array bool) {
	t = d.under(t)
	if t.array {
		element := d.under(typeName{base: t.base})
		if typ, known := builtin[element.base.Name]; known && element.base.Schema == "" && !element.array {
			return typ, true
		}
		return table.Opaque, true
	}
	if u := d.types[t.base]; u != nil {
		if u.kind == enum {
			return table.Other, false
		}
		return table.Opaque, false
	}
	if t.base.Schema != "" {
		if d.ranges[t.base] {
			return table.Opaque, false
		}
		return table.Other, false
	}
	return builtin[t.base.Name], false // the zero value is Other
}

// cellsOf is how values of a type are written where that is not the text that a cast
// gives, which rules know.
func cellsOf(t typeName) cellKind {
	switch {
	case t.array || t.base.Schema != "":
	case t.base.Name == "character" || t.base.Name == "bpchar":
		return filled
	case t.base.Name == "inet":
		return address
	}
	return same
}
