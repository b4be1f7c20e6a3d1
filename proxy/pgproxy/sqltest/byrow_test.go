package sqltest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// Rules with conditions in the masked copy: they are judged by ruleset.RowCondition, row
// by row, over the texts of the row.

// conditional are the rules with conditions that name the very column, in order.
func (c *copier) conditional(schema, table, column string) (out []int) {
	for i, r := range c.policy.Ruleset.Tables.Rules {
		for _, m := range r.Match {
			if r.Where != nil && fits(m.Schema, schema) && fits(m.Table, table) && fits(m.Column, column) && !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
	}
	return out
}

// byRow masks a column by several rules, of which the last has no condition.
func (c *copier) byRow(col copied, schema, table, base string, rules []int) copied {
	var maskers []func(map[string]*string, *string) *string
	var all []*ruleset.TableRule
	col.ddl = base
	for _, i := range rules {
		r := &c.policy.Ruleset.Tables.Rules[i]
		all = append(all, r)
		maskers = append(maskers, c.masker(col.name, base, i))
		if r.Method == "round" && strings.HasPrefix(base, "bigint") {
			col.ddl = "numeric"
		}
	}
	same := func(a, b *ruleset.TableRule) bool { return a == b }
	col.mask = func(row map[string]*string, v *string) *string {
		for i, r := range all[:len(all)-1] {
			switch truth := c.truth(r, schema, row); truth {
			case ruleset.True:
				return maskers[i](row, v)
			case ruleset.Unknown:
				n := ruleset.Strictest(all[i:], same)
				if n < 0 {
					return nil
				}
				return maskers[i+n](row, v)
			}
		}
		return maskers[len(maskers)-1](row, v)
	}
	return col
}

// truth is what all conditions of a rule are for a row.
func (c *copier) truth(r *ruleset.TableRule, schema string, row map[string]*string) ruleset.Truth {
	out := ruleset.True
	for i := range r.Where {
		w := &r.Where[i]
		var t ruleset.Truth
		if w.Table == "" {
			t = w.Holds(row[w.Column[0]])
		} else {
			t = c.related(w, schema, row)
		}
		if t == ruleset.False || t == ruleset.Unknown && out == ruleset.True {
			out = t
		}
	}
	return out
}

// related judges a condition on the rows of another table that belong to the row.
func (c *copier) related(w *ruleset.RowCondition, schema string, row map[string]*string) ruleset.Truth {
	for here, there := range w.On {
		if row[here] == nil {
			return ruleset.Unknown
		}
		found := c.rows(c.src, fmt.Sprintf("SELECT %s::text FROM %s.%s WHERE %s::text = '%s'", quote(w.Column[0]), quote(schema), quote(w.Table), quote(there), strings.ReplaceAll(*row[here], "'", "''")))
		if len(found) == 1 {
			return w.Holds(found[0][0])
		}
	}
	return ruleset.Unknown
}
