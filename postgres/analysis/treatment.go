package analysis

import (
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// Treatment is what happens to a column.
type Treatment uint8

const (
	// Hidden columns do not exist.
	Hidden Treatment = iota
	// Clear columns are unchanged.
	Clear
	// Pushed columns are masked by an SQL expression.
	Pushed
	// Keyed columns are masked by Veil in the row.
	Keyed
)

// String returns the treatment as reports write it.
func (t Treatment) String() string {
	return [...]string{"hidden", "clear", "pushed down", "keyed"}[t]
}

// shape is one relation under a policy.
type shape struct {
	relation *catalog.Relation
	columns  []*shapeColumn
	// unlisted relations are not available to the consumer: only views read them.
	unlisted bool
	// refused says why the relation does not exist, if that may be revealed.
	refused string
	// expand requests the view's definition in place of the relation.
	expand bool
	// where is a condition on the rows of a system relation.
	where string
	// apart: the condition is evaluated before any of the statement's.
	apart bool
	// guarded: the relation has guarded columns.
	guarded bool
}

// shapeColumn is one column of a shape.
type shapeColumn struct {
	catalog.Attribute
	treatment Treatment
	// value is the SQL expression of a pushed column, over the relation's columns.
	value string
	// own: the expression applies only to this session.
	own bool
	// guarded columns of a system relation are NULL in rows that its condition excludes:
	// PostgreSQL may evaluate the statement's conditions first. joined ones come from another
	// relation in a view, which may not yet be joined at that point.
	guarded, joined bool
	// hash is the keyed hash in the expression, if any. hashes are those of several rules with
	// conditions: see branchHash.
	hash   *keyedHash
	hashes []*keyedHash
	// reach is the maximum number of days by which a date is shifted; 0 if it is not shifted.
	// nobody is the condition, in SQL, under which it is cut to its year instead; empty if
	// never.
	reach  int64
	nobody string
	// shown is the type of the masked column.
	shown uint32
	// action is the rule that acts; nil if the default does.
	action *mask.Action
	keying *keying
	// related has the relations that the value's expression reads besides the row's own.
	related []*catalog.Relation
	// coarse columns are dates that are cut to a period.
	coarse bool
	// why explains in reports why the column is hidden, or other facts about it.
	why string
}

// keying describes how the values of a keyed column are masked, and what SQL may do with
// them.
type keying struct {
	table.Masking
	// comparable: masked values are equal exactly if the originals are.
	comparable bool
	// hashed: the masked value is a seal or a keyed hash of the original. shifts: it is the
	// original moved by the person's number of days.
	hashed, shifts bool
	// coarser: the masked value of a row without a person stands for many originals.
	coarser bool
	// domain is that of a sealed id, which can be opened; empty for others.
	domain string
	// scan: the column belongs to rows that have a tableoid.
	scan bool
	// nulls: the wrapper is NULL exactly where the masked value is.
	nulls bool
	// empties: the masked value is an empty text exactly where the original is.
	empties bool
	// guard is the condition, in SQL over the column, under which the method returns a value;
	// empty if it always does.
	guard  string
	column string
	// shown is the type of masked values.
	shown  uint32
	shadow rows.ShadowKind
	typ    *catalog.Type
	// original is that of the column, if this is a copy; otherwise nil.
	original *keying
	// knownRows read the rows of other tables that a text is scrubbed with.
	knownRows []knownRows
	// inSQL is the column as masked by SQL, if SQL can mask it; otherwise nil. Statements use it
	// for what a keyed column does not allow.
	inSQL *shapeColumn
	// composed is set for a text that is made of masked values; ascii: it has only ASCII
	// characters.
	composed *rows.Composed
	ascii    bool
}

// overlay is a policy applied to a catalog.
type overlay struct {
	policy  *Policy
	catalog *catalog.Catalog
	shapes  map[uint32]*shape
	system  *systemView
	// decided has the decisions for columns that several relations of a family have, if their
	// rules differ.
	decided map[uint32]map[string]*decision
	// units has the words of rules that cap, by what SQL does with them.
	units map[*ruleset.TableRule]*unitWords
	// fragments has parsed expressions by their text.
	fragments sync.Map
}

// newOverlay gives every column its treatment. What cannot be decided is hidden.
func newOverlay(p *Policy, c *catalog.Catalog) *overlay {
	o := &overlay{policy: p, catalog: c, shapes: map[uint32]*shape{}, units: map[*ruleset.TableRule]*unitWords{}}
	o.families()
	for _, r := range c.Relations() {
		if !catalog.IsSystem(r.Schema) {
			o.shape(r)
		}
	}
	o.system = newSystemView(o)
	return o
}

// shape returns a relation's shape, after those of its parents.
func (o *overlay) shape(r *catalog.Relation) *shape {
	if s := o.shapes[r.OID]; s != nil {
		return s
	}
	s := &shape{relation: r}
	o.shapes[r.OID] = s // a cycle of parents, which is impossible, would find it empty
	s.unlisted = !o.policy.permits(r)
	named := o.policy.rules.Names(nameOf(r))
	switch {
	case r.Kind == 'v' && !named:
		s.expand = true
		return s
	case r.Kind == 'm' && !named && o.policy.rules.Default() == "keep":
		s.refused = "a materialised view needs rules of its own"
		return s
	}
	for _, a := range r.Columns {
		s.columns = append(s.columns, o.column(r, a))
	}
	for _, parent := range r.Parents {
		if p := o.catalog.Relation(parent); p != nil {
			s.inherit(o.shape(p))
		} else {
			s.refused = "its parent is not known"
		}
	}
	if !slices.ContainsFunc(s.columns, func(c *shapeColumn) bool { return c.treatment != Hidden }) {
		s.refused = "no rule covers it"
	}
	return s
}

// inherit copies the parent's treatment for the columns that the parent has. Where rules
// disagree, families has decided for both.
func (s *shape) inherit(p *shape) {
	if p.refused != "" {
		s.refused = "its parent is refused: " + p.refused
		return
	}
	for _, theirs := range p.columns {
		i := slices.IndexFunc(s.columns, func(c *shapeColumn) bool { return c.Name == theirs.Name })
		if i < 0 {
			continue
		}
		own := *theirs
		own.Attribute = s.columns[i].Attribute
		s.columns[i] = &own
	}
}

// column finds the rule of a column and applies its method to the type.
func (o *overlay) column(r *catalog.Relation, a catalog.Attribute) *shapeColumn {
	c := &shapeColumn{Attribute: a, shown: a.Type}
	ch := o.policy.chain(r, a.Name)
	if d := o.decided[r.OID][a.Name]; d != nil {
		ch = d.chain
		defer func() {
			if c.why == "" {
				c.why = d.note
			}
		}()
		if d.hidden {
			return c
		}
	}
	switch {
	case ch.Why != "":
		c.why = ch.Why
		return c
	case len(ch.Rules) > 1, len(ch.Rules) == 1 && o.policy.rules.Last(ch) < 0:
		o.applyRules(c, r, ch)
		return c
	case len(ch.Rules) == 1:
		o.applyRule(c, r, ch.Rules[0])
		return c
	case o.policy.rules.HasFields(nameOf(r), a.Name):
		o.composite(c, r)
		return c
	}
	switch o.policy.rules.Default() {
	case "keep":
		c.treatment = Clear
		if r.Kind == 'm' || r.Kind == 'v' {
			c.treatment, c.why = Hidden, "no rule covers it, and the relation contains other relations' values"
		}
	case "remove":
		c.remove(o.catalog)
	default:
		c.why = "no rule covers it"
	}
	return c
}

// remove makes a column NULL. A column of an enum becomes a text: which labels a literal
// next to it may have would reveal the column's values.
func (c *shapeColumn) remove(cat *catalog.Catalog) {
	c.treatment = Pushed
	t := cat.Base(c.Type)
	if t != nil && t.Element != 0 && cat.IsEnum(t.Element) {
		t = cat.Type(catalog.OIDTextArray)
	} else if t != nil && cat.IsEnum(t.OID) {
		t = cat.Type(catalog.OIDText)
	}
	if t == nil {
		c.treatment = Hidden
		return
	}
	if t.Kind == 'e' || t.OID == catalog.OIDBpchar {
		// An enum's name and labels are hidden with its values. A NULL of type character has no form
		// in SQL that is read back unchanged.
		t = cat.Type(catalog.OIDText)
	}
	c.shown = t.OID
	c.value = "NULL::" + typeSQL(t)
}

// typeSQL returns the SQL name of a type.
func typeSQL(t *catalog.Type) string {
	return catalog.QuoteIdent(t.Schema) + "." + catalog.QuoteIdent(t.Name)
}

// applyRule gives a column the treatment of tables rule i.
func (o *overlay) applyRule(c *shapeColumn, r *catalog.Relation, i int) {
	rule := &o.policy.rules.All()[i]
	method, def := o.policy.masks.TableMethod(i)
	c.action = &mask.Action{
		Rule: rule.ID, Category: rule.Category, Method: rule.Method, Label: def.Label,
		Path: r.Schema + "." + r.Name + "." + c.Name,
	}
	switch {
	case hides(rule):
		c.treatment, c.why = Hidden, "the rule hides it"
		return
	case rule.Keeps():
		c.treatment = Clear
		return
	}
	t := o.catalog.Base(c.Type)
	if t == nil {
		c.why = "its type is not known"
		return
	}
	if f, ok := rule.Form.(forms.Match); ok && f.Numbers && (catalog.IsNumber(t.OID) || catalog.IsFloat(t.OID)) {
		c.treatment = Clear
		return
	}
	if f, ok := rule.Form.(forms.Document); ok {
		if method = o.policy.options.document(f); method == nil || t.OID != catalog.OIDJSON && t.OID != catalog.OIDJSONB && t.OID != catalog.OIDXML && !catalog.IsText(t.OID) {
			c.remove(o.catalog)
			return
		}
	}
	d := &columnRule{overlay: o, relation: r, rule: rule, method: method, column: c, typ: t, value: catalog.QuoteIdent(c.Name)}
	if d.push() {
		c.treatment = Pushed
		return
	}
	d.mask(def)
}

// composite masks a composite column field by field. A field is NULL if no rule covers it,
// or if its rule is not pushed down.
func (o *overlay) composite(c *shapeColumn, r *catalog.Relation) {
	t := o.catalog.Base(c.Type)
	if t == nil || t.Kind != 'c' || t.OID != c.Type {
		c.remove(o.catalog)
		return
	}
	fields := ""
	for i, f := range t.Fields {
		if i > 0 {
			fields += ", "
		}
		field := &shapeColumn{Attribute: f, shown: f.Type}
		value := "(" + catalog.QuoteIdent(c.Name) + ")." + catalog.QuoteIdent(f.Name)
		if n, why := o.policy.rules.Rule(nameOf(r), c.Name+"."+f.Name); n < 0 || why != "" || len(o.policy.chain(r, c.Name+"."+f.Name).Rules) > 1 {
			field.remove(o.catalog)
		} else if rule := &o.policy.rules.All()[n]; rule.Keeps() {
			field.treatment, field.value = Clear, value
		} else {
			method, def := o.policy.masks.TableMethod(n)
			d := &columnRule{overlay: o, relation: r, rule: rule, method: method, column: field, typ: o.catalog.Base(f.Type), value: value}
			if d.typ == nil || !d.push() || field.shown != d.typ.OID {
				field.remove(o.catalog)
			}
			c.action = &mask.Action{Rule: rule.ID, Category: rule.Category, Method: rule.Method, Label: def.Label, Path: r.Schema + "." + r.Name + "." + c.Name}
		}
		if strings.HasPrefix(field.value, "NULL::") {
			field.value = "NULL" // of the field's own type
		}
		fields += field.value
	}
	c.treatment = Pushed
	c.value = "CASE WHEN NOT " + catalog.QuoteIdent(c.Name) + " IS NULL THEN ROW(" + fields + ")::" + typeSQL(t) + " END"
}

// columnRule is one rule's method for one column.
type columnRule struct {
	*overlay
	relation *catalog.Relation
	rule     *ruleset.TableRule
	method   mask.Method
	column   *shapeColumn
	typ      *catalog.Type
	// value is the SQL expression of the original.
	value string
}

// beside returns the first of the named columns that the relation has.
func (d *columnRule) beside(columns []string) string {
	return table.First(columns, hasColumn(d.relation))
}
