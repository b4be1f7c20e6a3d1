package pgdump

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/script"
)

// key is a primary key or unique constraint, or a unique index, that was written.
type key struct{ columns []string }

// constraint writes a constraint that holds on the masked rows, which have been masked by
// now.
func (b *batch) constraint(r *relation, p *script.Parser) {
	name, ok := p.Ident()
	if !ok || !r.written() {
		b.lose(constraintLoss(p))
		return
	}
	l := constraintLoss(p)
	start := "ALTER TABLE ONLY " + r.SQL() + " ADD CONSTRAINT " + catalog.QuoteIdent(name) + " "
	text := ""
	switch {
	case p.Phrase("primary key"):
		if text, ok = b.keySQL(r, "PRIMARY KEY ", true, p); ok {
			b.db.indexes[script.Object{Schema: r.Schema, Name: name}] = r
		}
	case p.Take("unique"):
		if text, ok = b.keySQL(r, "UNIQUE ", p.Phrase("nulls not distinct"), p); ok {
			b.db.indexes[script.Object{Schema: r.Schema, Name: name}] = r
		}
	case p.Phrase("foreign key"):
		text, ok = b.foreignKey(r, p)
		if ok && r.partitioned != nil {
			start = strings.Replace(start, "TABLE ONLY", "TABLE", 1)
		}
	case p.Take("check"):
		var expr []script.Token
		if expr, ok = p.Group(); ok {
			after, known := constraintWords(p)
			text, ok = r.check(check{expr: expr, after: after})
			ok = ok && known
			start = strings.Replace(start, "TABLE ONLY", "TABLE", 1)
		}
	case p.Take("exclude"):
		text, ok = r.exclusion(p)
	default:
		ok = false
	}
	if !ok {
		b.lose(l)
		return
	}
	b.put(start, text)
}

func constraintLoss(p *script.Parser) loss {
	switch {
	case p.Peek(0).Is("foreign"):
		return lostForeignKeys
	case p.Peek(0).Is("check"), p.Peek(0).Is("not"):
		return lostChecks
	case p.Peek(0).Is("exclude"):
		return lostExclusions
	}
	return lostKeys
}

// keySQL writes a key if the masked rows have it: each column is kept, or masked one to
// one. nulls says that a NULL breaks it.
func (b *batch) keySQL(r *relation, kind string, nulls bool, p *script.Parser) (string, bool) {
	inner, _ := p.Group()
	names, ok := script.Identifiers(inner)
	if !ok || !r.unique(names, nulls) {
		return "", false
	}
	include := ""
	if p.Take("include") {
		inner, _ := p.Group()
		if more, ok := script.Identifiers(inner); ok && r.shows(more) {
			include = " INCLUDE (" + script.QuoteAll(more) + ")"
		}
	}
	if p.Take("with") {
		p.Group()
	}
	after, ok := constraintWords(p)
	if !ok {
		return "", false
	}
	if kind == "UNIQUE " && nulls {
		kind += "NULLS NOT DISTINCT "
	}
	if strings.HasPrefix(kind, "PRIMARY") {
		b.childrenNotNull(r, names)
	}
	b.db.keys[r.Object] = append(b.db.keys[r.Object], key{names})
	return kind + "(" + script.QuoteAll(names) + ")" + include + after, true
}

// childrenNotNull makes columns of all tables below one NOT NULL, which a primary key of
// their parent asks for. A masked column has lost that, and has no NULL if the key holds.
func (b *batch) childrenNotNull(r *relation, names []string) {
	for _, child := range r.children {
		for _, n := range names {
			if c := child.column(n); c != nil && !c.keeps && child.written() {
				b.put("ALTER TABLE ", child.SQL(), " ALTER COLUMN ", catalog.QuoteIdent(n), " SET NOT NULL")
			}
		}
		b.childrenNotNull(child, names)
	}
}

// unique reports whether columns that identified rows still do.
func (r *relation) unique(names []string, nulls bool) bool {
	for _, n := range names {
		c := r.column(n)
		if c == nil || !c.shown || !c.unique || nulls && c.nulled.Load() {
			return false
		}
	}
	return true
}

// shows reports whether all columns are in the output.
func (r *relation) shows(names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool {
		c := r.column(n)
		return c == nil || !c.shown
	})
}

// constraintWords writes what may stand at the end of a constraint.
func constraintWords(p *script.Parser) (out string, ok bool) {
	for !p.Done() {
		t := p.Peek(0)
		if t.Kind != script.Word || !constraintEnd[t.Text] {
			return "", false
		}
		out += " " + strings.ToUpper(t.Text)
		p.At++
	}
	return out, true
}

var constraintEnd = set("deferrable", "initially", "deferred", "immediate", "not", "valid", "enforced", "no", "inherit",
	"match", "full", "simple", "on", "delete", "update", "cascade", "restrict", "set", "null", "default", "action")

// foreignKey writes a foreign key that the masked rows have: the columns of both sides are
// kept, or masked alike and one to one.
func (b *batch) foreignKey(r *relation, p *script.Parser) (string, bool) {
	inner, _ := p.Group()
	from, ok := script.Identifiers(inner)
	if !ok || !p.Take("references") {
		return "", false
	}
	o, _ := p.Object()
	inner, _ = p.Group()
	to, ok := script.Identifiers(inner)
	other := b.db.relations[o]
	if !ok || len(to) != len(from) || !other.written() || other.flat || r.flat || other.bad.Load() || !b.hasKey(o, to) {
		return "", false
	}
	for i := range from {
		c, d := r.column(from[i]), other.column(to[i])
		if c == nil || d == nil || !c.shown || !c.unique || !d.unique || c.keeps != d.keeps || c.class != d.class {
			return "", false
		}
	}
	var actions strings.Builder
	for !p.Done() {
		if p.Peek(0).Is("(") { // ON DELETE SET NULL (column)
			inner, _ := p.Group()
			names, ok := script.Identifiers(inner)
			if !ok || !r.shows(names) {
				return "", false
			}
			actions.WriteString(" (" + script.QuoteAll(names) + ")")
			continue
		}
		words := &script.Parser{Tokens: p.Until("(")}
		after, ok := constraintWords(words)
		if !ok {
			return "", false
		}
		actions.WriteString(after)
	}
	return "FOREIGN KEY (" + script.QuoteAll(from) + ") REFERENCES " + o.SQL() + "(" + script.QuoteAll(to) + ")" + actions.String(), true
}

// hasKey reports whether a key of these columns was written.
func (b *batch) hasKey(o script.Object, columns []string) bool {
	want := slices.Sorted(slices.Values(columns))
	return slices.ContainsFunc(b.db.keys[o], func(k key) bool {
		return slices.Equal(slices.Sorted(slices.Values(k.columns)), want)
	})
}

// exclusion writes an exclusion constraint over kept columns.
func (r *relation) exclusion(p *script.Parser) (string, bool) {
	method := "btree"
	if p.Take("using") {
		method, _ = p.Ident()
	}
	elements, ok := p.Group()
	if !ok {
		return "", false
	}
	for _, e := range script.List(elements) {
		q := &script.Parser{Tokens: e}
		expr := q.Until("with")
		if !harmless(expr, r.keepsColumn) || !q.Take("with") || q.At != len(e)-1 || e[q.At].Kind != script.Sign || !signs[e[q.At].Text] {
			return "", false
		}
	}
	if p.Take("where") {
		where, ok := p.Group()
		if !ok || !harmless(where, r.keepsColumn) {
			return "", false
		}
		after, ok := constraintWords(p)
		return "EXCLUDE USING " + catalog.QuoteIdent(method) + " (" + script.SQL(elements) + ") WHERE (" + script.SQL(where) + ")" + after, ok
	}
	after, ok := constraintWords(p)
	return "EXCLUDE USING " + catalog.QuoteIdent(method) + " (" + script.SQL(elements) + ")" + after, ok
}

// createIndex writes an index, behind INDEX: over columns and harmless expressions, with a
// harmless condition.
func (b *batch) createIndex(p *script.Parser, unique bool) {
	p.Phrase("if not exists")
	name, ok := p.Ident()
	if !ok || !p.Take("on") {
		b.lose(lostIndexes)
		return
	}
	only := p.Take("only")
	o, _ := p.Object()
	r := b.db.relations[o]
	if !r.written() {
		b.lose(lostIndexes)
		return
	}
	text, columns, ok := b.indexSQL(r, p, unique)
	if !ok {
		b.lose(lostIndexes)
		return
	}
	b.db.indexes[script.Object{Schema: r.Schema, Name: name}] = r
	if unique && columns != nil {
		b.db.keys[o] = append(b.db.keys[o], key{columns})
	}
	stmt := "CREATE INDEX "
	if unique {
		stmt = "CREATE UNIQUE INDEX "
	}
	stmt += catalog.QuoteIdent(name) + " ON "
	if only && !r.flat {
		stmt += "ONLY "
	}
	b.put(stmt, r.SQL(), text)
}

// indexSQL writes what stands behind the table of an index. columns are its columns if it
// has nothing else.
func (b *batch) indexSQL(r *relation, p *script.Parser, unique bool) (text string, columns []string, ok bool) {
	method := "btree"
	if p.Take("using") {
		method, _ = p.Ident()
	}
	elements, ok := p.Group()
	if !ok {
		return "", nil, false
	}
	var parts []string
	plain := true
	for _, e := range script.List(elements) {
		part, column, ok := r.indexElement(e, method)
		c := r.column(column)
		if !ok || unique && (c == nil && !harmless(e, r.keepsColumn) || c != nil && !c.unique) {
			return "", nil, false
		}
		parts, columns = append(parts, part), append(columns, column)
		plain = plain && column != ""
	}
	text = " USING " + catalog.QuoteIdent(method) + " (" + strings.Join(parts, ", ") + ")"
	if p.Take("include") {
		inner, _ := p.Group()
		more, ok := script.Identifiers(inner)
		if !ok || !r.shows(more) {
			return "", nil, false
		}
		text += " INCLUDE (" + script.QuoteAll(more) + ")"
	}
	if p.Phrase("nulls not distinct") {
		if !r.unique(columns, true) {
			return "", nil, false
		}
		text += " NULLS NOT DISTINCT"
	}
	if p.Take("with") {
		p.Group() // how it is stored
	}
	if p.Take("where") {
		condition := p.Until()
		if !harmless(condition, r.keepsColumn) {
			return "", nil, false
		}
		text, plain = text+" WHERE "+script.SQL(condition), false
	}
	if !plain {
		columns = nil
	}
	return text, columns, p.Done()
}

// indexElement writes an element of an index, and names the column if it is one. A masked
// column of another type has the operators of that type.
func (r *relation) indexElement(e []script.Token, method string) (text, named string, ok bool) {
	var c *column
	if e[0].IsName() && (len(e) < 2 || !e[1].Is("(")) {
		c = r.column(e[0].Text)
	}
	if c == nil {
		return script.SQL(e), "", harmless(e, r.keepsColumn)
	}
	if !c.shown || c.changed && method != "btree" && method != "hash" {
		return "", "", false
	}
	q := &script.Parser{Tokens: e, At: 1}
	text = catalog.QuoteIdent(c.name)
	for !q.Done() {
		switch {
		case q.Take("collate"):
			from := q.At
			collation, ok := q.Object()
			if !ok {
				return "", "", false
			}
			if c.keeps && collation.Schema == "pg_catalog" {
				text += " COLLATE " + script.SQL(q.Tokens[from:q.At])
			}
		case q.Take("asc"), q.Take("desc"):
			text += " " + strings.ToUpper(q.Tokens[q.At-1].Text)
		case q.Phrase("nulls first"), q.Phrase("nulls last"):
			text += " NULLS " + strings.ToUpper(q.Tokens[q.At-1].Text)
		default:
			from := q.At
			if _, ok := q.Object(); !ok {
				return "", "", false
			}
			class := script.SQL(q.Tokens[from:q.At])
			if q.Peek(0).Is("(") { // options of the class
				if _, ok := q.Group(); !ok {
					return "", "", false
				}
			}
			if !c.changed {
				text += " " + class
			}
		}
	}
	return text, c.name, true
}
