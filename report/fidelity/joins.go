package fidelity

import "strings"

const (
	joined     = 0.5 // of a column's values occur in another that it refers to
	fewestJoin = 2   // distinct values of a reference
)

// end is a column that can be part of a join.
type end struct {
	table  *tablePlan
	column *columnPlan
}

func (e end) String() string { return e.table.name + "." + e.column.name }

// unique reports whether each value occurs in one row.
func (e end) unique(side int) bool {
	c := e.column.sides[side]
	return c.values > 0 && c.distinct.number() >= (1-2*c.distinct.tolerance())*float64(c.values) && (!c.distinct.exact() || c.distinct.number() == float64(c.values))
}

// refers reports whether a name can be that of a reference. Names must say so, since
// numbers occur in other columns by chance.
func (e end) refers(to end) bool {
	if e.column.kind == categorical {
		return true
	}
	name := strings.ToLower(e.column.name)
	return name == strings.ToLower(to.column.name) || strings.HasSuffix(name, "id") || strings.HasSuffix(name, "key") || strings.HasSuffix(name, "_no")
}

// joins finds the columns of the originals that refer to a key, and whether they still do.
func joins(plans []*tablePlan) []Join {
	var keys, ends []end
	for _, p := range plans {
		for _, c := range p.columns {
			if c.kind != categorical && (c.kind != numeric || c.sides[0].fractions) {
				continue
			}
			e := end{p, c}
			ends = append(ends, e)
			if e.unique(0) && c.sides[0].values >= fewestJoin {
				keys = append(keys, e)
			}
		}
	}
	list := []Join{}
	for _, from := range ends {
		for _, to := range keys {
			a := from.column.sides[0].distinct
			if from == to || a.number() < fewestJoin || !from.refers(to) {
				continue
			}
			found, rows, _ := a.within(to.column.sides[0].distinct)
			if found < joined {
				continue
			}
			j := Join{From: from.String(), To: to.String(), Unique: [2]bool{to.unique(0), to.unique(1)}}
			j.Rows.Original = rows
			var sampled int
			_, j.Rows.Masked, sampled = from.column.sides[1].distinct.within(to.column.sides[1].distinct)
			if !from.column.sides[1].distinct.exact() || !to.column.sides[1].distinct.exact() {
				j.Tolerance = wilson(j.Rows.Masked, sampled)
			}
			from.column.refers = true
			list = append(list, j)
		}
	}
	return list
}
