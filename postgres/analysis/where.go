package analysis

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Rules with conditions on other columns of the row. Which rule acts is decided in SQL,
// row by row: CASE WHEN condition THEN masked one way … ELSE another END. Where a
// condition is neither true nor false the strictest of what may still act does
// (mask.Strictest).

// chain are the rules that may act on a column, in the order in which they are asked:
// those with conditions, then one without. why is set where that cannot be told.
type chain struct {
	rules []int
	// match is the one by which the last rule without a condition was chosen, if any.
	match ruleset.TableMatch
	why   string
}

// last is the rule without conditions, or -1.
func (p *Policy) last(ch chain) int {
	if n := len(ch.rules); n > 0 && len(p.rules()[ch.rules[n-1]].Where) == 0 {
		return ch.rules[n-1]
	}
	return -1
}

func (p *Policy) rules() []ruleset.TableRule { return p.masks.Ruleset.Tables.Rules }

// chain finds the rules of a column, the most exact match first. A materialised view
// holds other relations' values: a rule that keeps must name its schema.
func (p *Policy) chain(r *catalog.Relation, column string) (ch chain) {
	var found []ruleMatch
	for _, m := range p.matches {
		if m.Matches(r.Schema, r.Name, column) && !(r.Kind == 'm' && p.rules()[m.rule].Keeps() && m.Schema != r.Schema) {
			found = append(found, m)
		}
	}
	conditional := func(m ruleMatch) bool { return len(p.rules()[m.rule].Where) > 0 }
	slices.SortStableFunc(found, func(a, b ruleMatch) int {
		if d := cmp.Compare(b.Rank(), a.Rank()); d != 0 {
			return d
		}
		switch x, y := conditional(a), conditional(b); {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return cmp.Compare(a.rule, b.rule)
	})
	for i, m := range found {
		if slices.Contains(ch.rules, m.rule) {
			continue
		}
		ch.rules = append(ch.rules, m.rule)
		if conditional(m) {
			continue
		}
		ch.match = m.TableMatch
		for _, o := range found[i+1:] {
			if o.Rank() == m.Rank() && o.rule != m.rule {
				ch.why = fmt.Sprintf("rules %q and %q match it equally", p.rules()[m.rule].ID, p.rules()[o.rule].ID)
				break
			}
		}
		break
	}
	return ch
}

// rule returns the rule of a column that has no conditions, or -1. why is set where
// two rules match equally.
func (p *Policy) rule(r *catalog.Relation, column string) (rule int, why string) {
	ch := p.chain(r, column)
	return p.last(ch), ch.why
}

// branch is one rule's masking of a column that has several.
type branch struct {
	value string
	shown uint32
	rule  *ruleset.TableRule
}

// layChain gives a column several rules. What cannot be decided in SQL hides it.
func (o *overlay) layChain(c *shapeColumn, r *catalog.Relation, ch chain) {
	rules := o.policy.rules()
	last := o.policy.last(ch)
	conditional := ch.rules
	var rest *ruleset.TableRule
	switch {
	case last >= 0:
		rest, conditional = &rules[last], ch.rules[:len(ch.rules)-1]
	case o.policy.masks.Ruleset.Tables.Default == "keep" && r.Kind != 'm' && r.Kind != 'v':
		rest = &ruleset.TableRule{ID: "(default)", Method: "keep", Form: forms.Keep{}}
	}
	var all []*ruleset.TableRule
	for _, i := range conditional {
		all = append(all, &rules[i])
	}
	all = append(all, rest)
	c.action = &mask.Action{Path: r.Schema + "." + r.Name + "." + c.Name, Label: mask.LabelRedacted}
	var ids, methods []string
	for _, rule := range all {
		if rule != nil {
			ids, methods = append(ids, rule.ID), append(methods, rule.Method)
			c.action.Category = letters(c.action.Category, rule.Category)
		}
	}
	c.action.Rule, c.action.Method = strings.Join(ids, ", "), strings.Join(methods, ", ")

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
		unknown := ruleset.Strictest(all[i:], o.sameMasking(r))
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

// letters joins categories in order.
func letters(a, b string) string {
	all := []byte(a + b)
	slices.Sort(all)
	return string(slices.Compact(all))
}

// branch lays one rule over the column. n is its number, where it has one.
func (o *overlay) branch(c *shapeColumn, r *catalog.Relation, rule *ruleset.TableRule, n int) (branch, bool) {
	switch {
	case rule == nil || rule.Removes():
		return branch{rule: rule}, true
	case rule.Keeps():
		return branch{value: catalog.QuoteIdent(c.Name), shown: c.Type, rule: rule}, true
	}
	method, _ := o.policy.masks.TableMethod(n)
	own := &shapeColumn{Attribute: c.Attribute, shown: c.Type}
	d := &laying{overlay: o, relation: r, rule: rule, method: method, column: own, typ: o.catalog.Base(c.Type), value: catalog.QuoteIdent(c.Name)}
	if d.typ == nil || isDocument(rule) || !d.push() {
		return branch{rule: rule}, false
	}
	if strings.HasPrefix(own.value, "NULL::") {
		return branch{rule: rule}, true
	}
	return branch{value: own.value, shown: own.shown, rule: rule}, true
}

// unite finds the type that all branches have: their own, numeric for numbers, else
// text. A time as a text would depend on the client's time zone.
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
		times = times || catalog.IsTime(t.OID)
		floats = floats || catalog.IsFloat(t.OID)
		numbers = numbers && (catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID))
		same = same && (shown == 0 || shown == t.OID)
		shown = t.OID
	}
	switch {
	case shown == 0: // all of it goes
		c.remove(o.catalog)
		shown = c.shown
	case same && o.catalog.IsEnum(shown):
		shown = catalog.OIDText // which labels there are would tell what is removed
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

// sameMasking reports whether two rules mask a column alike.
func (o *overlay) sameMasking(r *catalog.Relation) func(a, b *ruleset.TableRule) bool {
	sign := func(rule *ruleset.TableRule) string {
		d := &laying{overlay: o, relation: r, rule: rule}
		return strings.Join([]string{d.class(), d.beside(rule.Entity), d.beside(rule.Birth), d.beside(rule.Death), d.beside(rule.Country), d.beside(rule.Unit)}, "\x00")
	}
	return func(a, b *ruleset.TableRule) bool { return a == b || sign(a) == sign(b) }
}

// condition is what a rule's conditions are for a row, in SQL: true, false, or NULL
// where it is unknown.
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

// unknownTest is a condition that cannot be told.
const unknownTest = "NULL::pg_catalog.bool"

// tests are those of one condition, over a column of the relation.
func (o *overlay) tests(r *catalog.Relation, w *ruleset.RowCondition, qualifier string) string {
	d := &laying{overlay: o, relation: r}
	name := d.beside(w.Column)
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

// conditionText is a column's value as conditions compare it, as mask.FoldCondition
// makes it. Of some types the text depends on the session, or is no value of its own.
func conditionText(t *catalog.Type, column string) (string, bool) {
	if t == nil {
		return "", false
	}
	v := column + "::pg_catalog.text"
	switch {
	case t.OID == catalog.OIDNumeric:
		v = "pg_catalog.trim_scale(" + column + ")::pg_catalog.text"
	case catalog.IsText(t.OID), t.Kind == 'e', catalog.IsInteger(t.OID), t.OID == catalog.OIDUUID, t.OID == catalog.OIDBool, t.OID == catalog.OIDDate, t.OID == catalog.OIDTimestamp, t.OID == catalog.OIDName, t.OID == catalog.OIDChar:
	default:
		return "", false
	}
	return folded(v) + ` COLLATE "C"`, true
}

// folded is a text in SQL without space around it and in lower case, ASCII alone.
func folded(v string) string {
	return "pg_catalog.translate(pg_catalog.btrim(" + v + `, E' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`
}

// rowAlias is the rule's own row in a condition on a related one.
const rowAlias = "veil_row"

// relatedTests is a condition on a related row: true where it is for all rows that are
// related, false where it is for none, and unknown where they differ or are none.
func (o *overlay) relatedTests(c *shapeColumn, r *catalog.Relation, w *ruleset.RowCondition) string {
	other := o.relatedTo(r, w)
	if other == nil {
		return unknownTest
	}
	var join []string
	for _, here := range sortedKeys(w.On) {
		l, r := r.Column(here), other.Column(w.On[here])
		join = append(join, o.joined(rowAlias+"."+catalog.QuoteIdent(l.Name), l.Type, "veil_other."+catalog.QuoteIdent(r.Name), r.Type))
	}
	test := o.tests(other, w, "veil_other.")
	c.related = append(c.related, other)
	return fmt.Sprintf("(SELECT CASE WHEN pg_catalog.bool_and(coalesce(%[1]s, false)) THEN true WHEN NOT pg_catalog.bool_or(coalesce(%[1]s, true)) THEN false END FROM %[2]s.%[3]s AS veil_other WHERE %[4]s)",
		test, catalog.QuoteIdent(other.Schema), catalog.QuoteIdent(other.Name), strings.Join(join, " AND "))
}

// relatedTo is the relation of a condition on a related row, or nil where it or a column
// that joins it is not there.
func (o *overlay) relatedTo(r *catalog.Relation, w *ruleset.RowCondition) *catalog.Relation {
	schema := w.Schema
	if schema == "" {
		schema = r.Schema
	}
	other := o.catalog.Named(schema, w.Table)
	if other == nil || catalog.IsSystem(schema) {
		return nil
	}
	for here, there := range w.On {
		if r.Column(here) == nil || other.Column(there) == nil {
			return nil
		}
	}
	return other
}

// joined compares two keys: as they are where an index can serve, else as texts.
func (o *overlay) joined(l string, lt uint32, r string, rt uint32) string {
	x, y := o.catalog.Base(lt), o.catalog.Base(rt)
	if x != nil && y != nil && (x.OID == y.OID && (catalog.IsText(x.OID) || x.OID == catalog.OIDUUID) || catalog.IsInteger(x.OID) && catalog.IsInteger(y.OID)) {
		return l + " = " + r
	}
	return l + "::pg_catalog.text = " + r + "::pg_catalog.text"
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// signature names a chain's rules and their arguments, to see whether two are one.
func (p *Policy) signature(ch chain) string {
	out := ""
	for _, i := range ch.rules {
		r := p.rules()[i]
		r.ID, r.Why, r.Match, r.Category = "", "", nil, ""
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Sprint(ch.rules)
		}
		out += string(text)
	}
	return out
}
