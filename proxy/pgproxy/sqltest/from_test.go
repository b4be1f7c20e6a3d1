package sqltest

import (
	"fmt"
	"slices"
	"strings"
)

// source is a relation in scope, its columns qualified.
type source struct{ columns []column }

func qualify(r relation, alias string) source {
	var s source
	for _, c := range r.columns {
		c.name = alias + "." + c.name
		s.columns = append(s.columns, c)
	}
	return s
}

// from makes what stands behind FROM.
func (g *generator) from(depth int) (string, source) {
	sql, s := g.primary(depth)
	for range g.n(3) {
		if len(s.columns) > 40 || !g.one(2) {
			break
		}
		right, r := g.primary(depth)
		on := g.join(s, r)
		switch {
		case on == "":
			// Without a condition the product would be too large to compare.
			return sql, s
		case g.one(12):
			alias := "l" + g.name()
			right = "LATERAL (SELECT * FROM " + right + " WHERE " + on + " LIMIT 1000000) " + alias
			for _, c := range r.columns {
				c.name = alias + c.name[strings.LastIndex(c.name, "."):]
				s.columns = append(s.columns, c)
			}
			return sql + ", " + right, s
		}
		kind := g.of(" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ")
		if shared := sharedColumn(s, r); shared != "" && g.one(3) {
			sql += kind + right + " USING (" + shared + ")"
		} else {
			sql += kind + right + " ON " + on
		}
		s.columns = append(s.columns, r.columns...)
	}
	return sql, s
}

// sharedColumn is a sealed column that both sides have once under one name.
func sharedColumn(a, b source) string {
	names := func(s source) map[string][]column {
		out := map[string][]column{}
		for _, c := range s.columns {
			n := c.name[strings.LastIndex(c.name, ".")+1:]
			out[n] = append(out[n], c)
		}
		return out
	}
	x, y := names(a), names(b)
	for _, c := range a.columns {
		n := c.name[strings.LastIndex(c.name, ".")+1:]
		if len(x[n]) == 1 && len(y[n]) == 1 && c.kind == sealed && y[n][0].kind == sealed && y[n][0].class == c.class {
			return n
		}
	}
	return ""
}

// join makes an equality between columns of the same class or of clear texts.
func (g *generator) join(a, b source) string {
	var pairs []string
	for _, x := range a.columns {
		for _, y := range b.columns {
			if x.kind == sealed && y.kind == sealed && x.class == y.class {
				pairs = append(pairs, x.name+" = "+y.name)
			}
		}
	}
	if g.attack && g.one(3) {
		if x, ok := g.any(a, sealed, person); ok {
			if y, ok := g.any(b, text, person); ok {
				return x.name + g.of(" = ", " < ", " LIKE ") + y.name
			}
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	return pairs[g.n(len(pairs))]
}

// primary makes a relation, a sub-select or a CTE with its alias.
func (g *generator) primary(depth int) (string, source) {
	alias := g.name()
	if len(g.ctes) > 0 && g.one(3) {
		r := g.ctes[g.n(len(g.ctes))]
		return r.name + " " + alias, qualify(r, alias)
	}
	if depth > 0 && g.one(4) {
		sql, cols := g.selection(depth-1, nil)
		list := ""
		if g.one(3) {
			// Some of the columns get other names, by their place.
			var names []string
			for i := range 1 + g.n(len(cols)) {
				cols[i].name = fmt.Sprintf("a%d", i+1)
				if g.one(3) && !slices.ContainsFunc(cols, func(c column) bool { return c.name == outputs[i] }) {
					cols[i].name = outputs[i%len(outputs)]
				}
				names = append(names, cols[i].name)
			}
			list = " (" + strings.Join(names, ", ") + ")"
		}
		return "(" + sql + ") AS " + alias + list, qualify(relation{columns: cols}, alias)
	}
	if g.one(20) {
		return g.of("generate_series(1, 5)", "unnest(ARRAY[1, 2])") + " AS " + alias + " (v)", source{[]column{num(alias + ".v")}}
	}
	r := relations[g.n(len(relations))]
	return r.name + " " + alias, qualify(r, alias)
}
