package analysis

import (
	"fmt"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// zoned refuses to send a moment in the form that its method reads. Its text would be in
// the session's UTC offset at the original, which may differ from that at the masked
// moment.
func (a *analysis) zoned(s *keying) {
	a.refuseKeyed(s, 0, "cannot be sent as it is", "", "")
}

// shiftable is the condition under which a time can be shifted: its year has four digits
// before and after.
func shiftable(typ uint32, v string) string {
	first, last, name := "0012-01-01", "9988-12-31", "date"
	if typ != catalog.OIDDate {
		last, name = last+" 23:59:59.999999", "timestamp"
	}
	if typ == catalog.OIDTimestamptz {
		first, last, name = first+" 00:00:00+00", last+"+00", "timestamptz"
	}
	return fmt.Sprintf("%[1]s BETWEEN '%[2]s'::pg_catalog.%[4]s AND '%[3]s'::pg_catalog.%[4]s", v, first, last, name)
}

// yearStart writes the first moment of a time's year, in UTC.
func yearStart(typ uint32, v string) string {
	switch typ {
	case catalog.OIDDate:
		return "pg_catalog.date_trunc('year', " + v + "::pg_catalog.timestamp)::pg_catalog.date"
	case catalog.OIDTimestamp:
		return "pg_catalog.date_trunc('year', " + v + ")"
	}
	return "pg_catalog.date_trunc('year', " + v + ", 'UTC')"
}

// shift writes the expression of a shifted time. Days have 24 hours in every zone, and
// for an unknown person only the year is kept.
func (d *columnRule) shift(f forms.Shift, s *keying, own *shapeColumn) bool {
	v := d.value
	moved := yearStart(s.typ.OID, v)
	if s.Entity != "" {
		person, ok := d.person(s.Entity)
		if !ok {
			return false
		}
		key, ok := d.policy.hashKeys[f.Keyed]
		if !ok {
			return false
		}
		days := fmt.Sprintf("(CASE WHEN x.n >= %d THEN x.n - %d ELSE -1 - x.n END * %d)::pg_catalog.int4", f.Steps, f.Steps-1, f.Days)
		number := func(sum string) string { return remainder(firstNumber(sum), 2*f.Steps) }
		own.hash = key.hash(days, number, fmt.Sprintf("pg_catalog.octet_length(e.b1) > %d", len(s.Prefix)), catalog.QuoteLiteral(s.Prefix)+" || "+person)
		own.nobody = "coalesce(pg_catalog.octet_length(" + person + "), 0) = 0"
		shifted := v + " + " + hashColumn
		if s.typ.OID != catalog.OIDDate {
			shifted = v + " + " + hashColumn + " * '24 hours'::pg_catalog.interval"
		}
		moved = fmt.Sprintf("coalesce(%s, %s)", shifted, moved)
	}
	own.value = "CASE WHEN " + s.guard + " THEN " + moved + " END"
	own.shown = s.shown
	if own.hash != nil {
		own.reach = f.Steps * f.Days
	}
	return true
}

// daysOfYear is the greatest distance of a date from the beginning of its year.
const daysOfYear = 366
