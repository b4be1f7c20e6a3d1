package analysis

import (
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Arrays of dates and timestamps are masked in SQL, element by element: an element that its
// method would remove is NULL within the array, which keeps its dimensions and bounds.

// mostDimensions is how many dimensions an array of PostgreSQL has at most (MAXDIM).
const mostDimensions = 6

// timeArray is the built-in type of arrays of a type's times; nil for other types.
func (o *overlay) timeArray(t *catalog.Type) *catalog.Type {
	if t = o.catalog.Base(t.Element); t == nil || !catalog.IsTime(t.OID) {
		return nil
	}
	return o.catalog.Type(catalog.ArrayOf(t.OID))
}

// element is the rule at an element of the column's arrays of times, in a sub-select over
// them.
func (d *columnRule) element() *columnRule {
	e := *d
	e.typ, e.value = d.catalog.Base(d.typ.Element), d.inArray("element")
	e.column = &shapeColumn{Attribute: d.column.Attribute, shown: e.typ.OID}
	return &e
}

// inArray is a column of the sub-select. No column of the relation has its name, since the
// element's expression may mention those as well.
func (d *columnRule) inArray(name string) string {
	name = "veil_" + name
	for d.relation.Column(name) != nil {
		name += "_"
	}
	return catalog.QuoteIdent(name)
}

// periods cuts the dates of an array.
func (d *columnRule) periods(f forms.Period) bool {
	if d.timeArray(d.typ) == nil || f.Number {
		return false
	}
	e := d.element()
	v, ok := e.period(f)
	if !ok || strings.HasPrefix(v, "NULL::") {
		d.column.remove(d.catalog)
		return d.column.treatment == Pushed
	}
	d.arrayOf(e, v)
	return true
}

// shiftArray shifts the dates of an array, or removes it where SQL cannot.
func (d *columnRule) shiftArray(f forms.Shift, s *keying) {
	e := d.element()
	s.typ, s.shown, s.guard = e.typ, e.typ.OID, shiftable(e.typ.OID, e.value)
	if s.Entity != "" {
		s.Prefix = d.policy.rules.Prefix(nameOf(d.relation), s.Entity)
	}
	own := *e.column
	if !e.shift(f, s, &own) {
		d.column.remove(d.catalog)
		return
	}
	d.column.treatment, d.column.hash = Pushed, own.hash
	d.arrayOf(e, own.value)
}

// arrayOf makes an array of what the expression gives for each element: of its text, which
// alone says where its dimensions begin.
func (d *columnRule) arrayOf(e *columnRule, expression string) {
	typ := d.timeArray(d.typ)
	array, number, text := "("+d.value+")::"+typeSQL(typ), d.inArray("number"), ""
	switch e.typ.OID {
	case catalog.OIDDate:
		// As a timestamp: in a time zone there are days that have no midnight.
		text = "pg_catalog.to_char((" + expression + ")::pg_catalog.timestamp, 'YYYY-MM-DD')"
	case catalog.OIDTimestamp:
		text = "pg_catalog.to_char(" + expression + ", 'YYYY-MM-DD HH24:MI:SS.US')"
	default:
		text = "pg_catalog.to_char((" + expression + ") AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"
	}
	opens, closes := d.braces(array, number)
	d.column.shown = typ.OID
	d.column.value = fmt.Sprintf("CASE WHEN %[1]s IS NOT NULL THEN (SELECT coalesce(pg_catalog.array_dims(%[1]s) || '={' || pg_catalog.string_agg(%[2]s || coalesce(%[3]s, 'NULL') || %[4]s, ',' ORDER BY %[5]s) || '}', '{}')"+
		" FROM pg_catalog.unnest(%[1]s) WITH ORDINALITY AS veil_array (%[6]s, %[5]s))::%[7]s END",
		array, opens, text, closes, number, e.value, typeSQL(typ))
}

// braces are those before and after the element of a number, but for the outermost: each
// dimension's begin and end with so many elements as the ones within it have.
func (d *columnRule) braces(array, number string) (opens, closes string) {
	size := ""
	for i := mostDimensions; i > 1; i-- {
		size += fmt.Sprintf("coalesce(pg_catalog.array_length(%s, %d), 1)", array, i)
		within := fmt.Sprintf("pg_catalog.array_ndims(%s) >= %d", array, i)
		opens += fmt.Sprintf(" || CASE WHEN %s AND (%s - 1) %% (%s) = 0 THEN '{' ELSE '' END", within, number, size)
		closes += fmt.Sprintf(" || CASE WHEN %s AND %s %% (%s) = 0 THEN '}' ELSE '' END", within, number, size)
		size += " * "
	}
	cases := func(braces string) string {
		return fmt.Sprintf("CASE WHEN pg_catalog.array_ndims(%s) > 1 THEN ''%s ELSE '' END", array, braces)
	}
	return cases(opens), cases(closes)
}
