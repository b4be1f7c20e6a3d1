package sqlflow

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// The age cap in SQL. Limits and units are those of the method itself, which is asked
// for each.

// ageLimit is the number from which on the method caps, and the cap.
type ageLimit struct{ from, cap string }

// unitLister is a method whose limit depends on a unit.
type unitLister interface{ Units() []string }

// limitOf searches the limit of a unit, in thousandths.
func (d *laying) limitOf(unit string) (ageLimit, bool) {
	const most = 4_000_000_000_000
	in := &mask.Input{Keys: d.policy.masks.Keys.NewPseudonymizer(), Kind: mask.Number, Unit: []byte(unit)}
	thousandths := func(n int) string { return big.NewRat(int64(n), 1000).FloatString(3) }
	ask := func(n int) (string, bool) {
		out, outcome, err := d.method.Append(nil, []byte(thousandths(n)), in)
		return string(out), err == nil && outcome == mask.Replaced
	}
	n := sort.Search(most, func(n int) bool { _, over := ask(n); return over })
	if n == most {
		return ageLimit{}, false
	}
	limit, _ := ask(n)
	return ageLimit{thousandths(n), limit}, true
}

// ageCap caps numbers, and texts that are numbers, in the unit that the rule or the
// row says.
func (d *laying) ageCap() (string, bool) {
	unit := d.beside(d.rule.Unit)
	if len(d.rule.Unit) == 0 || unit == "" {
		l, ok := d.limitOf("")
		if !ok && len(d.rule.Unit) == 0 {
			// Without a unit of time the method would keep every number, ages too.
			d.column.remove(d.catalog)
			return d.column.value, true
		}
		return d.capped(l, ok), true
	}
	lister, ok := d.method.(unitLister)
	if !ok {
		return "", false
	}
	groups := map[ageLimit][]string{}
	least := ""
	note := func(l ageLimit) {
		x, _ := new(big.Rat).SetString(l.from)
		if y, ok := new(big.Rat).SetString(least); !ok || x.Cmp(y) < 0 {
			least = l.from
		}
	}
	for _, u := range lister.Units() {
		if l, ok := d.limitOf(u); ok {
			groups[l] = append(groups[l], u)
			note(l)
		}
	}
	none, hasNone := d.limitOf("")
	other, hasOther := d.limitOf("no unit of time")
	for l, has := range map[ageLimit]bool{none: hasNone, other: hasOther} {
		if has {
			note(l)
		}
	}
	u := folded("coalesce(" + quoteIdent(unit) + "::pg_catalog.text, '')")
	var b strings.Builder
	fmt.Fprintf(&b, "CASE WHEN %s THEN %s", d.below(least), d.value)
	fmt.Fprintf(&b, " WHEN %s = '' THEN %s", u, d.capped(none, hasNone))
	var limits []ageLimit
	for l := range groups {
		limits = append(limits, l)
	}
	sort.Slice(limits, func(i, j int) bool { return limits[i].from < limits[j].from })
	for _, l := range limits {
		var names []string
		for _, name := range groups[l] {
			names = append(names, quoteText(name))
		}
		fmt.Fprintf(&b, " WHEN %s = ANY (ARRAY[%s]::pg_catalog.text[]) THEN %s", u, strings.Join(names, ","), d.capped(l, true))
	}
	fmt.Fprintf(&b, " ELSE %s END", d.capped(other, hasOther))
	return b.String(), true
}

// textNumber is how numbers in texts are written that SQL and the method read alike. The
// method reads a few more; here they are no numbers.
const textNumber = `'^[+-]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})$'`

// number is the column's value as a number that compares with limits; NULL for what is
// none.
func (d *laying) number() string {
	switch {
	case isText(d.typ.OID):
		v := d.value + "::pg_catalog.text"
		return "CASE WHEN pg_catalog.length(" + v + ") <= 40 AND " + v + ` COLLATE "C" ~ ` + textNumber + " THEN " + v + "::pg_catalog.numeric END"
	case isInteger(d.typ.OID):
		return d.value
	}
	return "CASE WHEN " + d.value + "::pg_catalog.text NOT IN ('NaN', 'Infinity', '-Infinity') THEN " + d.value + " END"
}

// below tells the numbers that no unit caps.
func (d *laying) below(least string) string { return "(" + d.number() + ") < " + least }

// capped is the value where the unit is known.
func (d *laying) capped(l ageLimit, isTime bool) string {
	if !isTime {
		return d.value
	}
	limit := l.cap
	if isText(d.typ.OID) {
		limit = quoteText(limit)
	}
	if isInteger(d.typ.OID) {
		return fmt.Sprintf("CASE WHEN %[1]s >= %[2]s THEN %[3]s ELSE %[1]s END", d.value, l.from, limit)
	}
	return fmt.Sprintf("CASE WHEN (%[1]s) >= %[2]s THEN %[3]s WHEN (%[1]s) < %[2]s THEN %[4]s END", d.number(), l.from, limit, d.value)
}
