package pgdump

import (
	"strings"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/script"
)

// alter reads an ALTER statement, behind that word.
func (b *batch) alter(p *script.Parser) {
	for _, t := range p.Tokens {
		if t.Is("owner") && p.Tokens[len(p.Tokens)-2].Is("to") {
			b.lose(lostOwners)
			return
		}
	}
	switch {
	case p.Take("table"), p.Phrase("foreign table"):
		b.alterTable(p)
	case p.Take("sequence"):
		b.alterSequence(p)
	case p.Take("index"):
		b.alterIndex(p)
	case p.Phrase("default privileges"):
		b.lose(lostGrants)
	case p.Take("view"), p.Phrase("materialized view"):
		b.lose(lostDefaults)
	case p.Take("database"), p.Take("system"):
		b.lose(lostDatabases)
	default:
		b.lose(created(p))
	}
}

func (b *batch) alterTable(p *script.Parser) {
	p.Phrase("if exists")
	p.Take("only")
	o, ok := p.Object()
	r := b.db.relations[o]
	switch {
	case !ok || r == nil:
		if p.Phrase("add constraint") {
			b.lose(lostKeys)
			return
		}
		b.lose(lostSettings)
	case p.Phrase("add constraint"):
		b.write(func(w *batch) { w.constraint(r, p) })
	case p.Phrase("attach partition"):
		child, ok := p.Object()
		if !ok || !b.db.attachPartition(child, r, p.Until()) {
			b.lose(lostOther)
			return
		}
		b.write(func(w *batch) { w.attach(r, w.db.relations[child]) })
	case p.Take("inherit"):
		parent, ok := p.Object()
		if !ok || !b.db.inherit(r, parent) {
			b.lose(lostOther)
			return
		}
		b.write(func(w *batch) { w.inherit(r, w.db.relations[parent]) })
	case p.Take("alter"):
		p.Take("column")
		name, _ := p.Ident()
		if c := r.column(name); c == nil || !b.alterColumn(r, c, p) {
			b.lose(lostSettings)
		}
	case p.Phrase("disable trigger all"), p.Phrase("enable trigger all"):
		what := strings.ToUpper(script.SQL(p.Tokens[p.At-3:]))
		b.write(func(w *batch) {
			if r.written() {
				w.put("ALTER TABLE ", r.SQL(), " ", what)
			}
		})
	case p.Phrase("enable row level security"), p.Phrase("force row level security"), p.Phrase("no force"):
		b.lose(lostPolicies)
	case p.Take("enable"), p.Take("disable"):
		b.lose(lostTriggers)
	default:
		b.lose(lostSettings)
	}
}

// attachPartition makes a relation a partition of another.
func (d *database) attachPartition(child script.Object, parent *relation, bound []script.Token) bool {
	c := d.relations[child]
	if c == nil || !d.inherit(c, parent.Object) {
		return false
	}
	c.partition, c.bound = true, bound
	return true
}

// attach makes a table a partition. Where bounds would say originals it is a child.
func (b *batch) attach(parent, child *relation) {
	switch {
	case !parent.written() || !child.written():
	case child.flat:
		b.lose(lostBounds)
		b.put("ALTER TABLE ", child.SQL(), " INHERIT ", parent.SQL())
	default:
		for _, t := range child.bound {
			if t.Kind == script.Sign && !boundSigns[t.Text] {
				b.lose(lostBounds)
				return
			}
		}
		b.put("ALTER TABLE ONLY ", parent.SQL(), " ATTACH PARTITION ", child.SQL(), " ", script.SQL(child.bound))
	}
}

var boundSigns = set("(", ")", ",", "-", "::")

func (b *batch) inherit(child, parent *relation) {
	if parent.written() && child.written() {
		b.put("ALTER TABLE ", child.SQL(), " INHERIT ", parent.SQL())
	}
}

// alterColumn reads what is done to a column, behind its name.
func (b *batch) alterColumn(r *relation, c *column, p *script.Parser) bool {
	switch {
	case p.Phrase("set default"):
		def := p.Until()
		c.takes, _ = nextval(def)
		b.write(func(w *batch) { w.setDefault(r, c, def) })
	case p.Phrase("set not null"):
		if c.treated == nil {
			c.notNull = true
		}
	case p.Phrase("add generated"):
		i := &identity{always: p.Take("always")}
		if !i.always && !p.Phrase("by default") || !p.Phrase("as identity") {
			return false
		}
		options, ok := p.Group()
		q := &script.Parser{Tokens: options}
		if ok && q.Phrase("sequence name") {
			i.sequence, ok = q.Object()
		}
		if !ok {
			return false
		}
		i.options = q.Until()
		c.identity = i
		b.db.sequences[i.sequence] = &sequence{Object: i.sequence, owner: r.Object, column: c.name}
		b.write(func(w *batch) { w.identity(r, c) })
	default:
		return false
	}
	return true
}

// setDefault writes a default that is set behind the table, since its sequence is.
func (b *batch) setDefault(r *relation, c *column, def []script.Token) {
	if !r.written() || !c.shown {
		return
	}
	if text, ok := b.defaultSQL(c, def); ok {
		b.put("ALTER TABLE ONLY ", r.SQL(), " ALTER COLUMN ", catalog.QuoteIdent(c.name), " SET DEFAULT ", text)
		return
	}
	b.lose(lostDefaults)
}

func (b *batch) identity(r *relation, c *column) {
	options, ok := sequenceOptions(c.identity.options)
	if !ok || !r.written() || !c.shown || !c.keeps {
		b.lose(lostIdentities)
		return
	}
	kind := "BY DEFAULT"
	if c.identity.always {
		kind = "ALWAYS"
	}
	b.put("ALTER TABLE ", r.SQL(), " ALTER COLUMN ", catalog.QuoteIdent(c.name), " ADD GENERATED ", kind, " AS IDENTITY (SEQUENCE NAME ", c.identity.sequence.SQL(), options, ")")
}

// alterSequence reads which column a sequence belongs to.
func (b *batch) alterSequence(p *script.Parser) {
	o, ok := p.Object()
	s := b.db.sequences[o]
	if !ok || s == nil || !p.Phrase("owned by") {
		b.lose(lostSettings)
		return
	}
	rest := p.Until()
	n := len(rest)
	if n < 3 || !rest[n-1].IsName() || !rest[n-2].Is(".") {
		b.lose(lostSettings)
		return
	}
	owner, ok := (&script.Parser{Tokens: rest[:n-2]}).Object()
	if !ok {
		b.lose(lostSettings)
		return
	}
	s.owner, s.column = owner, rest[n-1].Text
	b.write(func(w *batch) {
		if w.db.kept(s) {
			w.put("ALTER SEQUENCE ", s.SQL(), " OWNED BY ", owner.SQL(), ".", catalog.QuoteIdent(s.column))
		}
	})
}

// alterIndex attaches the index of a partition. The index of a table whose partitions became
// children has none.
func (b *batch) alterIndex(p *script.Parser) {
	parent, ok := p.Object()
	if !ok || !p.Phrase("attach partition") {
		b.lose(lostSettings)
		return
	}
	child, ok := p.Object()
	b.write(func(w *batch) {
		switch of := w.db.indexes[parent]; {
		case !ok || of == nil || w.db.indexes[child] == nil:
			w.lose(lostIndexes)
		case !of.flat:
			w.put("ALTER INDEX ", parent.SQL(), " ATTACH PARTITION ", child.SQL())
		}
	})
}
