package table

import (
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// OfFile returns the table that a file holds, by the file's base name: the one in the
// ruleset's files section, or else the one named after the file, without its extension.
func (r *Rules) OfFile(name string) Name {
	for _, f := range r.policy.Ruleset.Tables.Files {
		if ok, err := path.Match(f.File, name); ok && err == nil {
			return Name{Schema: f.Schema, Table: f.Table}
		}
	}
	if stem := strings.TrimSuffix(name, path.Ext(name)); stem != "" {
		name = stem
	}
	return Name{Table: r.Spelled([]string{name})[0]}
}

// Spelled returns names of a file's columns, or of its table, as the rules spell them. If
// no name in the ruleset has upper-case letters, case does not matter, as for unquoted
// names in SQL; names that differ only in case stay as they are.
func (r *Rules) Spelled(names []string) []string {
	if r.upperCase() {
		return names
	}
	out := make([]string, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		out[i] = strings.ToLower(name)
		if seen[out[i]] {
			return names
		}
		seen[out[i]] = true
	}
	return out
}

// upperCase reports whether a rule has upper case in a name.
func (r *Rules) upperCase() bool {
	upper := func(name string) bool { return name != strings.ToLower(name) }
	if slices.ContainsFunc(r.matches, func(m Match) bool { return upper(m.Schema) || upper(m.Table) || upper(m.Column) }) {
		return true
	}
	for _, rule := range r.All() {
		for _, beside := range [][]string{rule.Entity, rule.Birth, rule.Death, rule.Country, rule.Unit} {
			if slices.ContainsFunc(beside, upper) {
				return true
			}
		}
		for _, k := range rule.Known {
			if upper(k.Column) {
				return true
			}
		}
		for _, r := range rule.Related {
			if slices.ContainsFunc([]string{r.Schema, r.Table, r.By, r.Key}, upper) || slices.ContainsFunc(r.Columns, func(k ruleset.KnownColumn) bool { return upper(k.Column) }) {
				return true
			}
		}
		for _, c := range rule.Where {
			if slices.ContainsFunc(c.Column, upper) {
				return true
			}
		}
	}
	return false
}

// ParseName reads the name of a table as people write it: table, or schema.table.
func ParseName(s string) Name {
	if schema, name, ok := strings.Cut(s, "."); ok {
		return Name{Schema: schema, Table: name}
	}
	return Name{Table: s}
}
