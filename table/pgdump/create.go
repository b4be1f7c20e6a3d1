package pgdump

import (
	"slices"

	"github.com/veil-proxy/veil/postgres/script"
)

// create reads the rest of a CREATE statement.
func (b *batch) create(p *script.Parser) {
	unlogged := p.Take("unlogged")
	switch {
	case p.Take("table"):
		b.createTable(p, unlogged, false)
	case p.Phrase("foreign table"):
		b.createTable(p, false, true)
	case p.Take("sequence"):
		b.createSequence(p, unlogged)
	case p.Take("type"):
		b.createType(p)
	case p.Take("domain"):
		b.createDomain(p)
	case p.Take("schema"):
		if name, ok := p.Ident(); ok {
			b.write(func(w *batch) { w.schema(name) })
		}
	case p.Take("extension"):
		b.createExtension(p)
	case p.Take("view"), p.Phrase("or replace view"):
		b.createView(p, false)
	case p.Phrase("materialized view"):
		b.createView(p, true)
	case p.Take("index"), p.Phrase("unique index"):
		unique := p.Tokens[1].Is("unique")
		b.write(func(w *batch) { w.createIndex(p, unique) })
	default:
		b.lose(created(p))
	}
}

// created returns how a CREATE statement that is left out is counted.
func created(p *script.Parser) loss {
	p.Phrase("or replace")
	p.Take("constraint")
	p.Take("trusted")
	p.Take("procedural")
	for words, l := range map[string]loss{
		"function": lostFunctions, "procedure": lostFunctions, "aggregate": lostFunctions, "trigger": lostTriggers, "rule": lostTriggers,
		"event trigger": lostTriggers, "policy": lostPolicies, "statistics": lostStatistics, "publication": lostPublications,
		"subscription": lostPublications, "server": lostForeign, "user mapping": lostForeign, "foreign data": lostForeign,
		"role": lostRoles, "user": lostRoles, "group": lostRoles, "tablespace": lostRoles, "database": lostDatabases,
	} {
		at := p.At
		if p.Phrase(words) && !(words == "user" && p.Peek(0).Is("mapping")) {
			return l
		}
		p.At = at
	}
	return lostOther
}

// createTable reads a table. If the statement is not understood, the table is not
// created, so no rule covers it.
func (b *batch) createTable(p *script.Parser, unlogged, foreign bool) {
	o, ok := p.Object()
	if !ok {
		b.lose(lostOther)
		return
	}
	r := &relation{Object: o, unlogged: unlogged, foreign: foreign}
	if b.db.relations[o] != nil || !b.tableBody(p, r) {
		r.why = "its definition is not understood"
	}
	b.db.add(r)
	b.write(func(w *batch) { w.table(r) })
}

func (d *database) add(r *relation) {
	if d.relations[r.Object] == nil {
		d.order = append(d.order, r)
	}
	d.relations[r.Object] = r
	d.typed = true
}

// tableBody reads what follows the name of a table.
func (b *batch) tableBody(p *script.Parser, r *relation) bool {
	if p.Take("of") {
		o, ok := p.Object()
		u := b.db.types[o]
		if !ok || u == nil || u.kind != composite {
			return false
		}
		for _, f := range u.fields {
			r.columns = append(r.columns, &column{name: f.name, typ: f.typ})
		}
	}
	if body, ok := p.Group(); ok {
		for _, element := range script.List(body) {
			if !b.tableElement(&script.Parser{Tokens: element}, r) {
				return false
			}
		}
	} else if r.columns == nil {
		return false
	}
	for !p.Done() {
		switch {
		case p.Take("inherits"):
			parents, ok := p.Group()
			if !ok {
				return false
			}
			r.inherits = true
			for _, t := range script.List(parents) {
				o, ok := (&script.Parser{Tokens: t}).Object()
				if !ok || !b.db.inherit(r, o) {
					return false
				}
			}
			r.addInherited()
		case p.Phrase("partition by"):
			r.partitioned = p.Until("using", "with", "tablespace")
		case p.Take("with"), p.Take("server"), p.Take("using"), p.Take("tablespace"), p.Take("options"), p.Phrase("without oids"):
			p.Until("partition", "inherits") // how it is stored
		default:
			return false
		}
	}
	return true
}

// inherit makes a relation a child of another.
func (d *database) inherit(child *relation, parent script.Object) bool {
	p := d.relations[parent]
	if p == nil {
		return false
	}
	if !slices.Contains(child.parents, p) {
		child.parents, p.children = append(child.parents, p), append(p.children, child)
	}
	return true
}

// addInherited inserts the parents' columns, which a dump omits, before a table's own.
func (r *relation) addInherited() {
	own := r.columns
	r.columns = nil
	for _, p := range r.parents {
		for _, c := range p.columns {
			if r.column(c.name) == nil {
				r.columns = append(r.columns, &column{name: c.name, typ: c.typ, collation: c.collation, notNull: c.notNull, inherited: true, generated: c.generated, virtual: c.virtual})
			}
		}
	}
	for _, c := range own {
		if i := slices.IndexFunc(r.columns, func(o *column) bool { return o.name == c.name }); i >= 0 {
			r.columns[i] = c
		} else {
			r.columns = append(r.columns, c)
		}
	}
}

// tableElement reads a column or a constraint.
func (b *batch) tableElement(p *script.Parser, r *relation) bool {
	if p.Peek(0).Is("constraint") || p.Peek(0).Is("check") {
		return b.tableCheck(p, r)
	}
	name, ok := p.Ident()
	if !ok {
		return false
	}
	c := r.column(name)
	if !p.Phrase("with options") {
		typ, ok := readType(p.Until("collate", "default", "generated", "constraint", "not", "null", "options", "check", "storage", "compression"))
		if !ok || c != nil {
			return false
		}
		c = &column{name: name, typ: typ}
		r.columns = append(r.columns, c)
	}
	return c != nil && b.columnClauses(p, c)
}

func (b *batch) columnClauses(p *script.Parser, c *column) bool {
	for !p.Done() {
		switch {
		case p.Take("collate"):
			from := p.At
			if _, ok := p.Object(); !ok {
				return false
			}
			c.collation = p.Tokens[from:p.At]
		case p.Take("default"):
			c.def = p.Until("not", "constraint", "generated", "collate", "check", "options")
		case p.Phrase("generated always as"):
			expr, ok := p.Group()
			if !ok || p.Peek(0).Is("identity") {
				return false
			}
			c.generated = expr
			if !p.Take("stored") {
				c.virtual = true
				p.Take("virtual")
			}
		case p.Take("constraint"):
			if _, ok := p.Ident(); !ok {
				return false
			}
		case p.Phrase("not null"):
			c.notNull = true
			p.Phrase("no inherit")
		case p.Take("null"):
		case p.Take("check"):
			if _, ok := p.Group(); !ok {
				return false
			}
			b.lose(lostChecks)
		case p.Take("options"):
			if _, ok := p.Group(); !ok {
				return false
			}
		case p.Take("storage"), p.Take("compression"):
			p.At++
		default:
			return false
		}
	}
	return true
}

// tableCheck reads a constraint within CREATE TABLE: a check, or the name of a NOT NULL.
func (b *batch) tableCheck(p *script.Parser, r *relation) bool {
	var c check
	if p.Take("constraint") {
		var ok bool
		if c.name, ok = p.Ident(); !ok {
			return false
		}
	}
	if p.Phrase("not null") {
		n, ok := p.Ident()
		if col := r.column(n); col != nil {
			col.notNull = true
		}
		return ok
	}
	var ok bool
	if p.Take("check") {
		c.expr, ok = p.Group()
	}
	for _, words := range []string{"no inherit", "not valid"} {
		if p.Phrase(words) {
			c.after += " " + words
		}
	}
	r.checks = append(r.checks, c)
	return ok && p.Done()
}

// createType reads an enum, a composite type or a range. Others are left out.
func (b *batch) createType(p *script.Parser) {
	o, ok := p.Object()
	u := &userType{Object: o}
	if !ok || !p.Take("as") || !b.typeBody(p, u) {
		b.lose(lostTypes)
		return
	}
	b.db.types[o] = u
	if u.kind == rangeType && u.multirange.Name != "" {
		b.db.ranges[u.multirange] = true
	}
	b.write(func(w *batch) { w.userType(u) })
}

func (b *batch) typeBody(p *script.Parser, u *userType) bool {
	switch {
	case p.Take("enum"):
		labels, ok := p.Group()
		for _, l := range script.List(labels) {
			if len(l) != 1 || l[0].Kind != script.Text {
				return false
			}
			u.labels = append(u.labels, l[0].Text)
		}
		return ok
	case p.Take("range"):
		u.kind = rangeType
		options, ok := p.Group()
		for _, option := range script.List(options) {
			q := &script.Parser{Tokens: option}
			switch {
			case q.Take("subtype", "="):
				u.of, ok = readType(q.Until())
			case q.Take("multirange_type_name", "="):
				u.multirange, ok = q.Object()
			}
			if !ok {
				return false
			}
		}
		return ok && u.of.sql != ""
	}
	u.kind = composite
	fields, ok := p.Group()
	for _, f := range script.List(fields) {
		q := &script.Parser{Tokens: f}
		name, named := q.Ident()
		typ, typed := readType(q.Until("collate"))
		if !named || !typed {
			return false
		}
		u.fields = append(u.fields, typeField{name, typ})
	}
	return ok
}

// createDomain reads a domain.
func (b *batch) createDomain(p *script.Parser) {
	o, ok := p.Object()
	p.Take("as")
	u := &userType{Object: o, kind: domain}
	if ok {
		u.of, ok = readType(p.Until("collate", "default", "not", "constraint", "check", "null"))
	}
	for ok && !p.Done() {
		switch {
		case p.Phrase("not null"):
			u.notNull = true
		case p.Take("default"), p.Take("collate"):
			p.Until("not", "constraint", "check")
		case p.Take("constraint"):
			_, ok = p.Ident()
		case p.Take("check"):
			var expr []script.Token
			if expr, ok = p.Group(); ok {
				u.checks = append(u.checks, expr)
			}
		default:
			ok = false
		}
	}
	if !ok {
		b.lose(lostTypes)
		return
	}
	b.db.types[o] = u
	b.write(func(w *batch) { w.userType(u) })
}

// createSequence reads a sequence with its options.
func (b *batch) createSequence(p *script.Parser, unlogged bool) {
	o, ok := p.Object()
	if !ok {
		b.lose(lostSequences)
		return
	}
	s := &sequence{Object: o, options: p.Until(), unlogged: unlogged}
	b.db.sequences[o] = s
	b.write(func(w *batch) { w.sequence(s) })
}

func (b *batch) createExtension(p *script.Parser) {
	p.Phrase("if not exists")
	name, ok := p.Ident()
	schema := ""
	if p.Phrase("with schema") {
		schema, _ = p.Ident()
	}
	if !ok {
		b.lose(lostOther)
		return
	}
	b.write(func(w *batch) { w.extension(name, schema) })
}
