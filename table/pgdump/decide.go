package pgdump

import (
	"slices"
	"sync/atomic"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// decide applies the rules to all tables that have not been decided yet.
func (b *batch) decide() {
	for _, r := range b.db.order {
		if !r.decided {
			b.decideFamily(r.family())
		}
	}
}

// decideFamily decides for tables that are connected by inheritance: a cell can be
// reached through every table that has the row, so all treat a column alike.
func (b *batch) decideFamily(family []*relation) {
	broken := slices.ContainsFunc(family, func(r *relation) bool { return r.why != "" })
	for _, r := range family {
		r.decided = true
		r.bad = &atomic.Bool{}
		if broken && r.why == "" {
			r.why = "the definition of a table that it inherits from, or that inherits from it, is not understood"
		}
		for _, c := range r.columns {
			c.owner = nil
		}
	}
	if broken {
		return
	}
	for _, r := range family {
		for _, c := range r.columns {
			if c.owner == nil && c.note == "" {
				b.own(sharing(family, r, c.name), c.name)
			}
		}
	}
	for _, r := range family {
		b.lay(r)
	}
	kept := true
	for _, r := range family {
		kept = kept && r.partitionsClear()
	}
	for _, r := range family {
		r.flat = !kept && (r.partition || r.partitioned != nil)
	}
}

// sharing returns the relations of a family that inherit a column from one another.
func sharing(family []*relation, r *relation, column string) (out []*relation) {
	seen := map[*relation]bool{}
	for todo := []*relation{r}; len(todo) > 0; todo = todo[1:] {
		x := todo[0]
		if seen[x] || x.column(column) == nil {
			continue
		}
		seen[x] = true
		todo = append(append(todo, x.parents...), x.children...)
	}
	for _, x := range family {
		if seen[x] {
			out = append(out, x)
		}
	}
	return out
}

// own determines whose rules apply to a column that several relations share by
// inheritance: those of the topmost one or, where a rule was written for another, the
// stricter ones, as in the PostgreSQL proxy.
func (b *batch) own(part []*relation, column string) {
	type candidate struct {
		relation *relation
		chain    table.Chain
	}
	rules := b.config.Rules
	var all []candidate
	for _, r := range part {
		ch := rules.Chain(r.names(), column)
		i := slices.IndexFunc(r.parents, func(p *relation) bool { return p.column(column) != nil })
		if i >= 0 && (len(ch.Rules) == 0 || ch.Why == "" && rules.MatchesToo(ch, r.parents[i].names(), column)) {
			continue
		}
		all = append(all, candidate{r, ch})
	}
	owner, note := all[0].relation, ""
	same := !slices.ContainsFunc(all, func(c candidate) bool {
		return c.chain.Why != all[0].chain.Why || rules.Signature(c.chain) != rules.Signature(all[0].chain)
	})
	if !same {
		var of []*ruleset.TableRule
		for _, c := range all {
			of = append(of, b.rule(c.chain))
		}
		removes := slices.IndexFunc(of, func(r *ruleset.TableRule) bool { return r != nil && r.Removes() })
		if hides := slices.IndexFunc(of, hides); hides >= 0 {
			removes = hides
		}
		best := ruleset.Strictest(of, func(x, y *ruleset.TableRule) bool { return table.Class(x) == table.Class(y) })
		switch {
		case slices.Contains(of, nil):
			owner, note = nil, "parents and children differ, and one has no simple rule"
		case best >= 0:
			owner = all[best].relation
		case removes >= 0:
			owner = all[removes].relation
		default:
			owner, note = nil, "rules of parents and children differ"
		}
	}
	shared := &atomic.Bool{}
	for _, r := range part {
		c := r.column(column)
		c.owner, c.note, c.nulled = owner, note, shared
	}
}

// rule returns the only rule of a chain, or nil. No rule means keep where that is the
// default.
func (b *batch) rule(ch table.Chain) *ruleset.TableRule {
	last := b.config.Rules.Last(ch)
	switch {
	case ch.Why != "":
	case last >= 0 && len(ch.Rules) == 1:
		return &b.config.Rules.All()[last]
	case len(ch.Rules) == 0 && b.config.Rules.Default() == "keep":
		return &ruleset.TableRule{Form: forms.Keep{}}
	}
	return nil
}

func hides(r *ruleset.TableRule) bool {
	if r == nil {
		return false
	}
	_, ok := r.Form.(forms.Hide)
	return ok
}

// names returns the names by which rules know a relation.
func (r *relation) names() table.Name { return table.Name{Schema: r.Schema, Table: r.Name} }

// lay applies the plans to a relation's columns.
func (b *batch) lay(r *relation) {
	source := table.Source{}
	for _, c := range r.columns {
		source.Columns = append(source.Columns, b.sourceColumn(c))
	}
	var owners []*relation
	for _, c := range r.columns {
		if c.owner != nil && !slices.Contains(owners, c.owner) {
			owners = append(owners, c.owner)
		}
	}
	for _, owner := range owners {
		source.Name = owner.names()
		plan, err := b.config.Rules.Plan(source, b.config.Options)
		if err != nil {
			r.why = err.Error()
			return
		}
		r.plans = append(r.plans, plan)
	}
	for i, c := range r.columns {
		if c.owner != nil {
			c.plan = slices.Index(owners, c.owner)
			b.decideColumn(r, c, i)
		}
	}
	b.generated(r)
	switch {
	case r.foreign:
		r.why = "the rows of a foreign table are not in a dump"
	case !slices.ContainsFunc(r.columns, func(c *column) bool { return c.shown }):
		r.why, r.uncovered = "no rule covers it", len(r.columns) > 0
	}
}

// sourceColumn returns a column as rules see it.
func (b *batch) sourceColumn(c *column) table.Column {
	out := table.Column{Name: c.name, Type: table.Text}
	if b.db.typed {
		var array bool
		if out.Type, array = b.db.neutral(c.typ); array {
			out.List = arraysOf(out.Type)
		}
	}
	return out
}

// decideColumn decides how a column is treated, by its plan.
func (b *batch) decideColumn(r *relation, c *column, i int) {
	t := &r.plans[c.plan].Columns[i]
	c.treated, c.shown, c.note = t, t.Treatment != table.Hidden, t.Note
	c.keeps = t.Treatment == table.Clear
	ch := b.config.Rules.Chain(c.owner.names(), c.name)
	rule := b.rule(ch)
	if !b.db.typed && c.shown {
		b.untyped(c, ch)
	}
	c.out = b.outType(c, rule)
	c.cells = cellsOf(b.db.under(c.typ))
	c.changed = c.out != c.typ.sql
	c.unique = c.keeps
	if t.Treatment == table.Masked && rule != nil && t.List == nil {
		c.unique = oneToOne(rule.Form)
		c.class = table.Class(rule) + " of " + b.comparable(c)
	}
}

// untyped hides a column of a data-only dump if its method depends on the type.
func (b *batch) untyped(c *column, ch table.Chain) {
	for _, i := range ch.Rules {
		switch b.config.Rules.All()[i].Form.(type) {
		case forms.Period, forms.Shift:
			c.shown, c.note = false, "its method needs the type, which a data-only dump does not contain: dump the schema too"
		}
	}
}

// oneToOne reports whether a method returns different values for different originals,
// except with negligible probability.
func oneToOne(form any) bool {
	switch f := form.(type) {
	case forms.Seal:
		return true
	case forms.Pseudonym:
		const enough = 64 // bits
		switch f.Shape {
		case "int", "uuid":
			return true
		case "hex":
			return f.Length == 0 || f.Length*4 >= enough
		case "", "base32":
			return f.Length == 0 || f.Length*5 >= enough
		case "digits":
			return f.Length*33/10 >= enough
		}
	}
	return false
}

// comparable has the types whose equal values have equal texts.
func (b *batch) comparable(c *column) string {
	if typ, array := b.db.neutral(c.typ); !array && typ == table.Integer {
		return "integers"
	}
	t := b.db.under(c.typ)
	if t.base.Name == "character varying" || t.base.Name == "text" {
		return "texts"
	}
	return t.plain
}

// outType returns the type of a masked column.
func (b *batch) outType(c *column, rule *ruleset.TableRule) string {
	t := c.treated
	own := b.db.under(c.typ)
	switch {
	case t.Treatment == table.Clear, t.Treatment == table.ByRow && t.Masked == t.Type && (t.Type == table.Other || t.Type == table.Opaque):
		return c.typ.sql
	case t.Treatment == table.Removed && b.db.types[own.base] != nil:
		if own.array {
			return "text[]"
		}
		return "text"
	case t.Treatment == table.Removed:
		return own.plain
	case t.List != nil && t.Masked.IsTime():
		return timeNames[t.Masked] + "[]"
	case t.List != nil:
		return "text[]"
	}
	switch t.Masked {
	case table.Bool:
		return "boolean"
	case table.Integer, table.Decimal:
		return integerType(t, own, rule)
	case table.Float, table.Date, table.Timestamp, table.TimestampTZ, table.UUID, table.JSON, table.XML:
		if t.Masked == t.Type {
			return own.plain
		}
	}
	return "text"
}

// integerType returns the type of masked numbers, as in the PostgreSQL proxy.
func integerType(t *table.Treated, own typeName, rule *ruleset.TableRule) string {
	caps, steps := false, false
	if rule != nil {
		_, caps = rule.Form.(forms.Cap)
		_, steps = rule.Form.(forms.Multiple)
	}
	switch {
	case t.Masked == table.Decimal && !(steps && t.Type == table.Integer && t.Scale == 0):
		return "numeric"
	case t.Type.IsTime(), caps && own.plain == "smallint":
		return "integer"
	case caps && t.Type == table.Integer:
		return own.plain
	}
	return "bigint"
}

// generated decides for generated columns, whose values are not in a dump. A column
// computed from kept columns is generated again; a removed one is NULL.
func (b *batch) generated(r *relation) {
	for _, c := range r.columns {
		if c.generated == nil || !c.shown {
			continue
		}
		// Its numbers reveal as much as its values.
		kept := c.keeps && passes(c.generated, func(name string) bool {
			o := r.column(name)
			return o != nil && o.shown && o.keeps && o.generated == nil
		}, true)
		if !kept && c.treated.Treatment != table.Removed {
			c.shown, c.note = false, "a generated column, whose values are not in a dump"
			b.lose(lostGenerated)
		}
		if !kept {
			c.keeps, c.unique = false, false
		}
	}
}

// partitionsClear reports whether the columns by which a table is partitioned are kept,
// so that the bounds of its partitions hold, and reveal no more than the rows do.
func (r *relation) partitionsClear() bool {
	if r.partitioned == nil {
		return true
	}
	p := &script.Parser{Tokens: r.partitioned}
	p.At++ // the strategy
	keys, ok := p.Group()
	if !ok {
		return false
	}
	for _, k := range script.List(keys) {
		if !k[0].IsName() || len(k) > 1 && k[1].Is("(") {
			return false
		}
		c := r.column(k[0].Text)
		if c == nil || !c.shown || !c.keeps {
			return false
		}
		for _, t := range k {
			if !t.IsName() && !t.Is(".") {
				return false
			}
		}
	}
	return true
}
