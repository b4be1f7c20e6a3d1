package sqltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// GenerateGrouped makes a random statement that counts people in groups, and the same
// statement as it says itself that a group has at least min people.
func GenerateGrouped(seed uint64, least int) (sql, suppressed string) {
	g := &generator{chooser: &chooser{random: rand.New(rand.NewPCG(seed, 2))}}
	g.level(func() { sql, suppressed = g.countedPeople(fmt.Sprint(" >= ", least)) })
	return sql, suppressed
}

// isPatient reports whether a column is the sealed id of the people who are counted.
func isPatient(c column) bool { return c.kind == sealed && c.class == "Patient" }

// countedPeople makes the statement over a relation of people, joined to others of theirs.
func (g *generator) countedPeople(least string) (sql, suppressed string) {
	var people []relation
	for _, r := range relations {
		if slices.ContainsFunc(r.columns, isPatient) {
			people = append(people, r)
		}
	}
	first := people[g.n(len(people))]
	alias := g.name()
	s := qualify(first, alias)
	person := only(s.columns, isPatient)[0].name
	from := first.name + " " + alias
	for range g.n(3) {
		other := people[g.n(len(people))]
		alias := g.name()
		r := qualify(other, alias)
		from += g.of(" JOIN ", " LEFT JOIN ") + other.name + " " + alias + " ON " + only(r.columns, isPatient)[0].name + " = " + person
		s.columns = append(s.columns, r.columns...)
	}
	where := ""
	if g.one(2) {
		known := source{only(s.columns, func(c column) bool { return orderable(c) || isPatient(c) })}
		where = " WHERE " + g.condition(known, 0)
	}
	var items, by []string
	keys := only(s.columns, func(c column) bool { return c.kind == text || c.kind == label || c.kind == truth || c.kind == day })
	for range g.n(3) {
		if len(keys) == 0 {
			break
		}
		key := keys[g.n(len(keys))]
		by = append(by, key.name)
		items = append(items, key.name)
	}
	items = append(items, g.of("count(*)", "count(DISTINCT "+person+")"))
	if c, ok := g.any(s, number); ok && g.one(2) {
		items = append(items, g.of("sum(", "min(", "count(DISTINCT ")+c.name+")")
	}
	having := fmt.Sprintf("count(*) > %d", g.n(80))
	count := "count(DISTINCT " + person + ")" + least
	group := ""
	if len(by) > 0 {
		group = " GROUP BY " + g.of("", "ROLLUP ") + "(" + strings.Join(by, ", ") + ")"
	}
	sql = "SELECT " + strings.Join(items, ", ") + " FROM " + from + where + group
	if g.one(3) {
		return sql + " HAVING " + having, sql + " HAVING " + having + " AND " + count
	}
	if g.one(4) { // groups of groups
		over := func(q string) string {
			return "SELECT count(*), max(n) FROM (" + q + ") x (" + columnNames(len(items)) + ")"
		}
		return over(sql), over(sql + " HAVING " + count)
	}
	return sql, sql + " HAVING " + count
}

// columnNames are names of columns, of which the last is n.
func columnNames(n int) string {
	var names []string
	for i := range n - 1 {
		names = append(names, fmt.Sprintf("c%d", i+1))
	}
	return strings.Join(append(names, "n"), ", ")
}
