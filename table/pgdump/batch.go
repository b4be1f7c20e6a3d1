package pgdump

import (
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/script"
)

// batch has the statements between the rows of a dump: first all are read, then the rules
// are applied to the new tables, and then what passes is written in the same order.
// Statements are never copied: the output is generated from what was parsed.
type batch struct {
	config *Config
	db     *database
	pieces []func(*batch)
	// line is the line of the statement being read.
	line int

	out  []byte
	lost [losses]uint64
	bad  []file.Bad
}

// write keeps a function that writes a statement once the rules have been applied.
func (b *batch) write(piece func(w *batch)) {
	line := b.line
	b.pieces = append(b.pieces, func(w *batch) {
		w.line = line
		piece(w)
	})
}

// lose counts something left out.
func (b *batch) lose(l loss) { b.lost[l]++ }

// put writes a statement.
func (b *batch) put(parts ...string) {
	for _, p := range parts {
		b.out = append(b.out, p...)
	}
	b.out = append(b.out, ";\n"...)
}

// finish applies the rules and writes what passes.
func (b *batch) finish() {
	b.decide()
	b.uses()
	for _, piece := range b.pieces {
		piece(b)
	}
	b.pieces = nil
}

// uses records which sequences the defaults take values from.
func (b *batch) uses() {
	for _, r := range b.db.order {
		for _, c := range r.columns {
			takes := c.takes
			if o, ok := nextval(c.def); ok {
				takes = o
			}
			if s := b.db.sequences[takes]; s != nil && r.written() && c.shown && c.keeps {
				s.used = true
			}
		}
	}
}

// schema writes a schema if something in it is written.
func (b *batch) schema(name string) {
	if !b.db.inhabited(name) {
		return
	}
	b.db.schemas[name] = true
	b.put("CREATE SCHEMA IF NOT EXISTS ", catalog.QuoteIdent(name))
}

// inhabited reports whether a schema has something that is written, or that may be: an
// extension's objects.
func (d *database) inhabited(schema string) bool {
	for _, r := range d.order {
		if r.Schema == schema && r.written() {
			return true
		}
	}
	for _, s := range d.sequences {
		if s.Schema == schema && d.kept(s) {
			return true
		}
	}
	used := d.usedTypes()
	for o := range used {
		if o.Schema == schema {
			return true
		}
	}
	return d.schemas[schema]
}

// extension writes an extension: kept columns may use its types and functions.
func (b *batch) extension(name, schema string) {
	stmt := "CREATE EXTENSION IF NOT EXISTS " + catalog.QuoteIdent(name)
	if schema != "" && schema != "pg_catalog" {
		stmt += " WITH SCHEMA " + catalog.QuoteIdent(schema)
		if schema != "public" && !b.db.schemas[schema] {
			b.db.schemas[schema] = true
			b.put("CREATE SCHEMA IF NOT EXISTS ", catalog.QuoteIdent(schema))
		}
	}
	b.put(stmt)
}

// table writes a table, or reports that it is left out.
func (b *batch) table(r *relation) {
	if !r.written() {
		b.leaveOut(r)
		return
	}
	var s strings.Builder
	s.WriteString("CREATE ")
	if r.unlogged {
		s.WriteString("UNLOGGED ")
	}
	s.WriteString("TABLE " + r.SQL() + " (")
	elements := 0
	element := func(text string) {
		if elements++; elements > 1 {
			s.WriteString(",")
		}
		s.WriteString("\n    " + text)
	}
	for _, c := range r.columns {
		switch {
		case !c.shown:
			if c.treated != nil && c.generated == nil {
				b.countHidden(c)
			}
		case !c.inherited || !r.inheritsColumn(c):
			element(b.columnSQL(c))
		}
	}
	for _, c := range r.checks {
		if text, ok := r.check(c); ok {
			element(text)
		} else {
			b.lose(lostChecks)
		}
	}
	s.WriteString("\n)")
	var parents []string
	if r.inherits {
		for _, p := range r.parents {
			if p.written() {
				parents = append(parents, p.SQL())
			}
		}
	}
	if len(parents) > 0 {
		s.WriteString("\nINHERITS (" + strings.Join(parents, ", ") + ")")
	}
	if r.partitioned != nil && !r.flat {
		s.WriteString("\nPARTITION BY " + script.SQL(r.partitioned))
	}
	b.put(s.String())
}

// countHidden counts a column that is hidden although a rule covers it.
func (b *batch) countHidden(c *column) {
	if c.note != "" && c.treated.Action.Rule == "" && c.note != "no rule covers it" {
		b.lose(lostColumns)
	}
}

// leaveOut reports that a table is left out. A table that no rule covers is an error, as
// for any other file; its name reveals nothing about a row.
func (b *batch) leaveOut(r *relation) {
	switch {
	case r.uncovered && b.config.Options.Survey: // it is not a related table
	case r.foreign:
		b.lose(lostForeign)
	default:
		b.lose(lostTables)
		b.bad = append(b.bad, file.Bad{Line: b.line, Column: 1, What: "table " + r.names().String() + " is left out: " + r.why + ": see veil mask --check"})
	}
}

// inheritsColumn reports whether a column comes from a parent that is written.
func (r *relation) inheritsColumn(c *column) bool {
	for _, p := range r.parents {
		if o := p.column(c.name); o != nil && o.shown && p.written() {
			return true
		}
	}
	return false
}

func (b *batch) columnSQL(c *column) string {
	out := catalog.QuoteIdent(c.name) + " " + c.out
	if c.keeps && len(c.collation) == 3 && c.collation[0].Text == "pg_catalog" {
		out += " COLLATE " + script.SQL(c.collation)
	}
	if c.generated != nil && c.keeps {
		out += " GENERATED ALWAYS AS (" + script.SQL(c.generated) + ")"
		if !c.virtual {
			out += " STORED"
		}
	}
	if c.def != nil {
		if text, ok := b.defaultSQL(c, c.def); ok {
			out += " DEFAULT " + text
		} else {
			b.lose(lostDefaults)
		}
	}
	if c.notNull && c.keeps {
		out += " NOT NULL"
	}
	return out
}

// defaultSQL returns a default that passes: one of a kept column, without constants.
func (b *batch) defaultSQL(c *column, def []script.Token) (string, bool) {
	if !c.keeps {
		return "", false
	}
	if harmless(def, func(string) bool { return false }) {
		return script.SQL(def), true
	}
	if o, ok := nextval(def); ok {
		if s := b.db.sequences[o]; s != nil && b.db.kept(s) {
			return "nextval(" + catalog.QuoteLiteral(o.SQL()) + "::regclass)", true
		}
	}
	return "", false
}

// check writes a check that names kept columns and no constants.
func (r *relation) check(c check) (string, bool) {
	if !harmless(c.expr, r.keepsColumn) {
		return "", false
	}
	out := "CHECK (" + script.SQL(c.expr) + ")" + strings.ToUpper(c.after)
	if c.name != "" {
		out = "CONSTRAINT " + catalog.QuoteIdent(c.name) + " " + out
	}
	return out, true
}

func (r *relation) keepsColumn(name string) bool {
	c := r.column(name)
	return c != nil && c.shown && c.keeps
}

// usedTypes returns the dump's types that columns of the output use, with their parts.
func (d *database) usedTypes() map[script.Object]bool {
	used := map[script.Object]bool{}
	var use func(t typeName)
	use = func(t typeName) {
		u := d.types[t.base]
		if u == nil {
			for _, o := range d.types {
				if o.kind == rangeType && o.multirange == t.base {
					u = o
				}
			}
		}
		if u == nil || used[u.Object] {
			return
		}
		used[u.Object] = true
		if u.of.sql != "" {
			use(u.of)
		}
		for _, f := range u.fields {
			use(f.typ)
		}
	}
	for _, r := range d.order {
		for _, c := range r.columns {
			if r.written() && c.shown && !c.changed {
				use(c.typ)
			}
		}
	}
	return used
}

// userType writes a type that a kept column uses: its labels are then no more secret than
// the column's values.
func (b *batch) userType(u *userType) {
	if !b.db.usedTypes()[u.Object] {
		b.lose(lostTypes)
		return
	}
	switch u.kind {
	case enum:
		var labels []string
		for _, l := range u.labels {
			labels = append(labels, catalog.QuoteLiteral(l))
		}
		b.put("CREATE TYPE ", u.SQL(), " AS ENUM (", strings.Join(labels, ", "), ")")
	case composite:
		var fields []string
		for _, f := range u.fields {
			fields = append(fields, catalog.QuoteIdent(f.name)+" "+f.typ.sql)
		}
		b.put("CREATE TYPE ", u.SQL(), " AS (", strings.Join(fields, ", "), ")")
	case rangeType:
		multirange := ""
		if u.multirange.Name != "" {
			multirange = ", multirange_type_name = " + u.multirange.SQL()
		}
		b.put("CREATE TYPE ", u.SQL(), " AS RANGE (subtype = ", u.of.sql, multirange, ")")
	case domain:
		stmt := "CREATE DOMAIN " + u.SQL() + " AS " + u.of.sql
		if u.notNull {
			stmt += " NOT NULL"
		}
		for _, c := range u.checks {
			if harmless(c, func(name string) bool { return name == "value" }) {
				stmt += " CHECK (" + script.SQL(c) + ")"
			} else {
				b.lose(lostTypes)
			}
		}
		b.put(stmt)
	}
}

// sequence writes a sequence that generates a kept column.
func (b *batch) sequence(s *sequence) {
	options, ok := sequenceOptions(s.options)
	if !b.db.kept(s) || !ok {
		b.lose(lostSequences)
		return
	}
	kind := "CREATE SEQUENCE "
	if s.unlogged {
		kind = "CREATE UNLOGGED SEQUENCE "
	}
	b.put(kind, s.SQL(), options)
}

// sequenceOptions writes the options of a sequence: words and numbers.
func sequenceOptions(tokens []script.Token) (string, bool) {
	for _, t := range tokens {
		switch {
		case t.Kind == script.Number, t.Is("-"):
		case t.Kind == script.Word && sequenceWords[t.Text]:
		default:
			return "", false
		}
	}
	if len(tokens) == 0 {
		return "", true
	}
	return " " + strings.ReplaceAll(script.SQL(tokens), "- ", "-"), true
}

var sequenceWords = set("as", "smallint", "integer", "bigint", "start", "with", "increment", "by", "no", "minvalue", "maxvalue", "cache", "cycle")

// setval writes the position of a sequence that generates a kept column. The position of
// another one would reveal how far its originals go.
func (b *batch) setval(o script.Object, args []script.Token) {
	s := b.db.sequences[o]
	p := &script.Parser{Tokens: args}
	negative := p.Take("-")
	n, err := strconv.ParseInt(p.Peek(0).Text, 10, 64)
	p.At++
	called := "true"
	if p.Take(",") {
		called = p.Peek(0).Text
		p.At++
	}
	if s == nil || !b.db.kept(s) || err != nil || called != "true" && called != "false" || !p.Done() {
		b.lose(lostPositions)
		return
	}
	if negative {
		n = -n
	}
	b.put("SELECT pg_catalog.setval(", catalog.QuoteLiteral(s.SQL()), ", ", strconv.FormatInt(n, 10), ", ", called, ")")
}
