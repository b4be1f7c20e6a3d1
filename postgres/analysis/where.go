package analysis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// Rules with conditions on other columns of the row. SQL decides which rule acts, row by
// row: CASE WHEN condition THEN masked one way … ELSE another END. If a condition is neither
// true nor false, the strictest of the rules that may still act applies (mask.Strictest).

// branch is one rule's masking of a column that has several.
type branch struct {
	value string
	shown uint32
	rule  *ruleset.TableRule
}

// applyRules gives a column several rules. If SQL cannot decide between them, the column is
// hidden.
func (o *overlay) applyRules(c *shapeColumn, r *catalog.Relation, ch table.Chain) {
	rules := o.policy.rules.All()
	last := o.policy.rules.Last(ch)
	conditional := ch.Rules
	var rest *ruleset.TableRule
	switch {
	case last >= 0:
		rest, conditional = &rules[last], ch.Rules[:len(ch.Rules)-1]
	case o.policy.rules.Default() == "keep" && r.Kind != 'm' && r.Kind != 'v':
		rest = &ruleset.TableRule{ID: "(default)", Method: "keep", Form: forms.Keep{}}
	}
	var all []*ruleset.TableRule
	for _, i := range conditional {
		all = append(all, &rules[i])
	}
	all = append(all, rest)
	action := table.Action(all, r.Schema+"."+r.Name+"."+c.Name)
	c.action = &action
	var branches []branch
	for i, rule := range all {
		n := last
		if i < len(conditional) {
			n = conditional[i]
		}
		b, ok := o.branch(c, r, rule, n)
		if !ok {
			c.why = fmt.Sprintf("rule %q acts in some rows alone, and its method is not pushed down on this type", rule.ID)
			return
		}
		branches = append(branches, b)
	}
	shown, why := o.unite(c, branches)
	if why != "" {
		c.why = why
		return
	}
	typ := o.catalog.Type(shown)
	write := func(i int) string {
		if i < 0 || branches[i].value == "" {
			return "NULL::" + typeSQL(typ)
		}
		return "(" + branches[i].value + ")::" + typeSQL(typ)
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i := range conditional {
		cond := o.condition(c, r, all[i])
		unknown := ruleset.Strictest(all[i:], table.SameMasking(hasColumn(r)))
		if unknown >= 0 {
			unknown += i
		}
		fmt.Fprintf(&b, " WHEN %[1]s THEN %[2]s WHEN coalesce(%[1]s, true) THEN %[3]s", cond, write(i), write(unknown))
	}
	fmt.Fprintf(&b, " ELSE %s END", write(len(all)-1))
	c.treatment, c.shown, c.value = Pushed, shown, b.String()
}

func isDocument(r *ruleset.TableRule) bool {
	_, ok := r.Form.(forms.Document)
	return ok
}

// branch applies one rule to the column. n is its number, if it has one.
func (o *overlay) branch(c *shapeColumn, r *catalog.Relation, rule *ruleset.TableRule, n int) (branch, bool) {
	switch {
	case rule == nil || rule.Removes():
		return branch{rule: rule}, true
	case rule.Keeps():
		return branch{value: catalog.QuoteIdent(c.Name), shown: c.Type, rule: rule}, true
	}
	method, _ := o.policy.masks.TableMethod(n)
	own := &shapeColumn{Attribute: c.Attribute, shown: c.Type}
	d := &columnRule{overlay: o, relation: r, rule: rule, method: method, column: own, typ: o.catalog.Base(c.Type), value: catalog.QuoteIdent(c.Name)}
	if d.typ == nil || isDocument(rule) || !d.push() && !d.computeBranch(c, n) {
		return branch{rule: rule}, false
	}
	own = d.column
	if strings.HasPrefix(own.value, "NULL::") {
		return branch{rule: rule}, true
	}
	return branch{value: own.value, shown: own.shown, rule: rule}, true
}

// computeBranch masks the column as SQL masks a keyed one, and keeps its hash.
func (d *columnRule) computeBranch(c *shapeColumn, n int) bool {
	_, def := d.policy.masks.TableMethod(n)
	d.column.action = &mask.Action{}
	d.mask(def)
	switch s := d.column.keying; {
	case s == nil: // it is removed, or masked by SQL alone
		if d.column.treatment != Pushed {
			return false
		}
	case s.inSQL == nil || s.inSQL.hash == nil && strings.Contains(s.inSQL.value, hashColumn):
		return false
	default:
		d.column = s.inSQL
	}
	if h := d.column.hash; h != nil {
		c.hashes = append(c.hashes, h)
		d.column.value = strings.ReplaceAll(d.column.value, hashColumn, branchHash(len(c.hashes)-1))
	}
	return true
}

// unite finds the type that all branches have: their own, numeric for numbers, else text. A
// time as text would depend on the client's time zone.
func (o *overlay) unite(c *shapeColumn, branches []branch) (shown uint32, why string) {
	times, numbers, floats := false, true, false
	same := true
	for _, b := range branches {
		if b.value == "" {
			continue
		}
		t := o.catalog.Base(b.shown)
		if t == nil {
			return 0, "its type is not known"
		}
		if array := o.timeArray(t); array != nil {
			t, times = array, true
		}
		times = times || catalog.IsTime(t.OID)
		floats = floats || catalog.IsFloat(t.OID)
		numbers = numbers && (catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID))
		same = same && (shown == 0 || shown == t.OID)
		shown = t.OID
	}
	switch {
	case shown == 0: // everything is removed
		c.remove(o.catalog)
		shown = c.shown
	case same && o.catalog.IsEnum(shown):
		shown = catalog.OIDText // the existing labels would reveal what is removed
	case same:
	case numbers && floats:
		shown = catalog.OIDFloat8
	case numbers:
		shown = catalog.OIDNumeric
	case times:
		return 0, "its rules with conditions give a time and another type"
	default:
		shown = catalog.OIDText
	}
	if o.catalog.Restricted(shown) != nil {
		return 0, "its type has casts of the database's own, and rules with conditions"
	}
	return shown, ""
}

// condition returns a rule's conditions on a row, in SQL: true, false, or NULL if unknown.
func (o *overlay) condition(c *shapeColumn, r *catalog.Relation, rule *ruleset.TableRule) string {
	var all []string
	for i := range rule.Where {
		w := &rule.Where[i]
		if w.Table == "" {
			all = append(all, o.tests(r, w, ""))
		} else {
			all = append(all, o.relatedTests(c, r, w))
		}
	}
	return strings.Join(all, " AND ")
}

// unknownTest is a condition that cannot be evaluated.
const unknownTest = "NULL::pg_catalog.bool"

// tests returns the tests of one condition, on a column of the relation.
func (o *overlay) tests(r *catalog.Relation, w *ruleset.RowCondition, qualifier string) string {
	name := table.First(w.Column, hasColumn(r))
	if name == "" {
		return unknownTest
	}
	column := qualifier + catalog.QuoteIdent(name)
	var a catalog.Attribute
	for _, a = range r.Columns {
		if a.Name == name {
			break
		}
	}
	var list []string
	if w.Null != nil {
		list = append(list, column+map[bool]string{true: " IS NULL", false: " IS NOT NULL"}[*w.Null])
	}
	if w.In == nil && w.NotIn == nil && w.Like == nil {
		return "(" + strings.Join(list, " AND ") + ")"
	}
	t := o.catalog.Base(a.Type)
	v, plain := conditionText(t, column)
	if t == nil || !plain || o.catalog.Restricted(a.Type) != nil {
		return "(" + strings.Join(append(list, unknownTest), " AND ") + ")"
	}
	member := func(values []string, op string) string {
		if catalog.IsInteger(t.OID) {
			var whole []string
			for _, s := range values {
				if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
					whole = append(whole, s)
				}
			}
			return column + op + "('{" + strings.Join(whole, ",") + "}'::pg_catalog.int8[])"
		}
		var quoted []string
		for _, s := range values {
			quoted = append(quoted, catalog.QuoteLiteral(s))
		}
		return v + op + "(ARRAY[" + strings.Join(quoted, ",") + "]::pg_catalog.text[])"
	}
	if w.In != nil {
		list = append(list, member(w.In, " = ANY "))
	}
	if w.NotIn != nil {
		list = append(list, member(w.NotIn, " <> ALL "))
	}
	if w.Like != nil {
		var patterns []string
		for _, p := range w.Like {
			patterns = append(patterns, catalog.QuoteLiteral(likeEscapes.Replace(p)))
		}
		list = append(list, v+" ~~ ANY (ARRAY["+strings.Join(patterns, ",")+"]::pg_catalog.text[])")
	}
	return "(" + strings.Join(list, " AND ") + ")"
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_")

// conditionText returns a column's value in the form that conditions compare: see
// ruleset.RowCondition. For some types the text depends on the session, or is not a value of
// its own.
func conditionText(t *catalog.Type, column string) (string, bool) {
	if t == nil {
		return "", false
	}
	v := column + "::pg_catalog.text"
	switch {
	case t.OID == catalog.OIDNumeric:
		v = "pg_catalog.trim_scale(" + column + ")::pg_catalog.text"
	case !fixedText(t):
		return "", false
	}
	return folded(v) + ` COLLATE "C"`, true
}

// fixedText reports whether the text of a type's values is independent of settings.
func fixedText(t *catalog.Type) bool {
	switch t.OID {
	case catalog.OIDUUID, catalog.OIDBool, catalog.OIDDate, catalog.OIDTimestamp, catalog.OIDName, catalog.OIDChar, catalog.OIDNumeric:
		return true
	}
	return catalog.IsText(t.OID) || t.Kind == 'e' || catalog.IsInteger(t.OID)
}

// folded returns a text in SQL without surrounding white space and in lower case, for ASCII
// only.
func folded(v string) string {
	return "pg_catalog.translate(pg_catalog.btrim(" + v + `, E' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`
}

// relatedTests returns a condition on related rows: true if it is true for all related rows,
// false if it is false for all, and unknown if they differ or there are none.
func (o *overlay) relatedTests(c *shapeColumn, r *catalog.Relation, w *ruleset.RowCondition) string {
	other := o.relatedTo(r, w)
	if other == nil {
		return unknownTest
	}
	var join []string
	for _, here := range sortedKeys(w.On) {
		l, r := r.Column(here), other.Column(w.On[here])
		join = append(join, o.joined(rows.RowAlias+"."+catalog.QuoteIdent(l.Name), l.Type, rows.RelatedAlias+"."+catalog.QuoteIdent(r.Name), r.Type))
	}
	test := o.tests(other, w, rows.RelatedAlias+".")
	c.related = append(c.related, other)
	return fmt.Sprintf("(SELECT CASE WHEN pg_catalog.bool_and(coalesce(%[1]s, false)) THEN true WHEN NOT pg_catalog.bool_or(coalesce(%[1]s, true)) THEN false END FROM %[2]s.%[3]s AS %[5]s WHERE %[4]s)",
		test, catalog.QuoteIdent(other.Schema), catalog.QuoteIdent(other.Name), strings.Join(join, " AND "), rows.RelatedAlias)
}

// relatedTo returns the relation of a condition on a related row, or nil if the relation or
// a column that joins it does not exist.
func (o *overlay) relatedTo(r *catalog.Relation, w *ruleset.RowCondition) *catalog.Relation {
	other, _ := o.tableNamed(r, w.Schema, w.Table)
	if other == nil {
		return nil
	}
	for here, there := range w.On {
		if r.Column(here) == nil || other.Column(there) == nil {
			return nil
		}
	}
	return other
}

// tableNamed returns the table that a rule for r names, in r's schema by default, and its schema.
// It returns nil for a table that does not exist, and for a system relation.
func (o *overlay) tableNamed(r *catalog.Relation, schema, table string) (*catalog.Relation, string) {
	if schema == "" {
		schema = r.Schema
	}
	if catalog.IsSystem(schema) {
		return nil, schema
	}
	return o.catalog.Named(schema, table), schema
}

// joined compares two keys: directly if they are of one kind, so that an index can be used,
// else as texts that no setting of the session changes.
func (o *overlay) joined(l string, lt uint32, r string, rt uint32) string {
	x, y := o.catalog.Base(lt), o.catalog.Base(rt)
	if x == nil || y == nil {
		return "false"
	}
	number := func(t *catalog.Type) bool { return catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID) }
	switch {
	case x.OID == y.OID && (catalog.IsText(x.OID) || x.OID == catalog.OIDUUID || catalog.IsTime(x.OID)), number(x) && number(y):
		return l + " = " + r
	case fixedText(x) && fixedText(y):
		return l + "::pg_catalog.text = " + r + "::pg_catalog.text"
	}
	return "false"
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
