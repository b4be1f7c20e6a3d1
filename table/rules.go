package table

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Name is what rules know of a table.
type Name struct {
	// Schema is the schema, or what the source has in its place: a database, a folder.
	// It may be empty.
	Schema, Table string
	// Derived: its rows hold values of other tables, as a materialised view has them. A
	// rule that keeps must then name the schema.
	Derived bool
}

// String is the name as people write it: table, or schema.table.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// Rules are the tables section of a ruleset, ready to be asked which of its rules act on
// which column. They are immutable.
type Rules struct {
	policy  *ruleset.Policy
	matches []Match
}

// Match is one match of one rule, its class resolved to columns.
type Match struct {
	ruleset.TableMatch
	Rule int
}

// NewRules returns the rules of a policy. A ruleset without a tables section lets no
// table exist.
func NewRules(p *ruleset.Policy) *Rules {
	if p.Ruleset.Tables == nil {
		rs := *p.Ruleset
		rs.Tables = &ruleset.TablesSection{Default: "refuse"}
		q := *p
		q.Ruleset = &rs
		p = &q
	}
	out := &Rules{policy: p}
	t := p.Ruleset.Tables
	for i, r := range t.Rules {
		for _, m := range r.Match {
			if m.Class == "" {
				out.matches = append(out.matches, Match{m, i})
				continue
			}
			for _, c := range t.Classes {
				if c.Name == m.Class {
					out.addClass(i, m, c)
				}
			}
		}
	}
	return out
}

// addClass adds the columns of a class that a match lets pass by schema and table.
func (r *Rules) addClass(rule int, m ruleset.TableMatch, c ruleset.ColumnClass) {
	for _, cm := range c.Match {
		if (isAll(m.Schema) || isAll(cm.Schema)) && (isAll(m.Table) || isAll(cm.Table)) {
			if !isAll(m.Schema) {
				cm.Schema = m.Schema
			}
			if !isAll(m.Table) {
				cm.Table = m.Table
			}
			r.matches = append(r.matches, Match{cm, rule})
		}
	}
}

func isAll(glob string) bool { return glob == "" || glob == "*" }

// Policy is the policy that the rules are of.
func (r *Rules) Policy() *ruleset.Policy { return r.policy }

// All are the rules by number.
func (r *Rules) All() []ruleset.TableRule { return r.policy.Ruleset.Tables.Rules }

// Default is what happens to a column that no rule matches: refuse, remove or keep.
func (r *Rules) Default() string { return r.policy.Ruleset.Tables.Default }

// Matches are all matches of all rules, in order.
func (r *Rules) Matches() []Match { return r.matches }

// Chain are the rules that may act on a column, in the order in which their conditions
// are judged: those with conditions, then one without.
type Chain struct {
	Rules []int
	// match is the one by which the rule without conditions was chosen, if there is one.
	match ruleset.TableMatch
	// Why says why it cannot be decided which rule acts; empty where it can.
	Why string
}

// Chain finds the rules of a column, the most exact match first. A field of a record is
// the column "column.field".
func (r *Rules) Chain(t Name, column string) (ch Chain) {
	all := r.All()
	var found []Match
	for _, m := range r.matches {
		if m.Matches(t.Schema, t.Table, column) && (!t.Derived || !all[m.Rule].Keeps() || m.Schema == t.Schema) {
			found = append(found, m)
		}
	}
	conditional := func(m Match) int {
		if len(all[m.Rule].Where) > 0 {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), cmp.Compare(conditional(a), conditional(b)), cmp.Compare(a.Rule, b.Rule))
	})
	for i, m := range found {
		if slices.Contains(ch.Rules, m.Rule) {
			continue
		}
		ch.Rules = append(ch.Rules, m.Rule)
		if conditional(m) == 0 {
			continue
		}
		ch.match = m.TableMatch
		for _, o := range found[i+1:] {
			if o.Rank() == m.Rank() && o.Rule != m.Rule {
				ch.Why = fmt.Sprintf("rules %q and %q match it equally", all[m.Rule].ID, all[o.Rule].ID)
				break
			}
		}
		break
	}
	return ch
}

// Last is the chain's rule without conditions, or -1.
func (r *Rules) Last(ch Chain) int {
	if n := len(ch.Rules); n > 0 && len(r.All()[ch.Rules[n-1]].Where) == 0 {
		return ch.Rules[n-1]
	}
	return -1
}

// Rule is the rule of a column that has no conditions, or -1. why is set where two rules
// match equally.
func (r *Rules) Rule(t Name, column string) (rule int, why string) {
	ch := r.Chain(t, column)
	return r.Last(ch), ch.Why
}

// IDs are the quoted ids of a chain's rules.
func (r *Rules) IDs(ch Chain) (out []string) {
	for _, i := range ch.Rules {
		out = append(out, fmt.Sprintf("%q", r.All()[i].ID))
	}
	return out
}

// Names reports whether a rule names the table itself, with its schema: a rule that was
// written for one table must not be taken for one about a view of that name that somebody
// makes elsewhere.
func (r *Rules) Names(t Name) bool {
	return slices.ContainsFunc(r.matches, func(m Match) bool {
		return m.Table == t.Table && m.Schema == t.Schema && ruleset.TableMatch{Schema: m.Schema}.Matches(t.Schema, "", "")
	})
}

// HasFields reports whether a rule names a field of a column that holds records.
func (r *Rules) HasFields(t Name, column string) bool {
	return slices.ContainsFunc(r.matches, func(m Match) bool {
		base, _, ok := strings.Cut(m.Column, ".")
		return ok && base == column && m.Matches(t.Schema, t.Table, m.Column)
	})
}

// MatchesToo reports whether the rules of a chain would match another table's column too:
// then they were not written for this one alone.
func (r *Rules) MatchesToo(ch Chain, t Name, column string) bool {
	for _, i := range ch.Rules {
		if !slices.ContainsFunc(r.matches, func(m Match) bool { return m.Rule == i && m.Matches(t.Schema, t.Table, column) }) {
			return false
		}
	}
	return true
}

// Signature is equal for chains whose rules do the same.
func (r *Rules) Signature(ch Chain) string {
	out := ""
	for _, i := range ch.Rules {
		rule := r.All()[i]
		rule.ID, rule.Why, rule.Match, rule.Category = "", "", nil, ""
		text, err := json.Marshal(rule)
		if err != nil {
			return fmt.Sprint(ch.Rules)
		}
		out += string(text)
	}
	return out
}

// Class names what a masked value depends on besides the original and its neighbours: the
// method and its arguments.
func Class(rule *ruleset.TableRule) string {
	args, err := json.Marshal(rule.Args)
	if err != nil {
		return "rule " + rule.ID
	}
	return rule.Method + string(args)
}

// First is the first of the named columns that a row has, or empty.
func First(columns []string, has func(column string) bool) string {
	if i := slices.IndexFunc(columns, has); i >= 0 {
		return columns[i]
	}
	return ""
}

// NeighboursOf are the columns that a rule takes from a row with the given columns.
func NeighboursOf(rule *ruleset.TableRule, has func(column string) bool) Neighbours {
	return Neighbours{
		Entity: First(rule.Entity, has), Birth: First(rule.Birth, has), Death: First(rule.Death, has),
		Country: First(rule.Country, has), Unit: First(rule.Unit, has),
	}
}

// KnownOf are the columns that a rule's texts may name somebody of, as far as the row has them.
func KnownOf(rule *ruleset.TableRule, has func(column string) bool) (out []ruleset.KnownColumn) {
	for _, k := range rule.Known {
		if has(k.Column) {
			out = append(out, k)
		}
	}
	return out
}

// SameMasking reports whether two rules mask a column of such rows alike.
func SameMasking(has func(column string) bool) func(a, b *ruleset.TableRule) bool {
	return func(a, b *ruleset.TableRule) bool {
		return a == b || Class(a) == Class(b) && NeighboursOf(a, has) == NeighboursOf(b, has) && slices.Equal(KnownOf(a, has), KnownOf(b, has)) &&
			slices.EqualFunc(a.Related, b.Related, ruleset.RelatedRow.Equal)
	}
}

// Prefix makes of an entity column's value the name of whom a row is about: the domain in
// which its ids are keyed, Patient where they are not.
func (r *Rules) Prefix(t Name, entity string) string {
	if i, why := r.Rule(t, entity); i >= 0 && why == "" {
		if f, ok := r.All()[i].Form.(forms.Seal); ok && f.Domain != "" {
			return f.Domain + "/"
		}
	}
	return "Patient/"
}

// Action is what the record says of several rules at one place. A nil rule removes.
func Action(rules []*ruleset.TableRule, path string) mask.Action {
	var ids, methods []string
	var categories []byte
	for _, rule := range rules {
		if rule != nil {
			ids, methods = append(ids, rule.ID), append(methods, rule.Method)
			categories = append(categories, rule.Category...)
		}
	}
	slices.Sort(categories)
	return mask.Action{
		Rule: strings.Join(ids, ", "), Method: strings.Join(methods, ", "),
		Category: string(slices.Compact(categories)), Label: mask.LabelRedacted, Path: path,
	}
}
