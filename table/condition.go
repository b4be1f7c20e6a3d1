package table

import (
	"bytes"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// condition is a condition of a rule on a column of the row.
type condition struct {
	rule *ruleset.RowCondition
	// column is the place of the column, or -1 where what it holds is not known.
	column int
	// text: the column's values have texts that can be compared; else only whether they
	// are NULL is known.
	text bool
	// trim: zeros at the end of a decimal number do not count.
	trim bool
	// related judges a condition on rows of another table.
	related func(Row) ruleset.Truth
}

// conditionsOf are a rule's conditions on a row of a source.
func conditionsOf(s *Source, rule *ruleset.TableRule, o Options) (out []condition) {
	for i := range rule.Where {
		w := &rule.Where[i]
		c := condition{rule: w, column: -1}
		if name := First(w.Column, s.has); w.Table == "" && name != "" {
			c.column = s.index(name)
			col := s.Columns[c.column]
			switch col.Type {
			case Text, Bool, Integer, Decimal, Date, Timestamp, UUID:
				c.text = col.List == nil
			}
			c.trim = col.Type == Decimal
		}
		if w.Table != "" && o.Related != nil {
			c.related = o.Related(s, w)
		}
		out = append(out, c)
	}
	return out
}

// truths remembers what a condition is for values that were seen, so that no row makes a
// string of them.
type truths map[string]ruleset.Truth

// mostTruths is how many values are remembered.
const mostTruths = 4096

// holds judges a condition on a row.
func (c *condition) holds(row Row, known truths) ruleset.Truth {
	if c.related != nil {
		return c.related(row)
	}
	if c.column < 0 {
		return ruleset.Unknown
	}
	v := row.Cell(c.column)
	if v == nil {
		return c.rule.Holds(nil)
	}
	if !c.text {
		// That it is not NULL is all that is known: every test of its text is unknown.
		return c.rule.HoldsForOther()
	}
	if c.trim && bytes.IndexByte(v, '.') >= 0 {
		v = bytes.TrimSuffix(bytes.TrimRight(v, "0"), []byte("."))
	}
	if t, ok := known[string(v)]; ok {
		return t
	}
	s := string(v)
	t := c.rule.Holds(&s)
	if len(known) < mostTruths {
		known[s] = t
	}
	return t
}
