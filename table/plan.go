package table

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Treatment is what happens to a column.
type Treatment uint8

const (
	// Hidden columns do not exist in the output.
	Hidden Treatment = iota
	// Clear columns pass unchanged.
	Clear
	// Removed columns are NULL.
	Removed
	// Masked columns are masked by a method.
	Masked
	// ByRow columns are masked in each row as conditions on other columns decide.
	ByRow
)

// String returns the treatment as reports write it.
func (t Treatment) String() string {
	return [...]string{"hidden", "clear", "removed", "masked", "by row"}[t]
}

// Options are what the rules need besides the ruleset.
type Options struct {
	// Document is the method "fhir": it masks a JSON, XML or text value that is a FHIR
	// resource. Without it, such columns are removed.
	Document mask.Method
	// Documents returns the method "json" for documents with a name, or nil. Without it,
	// such columns are removed.
	Documents func(name string) mask.Method
	// Related returns a function that evaluates a condition on related rows of another
	// table, or nil if that is not possible. Without it, the result of such a condition is
	// unknown, and the strictest of the rules that may act does so.
	Related func(*Source, *ruleset.RowCondition) func(Row) ruleset.Truth
	// Rows has the known values in related rows of the people that a text may name. Without
	// it, a text that needs them is removed. With Survey, rows are not masked, but read to
	// fill Rows.
	Rows   *RelatedRows
	Survey bool
}

// document is the method for FHIR resources, or for documents of a name; nil for none.
func (o *Options) document(name string) mask.Method {
	switch {
	case name == "":
		return o.Document
	case o.Documents == nil:
		return nil
	}
	return o.Documents(name)
}

// Plan is a policy applied to a source: it says how each column is treated. It is
// immutable and safe for concurrent use.
type Plan struct {
	// Source is the source that the plan is for.
	Source Source
	// Columns are the columns of the source, in order, including hidden ones.
	Columns []Treated
	// Out are the indexes of the columns that are not hidden.
	Out []int
	// Actions numbers the rules that act. A mask.Pass is created from it.
	Actions *mask.Plan
}

// Treated is a column and how it is treated.
type Treated struct {
	Column
	Treatment Treatment
	// Masked is the type of masked values. Own reports that they fit the column's own
	// type, however narrow it is in the source. Otherwise a Decimal has up to Scale digits
	// after the point, or as many as originals that pass.
	Masked Type
	Own    bool
	Scale  int
	// Action names the rules that act; it is zero if the default applies.
	Action mask.Action
	// Note says why the column is hidden or removed, unless a rule says so.
	Note string

	action   int // the number of Action, or -1
	branches []branch
}

// branch is one of the ways of masking a cell: without conditions, or where they hold.
type branch struct {
	conditions []condition
	treatment  Treatment // Clear, Removed or Masked
	masking    *Masking
	beside     []int // the places of the masking's neighbours, or -1
	typ        Type
	own        bool // as Treated.Own
	scale      int  // as Treated.Scale
	// strictest is the branch that acts where it is unknown whether the conditions hold,
	// or -1 where the cell is removed.
	strictest int
}

// Plan applies the rules to a source. The error says that the source has no columns, or
// two of the same name.
func (r *Rules) Plan(s Source, o Options) (*Plan, error) {
	p := &Plan{Source: s, Actions: r.policy.NewPlan()}
	if len(s.Columns) == 0 {
		return nil, fmt.Errorf("table %s has no columns", s.path(""))
	}
	for i, c := range s.Columns {
		if s.index(c.Name) != i {
			return nil, fmt.Errorf("table %s has two columns %q", s.path(""), c.Name)
		}
	}
	if o.Survey {
		o.Rows.survey(r, p)
		return p, nil
	}
	for i, c := range s.Columns {
		t := r.treat(&s, c, o)
		t.action = -1
		if t.Action != (mask.Action{}) && t.Treatment != Hidden && t.Treatment != Clear {
			n, err := p.Actions.Add(t.Action)
			if err != nil {
				return nil, err
			}
			t.action = n
		}
		p.Columns = append(p.Columns, t)
		if t.Treatment != Hidden {
			p.Out = append(p.Out, i)
		}
	}
	return p, nil
}

// path names a column, or the table, as the record does.
func (s *Source) path(column string) string {
	out := s.String()
	if column != "" {
		out += "." + column
	}
	return out
}

// treat decides how a column is treated.
func (r *Rules) treat(s *Source, c Column, o Options) Treated {
	out := Treated{Column: c, Masked: c.Type, Own: true}
	ch, c := r.chainOf(s.Name, c)
	all := r.All()
	last := r.Last(ch)
	switch {
	case ch.Why != "":
		out.Note = ch.Why
		return out
	case len(ch.Rules) == 0:
		r.byDefault(s, &out)
		return out
	case len(ch.Rules) == 1 && last >= 0:
		rule := &all[last]
		b := r.branch(s, c, last, o)
		_, def := r.policy.TableMethod(last)
		out.Treatment, out.Masked, out.branches = b.treatment, b.typ, []branch{b}
		out.Own, out.Scale = b.own, b.scale
		out.Action = mask.Action{Rule: rule.ID, Category: rule.Category, Method: rule.Method, Label: def.Label, Path: s.path(c.Name)}
		if _, hide := rule.Form.(forms.Hide); hide {
			out.Treatment, out.Note = Hidden, "the rule hides it"
		}
		if b.treatment == Removed && !rule.Removes() {
			out.Note = "its method does not act on this type"
		}
		return out
	}
	r.byRow(s, &out, c, ch, o)
	return out
}

// byDefault treats a column that no rule matches.
func (r *Rules) byDefault(s *Source, out *Treated) {
	switch {
	case r.HasFields(s.Name, out.Name):
		out.Treatment, out.Note = Removed, "its rules are for fields of a record"
	case r.Default() == "remove":
		out.Treatment = Removed
	case r.Default() != "keep":
		out.Note = "no rule covers it"
	case s.Derived:
		out.Note = "no rule covers it, and the table contains other tables' values"
	default:
		out.Treatment = Clear
	}
}

// byRow applies several rules to a column; conditions select one of them in each row.
func (r *Rules) byRow(s *Source, out *Treated, c Column, ch Chain, o Options) {
	var rules []*ruleset.TableRule
	for _, i := range ch.Rules {
		rules = append(rules, &r.All()[i])
		out.branches = append(out.branches, r.branch(s, c, i, o))
	}
	if r.Last(ch) < 0 {
		rest := branch{treatment: Removed}
		var rule *ruleset.TableRule
		if r.Default() == "keep" && !s.Derived {
			rest = branch{treatment: Clear, typ: out.Type, own: true}
			rule = &ruleset.TableRule{ID: "(default)", Method: "keep", Form: forms.Keep{}}
		}
		rules, out.branches = append(rules, rule), append(out.branches, rest)
	}
	same := SameMasking(s.has)
	for i := range out.branches {
		b := &out.branches[i]
		if b.strictest = ruleset.Strictest(rules[i:], same); b.strictest >= 0 {
			b.strictest += i
		}
		if i < len(rules)-1 {
			b.conditions = conditionsOf(s, rules[i], o)
		}
	}
	out.Action = Action(rules, s.path(out.Name))
	typ, ok := uniteTypes(out.branches, out.Type)
	if !ok {
		out.Note = "its rules with conditions give a time and another type"
		out.branches = nil
		return
	}
	out.Treatment, out.Masked = ByRow, typ
	out.Own = typ == out.Type
	for _, b := range out.branches {
		out.Own = out.Own && (b.own || b.treatment == Removed)
		out.Scale = max(out.Scale, b.scale)
	}
}

// uniteTypes finds a type for the values of all branches.
func uniteTypes(branches []branch, own Type) (typ Type, ok bool) {
	var found, times, numbers, floats int
	same := true
	for _, b := range branches {
		if b.treatment == Removed {
			continue
		}
		if found++; found == 1 {
			typ = b.typ
		}
		same = same && b.typ == typ
		times += count(b.typ.IsTime())
		floats += count(b.typ == Float)
		numbers += count(b.typ.IsNumber() || b.typ == Float)
	}
	switch {
	case found == 0:
		return own, true
	case same:
		return typ, true
	case times > 0:
		return Other, false
	case numbers == found && floats > 0:
		return Float, true
	case numbers == found:
		return Decimal, true
	}
	return Text, true
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// branch returns how rule i treats a column.
func (r *Rules) branch(s *Source, c Column, i int, o Options) branch {
	rule := &r.All()[i]
	switch {
	case rule.Removes():
		return branch{treatment: Removed, typ: c.Type, own: true}
	case rule.Keeps() || keepsNumbers(rule) && (c.Type.IsNumber() || c.Type == Float):
		return branch{treatment: Clear, typ: c.Type, own: true}
	}
	method, def := r.policy.TableMethod(i)
	m := &Masking{
		Method: method, Class: Class(rule), Neighbours: NeighboursOf(rule, s.has), Array: c.List != nil,
		Action: mask.Action{Rule: rule.ID, Category: rule.Category, Method: rule.Method, Label: def.Label, Path: s.path(c.Name)},
	}
	switch {
	case c.Type.IsNumber() || c.Type == Float:
		m.As = mask.Number
	case c.Type == Bool:
		m.As = mask.Bool
	}
	if !m.fit(rule, c, o) {
		return branch{treatment: Removed, typ: c.Type, own: true}
	}
	if !def.ByEntity(rule.Args) && c.List == nil && !c.Type.IsTime() {
		m.Birth, m.Death = "", ""
	}
	m.PerKnown = def.PerKnown
	if def.PerKnown {
		m.Known, m.Related = KnownOf(rule, s.has), o.Rows.of(s.Schema, rule)
	}
	if def.ByEntity(rule.Args) && m.Entity != "" {
		m.Prefix = r.Prefix(s.Name, m.Entity)
	} else {
		m.Entity = ""
	}
	b := branch{treatment: Masked, masking: m, typ: m.Type, scale: scaleOf(rule.Form)}
	b.own = m.Type == c.Type && !widens(rule.Form)
	for _, name := range m.Names() {
		b.beside = append(b.beside, s.index(name))
	}
	return b
}

// keepsNumbers reports that a rule keeps every number.
func keepsNumbers(rule *ruleset.TableRule) bool {
	f, ok := rule.Form.(forms.Match)
	return ok && f.Numbers
}

// fit chooses the type of masked values, and the method where the column has its own. It
// reports false if the method does not act on the column: its values are then removed.
func (m *Masking) fit(rule *ruleset.TableRule, c Column, o Options) bool {
	m.Type = Text
	if c.Type == Opaque || c.List != nil && c.Type != Text && !listsTimes(rule.Form, c.Type) {
		return false
	}
	switch f := rule.Form.(type) {
	case forms.Document:
		m.Method, m.Type = o.document(f.Name), c.Type
		return m.Method != nil && (c.Type == JSON || c.Type == XML || c.Type == Text)
	case forms.Members:
		m.Method, m.Type = newMembers(f.Paths), JSON
		return c.Type == JSON && c.List == nil
	case forms.Match:
		if m.As != mask.String {
			m.Type = c.Type // what is kept is unchanged
		}
	case forms.Surrogate:
		return f.PerValue || m.Entity != ""
	case forms.Cap:
		if c.Type.IsNumber() || c.Type == Float {
			m.Type = c.Type
		}
		// Without a unit of time every number would pass, including ages.
		return f.Default != nil || len(rule.Unit) > 0 || c.Type != Text && m.As != mask.Number
	case forms.Period:
		if c.Type == Integer && f.Unit == forms.Year {
			m.Type = Integer // a year, such as OMOP's year_of_birth
		}
		if c.Type.IsTime() {
			m.Type = c.Type
			if f.Number && f.Unit == forms.Year {
				m.Type = Integer
			}
		}
		return !c.Type.IsTime() || f.Of != forms.Death || m.Birth != ""
	case forms.Shift:
		if c.Type.IsTime() {
			m.Type = c.Type
		}
	case forms.Multiple:
		if c.Type.IsNumber() || c.Type == Float {
			m.Type = Decimal
		}
	case forms.Noise:
		if c.Type.IsNumber() {
			m.Type = Decimal
		}
	case forms.Pseudonym:
		switch {
		case f.Shape == "int" && c.Type == Integer:
			m.Type = Integer
		case f.Shape == "uuid" && c.Type == UUID:
			m.Type = UUID
		}
	}
	return true
}

// listsTimes reports whether a form acts on lists of a type of times. Its result has the
// same type.
func listsTimes(f mask.Form, t Type) bool {
	switch f := f.(type) {
	case forms.Shift:
		return t.IsTime()
	case forms.Period:
		return t.IsTime() && !f.Number
	}
	return false
}

// widens reports whether masked values, such as the numbers of a hash, can be too wide
// for the column's own type.
func widens(f mask.Form) bool {
	switch f.(type) {
	case forms.Pseudonym, forms.Multiple, forms.Noise:
		return true
	}
	return false
}

// scaleOf returns the maximum number of digits after the point in the numbers of a form.
func scaleOf(f mask.Form) int {
	var step string
	switch f := f.(type) {
	case forms.Multiple:
		step = f.Of
	case forms.Noise:
		step = f.Within
	}
	_, digits, _ := strings.Cut(step, ".")
	return len(digits)
}

// compareNames orders members as PostgreSQL's jsonb does: short names first.
func compareNames(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
