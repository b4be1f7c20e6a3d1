package table

import (
	"bytes"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// condition is a condition of a rule on a column of the row.
type condition struct {
	rule *ruleset.RowCondition
	// column is the index of the column, or -1 if its contents are unknown.
	column int
	// text: the column's values have texts that can be compared; otherwise it is only known
	// whether they are NULL.
	text bool
	// trim: trailing zeros of a decimal number are ignored.
	trim bool
	// related evaluates a condition on rows of another table.
	related func(Row) ruleset.Truth
}

// conditionsOf returns a rule's conditions on a row of a source.
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

// truths caches the results of a condition for values, so that rows need not be converted
// to strings.
type truths map[string]ruleset.Truth

// mostTruths bounds the cached values.
const mostTruths = 4096

// holds evaluates a condition on a row.
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
		// It is only known that it is not NULL: tests of its text are unknown.
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
