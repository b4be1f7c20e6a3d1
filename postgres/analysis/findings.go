package analysis

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/table"
)

// Finding is something that an operator should look at, such as a rule that has no
// effect in this database, or less than it says.
type Finding struct {
	// Rule is the rule's id; empty if the finding is not about a rule.
	Rule string `json:"rule,omitempty"`
	// Relation is schema.name; empty if the finding is not about a relation.
	Relation string `json:"relation,omitempty"`
	Message  string `json:"message"`
	// Note reports that it may be intended.
	Note bool `json:"note,omitempty"`
}

// Findings lists the parts of the policy that have no effect in a catalog: matches that
// match nothing, with the nearest name; rules that never win; columns that a rule names
// but that no matching relation has. Notes are about columns that invite computing more
// than they reveal.
func (p *Policy) Findings(c *catalog.Catalog) []Finding {
	o := p.overlay(c)
	var out []Finding
	for i := range p.rules.All() {
		out = append(out, o.ruleFindings(i)...)
	}
	for _, glob := range p.options.Relations {
		if !slices.ContainsFunc(c.Relations(), func(r *catalog.Relation) bool {
			ok, err := path.Match(glob, r.Schema+"."+r.Name)
			return ok && err == nil && !catalog.IsSystem(r.Schema)
		}) {
			out = append(out, Finding{Message: fmt.Sprintf("the view's relations: %q matches none", glob)})
		}
	}
	for _, r := range c.Relations() {
		if s := o.shapes[r.OID]; s != nil && s.refused == "" && !s.expand {
			out = append(out, periodNotes(s)...)
		}
	}
	return out
}

// ruleFindings returns the findings about rule i.
func (o *overlay) ruleFindings(i int) (out []Finding) {
	p, rule := o.policy, &o.policy.rules.All()[i]
	found := func(format string, args ...any) {
		out = append(out, Finding{Rule: rule.ID, Message: fmt.Sprintf(format, args...)})
	}
	var matched []*catalog.Relation
	wins := false
	winners := map[string]bool{}
	for _, m := range p.rules.Matches() {
		if m.Rule != i {
			continue
		}
		fits := false
		for _, r := range o.relations() {
			for _, name := range columnNames(o.catalog, r) {
				if !m.Matches(r.Schema, r.Name, name) {
					continue
				}
				fits = true
				if !slices.Contains(matched, r) {
					matched = append(matched, r)
				}
				if o.acts(i, r, name) {
					wins = true
				} else {
					winners[o.winner(r, name)] = true
				}
			}
		}
		if !fits {
			found("%s fits no column%s", describe(m.TableMatch), o.nearest(m.TableMatch))
		}
	}
	if len(matched) > 0 && !wins {
		found("it never applies: more specific or stricter is %s", strings.Join(sortedKeys(winners), ", "))
	}
	for _, b := range []struct {
		what    string
		columns []string
	}{{"entity", rule.Entity}, {"birth", rule.Birth}, {"death", rule.Death}, {"country", rule.Country}, {"unit", rule.Unit}} {
		o.missing(b.what, b.columns, matched, found)
	}
	for _, k := range rule.Known {
		o.missing("known", []string{k.Column}, matched, found)
	}
	for _, r := range matched {
		if _, why := o.knownRowsOf(r, rule); why != "" {
			found("known: in SQL the columns of %s.%s are NULL: %s", r.Schema, r.Name, why)
			break
		}
	}
	for _, w := range rule.Where {
		if w.Table == "" {
			o.missing("where", w.Column, matched, found)
			continue
		}
		for _, r := range matched {
			if o.relatedTo(r, &w) == nil {
				found("where: %s has no table %q with these columns next to it%s", r.Schema+"."+r.Name, w.Table, suggest.DidYouMean(w.Table, o.tableNames()))
				break
			}
		}
	}
	return out
}

// missing reports the first relation that has none of the columns that a rule names.
func (o *overlay) missing(what string, columns []string, matched []*catalog.Relation, found func(string, ...any)) {
	if len(columns) == 0 {
		return
	}
	for _, r := range matched {
		var names []string
		for _, a := range r.Columns {
			names = append(names, a.Name)
		}
		if !slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(names, c) }) {
			found("%s: %s.%s has no column %q%s", what, r.Schema, r.Name, strings.Join(columns, `", "`), suggest.DidYouMean(columns[0], names))
			return
		}
	}
}

// relations returns the relations of the database that rules apply to. Rules do not apply to
// views that are read through their definition.
func (o *overlay) relations() (out []*catalog.Relation) {
	for _, r := range o.catalog.Relations() {
		if !catalog.IsSystem(r.Schema) && !o.shapes[r.OID].expand {
			out = append(out, r)
		}
	}
	return out
}

// columnNames returns a relation's columns, and the fields of composite ones.
func columnNames(c *catalog.Catalog, r *catalog.Relation) (out []string) {
	for _, a := range r.Columns {
		out = append(out, a.Name)
		if t := c.Base(a.Type); t != nil {
			for _, f := range t.Fields {
				out = append(out, a.Name+"."+f.Name)
			}
		}
	}
	return out
}

// acts reports whether rule i contributes to the treatment of a column.
func (o *overlay) acts(i int, r *catalog.Relation, column string) bool {
	return slices.Contains(o.effective(r, column).Rules, i)
}

// effective returns the rules that apply to a column, through any relation of its family.
func (o *overlay) effective(r *catalog.Relation, column string) table.Chain {
	if d := o.decided[r.OID][column]; d != nil {
		return d.chain
	}
	for _, parent := range r.Parents {
		if up := o.catalog.Relation(parent); up != nil && up.Column(column) != nil {
			return o.effective(up, column)
		}
	}
	return o.policy.chain(r, column)
}

// winner names the rules that apply to a column.
func (o *overlay) winner(r *catalog.Relation, column string) string {
	if ids := o.policy.rules.IDs(o.effective(r, column)); len(ids) > 0 {
		return "rule " + strings.Join(ids, ", ")
	}
	return "what its parent has"
}

// describe writes a match in the form of a ruleset.
func describe(m ruleset.TableMatch) string {
	var parts []string
	for _, p := range [][2]string{{"schema", m.Schema}, {"table", m.Table}, {"column", m.Column}} {
		if p[1] != "" {
			parts = append(parts, p[0]+": "+p[1])
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// nearest suggests the name that a match may have meant, for its first part that matches
// nothing.
func (o *overlay) nearest(m ruleset.TableMatch) string {
	var schemas, tables, columns []string
	for _, r := range o.relations() {
		schemas = append(schemas, r.Schema)
		if !(ruleset.TableMatch{Schema: m.Schema}).Matches(r.Schema, "", "") {
			continue
		}
		tables = append(tables, r.Name)
		if (ruleset.TableMatch{Table: m.Table}).Matches("", r.Name, "") {
			columns = append(columns, columnNames(o.catalog, r)...)
		}
	}
	switch {
	case len(tables) == 0:
		return suggest.DidYouMean(m.Schema, schemas)
	case len(columns) == 0:
		return suggest.DidYouMean(m.Table, tables)
	}
	return suggest.DidYouMean(m.Column, columns)
}

func (o *overlay) tableNames() (out []string) {
	for _, r := range o.relations() {
		out = append(out, r.Name)
	}
	return out
}

// periodNotes returns notes about relations with two times that are cut to years: their
// difference looks like a duration but is not one.
func periodNotes(s *shape) []Finding {
	var cut []string
	for _, c := range s.columns {
		if c.treatment == Pushed && c.coarse {
			cut = append(cut, c.Name)
		}
	}
	if len(cut) < 2 {
		return nil
	}
	return []Finding{{Relation: s.relation.Schema + "." + s.relation.Name, Note: true,
		Message: strings.Join(cut, ", ") + " are cut to years, quarters or months: the difference between two of them is not a length of time. Shifted dates preserve it; with as: number, years cannot be mistaken for dates"}}
}
