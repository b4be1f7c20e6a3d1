// Package propose writes a ruleset for tables from what discovery found about their
// columns: one rule for each class and way of masking, with joined keys in one domain
// and unsure columns hidden.
//
//	text := propose.Ruleset("clinic", tables, findings)
package propose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/discover"
)

// proposal is a ruleset under construction.
type proposal struct {
	tables   []discover.Table
	findings [][]*discover.Finding // by table and column
	byName   map[[2]string]int
	rules    map[string]*rule
}

// rule is a rule of the ruleset.
type rule struct {
	id, category, method, why string
	// args are the lines after the method.
	args    []string
	matches []string
	order   int
}

// Ruleset returns the text of a ruleset for tables. The findings are those of
// discover.Judge, in its order.
func Ruleset(name string, tables []discover.Table, findings []discover.Finding) string {
	p := &proposal{tables: tables, byName: map[[2]string]int{}, rules: map[string]*rule{}}
	k := 0
	for t := range tables {
		p.byName[[2]string{tables[t].Schema, tables[t].Name}] = t
		row := make([]*discover.Finding, len(tables[t].Columns))
		for i := range row {
			row[i] = &findings[k]
			k++
		}
		p.findings = append(p.findings, row)
	}
	domains := p.domains()
	p.each(func(c place) {
		k, ok := domains[c]
		p.treat(c, k, ok)
	})
	return p.text(name)
}

// each calls f for each column that needs a rule: views are masked like their tables, and
// partitions like their parents.
func (p *proposal) each(f func(place)) {
	for t := range p.tables {
		if kind := p.tables[t].Kind; kind == discover.View || kind == discover.Partition {
			continue
		}
		for i := range p.tables[t].Columns {
			f(place{t, i})
		}
	}
}

func (p *proposal) column(c place) *discover.Column { return &p.tables[c.table].Columns[c.column] }
func (p *proposal) found(c place) *discover.Finding { return p.findings[c.table][c.column] }

// target returns the column that a foreign key points to.
func (p *proposal) target(c place) (place, bool) {
	r := p.column(c).References
	if r == nil {
		r = p.column(c).Joins
	}
	if r == nil {
		return place{}, false
	}
	t, ok := p.byName[[2]string{r.Schema, r.Table}]
	if !ok || p.tables[t].Kind == discover.Partition {
		return place{}, false
	}
	i := slices.IndexFunc(p.tables[t].Columns, func(o discover.Column) bool { return o.Name == r.Column })
	return place{t, i}, i >= 0
}

// beside returns the first column of the same table that has a class and passes a test.
func (p *proposal) beside(c place, class discover.Class, ok func(*discover.Column) bool) string {
	for i, f := range p.findings[c.table] {
		if i != c.column && f.Class == class && !f.Unsure() && ok(&p.tables[c.table].Columns[i]) {
			return p.tables[c.table].Columns[i].Name
		}
	}
	return ""
}

// add puts a column under a rule.
func (p *proposal) add(c place, r rule, note string) {
	key := r.id + "\x00" + r.method + "\x00" + strings.Join(r.args, "\x00")
	known := p.rules[key]
	if known == nil {
		r.order = len(p.rules)
		known = &r
		p.rules[key] = known
	}
	t := &p.tables[c.table]
	match := "{"
	if t.Schema != "" {
		match += "schema: " + Glob(t.Schema) + ", "
	}
	match += fmt.Sprintf("table: %s, column: %s}", Glob(t.Name), Glob(t.Columns[c.column].Name))
	known.matches = append(known.matches, match+" # "+comment(note))
}

// text writes the ruleset.
func (p *proposal) text(name string) string {
	rules := make([]*rule, 0, len(p.rules))
	for _, r := range p.rules {
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b *rule) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.id, b.id), cmp.Compare(a.order, b.order))
	})
	used := map[string]int{}
	var b strings.Builder
	fmt.Fprintf(&b, `# Proposed by veil discover. Read it before you use it: discovery sees names, types,
# keys and a sample, and can be wrong. The number after a column says how sure it is.
# Columns under the rule "unsure" are hidden until you give them another rule.
veil: 1
name: %s
extends: safe-harbor
tables:
  default: refuse
  rules:
`, name)
	if len(rules) == 0 {
		b.Reset()
		fmt.Fprintf(&b, "# Proposed by veil discover: there were no tables.\nveil: 1\nname: %s\nextends: safe-harbor\ntables:\n  default: refuse\n  rules: []\n", name)
	}
	for _, r := range rules {
		id := r.id
		if used[r.id]++; used[r.id] > 1 {
			id = fmt.Sprintf("%s-%d", r.id, used[r.id])
		}
		fmt.Fprintf(&b, "    - id: %s\n", id)
		if r.category != "" {
			fmt.Fprintf(&b, "      category: %s\n", r.category)
		}
		b.WriteString("      match:\n")
		for _, m := range r.matches {
			fmt.Fprintf(&b, "        - %s\n", m)
		}
		fmt.Fprintf(&b, "      method: %s\n", r.method)
		for _, a := range r.args {
			fmt.Fprintf(&b, "      %s\n", a)
		}
		fmt.Fprintf(&b, "      why: %s\n", r.why)
	}
	return b.String()
}

// rank orders rules: by category, then what identifies nobody, then what is unsure.
func rank(r *rule) string {
	switch {
	case r.id == unsureID:
		return "Z"
	case r.category == "":
		return "Y"
	}
	return r.category
}
