package discover

import "fmt"

// keys gives each key the class of what it identifies: a foreign key that of the row it
// points to, a key of its own table that of the table's subject.
func (g *graph) keys() {
	done := map[columnRef]bool{}
	var judge func(c columnRef)
	judge = func(c columnRef) {
		if done[c] {
			return
		}
		done[c] = true
		if to, ok := g.links[c]; ok && to.table != c.table {
			judge(to) // the target first
			g.foreign(c.table, c.column, to)
			return
		}
		c.table.ownKey(c.column)
	}
	for _, t := range g.tables {
		for i := range t.Columns {
			judge(columnRef{t, i})
		}
	}
}

// foreign adds evidence from the target of a foreign key. A column that only refers to a
// key is neither a name nor a text.
func (g *graph) foreign(t *tableState, i int, to columnRef) {
	b := t.boards[i]
	end, depth := to, 0
	for next, ok := g.links[end]; ok && depth < 8; next, ok = g.links[end] {
		if next == end {
			break
		}
		end, depth = next, depth+1 // a key that is itself a foreign key has the class of its own target
	}
	target := to.table
	reason := fmt.Sprintf("a foreign key points to %s, %s", target.where(), target.subject.in())
	weight := 6.0
	if g.inferred[columnRef{t, i}] {
		reason = fmt.Sprintf("nearly all values are also in %s, %s", target.where(), target.subject.in())
		weight = 4.5
	}
	s := target.subject
	if end.table.subject == ofPersons && end.table != t {
		s = ofPersons
	}
	if g.named[columnRef{t, i}] {
		b.namedKey(s, fmt.Sprintf("the name is that of the key of %s, %s", target.where(), s.in()))
		return
	}
	switch s {
	case ofPersons:
		b.add(fromKeys, PersonKey, weight, reason)
		b.add(fromKeys, EventKey, -2, "")
	case ofEvents:
		b.add(fromKeys, EventKey, weight, reason)
		b.add(fromKeys, PersonKey, -1.5, "")
	case ofPlaces:
		b.add(fromKeys, Other, weight, reason)
		b.against(fromKeys, 4, reason, EventKey, PersonKey)
	case ofReference:
		// The reference has the same class as the key of the target: a code, a country.
		class, _, _ := to.table.boards[to.column].best()
		switch class {
		case Code, State, Country, Demographic, District:
		default:
			class = Other
		}
		b.add(fromKeys, Code, 3.5, reason)
		b.add(fromKeys, Other, 3, reason)
		b.add(fromKeys, class, 1.5, reason)
		b.against(fromKeys, 5, reason, EventKey, PersonKey)
	default:
		b.add(fromKeys, Code, 1.5, reason)
		b.add(fromKeys, EventKey, 1.5, reason)
	}
	b.against(fromKeys, 4, reason, Measure, Flag, FreeText, EventDate, BirthDate, Zip, Phone, SSN)
}

// namedKey adds evidence for a column of which only the name says which key it refers to.
// It weighs more than other names, but less than the values.
func (b *board) namedKey(s subject, reason string) {
	weight := 4 * b.trust
	switch s {
	case ofPersons:
		b.add(fromKeys, PersonKey, weight, reason)
	case ofEvents:
		b.add(fromKeys, EventKey, weight, reason)
	case ofPlaces, ofReference:
		b.add(fromKeys, Code, weight/2, reason)
		b.add(fromKeys, Other, weight/2, reason)
	}
}

// idWeight is from where on the values of a column look like identifiers.
const idWeight = 2.5

// ownKey adds evidence from a table's subject about its own key, and about other
// identifiers in it.
func (t *tableState) ownKey(i int) {
	b, c := t.boards[i], &t.Columns[i]
	if c.References != nil && c.References.Table == t.Name && c.References.Schema == t.Schema {
		t.selfReference(b)
		return
	}
	scores := b.scores(fromValues, fromType)
	idLike := scores[EventKey] >= idWeight
	if !c.Key && !c.Unique && !idLike {
		return
	}
	if !c.Key && !c.Unique && (t.subject == ofReference || t.subject == ofPlaces) && t.otherIDs(i) {
		return // numbers of something else, whatever the table is about
	}
	weight := 1.5
	why := "the values identify rows of "
	if c.Key {
		weight, why = 4, "it is the primary key of "
	} else if c.Unique {
		weight, why = 3, "it is unique in "
	}
	reason := why + t.subject.in()
	if c.Key || c.Unique {
		b.against(fromKeys, 3, "", Flag, Measure)
	}
	switch t.subject {
	case ofPersons:
		b.add(fromKeys, PersonKey, weight, reason)
		if c.Key {
			b.add(fromKeys, EventKey, -1, "")
		}
	case ofEvents:
		b.add(fromKeys, EventKey, weight, reason)
	case ofPlaces:
		b.add(fromKeys, Other, weight, reason)
		b.against(fromKeys, 3, reason, EventKey)
	case ofReference:
		b.add(fromKeys, Code, 0.6*weight, reason)
		b.add(fromKeys, Other, 0.7*weight, reason)
		b.against(fromKeys, 0.6*weight, reason, EventKey)
	}
}

// otherIDs reports whether the identifiers of a column are not those of the table's rows:
// they repeat, or a column before them identifies the rows.
func (t *tableState) otherIDs(i int) bool {
	if p := t.Columns[i].Profile; t.keyed || p != nil && p.Distinct < p.Filled {
		return true
	}
	for _, b := range t.boards[:i] {
		if b.scores(fromValues, fromType)[EventKey] >= idWeight {
			return true
		}
	}
	return false
}

// selfReference adds that a column points to another row of its table.
func (t *tableState) selfReference(b *board) {
	reason := "it refers to another row of " + t.subject.in()
	switch t.subject {
	case ofPersons:
		b.add(fromKeys, PersonKey, 6, reason)
	case ofEvents:
		b.add(fromKeys, EventKey, 6, reason)
	default:
		b.add(fromKeys, Code, 3.5, reason)
		b.add(fromKeys, Other, 4, reason)
		b.against(fromKeys, 4, reason, EventKey, PersonKey)
	}
	b.against(fromKeys, 3, reason, Measure, Flag, FreeText)
}

// where returns the name of a table, with its schema if it has one.
func (t *tableState) where() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}
