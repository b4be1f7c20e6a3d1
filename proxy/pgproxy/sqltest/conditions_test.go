package sqltest

import (
	"fmt"
)

// condition makes a predicate.
func (g *generator) condition(s source, depth int) string {
	p := g.predicate(s, depth)
	switch g.n(8) {
	case 5:
		return p + " AND " + g.predicate(s, depth)
	case 6:
		return "(" + p + " OR " + g.predicate(s, depth) + ")"
	case 7:
		return "NOT (" + p + ")"
	}
	return p
}

func (g *generator) predicate(s source, depth int) string {
	c := s.columns[g.n(len(s.columns))]
	n := c.name
	switch c.kind {
	case number:
		return n + g.of(" > ", " <= ", " = ", " <> ") + fmt.Sprint(g.n(200))
	case text:
		return g.of(n+" > 'g'", n+" LIKE '%a%'", n+" IS NULL", n+" IN ('AMB', 'oncology', '902', 'CA', 'en')", n+" ~ '^[0-9]'", n+" = '90210-7777'")
	case truth:
		return n
	case day, moment:
		return g.of("extract(year FROM "+n+") > 1990", n+" < '2023-06-01'", n+" = '1950-03-17'", n+" IS NOT NULL", n+" >= '2031-02-01'", n+" BETWEEN '2030-06-01' AND '2031-09-30'")
	case label:
		return n + g.of(" = 'female'", " <> 'male'", " IN ('other', 'unknown')")
	case numbers:
		return n + " IS NOT NULL"
	case document:
		return n + " IS NOT NULL"
	case composed:
		return "true"
	case person:
		if g.attack && g.one(2) {
			return g.forbiddenTest(c)
		}
		return n + " IS" + g.of(" NOT", "") + " NULL"
	}
	return g.sealedPredicate(c, s, depth)
}

// sealedPredicate compares a sealed column with what it may be compared with: its
// own class, pseudonyms, which {{seal …}} stands for, and originals, which match
// nothing.
func (g *generator) sealedPredicate(c column, s source, depth int) string {
	n := c.name
	if g.attack && g.one(2) {
		return g.forbiddenTest(c)
	}
	pseudonym := func() string {
		switch c.class {
		case "Patient":
			return fmt.Sprintf("'{{seal Patient/%d}}'", 770000001+g.n(300))
		case "Encounter":
			return fmt.Sprintf("'{{seal Encounter/ca11a7ee-0000-4000-8000-%012x}}'", 1+g.n(900))
		case "Observation":
			return fmt.Sprintf("'{{seal Observation/OBSCANARY.%05d}}'", 1+g.n(2400))
		}
		return "'nobody'"
	}
	opens := c.class == "Patient" || c.class == "Encounter" || c.class == "Observation"
	switch g.n(7) {
	case 1:
		if !opens {
			break
		}
		return n + g.of(" = ", " <> ", " IS DISTINCT FROM ") + pseudonym()
	case 2:
		if !opens {
			break
		}
		return n + g.of(" IN (", " NOT IN (") + pseudonym() + ", " + pseudonym() + ")"
	case 3:
		for _, other := range s.columns {
			if other.kind == sealed && other.class == c.class && other.name != n {
				if g.one(3) {
					return n + g.of(" = ANY", " <> ALL") + " (ARRAY[" + other.name + ", " + n + "])"
				}
				return n + g.of(" = ", " <> ") + other.name
			}
		}
	case 4:
		if depth > 0 {
			for _, r := range relations {
				for _, other := range r.columns {
					if other.kind == sealed && other.class == c.class && g.one(3) {
						list := "SELECT " + other.name + " FROM " + r.name + " WHERE " + other.name + " IS NOT NULL"
						return n + g.of(" IN ("+list+")", " NOT IN ("+list+")", " = ANY (ARRAY("+list+"))", " <> ALL (ARRAY("+list+"))")
					}
				}
			}
		}
	case 5:
		if depth > 0 {
			if sub := g.exists(c); sub != "" {
				return g.of("", "NOT ") + "EXISTS (" + sub + ")"
			}
		}
	}
	return n + " IS" + g.of(" NOT", "") + " NULL"
}

func (g *generator) exists(c column) (sql string) {
	g.level(func() { sql = g.existsLevel(c) })
	return sql
}

func (g *generator) existsLevel(c column) string {
	r := relations[g.n(len(relations))]
	alias := g.name()
	for _, other := range qualify(r, alias).columns {
		if other.kind == sealed && other.class == c.class {
			return "SELECT 1 FROM " + r.name + " " + alias + " WHERE " + other.name + " = " + c.name
		}
	}
	return ""
}

// original is one of a column's originals, as the attacker would guess it.
func (g *generator) original() string {
	n := 1 + g.n(300)
	return g.of("'", "E'") + g.of(
		fmt.Sprintf("CANARYNAME%04d", n), fmt.Sprintf("CANARYFIRST%04d", n), fmt.Sprintf("MRNCANARY%05d", n),
		fmt.Sprintf("666-%02d-%04d", 10+n%90, n), fmt.Sprint(770000000+n), fmt.Sprintf("ca11a7ee-0000-4000-8000-%012x", n)) + "'"
}

// forbidden makes an expression that would show a sealed value or compute with it.
func (g *generator) forbidden(c column) string {
	n := c.name
	if g.one(6) {
		g.own = true // it stays an id, which Veil orders
		return g.of(n+"::text", "("+n+")::varchar", "CAST("+n+" AS text)", "CASE WHEN true THEN "+n+" ELSE NULL END", "greatest("+n+", "+n+")", "nullif("+n+", NULL)")
	}
	return g.of(
		"lower("+n+"::text)", n+" || ''", "coalesce("+n+"::text, 'x')", "md5("+n+"::text)", "length("+n+"::text)",
		"ROW("+n+")", "to_json("+n+")", "ARRAY["+n+"]", "concat("+n+", '')", "format('%s', "+n+")", "substring("+n+"::text, 1, 3)", "quote_literal("+n+")",
		"json_build_object('v', "+n+")", "("+n+").f2", n+" COLLATE \"C\"", "xmlelement(name e, "+n+")",
		"hashtext("+n+"::text)", "encode(convert_to("+n+"::text, 'UTF8'), 'hex')", "upper("+n+")", "left("+n+", 3)", "pg_typeof("+n+")",
	)
}

// forbiddenTest makes a predicate that would test an original.
func (g *generator) forbiddenTest(c column) string {
	n := c.name
	if g.one(8) {
		g.own = true
		return g.of(n+" < "+g.original(), n+" BETWEEN 'A' AND 'N'", "("+n+", 1) >= ("+g.original()+", 1)", n+" > (SELECT min(x.id) FROM clinic.patients x)")
	}
	return g.of(
		n+" = "+g.original(), n+" <> "+g.original(), n+" IN ("+g.original()+", "+g.original()+")", n+" LIKE 'CANARY%'", n+"::text ~ '1'",
		n+"::text = "+g.original(), "lower("+n+"::text) = lower("+g.original()+")",
		"("+n+", 1) = ("+g.original()+", 1)", n+" = ANY (ARRAY["+g.original()+"])", n+" IS NOT DISTINCT FROM "+g.original(),
		"length("+n+"::text) > 5", n+" > "+n, "coalesce("+n+"::text, '') <> ''",
	)
}

func (g *generator) forbiddenAggregate(n string) string {
	if g.one(5) {
		g.own = true
		return g.of("min("+n+")", "max("+n+")", "string_agg('x', ',' ORDER BY "+n+")")
	}
	if g.one(3) {
		g.own = true // that of the rows, which Veil gives tables with masked columns
		return g.of("string_agg("+n+"::text, ',')", "array_agg("+n+")", "json_agg("+n+")")
	}
	return g.of("count(DISTINCT "+n+"::text)",
		"mode() WITHIN GROUP (ORDER BY "+n+")", "bool_or("+n+" = "+g.original()+")", "count(*) FILTER (WHERE "+n+" LIKE '%1')")
}
