// Package drift compares a ruleset with the tables that it is for, as discovery sees
// them: what no rule covers, what a rule lets pass although it identifies people, and
// what rules name that no longer exists.
package drift

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/table"
)

// Report is the result of a comparison.
type Report struct {
	// Uncovered are columns that no rule matches, mostly new ones.
	Uncovered []Column `json:"uncovered"`
	// Changed are columns whose rule does not suit them: it lets pass what identifies
	// people, or its method does not act on the column's type.
	Changed []Column `json:"changed"`
	// Unused are patterns of rules that match nothing.
	Unused []Unused `json:"unused"`
}

// Column is a column and what discovery finds about it.
type Column struct {
	discover.Finding
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why,omitempty"`
}

// Unused is a pattern of a rule that matches no column.
type Unused struct {
	Rule  string `json:"rule"`
	Match string `json:"match"`
}

// certain is the confidence from which discovery contradicts a rule.
const certain = 0.8

// Contradicts reports whether a finding is a reason against letting a column pass.
func Contradicts(f *discover.Finding) bool { return f.Sensitive && f.Confidence >= certain }

// Compare applies a policy to tables. The findings are those of discover.Judge.
func Compare(p *ruleset.Policy, tables []discover.Table, findings []discover.Finding) *Report {
	r := &Report{Uncovered: []Column{}, Changed: []Column{}, Unused: []Unused{}}
	rules := table.NewRules(p)
	k := 0
	for i := range tables {
		t := &tables[i]
		own := findings[k : k+len(t.Columns)]
		k += len(t.Columns)
		if t.Kind != discover.View && t.Kind != discover.Partition && len(own) > 0 {
			r.table(rules, t, own)
		}
	}
	r.unused(p.Ruleset.Tables, tables)
	return r
}

// table compares the columns of a table with their rules.
func (r *Report) table(rules *table.Rules, t *discover.Table, findings []discover.Finding) {
	source := table.Source{Name: table.Name{Schema: t.Schema, Table: t.Name}}
	for i := range t.Columns {
		source.Columns = append(source.Columns, table.Column{Name: t.Columns[i].Name, Type: neutral(&t.Columns[i])})
	}
	plan, err := rules.Plan(source, table.Options{})
	if err != nil {
		for i := range findings {
			r.Uncovered = append(r.Uncovered, Column{Finding: findings[i], Why: err.Error()})
		}
		return
	}
	for i := range plan.Columns {
		c, f := &plan.Columns[i], findings[i]
		switch {
		case c.Action.Rule == "" && c.Treatment != table.ByRow:
			r.Uncovered = append(r.Uncovered, Column{Finding: f})
		case c.Treatment == table.Clear && Contradicts(&f):
			r.Changed = append(r.Changed, Column{Finding: f, Rule: c.Action.Rule, Why: "the rule lets it pass"})
		case c.Treatment == table.Removed && c.Note != "" && c.Action.Method != "fhir":
			r.Changed = append(r.Changed, Column{Finding: f, Rule: c.Action.Rule, Why: c.Note})
		}
	}
}

// neutral returns the type of a column in terms of rules for tables.
func neutral(c *discover.Column) table.Type {
	switch {
	case c.IsText():
		return table.Text
	case c.IsWhole():
		return table.Integer
	case c.IsNumber():
		return table.Decimal
	case c.IsDate():
		return table.Timestamp
	case c.IsDocument():
		return table.JSON
	case c.IsID():
		return table.UUID
	}
	return table.Other
}

// unused finds matches without a column.
func (r *Report) unused(section *ruleset.TablesSection, tables []discover.Table) {
	if section == nil {
		return
	}
	classes := map[string][]ruleset.TableMatch{}
	for _, c := range section.Classes {
		classes[c.Name] = c.Match
	}
	for i := range section.Rules {
		rule := &section.Rules[i]
		for _, m := range rule.Match {
			columns := []ruleset.TableMatch{m}
			if m.Class != "" {
				columns = classes[m.Class]
			}
			if !slices.ContainsFunc(columns, func(c ruleset.TableMatch) bool { return fitsAny(m, c.Column, tables) }) {
				r.Unused = append(r.Unused, Unused{rule.ID, describe(m)})
			}
		}
	}
}

// fitsAny reports whether a match fits a column of a table.
func fitsAny(m ruleset.TableMatch, column string, tables []discover.Table) bool {
	fits := func(pattern, name string) bool {
		ok, err := path.Match(pattern, name)
		return pattern == "" || err == nil && ok
	}
	// A field of a composite column is column.field.
	for i := range tables {
		if !fits(m.Schema, tables[i].Schema) || !fits(m.Table, tables[i].Name) {
			continue
		}
		for k := range tables[i].Columns {
			if name := tables[i].Columns[k].Name; fits(column, name) || strings.HasPrefix(column, name+".") {
				return true
			}
		}
	}
	return false
}

func describe(m ruleset.TableMatch) string {
	var parts []string
	for _, p := range [][2]string{{"schema", m.Schema}, {"table", m.Table}, {"column", m.Column}, {"class", m.Class}} {
		if p[1] != "" {
			parts = append(parts, p[0]+": "+p[1])
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Any reports whether something has drifted.
func (r *Report) Any() bool { return len(r.Uncovered)+len(r.Changed)+len(r.Unused) > 0 }

// WriteText writes the report for people, one line per item.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for i := range r.Uncovered {
		c := &r.Uncovered[i]
		fmt.Fprintf(&b, "UNCOVERED %s: no rule matches it; it looks like %s (%.0f%%)\n", report.Name(&c.Finding), c.Class.What(), 100*c.Confidence)
	}
	for i := range r.Changed {
		c := &r.Changed[i]
		fmt.Fprintf(&b, "CHANGED %s: rule %q: %s; it looks like %s (%.0f%%): %s\n", report.Name(&c.Finding), c.Rule, c.Why, c.Class.What(), 100*c.Confidence, strings.Join(c.Reasons, "; "))
	}
	for _, u := range r.Unused {
		fmt.Fprintf(&b, "UNUSED rule %q: %s fits no column\n", u.Rule, u.Match)
	}
	fmt.Fprintf(&b, "%d columns without a rule, %d changed, %d matches without a column\n", len(r.Uncovered), len(r.Changed), len(r.Unused))
	_, err := io.WriteString(w, b.String())
	return err
}
