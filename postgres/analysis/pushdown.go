package analysis

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Methods that SQL can do. Each expression gives, for a value in the session that
// SessionSettings describe, what the method gives for the value's text, as a value of
// the column's type where the type has it: the year of a date is its first of
// January, of a timestamp with time zone the first moment in UTC, whatever time zone
// the session has. What the method removes is NULL.

// push writes the column's expression, or reports that SQL cannot do the method on
// the type.
func (d *laying) push() bool {
	c, t := d.column, d.typ
	v, ok := "", false
	switch d.rule.Method {
	case "remove":
		c.remove(d.catalog)
		return c.treatment == Pushed
	case "fixed":
		if catalog.IsText(t.OID) {
			c.shown, ok = catalog.OIDText, true
			v = "CASE WHEN " + d.value + " IS NOT NULL THEN " + catalog.QuoteLiteral(d.rule.Args.String("value", "")) + "::pg_catalog.text END"
		}
	case "year", "birthYear", "deathYear", "date":
		v, ok = d.year()
	case "zip3":
		if catalog.IsText(t.OID) && len(d.rule.Country) == 0 {
			c.shown = catalog.OIDText
			v, ok = d.zip3()
		}
	case "json":
		if t.OID == catalog.OIDJSON || t.OID == catalog.OIDJSONB {
			v, ok = d.json(), true
		} else {
			c.remove(d.catalog)
			return c.treatment == Pushed
		}
	case "ageCap":
		if catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID) || catalog.IsText(t.OID) {
			if v, ok = d.ageCap(); catalog.IsText(t.OID) {
				c.shown = catalog.OIDText
			}
		}
	case "round", "bucket":
		if catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID) {
			v, ok = d.round()
		}
	case "substring":
		if catalog.IsText(t.OID) {
			c.shown, ok = catalog.OIDText, true
			v = fmt.Sprintf("nullif(pg_catalog.substr(%s::pg_catalog.text, %d, %d), '')", d.value, d.rule.Args.Int("from", 0)+1, d.rule.Args.Int("length", 0))
		}
	case "characters":
		if catalog.IsText(t.OID) {
			c.shown = catalog.OIDText
			v, ok = d.characters(), true
		}
	case "generalize":
		if catalog.IsText(t.OID) || catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID) {
			c.shown = catalog.OIDText
			v, ok = d.generalize()
		}
	case "state", "country":
		if catalog.IsText(t.OID) && len(d.rule.Country) == 0 {
			c.shown = catalog.OIDText
			v, ok = d.listed()
		}
	}
	c.value = v
	return ok
}

// probe asks the method what it does with a text.
func (d *laying) probe(s string) (string, mask.Outcome) {
	out, outcome, err := d.method.Append(nil, []byte(s), &mask.Input{Keys: d.policy.masks.Keys.NewPseudonymizer()})
	if err != nil {
		return "", mask.Removed
	}
	return string(out), outcome
}

// json keeps the listed members of an object, by paths of names with dots between, and
// takes out all others. What is no object goes, and so does a path through an array.
func (d *laying) json() string {
	keep := jsonPaths{}
	for _, path := range d.rule.Args.List("keep") {
		keep.add(strings.Split(path, "."))
	}
	v := d.value
	if d.typ.OID == catalog.OIDJSON {
		v += "::pg_catalog.jsonb"
	}
	out := keep.sql("(" + v + ")")
	if d.typ.OID == catalog.OIDJSON {
		out = "(" + out + ")::pg_catalog.json"
	}
	return out
}

// jsonPaths are the members that are kept, each with those below it; none below keeps
// all of it.
type jsonPaths map[string]jsonPaths

func (p jsonPaths) add(path []string) {
	below, ok := p[path[0]]
	switch {
	case ok && len(below) == 0: // all of it is kept
	case len(path) == 1:
		p[path[0]] = jsonPaths{}
	default:
		if !ok {
			below = jsonPaths{}
			p[path[0]] = below
		}
		below.add(path[1:])
	}
}

// sql builds the object anew. A member that is not there stays so.
func (p jsonPaths) sql(v string) string {
	var names []string
	for name := range p {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []string
	for _, name := range names {
		member := v + " OPERATOR(pg_catalog.->) " + catalog.QuoteLiteral(name)
		if below := p[name]; len(below) > 0 {
			member = below.sql("(" + member + ")")
		}
		list = append(list, "("+catalog.QuoteLiteral(name)+", "+member+")")
	}
	return "CASE WHEN pg_catalog.jsonb_typeof(" + v + ") = 'object' THEN coalesce((SELECT pg_catalog.jsonb_object_agg(m.k, m.v) FROM (VALUES " +
		strings.Join(list, ", ") + ") AS m (k, v) WHERE m.v IS NOT NULL), '{}'::pg_catalog.jsonb) END"
}

// year cuts dates. The years that a method caps are asked of the method itself.
func (d *laying) year() (string, bool) {
	mode := d.rule.Method
	if mode == "date" {
		mode = d.rule.Args.String("mode", "")
	}
	if !catalog.IsTime(d.typ.OID) || mode == "shift" {
		return "", false
	}
	v := d.value
	year := "extract(year FROM " + v + ")"
	if d.typ.OID == catalog.OIDTimestamptz {
		year = "extract(year FROM " + v + " AT TIME ZONE 'UTC')"
	}
	unit := "year"
	low := 1
	cond := ""
	switch mode {
	case "quarter", "month":
		unit = mode
	case "year":
		if d.rule.Method == "year" {
			low = d.firstYear()
		}
	case "birthYear":
		low = d.firstYear()
		if death := d.beside(d.rule.Death); death != "" {
			// Whoever died younger than the greatest age that may be told keeps the
			// year; the span is that of the living. A death before the birth is none.
			reference := d.policy.masks.Ruleset.ReferenceDate.Year
			low = 1
			died := d.yearOf(death)
			cond = fmt.Sprintf(" AND LEAST(%[1]d, CASE WHEN %[2]s >= %[3]s THEN %[2]s ELSE %[1]d END) - %[3]s <= %[4]d", reference, died, year, reference-d.firstYear())
		}
	case "deathYear":
		birth := d.beside(d.rule.Birth)
		if birth == "" || d.yearOf(birth) == "" {
			d.column.remove(d.catalog)
			return d.column.value, true
		}
		cond = fmt.Sprintf(" AND %s - %s BETWEEN 0 AND 89", year, d.yearOf(birth))
	default:
		return "", false
	}
	d.column.coarse = true
	if d.rule.Args.String("as", "") == "number" && unit == "year" {
		d.column.coarse, d.column.shown = false, catalog.OIDInt4
		return fmt.Sprintf("CASE WHEN %[1]s BETWEEN %[2]d AND 9999%[3]s THEN (%[1]s)::pg_catalog.int4 END", year, low, cond), true
	}
	var cut string
	switch d.typ.OID {
	case catalog.OIDDate:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s::pg_catalog.timestamp)::pg_catalog.date", unit, v)
	case catalog.OIDTimestamp:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s)", unit, v)
	default:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s, 'UTC')", unit, v)
	}
	d.column.shown = d.typ.OID
	return fmt.Sprintf("CASE WHEN %s BETWEEN %d AND 9999%s THEN %s END", year, low, cond, cut), true
}

// yearOf is the year of a column beside, in SQL; empty where it has none.
func (d *laying) yearOf(name string) string {
	for _, a := range d.relation.Columns {
		if t := d.catalog.Base(a.Type); a.Name == name && t != nil && catalog.IsTime(t.OID) {
			if t.OID == catalog.OIDTimestamptz {
				return "extract(year FROM " + catalog.QuoteIdent(name) + " AT TIME ZONE 'UTC')"
			}
			return "extract(year FROM " + catalog.QuoteIdent(name) + ")"
		}
	}
	return ""
}

// firstYear is the earliest year that the method does not cap.
func (d *laying) firstYear() int {
	return 1 + sort.Search(9998, func(n int) bool {
		_, outcome := d.probe(fmt.Sprintf("%04d-06-15", n+1))
		return outcome == mask.Replaced || outcome == mask.Kept
	})
}

// zip3 asks the method which areas are not to be told.
func (d *laying) zip3() (string, bool) {
	var shut []string
	for n := range 1000 {
		p := fmt.Sprintf("%03d", n)
		if out, outcome := d.probe(p + "12"); outcome != mask.Replaced || out != p {
			shut = append(shut, p)
		}
	}
	v := "pg_catalog.btrim(" + d.value + `::pg_catalog.text, E' \t\n\r\f')`
	return fmt.Sprintf(`CASE WHEN %[1]s COLLATE "C" ~ '^([0-9]{5}(-?[0-9]{4})?|[0-9]{3})$' THEN CASE WHEN pg_catalog.left(%[1]s, 3) <> ALL ('{%[2]s}'::pg_catalog.text[]) THEN pg_catalog.left(%[1]s, 3) ELSE '000' END END`,
		v, strings.Join(shut, ",")), true
}

// exact is a number as a numeric with all its digits: of a float those of its shortest
// text, which is what the method reads.
func (d *laying) exact() string {
	if catalog.IsFloat(d.typ.OID) {
		return d.value + "::pg_catalog.text::pg_catalog.numeric"
	}
	return d.value + "::pg_catalog.numeric"
}

// round rounds to a multiple; halves go up. NaN and infinity have no multiple, and what
// PostgreSQL could not compute with is NULL.
func (d *laying) round() (string, bool) {
	step, half := d.rule.Args.String("width", ""), "0"
	if d.rule.Method == "round" {
		step, half = d.rule.Args.String("to", ""), "0.5"
	}
	if _, err := strconv.ParseFloat(step, 64); err != nil {
		return "", false
	}
	_, frac, _ := strings.Cut(step, ".")
	v := d.exact()
	out := fmt.Sprintf("pg_catalog.round(pg_catalog.floor(%s / %s + %s) * %s, %d)", v, step, half, step, len(frac))
	d.column.shown = catalog.OIDNumeric
	if catalog.IsInteger(d.typ.OID) && frac == "" {
		d.column.shown = catalog.OIDInt8
		// The last multiple may be beyond the type.
		return fmt.Sprintf("CASE WHEN %s BETWEEN -9223372036854775808 AND 9223372036854775807 THEN (%[1]s)::pg_catalog.int8 END", out), true
	}
	if catalog.IsInteger(d.typ.OID) {
		return out, true
	}
	return fmt.Sprintf("CASE WHEN %s NOT IN ('NaN', 'Infinity', '-Infinity') AND pg_catalog.abs(%[1]s) < 1e1000 THEN %[2]s END", v, out), true
}

func (d *laying) characters() string {
	first, last := d.rule.Args.Int("keepFirst", 0), d.rule.Args.Int("keepLast", 0)
	v := d.value + "::pg_catalog.text"
	n := "pg_catalog.length(" + v + ")"
	hidden := fmt.Sprintf("(%s - %d)", n, first+last)
	return fmt.Sprintf("CASE WHEN %s > 0 AND %s * 2 >= %s THEN pg_catalog.left(%s, %d) || pg_catalog.repeat(%s, %s) || pg_catalog.right(%s, %d) END",
		n, hidden, n, v, first, catalog.QuoteLiteral(d.rule.Args.String("fill", "*")), hidden, v, last)
}

// generalize writes the cases and bands. Bands are of whole numbers: the part before
// the point decides.
func (d *laying) generalize() (string, bool) {
	bands := d.rule.Args.List("bands")
	if len(bands) > 0 && !catalog.IsNumber(d.typ.OID) && !catalog.IsFloat(d.typ.OID) {
		return "", false
	}
	var b strings.Builder
	cases := d.rule.Args.Map("cases")
	var keys []string
	for k := range cases {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	b.WriteString("CASE WHEN " + d.value + " IS NULL THEN NULL")
	for _, k := range keys {
		fmt.Fprintf(&b, " WHEN %s::pg_catalog.text = %s THEN %s::pg_catalog.text", d.value, catalog.QuoteLiteral(k), catalog.QuoteLiteral(cases[k]))
	}
	for _, text := range bands {
		low, high, ranged := strings.Cut(strings.TrimSuffix(text, "+"), "-")
		if _, err := strconv.ParseInt(low, 10, 64); err != nil {
			return "", false
		}
		whole := "pg_catalog.trunc(" + d.exact() + ")"
		fmt.Fprintf(&b, " WHEN %s >= %s", whole, low)
		if ranged {
			if _, err := strconv.ParseInt(high, 10, 64); err != nil {
				return "", false
			}
			fmt.Fprintf(&b, " AND %s <= %s", whole, high)
		} else {
			fmt.Fprintf(&b, " AND %s <= 9223372036854775807", whole)
		}
		fmt.Fprintf(&b, " THEN %s::pg_catalog.text", catalog.QuoteLiteral(text))
	}
	if f := d.rule.Args.String("default", ""); f != "" {
		fmt.Fprintf(&b, " ELSE %s::pg_catalog.text", catalog.QuoteLiteral(f))
	}
	b.WriteString(" END")
	return b.String(), true
}

// lister is a method that lets pass what is in a list, without regard to case and to
// space around.
type lister interface{ Known() []string }

// listed compares with the method's own list.
func (d *laying) listed() (string, bool) {
	l, ok := d.method.(lister)
	if !ok {
		return "", false
	}
	var list []string
	for _, s := range l.Known() {
		list = append(list, catalog.QuoteLiteral(s))
	}
	sort.Strings(list)
	v := d.value + "::pg_catalog.text"
	return fmt.Sprintf(`CASE WHEN pg_catalog.translate(pg_catalog.btrim(%s, ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = ANY (ARRAY[%s]::pg_catalog.text[]) THEN %s END`,
		v, strings.Join(list, ","), v), true
}
