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

// Name identifies a table to rules.
type Name struct {
	// Schema is the schema, or the equivalent of the source, such as a database or a
	// directory. It may be empty.
	Schema, Table string
	// Derived reports that its rows hold values of other tables, as in a materialised
	// view. A rule that keeps must then name the schema.
	Derived bool
}

// String returns the name as people write it: table, or schema.table.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// Rules is the tables section of a ruleset, prepared to find the rules that act on a
// column. It is immutable.
type Rules struct {
	policy  *ruleset.Policy
	matches []Match
}

// Match is one match of one rule, with its class resolved to columns.
type Match struct {
	ruleset.TableMatch
	Rule int
}

// NewRules returns the rules of a policy. Without a tables section in the ruleset, no
// table exists.
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

// Policy returns the policy that the rules belong to.
func (r *Rules) Policy() *ruleset.Policy { return r.policy }

// All returns the rules by number.
func (r *Rules) All() []ruleset.TableRule { return r.policy.Ruleset.Tables.Rules }

// Default returns what happens to a column that no rule matches: refuse, remove or
// keep.
func (r *Rules) Default() string { return r.policy.Ruleset.Tables.Default }

// Matches returns all matches of all rules, in order.
func (r *Rules) Matches() []Match { return r.matches }

// Chain is the list of rules that may act on a column, in the order in which their
// conditions are evaluated: those with conditions, then one without.
type Chain struct {
	Rules []int
	// match is the one by which the rule without conditions was chosen, if there is one.
	match ruleset.TableMatch
	// Why says why the acting rule cannot be determined; it is empty if it can.
	Why string
}

// Chain returns the rules of a column, the most specific match first. A field of a
// record is the column "column.field".
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

// Last returns the chain's rule without conditions, or -1.
func (r *Rules) Last(ch Chain) int {
	if n := len(ch.Rules); n > 0 && len(r.All()[ch.Rules[n-1]].Where) == 0 {
		return ch.Rules[n-1]
	}
	return -1
}

// Rule returns the rule of a column that has no conditions, or -1. why is set if two
// rules match equally.
func (r *Rules) Rule(t Name, column string) (rule int, why string) {
	ch := r.Chain(t, column)
	return r.Last(ch), ch.Why
}

// IDs returns the quoted ids of a chain's rules.
func (r *Rules) IDs(ch Chain) (out []string) {
	for _, i := range ch.Rules {
		out = append(out, fmt.Sprintf("%q", r.All()[i].ID))
	}
	return out
}

// Names reports whether a rule names the table itself, with its schema. A rule that was
// written for one table must not apply to a view of the same name that somebody creates
// elsewhere.
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

// MatchesToo reports whether the rules of a chain also match a column of another table,
// so that they were not written for this one alone.
func (r *Rules) MatchesToo(ch Chain, t Name, column string) bool {
	for _, i := range ch.Rules {
		if !slices.ContainsFunc(r.matches, func(m Match) bool { return m.Rule == i && m.Matches(t.Schema, t.Table, column) }) {
			return false
		}
	}
	return true
}

// Signature returns a text that is equal for chains whose rules do the same.
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

// Class returns a text for everything that a masked value depends on besides the original
// and its neighbours: the method and its arguments.
func Class(rule *ruleset.TableRule) string {
	args, err := json.Marshal(rule.Args)
	if err != nil {
		return "rule " + rule.ID
	}
	return rule.Method + string(args)
}

// First returns the first of the named columns that exists, or the empty string.
func First(columns []string, has func(column string) bool) string {
	if i := slices.IndexFunc(columns, has); i >= 0 {
		return columns[i]
	}
	return ""
}

// NeighboursOf returns the neighbours of a rule in a row with the given columns.
func NeighboursOf(rule *ruleset.TableRule, has func(column string) bool) Neighbours {
	return Neighbours{
		Entity: First(rule.Entity, has), Birth: First(rule.Birth, has), Death: First(rule.Death, has),
		Country: First(rule.Country, has), Unit: First(rule.Unit, has),
	}
}

// KnownOf returns the known columns of a rule that the row has.
func KnownOf(rule *ruleset.TableRule, has func(column string) bool) (out []ruleset.KnownColumn) {
	for _, k := range rule.Known {
		if has(k.Column) {
			out = append(out, k)
		}
	}
	return out
}

// SameMasking returns a function that reports whether two rules mask a column alike, in
// rows with the given columns.
func SameMasking(has func(column string) bool) func(a, b *ruleset.TableRule) bool {
	return func(a, b *ruleset.TableRule) bool {
		return a == b || Class(a) == Class(b) && NeighboursOf(a, has) == NeighboursOf(b, has) && slices.Equal(KnownOf(a, has), KnownOf(b, has)) &&
			slices.EqualFunc(a.Related, b.Related, ruleset.RelatedRow.Equal)
	}
}

// Prefix returns the text that precedes an entity column's value in the name of whom a
// row is about: the domain in which its ids are keyed, or Patient if they are not, and a
// slash.
func (r *Rules) Prefix(t Name, entity string) string {
	if i, why := r.Rule(t, entity); i >= 0 && why == "" {
		if f, ok := r.All()[i].Form.(forms.Seal); ok && f.Domain != "" {
			return f.Domain + "/"
		}
	}
	return "Patient/"
}

// Action returns the action that stands for several rules at one place in a record. A
// nil rule removes.
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
