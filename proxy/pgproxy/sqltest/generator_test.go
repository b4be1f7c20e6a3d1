package sqltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Query is a random SELECT.
type Query struct {
	SQL string
	// Cut: LIMIT takes rows in no order that the query decides, so only their
	// number can be compared.
	Cut bool
	// Own: it compares by the order of sealed values, which is Veil's own, so its rows
	// are not those of the copy.
	Own bool
	// Attack: it may have something that is not permitted.
	Attack bool
	// Choices are what made it: the same choices make the same query, and fewer
	// and smaller ones a simpler query.
	Choices []int
}

// Generate makes the query of a seed. Most are of what is permitted; one in some
// six has something that is not.
func Generate(seed uint64) Query {
	return build(&chooser{random: rand.New(rand.NewPCG(seed, 0x5e1ec7))})
}

// Replay makes the query of choices; those that are missing are 0, the simplest.
func Replay(choices []int) Query { return build(&chooser{given: choices}) }

func build(c *chooser) Query {
	g := &generator{chooser: c, attack: c.n(6) == 5, taken: map[string]bool{}}
	sql := g.query(2)
	return Query{SQL: sql, Cut: g.cut, Own: g.own, Attack: g.attack, Choices: c.made}
}

// Shrink looks for the simplest query for which fails still holds, in at most a
// number of tries.
func Shrink(q Query, tries int, fails func(Query) bool) Query {
	for improved := true; improved && tries > 0; {
		improved = false
		for _, candidate := range simpler(q.Choices) {
			if tries--; tries < 0 {
				break
			}
			if s := Replay(candidate); len(s.SQL) < len(q.SQL) && fails(s) {
				q, improved = s, true
				break
			}
		}
	}
	return q
}

// simpler are lists of choices that may make a simpler query: shorter first.
func simpler(choices []int) [][]int {
	var out [][]int
	for size := len(choices) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(choices); from += size {
			out = append(out, slices.Delete(slices.Clone(choices), from, from+size))
		}
	}
	for i, v := range choices {
		if v > 0 {
			zero := slices.Clone(choices)
			zero[i] = 0
			out = append(out, zero)
		}
	}
	return out
}

// chooser makes choices: random ones, or given ones again.
type chooser struct {
	random *rand.Rand
	given  []int
	made   []int
}

// n chooses from 0 to n-1. What is simplest should be 0.
func (c *chooser) n(n int) int {
	v := 0
	switch {
	case c.random != nil:
		v = c.random.IntN(n)
	case len(c.made) < len(c.given):
		v = c.given[len(c.made)] % n
	}
	c.made = append(c.made, v)
	return v
}

// one reports true once in n.
func (c *chooser) one(n int) bool { return c.n(n) == n-1 }

func (c *chooser) of(list ...string) string { return list[c.n(len(list))] }

// generator is one query being made.
type generator struct {
	*chooser
	attack bool // something that is not permitted may be in it
	cut    bool
	own    bool
	alias  int
	ctes   []relation
	// taken are the aliases of the level being made. Those of the levels around it
	// may be taken again: whom a name means is what an attacker plays with.
	taken map[string]bool
}

// aliases are also names of tables and columns.
var aliases = []string{"patients", "departments", "d", "last_name", "name", "id", "p", "value"}

// outputs are names of columns, clear and sealed ones.
var outputs = []string{"n", "last_name", "name", "id", "sex", "value", "zip", "d", "patient_id", "ssn"}

func (g *generator) name() string {
	if i := g.n(2 * len(aliases)); i >= len(aliases) {
		if a := aliases[i-len(aliases)]; !g.taken[a] {
			g.taken[a] = true
			return a
		}
	}
	g.alias++
	return fmt.Sprintf("t%d", g.alias)
}

// level makes the parts of one level of a query, whose aliases are its own.
func (g *generator) level(fill func()) {
	outer := g.taken
	g.taken = map[string]bool{}
	fill()
	g.taken = outer
}

// bare takes the aliases off columns whose names are unique in the level.
func (g *generator) bare(s source) source {
	if !g.one(2) {
		return s
	}
	count := map[string]int{}
	short := func(c column) string { return c.name[strings.LastIndex(c.name, ".")+1:] }
	for _, c := range s.columns {
		count[short(c)]++
	}
	var out source
	for _, c := range s.columns {
		if n := short(c); count[n] == 1 {
			c.name = n
		}
		out.columns = append(out.columns, c)
	}
	return out
}

// query makes a whole query; depth is how many may be inside.
func (g *generator) query(depth int) string {
	var with []string
	recursive := ""
	if depth > 0 && g.one(6) {
		if g.one(4) {
			recursive = "RECURSIVE "
		}
		for range 1 + g.n(2) {
			sql, cols := g.selection(depth-1, nil)
			name := fmt.Sprintf("q%d", len(g.ctes)+1)
			if g.one(2) {
				name = aliases[g.n(3)]
				if slices.ContainsFunc(g.ctes, func(r relation) bool { return r.name == name }) {
					name = fmt.Sprintf("q%d", len(g.ctes)+1)
				}
			}
			list := ""
			if g.one(3) {
				list = " ("
				for i := range cols {
					if i > 0 {
						list += ", "
					}
					cols[i].name = fmt.Sprintf("k%d", i+1)
					list += cols[i].name
				}
				list += ")"
			}
			with = append(with, name+list+" AS "+g.of("", "MATERIALIZED ", "NOT MATERIALIZED ")+"("+sql+")")
			g.ctes = append(g.ctes, relation{name, cols})
		}
	}
	sql, cols := g.selection(depth, nil)
	if g.one(8) {
		// Both sides have the same kinds, so that their union has a type.
		other, _ := g.selection(depth, cols)
		if other != "" {
			sql = sql + " " + g.of("UNION ALL", "UNION", "INTERSECT", "EXCEPT") + " " + other
		}
	}
	if len(with) > 0 {
		sql = "WITH " + recursive + strings.Join(with, ", ") + " " + sql
	}
	if known := only(cols, orderable); len(known) > 0 && g.one(4) {
		// By number, which set operations need.
		by := known[g.n(len(known))].name
		i := slices.IndexFunc(cols, func(c column) bool { return c.name == by })
		sql += fmt.Sprintf(" ORDER BY %d%s", i+1, g.of("", " DESC", " NULLS FIRST"))
	} else if g.attack && g.one(10) {
		sql += " ORDER BY 1"
	}
	if g.one(8) {
		sql += fmt.Sprintf(" LIMIT %d", 1+g.n(20))
		g.cut = true
	}
	return sql
}

func orderable(c column) bool {
	return c.kind == number || c.kind == text || c.kind == day || c.kind == moment || c.kind == label || c.kind == truth
}

func only(cols []column, fits func(column) bool) (out []column) {
	for _, c := range cols {
		if fits(c) {
			out = append(out, c)
		}
	}
	return out
}

// selection makes a SELECT and says which columns it has. Where like is given it
// has columns of these kinds, or is empty if there are none.
func (g *generator) selection(depth int, like []column) (sql string, cols []column) {
	g.level(func() { sql, cols = g.selectLevel(depth, like) })
	return sql, cols
}

func (g *generator) selectLevel(depth int, like []column) (string, []column) {
	from, s := g.from(depth)
	s = g.bare(s)
	where := ""
	if g.one(2) {
		where = " WHERE " + g.condition(s, depth)
	}
	var items []string
	var cols []column
	add := func(expr string, c column) {
		c.name = fmt.Sprintf("c%d", len(cols)+1)
		if i := g.n(2 * len(outputs)); i >= len(outputs) {
			name := outputs[i-len(outputs)]
			if !slices.ContainsFunc(cols, func(c column) bool { return c.name == name }) {
				c.name = name
			}
		}
		items = append(items, expr+" AS "+c.name)
		cols = append(cols, c)
	}
	group := ""
	switch {
	case like != nil:
		for _, want := range like {
			if want.kind == composed { // two of them are not made alike
				add("NULL", want)
				continue
			}
			fitting := only(s.columns, func(c column) bool { return c.kind == want.kind && c.class == want.class })
			if len(fitting) == 0 {
				if want.kind == number {
					add(fmt.Sprint(g.n(9)), want)
					continue
				}
				return "", nil
			}
			c := fitting[g.n(len(fitting))]
			add(c.name, c)
		}
	case g.one(3):
		group = g.grouped(s, add)
	default:
		for range 1 + g.n(4) {
			expr, c := g.item(s, depth)
			add(expr, c)
		}
		if g.one(8) {
			sql, k := g.window(s)
			add(sql, column{kind: k})
		}
	}
	distinct := ""
	if group == "" && like == nil && g.one(8) && len(only(cols, func(c column) bool { return c.kind == document || c.kind == person || c.kind == composed })) == 0 {
		distinct = "DISTINCT "
	}
	return "SELECT " + distinct + strings.Join(items, ", ") + " FROM " + from + where + group, cols
}

// grouped adds group keys and aggregates, and returns the clause.
func (g *generator) grouped(s source, add func(string, column)) string {
	keys := only(s.columns, func(c column) bool {
		return c.kind == text || c.kind == label || c.kind == sealed || c.kind == truth || c.kind == day
	})
	var by []string
	twice := false // two keys may be one column under two names
	var classes []string
	for range 1 + g.n(2) {
		if len(keys) == 0 {
			break
		}
		if c := keys[g.n(len(keys))]; !slices.Contains(by, c.name) {
			by = append(by, c.name)
			add(c.name, c)
			twice = twice || c.kind == sealed && slices.Contains(classes, c.class)
			classes = append(classes, c.class)
		}
	}
	for range 1 + g.n(2) {
		if c, ok := g.any(s, sealed, person); ok && g.one(4) {
			add(g.collected(c.name), column{kind: composed})
			continue
		}
		add(g.aggregate(s), column{kind: number})
	}
	if len(by) == 0 {
		return ""
	}
	clause := " GROUP BY " + strings.Join(by, ", ")
	grouping := g.n(8)
	if twice {
		// Before 18, PostgreSQL does not make the second NULL in the rows of a smaller
		// set when both are the same expression, which those of one column become.
		grouping = 0
	}
	switch grouping {
	case 5:
		clause = " GROUP BY ROLLUP (" + strings.Join(by, ", ") + ")"
	case 6:
		clause = " GROUP BY CUBE (" + strings.Join(by, ", ") + ")"
	case 7:
		clause = " GROUP BY GROUPING SETS ((" + strings.Join(by, ", ") + "), (" + by[0] + "), ())"
	}
	if g.one(4) {
		clause += " HAVING count(*) > " + fmt.Sprint(g.n(5))
	}
	return clause
}

// collected is a list of a keyed column, in the order of its values.
func (g *generator) collected(n string) string {
	n += "::text"
	return g.of("string_agg(DISTINCT "+n+", ',')", "array_agg("+n+" ORDER BY "+n+" DESC)::text", "array_agg(DISTINCT "+n+")::text", "json_agg("+n+" ORDER BY "+n+")::text",
		"cardinality(array_agg("+n+"))::text", "array_to_string(array_agg(DISTINCT "+n+"), ' ')",
		"(array_agg("+n+") IS NOT NULL)::text", "(string_agg("+n+", ',') IS NULL)::text", "count('x' || "+n+")::text",
		"(jsonb_object_agg("+n+", 1) FILTER (WHERE "+n+" IS NOT NULL))::text")
}

func (g *generator) aggregate(s source) string {
	if g.attack && g.one(3) {
		if c, ok := g.any(s, sealed, person); ok {
			return g.forbiddenAggregate(c.name)
		}
	}
	filter := ""
	if g.one(6) {
		filter = " FILTER (WHERE " + g.condition(s, 0) + ")"
	}
	if c, ok := g.any(s, number); ok && g.one(2) {
		return g.of("sum(", "min(", "max(", "count(", "count(DISTINCT ") + c.name + ")" + filter
	}
	if c, ok := g.any(s, sealed); ok && g.one(2) {
		return g.of("count(", "count(DISTINCT ") + c.name + ")" + filter
	}
	return "count(*)" + filter
}

func (g *generator) window(s source) (sql string, k kind) {
	part := ""
	if c, ok := g.any(s, sealed, text, label); ok {
		part = "PARTITION BY " + c.name
	}
	c, ok := g.any(s, number, day)
	if id, has := g.any(s, sealed); has && ok && g.one(5) {
		return "cardinality(array_agg(" + id.name + "::text) OVER (" + part + " ORDER BY " + c.name + "))", composed
	}
	if by, has := g.any(s, sealed); has && g.one(4) {
		// In Veil's own order, which the copy does not have.
		g.own = true
		return g.of("row_number()", "rank()", "count(*)") + " OVER (" + part + " ORDER BY " + by.name + ")", number
	}
	if g.attack && g.one(3) {
		if bad, has := g.any(s, sealed, person); has {
			g.own = true // a sealed id has one
			return "rank() OVER (ORDER BY " + bad.name + ")", number
		}
	}
	if !ok || g.one(2) {
		return "count(*) OVER (" + part + ")", number
	}
	return g.of("rank()", "dense_rank()", "count(*)") + " OVER (" + part + " ORDER BY " + c.name + ")", number
}

// any chooses a column of one of the kinds.
func (g *generator) any(s source, kinds ...kind) (column, bool) {
	fitting := only(s.columns, func(c column) bool { return slices.Contains(kinds, c.kind) })
	if len(fitting) == 0 {
		return column{}, false
	}
	return fitting[g.n(len(fitting))], true
}

// item makes one output expression.
func (g *generator) item(s source, depth int) (string, column) {
	if g.attack && g.one(3) {
		if c, ok := g.any(s, sealed, person, document); ok {
			return g.forbidden(c), column{kind: text}
		}
	}
	c := s.columns[g.n(len(s.columns))]
	if g.one(3) {
		if expr, k, ok := g.compute(c, s, depth); ok {
			return expr, column{kind: k}
		}
	}
	return c.name, c
}

// compute makes an expression over a column that may be computed with.
func (g *generator) compute(c column, s source, depth int) (string, kind, bool) {
	n := c.name
	if orderable(c) && g.one(5) {
		return g.of(n+"::text", "right("+n+"::text, 40)", "to_json("+n+")::text", "concat("+n+")"), text, true
	}
	switch c.kind {
	case number:
		return g.of(n+" + 1", "-"+n, n+" * 2", "abs("+n+")", "coalesce("+n+", 0)", "round("+n+"::numeric, 1)", n+" % 7", "greatest("+n+", 3)", "width_bucket("+n+", 0, 100, 5)"), number, true
	case text:
		return g.of("upper("+n+")", n+" || '!'", "left("+n+", 2)", "coalesce("+n+", '-')", "replace("+n+", 'a', 'b')", "trim("+n+")", "nullif("+n+", 'x')", "CASE WHEN "+n+" > 'm' THEN 'late' ELSE 'early' END"), text, true
	case day, moment:
		return g.of("extract(year FROM "+n+")", "extract(month FROM "+n+")", "extract(doy FROM "+n+")"), number, true
	case label:
		return n + "::text", text, true
	case truth:
		return g.of("NOT "+n, n+" IS TRUE"), truth, true
	case numbers:
		return g.of("cardinality("+n+")", n+"[1]", "coalesce("+n+"[2], 0)"), number, true
	case sealed, person:
		if hashedInSQL[c.class] && g.one(2) {
			return g.of("upper("+n+"::text)", "left("+n+"::text, 3)", n+"::text || '!'", "coalesce("+n+"::text, '-')"), text, true
		}
		if g.one(2) {
			return g.of("concat("+n+", '-')", "'x' || "+n, "left("+n+"::text, 5)", "coalesce("+n+"::text, '-')", "length("+n+"::text)",
				"format('<%s>', "+n+")", "to_json("+n+")::text", "ARRAY["+n+"::text, '-']::text", "json_build_object('k', "+n+", 'n', 1)::text", "(jsonb_build_object('k', "+n+") || '{\"a\": null}')::text",
				"CASE WHEN "+g.condition(s, 0)+" THEN "+n+"::text ELSE '+' END"), composed, true
		}
		return g.of(n, n, "('x' || "+n+")", "concat("+n+", '-')", "coalesce(left("+n+"::text, 3), NULL)") + " IS" + g.of("", " NOT") + " NULL", truth, true
	}
	if depth > 0 {
		return "(" + g.scalar(s) + ")", number, true
	}
	return "", 0, false
}

// scalar makes a sub-select of one number, correlated where it can be.
func (g *generator) scalar(s source) (sql string) {
	g.level(func() { sql = g.scalarLevel(s) })
	return sql
}

func (g *generator) scalarLevel(s source) string {
	r := relations[g.n(len(relations))]
	alias := g.name()
	if len(s.columns) > 0 && g.one(4) {
		// The name of a column of the level around, in a level that may have its own.
		c := s.columns[g.n(len(s.columns))]
		return "SELECT count(*) FROM " + g.of("generate_series(1, 3)", "jsonb_array_elements('[1]')", "unnest(ARRAY['x'])", "jsonb_each_text('{\"a\": 1}')") + " AS " + alias +
			" WHERE length(right(" + c.name + "::text, 40)) > 0"
	}
	inner := qualify(r, alias)
	sql := "SELECT count(*) FROM " + r.name + " " + alias
	if mine, ok := g.any(s, sealed); ok {
		for _, c := range inner.columns {
			if c.kind == sealed && c.class == mine.class {
				return sql + " WHERE " + c.name + " = " + mine.name
			}
		}
	}
	return sql
}
