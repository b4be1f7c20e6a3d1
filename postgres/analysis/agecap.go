package analysis

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// The cap in SQL, by the limits of the form.

// unitWords has the words of a cap's units, by what SQL does with them.
type unitWords struct {
	groups map[forms.Limit][]string
	// least is the smallest limit of all.
	least string
	// letters has those of one letter, words those of more, and all has all of them; ages
	// has those that say that a number is an age.
	letters, words, ages, all []string
}

// cap caps numbers, and texts that are numbers, in the unit that the rule or the row
// gives.
func (d *columnRule) cap(f forms.Cap) string {
	unit := d.beside(d.rule.Unit)
	if unit == "" {
		if f.Default == nil && len(d.rule.Unit) == 0 {
			// Without a unit of time the method would keep every number, including ages.
			d.column.remove(d.catalog)
			return d.column.value
		}
		return d.capped(f.Default)
	}
	limits := d.unitWords(f)
	u := "pg_catalog.translate(pg_catalog.btrim(coalesce(" + catalog.QuoteIdent(unit) + "::pg_catalog.text, ''), " + catalog.QuoteLiteral(unitSpace) + "), " + unitFolding(slices.Concat(limits.all, limits.ages)) + `) COLLATE "C"`
	var b strings.Builder
	fmt.Fprintf(&b, "CASE WHEN %s THEN %s", d.below(limits.least), d.value)
	fmt.Fprintf(&b, " WHEN %s = '' THEN %s", u, d.capped(f.Default))
	for _, l := range slices.SortedFunc(maps.Keys(limits.groups), func(a, b forms.Limit) int { return strings.Compare(a.From, b.From) }) {
		fmt.Fprintf(&b, " WHEN %s = ANY (%s) THEN %s", u, textArray(limits.groups[l]), d.capped(&l))
	}
	// SQL does not decide which of several words applies: from the least limit on, such a
	// number is not shown.
	fmt.Fprintf(&b, " WHEN %s THEN NULL", limits.mayBeTime(u))
	fmt.Fprintf(&b, " ELSE %s END", d.value)
	return b.String()
}

// unitWords sorts the words of a form, once for all columns of a rule.
func (d *columnRule) unitWords(f forms.Cap) *unitWords {
	if found, ok := d.units[d.rule]; ok {
		return found
	}
	out := &unitWords{groups: map[forms.Limit][]string{}, all: slices.Sorted(maps.Keys(f.Units)), ages: f.Ages}
	note := func(l forms.Limit) {
		x, _ := new(big.Rat).SetString(l.From)
		if y, ok := new(big.Rat).SetString(out.least); !ok || x.Cmp(y) < 0 {
			out.least = l.From
		}
	}
	for _, u := range out.all {
		l := f.Units[u]
		out.groups[l] = append(out.groups[l], u)
		note(l)
		switch {
		case strings.ContainsFunc(u, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }):
		case utf8.RuneCountInString(u) == 1 && len(u) == 1:
			out.letters = append(out.letters, u)
		default:
			out.words = append(out.words, u)
		}
	}
	if f.Default != nil {
		note(*f.Default)
	}
	d.units[d.rule] = out
	return out
}

// mayBeTime matches texts that may name a unit of time among other words: by a word that
// does not follow "/" or "per", by a letter at the beginning, by a word for ages, or next
// to an annotation of UCUM. It matches at least everything that the method finds.
func (l *unitWords) mayBeTime(u string) string {
	const letter = "[[:alpha:]]"
	divided := "pg_catalog.regexp_replace(" + u + ", '(/[^[:alpha:]]*|(^|[^[:alpha:]])(per|pro|por|par)[^[:alpha:]]+)" + letter + "+', ' ', 'g')"
	word := func(text string, words []string) string {
		return text + " ~ " + catalog.QuoteLiteral("(^|[^[:alpha:]])("+strings.Join(words, "|")+")($|[^[:alpha:]])")
	}
	var inside []string
	for _, w := range slices.Concat(l.words, l.ages) {
		if r, _ := utf8.DecodeRuneInString(w); r >= 0x80 {
			inside = append(inside, w)
		}
	}
	return "(" + strings.Join([]string{
		u + " = '?'",
		word(divided, l.words),
		word(u, l.ages),
		u + " ~ " + catalog.QuoteLiteral(strings.Join(inside, "|")),
		u + " ~ " + catalog.QuoteLiteral("^[^/[:alpha:]]*("+strings.Join(l.letters, "|")+")($|[^[:alpha:]])"),
		"pg_catalog.btrim(pg_catalog.regexp_replace(" + u + ", '[{][^{}]*[}]', '', 'g')) = ANY (" + textArray(l.all) + ") AND " + u + " ~ '[{]'",
	}, " OR ") + ")"
}

// unitSpace is the white space of Unicode.
const unitSpace = " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// unitFolding has the arguments of translate that convert letters of the words, and
// full-width ASCII, to lower case, whatever the locale of the database.
func unitFolding(words []string) string {
	from, to := map[rune]rune{}, []rune{}
	for _, w := range words {
		for _, r := range w {
			if up := unicode.ToUpper(r); up != r && unicode.ToLower(up) == r {
				from[up] = r
			}
		}
	}
	for r := 'A'; r <= 'Z'; r++ {
		from[r] = unicode.ToLower(r)
	}
	for r := rune(0xff01); r <= 0xff5e; r++ {
		from[r] = unicode.ToLower(r - 0xfee0)
	}
	keys := slices.Sorted(maps.Keys(from))
	for _, r := range keys {
		to = append(to, from[r])
	}
	return catalog.QuoteLiteral(string(keys)) + ", " + catalog.QuoteLiteral(string(to))
}

func textArray(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, catalog.QuoteLiteral(s))
	}
	return "ARRAY[" + strings.Join(quoted, ",") + "]::pg_catalog.text[]"
}

// textNumber matches numbers in texts that SQL and the method read alike. The method
// reads a few more forms; here these are not numbers.
const textNumber = `'^[+-]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})$'`

// number is the column's value as a number that compares with limits; NULL if it is not a
// number.
func (d *columnRule) number() string {
	switch {
	case catalog.IsText(d.typ.OID):
		v := d.value + "::pg_catalog.text"
		return "CASE WHEN pg_catalog.length(" + v + ") <= 40 AND " + v + ` COLLATE "C" ~ ` + textNumber + " THEN " + v + "::pg_catalog.numeric END"
	case catalog.IsInteger(d.typ.OID):
		return d.value
	}
	return "CASE WHEN " + d.value + "::pg_catalog.text NOT IN ('NaN', 'Infinity', '-Infinity') THEN " + d.value + " END"
}

// below is the condition for numbers that no unit caps.
func (d *columnRule) below(least string) string { return "(" + d.number() + ") < " + least }

// capped is the value if it is under a limit; nil means no limit.
func (d *columnRule) capped(l *forms.Limit) string {
	if l == nil {
		return d.value
	}
	to := l.To
	if catalog.IsText(d.typ.OID) {
		to = catalog.QuoteLiteral(to)
	}
	if catalog.IsInteger(d.typ.OID) {
		return fmt.Sprintf("CASE WHEN %[1]s >= %[2]s THEN %[3]s ELSE %[1]s END", d.value, l.From, to)
	}
	return fmt.Sprintf("CASE WHEN (%[1]s) >= %[2]s THEN %[3]s WHEN (%[1]s) < %[2]s THEN %[4]s END", d.number(), l.From, to, d.value)
}
