package analysis

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Methods that SQL can do. Each expression gives, for a value in the session that
// SessionSettings describe, what the method gives for the value's text, as a value of
// the column's type where the type has it: the year of a date is its first of
// January, of a timestamp with time zone the first moment in UTC, whatever time zone
// the session has. What the method removes is NULL.

// push writes the column's expression, or reports that SQL cannot apply the method to the
// type.
func (d *columnRule) push() bool {
	c, t := d.column, d.typ
	v, ok := "", false
	text := catalog.IsText(t.OID)
	number := catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID)
	switch f := d.rule.Form.(type) {
	case forms.Remove:
		c.remove(d.catalog)
		return c.treatment == Pushed
	case forms.Fixed:
		if text {
			c.shown, ok = catalog.OIDText, true
			v = "CASE WHEN " + d.value + " IS NOT NULL THEN " + catalog.QuoteLiteral(f.Text) + "::pg_catalog.text END"
		}
	case forms.Period:
		if t.Element != 0 {
			return d.periods(f)
		}
		v, ok = d.period(f)
	case forms.Prefix:
		switch {
		case len(d.rule.Country) > 0:
		case f.Abroad:
			c.remove(d.catalog)
			return c.treatment == Pushed
		case text:
			c.shown, ok = catalog.OIDText, true
			v = d.prefixOf(f)
		}
	case forms.Members:
		if t.OID != catalog.OIDJSON && t.OID != catalog.OIDJSONB {
			c.remove(d.catalog)
			return c.treatment == Pushed
		}
		v, ok = d.json(f), true
	case forms.Cap:
		if number || text {
			if v, ok = d.cap(f), true; text {
				c.shown = catalog.OIDText
			}
		}
	case forms.Multiple:
		if number {
			v, ok = d.multiple(f)
		}
	case forms.Substring:
		if text {
			c.shown, ok = catalog.OIDText, true
			v = fmt.Sprintf("nullif(pg_catalog.substr(%s::pg_catalog.text, %d, %d), '')", d.value, f.From+1, f.Length)
		}
	case forms.Ends:
		if text {
			c.shown, ok = catalog.OIDText, true
			v = d.ends(f)
		}
	case forms.Groups:
		if text || number {
			c.shown = catalog.OIDText
			v, ok = d.groups(f)
		}
	case forms.Listed:
		if text && len(d.rule.Country) == 0 {
			c.shown, ok = catalog.OIDText, true
			v = d.listed(f)
		}
	case forms.Match:
		switch {
		case number && f.Numbers:
			v, ok = d.value, true
		case catalog.IsNumber(t.OID), t.OID == catalog.OIDBool:
			v, ok = d.match(f, d.value), true
		case text, d.catalog.IsEnum(t.OID):
			c.shown, ok = catalog.OIDText, true
			v = d.match(f, d.value+"::pg_catalog.text")
		}
	}
	c.value = v
	return ok
}

// json keeps the listed members of an object, by paths of names joined by dots, and
// removes all others. What is not an object is removed, and so is a path through an
// array.
func (d *columnRule) json(f forms.Members) string {
	keep := jsonPaths{}
	for _, path := range f.Paths {
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

// jsonPaths has the members that are kept, each with those below it; a member without any
// below is kept whole.
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

// sql rebuilds the object. Missing members remain missing.
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

// period truncates dates. Years that may reveal an age are removed if it is above the
// greatest age that may be shown. A whole number of four digits is a year, as in the
// year_of_birth of OMOP.
func (d *columnRule) period(f forms.Period) (string, bool) {
	v, low, cond := d.value, 1, ""
	year := "extract(year FROM " + v + ")"
	switch {
	case catalog.IsInteger(d.typ.OID) && f.Unit == forms.Year:
		year, low, f.Number = v, 1000, true
	case !catalog.IsTime(d.typ.OID):
		return "", false
	case d.typ.OID == catalog.OIDTimestamptz:
		year = "extract(year FROM " + v + " AT TIME ZONE 'UTC')"
	}
	reference := d.policy.masks.Ruleset.ReferenceDate.Year
	switch {
	case f.Of == forms.Death:
		born := d.yearOf(d.beside(d.rule.Birth))
		if born == "" {
			d.column.remove(d.catalog)
			return d.column.value, true
		}
		cond = fmt.Sprintf(" AND %s - %s BETWEEN 0 AND %d", year, born, f.MaxAge)
	case f.MaxAge == 0:
	case f.Of == forms.Birth && d.yearOf(d.beside(d.rule.Death)) != "":
		// For a person who died younger than the greatest age that may be shown, the year is
		// kept. A death before the birth is ignored.
		died := d.yearOf(d.beside(d.rule.Death))
		cond = fmt.Sprintf(" AND LEAST(%[1]d, CASE WHEN %[2]s >= %[3]s THEN %[2]s ELSE %[1]d END) - %[3]s <= %[4]d", reference, died, year, f.MaxAge)
	default:
		low = max(low, reference-f.MaxAge)
	}
	d.column.coarse = true
	if f.Number {
		d.column.coarse, d.column.shown = false, catalog.OIDInt4
		return fmt.Sprintf("CASE WHEN %[1]s BETWEEN %[2]d AND 9999%[3]s THEN (%[1]s)::pg_catalog.int4 END", year, low, cond), true
	}
	var cut string
	switch d.typ.OID {
	case catalog.OIDDate:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s::pg_catalog.timestamp)::pg_catalog.date", f.Unit, v)
	case catalog.OIDTimestamp:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s)", f.Unit, v)
	default:
		cut = fmt.Sprintf("pg_catalog.date_trunc('%s', %s, 'UTC')", f.Unit, v)
	}
	d.column.shown = d.typ.OID
	return fmt.Sprintf("CASE WHEN %s BETWEEN %d AND 9999%s THEN %s END", year, low, cond, cut), true
}

// yearOf writes the year of a neighbouring column in SQL; empty if it has none. If its
// type is not a date, it is the year that the method would read in the text, or NULL.
func (d *columnRule) yearOf(name string) string {
	for _, a := range d.relation.Columns {
		t := d.catalog.Base(a.Type)
		if a.Name != name || t == nil {
			continue
		}
		v := catalog.QuoteIdent(name)
		switch {
		case t.OID == catalog.OIDTimestamptz:
			return "extract(year FROM " + v + " AT TIME ZONE 'UTC')"
		case catalog.IsTime(t.OID):
			return "extract(year FROM " + v + ")"
		}
		v += "::pg_catalog.text"
		return fmt.Sprintf(`CASE WHEN (%[1]s) COLLATE "C" ~ '%[2]s' THEN nullif(pg_catalog.left(%[1]s, 4)::pg_catalog.int4, 0) END`, v, datePattern)
	}
	return ""
}

// datePattern matches the texts in which the methods read a year.
const datePattern = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])([T ][0-9]{2}.*)?)?)?$"

// prefixOf keeps the first digits of a postal code.
func (d *columnRule) prefixOf(f forms.Prefix) string {
	v := "pg_catalog.btrim(" + d.value + `::pg_catalog.text, E' \t\n\r\f')`
	return fmt.Sprintf(`CASE WHEN %[1]s COLLATE "C" ~ '^([0-9]{5}(-?[0-9]{4})?|[0-9]{3})$' THEN CASE WHEN pg_catalog.left(%[1]s, 3) <> ALL ('{%[2]s}'::pg_catalog.text[]) THEN pg_catalog.left(%[1]s, 3) ELSE '000' END END`,
		v, strings.Join(f.Hidden, ","))
}

// exact writes a number as a numeric with all its digits: for a float those of its
// shortest text, which is what the method reads.
func (d *columnRule) exact() string {
	if catalog.IsFloat(d.typ.OID) {
		return d.value + "::pg_catalog.text::pg_catalog.numeric"
	}
	return d.value + "::pg_catalog.numeric"
}

// multiple replaces numbers by a multiple, rounding halves up. NaN and infinity have no
// multiple, and what PostgreSQL could not compute is NULL.
func (d *columnRule) multiple(f forms.Multiple) (string, bool) {
	step, half := f.Of, "0"
	if f.Nearest {
		half = "0.5"
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
		// The last multiple may be out of the type's range.
		return fmt.Sprintf("CASE WHEN %s BETWEEN -9223372036854775808 AND 9223372036854775807 THEN (%[1]s)::pg_catalog.int8 END", out), true
	}
	if catalog.IsInteger(d.typ.OID) {
		return out, true
	}
	return fmt.Sprintf("CASE WHEN %s NOT IN ('NaN', 'Infinity', '-Infinity') AND pg_catalog.abs(%[1]s) < 1e1000 THEN %[2]s END", v, out), true
}

// ends keeps the first and last characters.
func (d *columnRule) ends(f forms.Ends) string {
	v := d.value + "::pg_catalog.text"
	n := "pg_catalog.length(" + v + ")"
	hidden := fmt.Sprintf("(%s - %d)", n, f.First+f.Last)
	return fmt.Sprintf("CASE WHEN %s > 0 AND %s * 2 >= %s THEN pg_catalog.left(%s, %d) || pg_catalog.repeat(%s, %s) || pg_catalog.right(%s, %d) END",
		n, hidden, n, v, f.First, catalog.QuoteLiteral(f.Fill), hidden, v, f.Last)
}

// groups writes the cases and bands. Bands are of whole numbers: the part before the
// point decides.
func (d *columnRule) groups(f forms.Groups) (string, bool) {
	if len(f.Bands) > 0 && !catalog.IsNumber(d.typ.OID) && !catalog.IsFloat(d.typ.OID) {
		return "", false
	}
	var b strings.Builder
	b.WriteString("CASE WHEN " + d.value + " IS NULL THEN NULL")
	for _, k := range slices.Sorted(maps.Keys(f.Cases)) {
		fmt.Fprintf(&b, " WHEN %s::pg_catalog.text = %s THEN %s::pg_catalog.text", d.value, catalog.QuoteLiteral(k), catalog.QuoteLiteral(f.Cases[k]))
	}
	for _, band := range f.Bands {
		whole := "pg_catalog.trunc(" + d.exact() + ")"
		fmt.Fprintf(&b, " WHEN %[1]s >= %[2]d AND %[1]s <= %[3]d THEN %[4]s::pg_catalog.text", whole, band.Low, band.High, catalog.QuoteLiteral(band.Text))
	}
	if f.Default != "" {
		fmt.Fprintf(&b, " ELSE %s::pg_catalog.text", catalog.QuoteLiteral(f.Default))
	}
	b.WriteString(" END")
	return b.String(), true
}

// listed compares with the form's list.
func (d *columnRule) listed(f forms.Listed) string {
	var list []string
	for _, s := range f.Values {
		list = append(list, catalog.QuoteLiteral(s))
	}
	sort.Strings(list)
	v := d.value + "::pg_catalog.text"
	return fmt.Sprintf(`CASE WHEN pg_catalog.translate(pg_catalog.btrim(%s, ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = ANY (ARRAY[%s]::pg_catalog.text[]) THEN %s END`,
		v, strings.Join(list, ","), v)
}

// otherDigits matches the decimal digits that are not ASCII, which it names by their numbers:
// a database in another encoding may not have them.
var otherDigits = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteByte('[')
	for _, r := range unicode.Nd.R16 {
		if r.Lo > unicode.MaxASCII {
			fmt.Fprintf(&b, `\u%04x-\u%04x`, r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		fmt.Fprintf(&b, `\U%08x-\U%08x`, r.Lo, r.Hi)
	}
	b.WriteByte(']')
	return b.String()
})

// match compares with the form's expressions; out is what passes.
func (d *columnRule) match(f forms.Match, out string) string {
	v := d.value + "::pg_catalog.text"
	conditions := []string{v + " <> ''"}
	if f.Longest > 0 {
		conditions = append(conditions, fmt.Sprintf("pg_catalog.length(%s) <= %d", v, f.Longest))
	}
	if f.Whole != "" {
		conditions = append(conditions, v+` COLLATE "C" ~ `+catalog.QuoteLiteral("^("+f.Whole+")$"))
	}
	if f.Without != "" {
		conditions = append(conditions, v+` COLLATE "C" !~ `+catalog.QuoteLiteral(f.Without))
	}
	if f.ASCIIDigits {
		conditions = append(conditions, v+` COLLATE "C" !~ `+catalog.QuoteLiteral(otherDigits()))
	}
	return "CASE WHEN " + strings.Join(conditions, " AND ") + " THEN " + out + " END"
}
