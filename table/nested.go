package table

import "slices"

// Join returns the path of a member of a record, or of the key or value of a map. An
// empty record stands for the row itself.
func Join(record, member string) string {
	if record == "" {
		return member
	}
	return record + "." + member
}

// chainOf finds the rules of a column. If no rule names the column itself, those of a
// record around it apply; a match of all columns does not name a column. Such rules only
// keep or remove: a method that masks values cannot act on a record, so its columns are
// removed. The column is returned as these rules see it.
func (r *Rules) chainOf(t Name, c Column) (Chain, Column) {
	own := r.Chain(t, c.Name)
	if r.namesColumn(t, c.Name) {
		return own, c
	}
	for _, record := range slices.Backward(c.Within) {
		if !r.namesColumn(t, record) {
			continue
		}
		c.Type, c.List = Opaque, nil
		return r.Chain(t, record), c
	}
	return own, c
}

// namesColumn reports whether a rule matches a column by its name, and not only because
// it matches all.
func (r *Rules) namesColumn(t Name, column string) bool {
	return slices.ContainsFunc(r.matches, func(m Match) bool {
		return !isAll(m.Column) && m.Matches(t.Schema, t.Table, column)
	})
}

// Alone reports whether masking a value depends on nothing else in its row.
func (t *Treated) Alone() bool {
	switch t.Treatment {
	case ByRow:
		return false
	case Masked:
		beside := t.branches[0].beside
		return t.List == nil && !slices.ContainsFunc(beside, func(n int) bool { return n >= 0 })
	}
	return true
}

// Needs returns the indexes of the columns that masking a cell of this one depends on:
// the neighbours of its rules, and the columns in their conditions.
func (t *Treated) Needs() (out []int) {
	for _, b := range t.branches {
		out = append(out, b.beside...)
		for _, c := range b.conditions {
			out = append(out, c.column)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(n int) bool { return n < 0 })
}
