package fhir

import (
	"fmt"
	"iter"
	"slices"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// What stands above the engine, such as the guard of searches, reads the compiled
// rules through these types: which elements a resource type has, and what is done
// with the values of each.

// Object is a resource or an object inside one. The same type in two places is two
// Objects if rules distinguish the places.
type Object struct {
	a *Automaton
	n *node
}

// Element is one type of an element of an Object.
type Element struct {
	a *Automaton
	f *field
}

// Treatment is what the rules do with the values of an Element, always or under a
// condition.
type Treatment struct {
	a *Automaton
	d *decision
}

// Effect says what a Treatment does.
type Effect op

// The effects of treatments. Other operations only lead to elements that are walked.
const (
	Removes            = Effect(opRemove)
	Keeps              = Effect(opKeep)
	ByMethod           = Effect(opMethod)
	Walks              = Effect(opDescend)
	WalksExtension     = Effect(opExtension)
	Withholds          = Effect(opWithhold)
	SealsID            = Effect(opID)
	SealsVersion       = Effect(opVersion)
	SealsReference     = Effect(opReference)
	ShowsCode          = Effect(opCode)
	ShowsCanonical     = Effect(opCanonical)
	ShowsCoded         = Effect(opCoded)
	ReplacesIdentifier = Effect(opIdentifier)
	Links              = Effect(opLink)
)

// Schema returns the tables that the rules were compiled with.
func (a *Automaton) Schema() *schema.Schema { return a.schema }

// ResourceTypes returns the resource types, withheld or not, in order of their names.
func (a *Automaton) ResourceTypes() []string { return slices.Clone(a.types) }

// Resource returns the resource of a type.
func (a *Automaton) Resource(typ string) (o Object, known bool) {
	n := a.roots[typ]
	return Object{a, n}, n != nil
}

// PatientPaths returns the paths from resources of a known type to their patient.
func (a *Automaton) PatientPaths(typ string) schema.PatientPaths { return a.leads[a.roots[typ].index] }

// OpenID opens the pseudonym of a resource's id.
func (a *Automaton) OpenID(p *keys.Pseudonymizer, typ string, pseudonym []byte) (id []byte, ok bool) {
	n := a.roots[typ]
	if n == nil {
		return nil, false
	}
	return p.AppendOpened(nil, a.sealSlots[n.index], pseudonym)
}

// OpenVersion opens the pseudonym of a version id.
func (a *Automaton) OpenVersion(p *keys.Pseudonymizer, pseudonym []byte) (version []byte, ok bool) {
	return p.AppendOpened(nil, a.versionSlot, pseudonym)
}

// CountContent counts content of a Binary that passed unchanged.
func (a *Automaton) CountContent(pass *mask.Pass) {
	pass.Counts[a.engine.content]++
	pass.CountResource("Binary")
}

// Type returns the type of the object.
func (o Object) Type() *schema.Type { return o.n.typ }

// WithheldBy returns the rule that withholds the resource, or the empty string.
func (o Object) WithheldBy() string {
	if o.n.withheld == nil {
		return ""
	}
	return o.a.Actions[o.n.withheld.action].Rule
}

// IsAge reports whether the object is a quantity that is an age, whatever its unit.
func (o Object) IsAge() bool { return o.n.coded != nil && len(o.n.coded.unit) > 0 }

// Element returns an element by its name, with the first of its types.
func (o Object) Element(name string) (e Element, ok bool) {
	for e := range o.Elements() {
		if e.f.element == name {
			return e, true
		}
	}
	return Element{}, false
}

// Elements returns the elements of the object, one for each of their types.
func (o Object) Elements() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for i := range o.n.fields {
			if f := &o.n.fields[i]; !f.sibling && !yield(Element{o.a, f}) {
				return
			}
		}
	}
}

// Follow calls f for every treatment on a plain path of a search parameter. last is
// true for those of the elements at its end, and false for those on the way that remove
// everything below.
func (o Object) Follow(path string, f func(e Element, t Treatment, last bool)) error {
	p, err := parseMatch(path)
	if err != nil {
		return fmt.Errorf("not a path: %w", err)
	}
	nodes := []*node{o.n}
	for i := range p.steps {
		st, last := &p.steps[i], i == len(p.steps)-1
		var next []*node
		for _, n := range nodes {
			next = o.a.step(next, n, st, last, f)
		}
		nodes = next
	}
	return nil
}

// step appends the nodes below n that a step leads to.
func (a *Automaton) step(next []*node, n *node, st *step, last bool, f func(e Element, t Treatment, last bool)) []*node {
	if st.kind == stepExtension {
		if d := n.extensions[st.name]; d != nil && d.child != nil {
			next = append(next, d.child)
		}
		return next
	}
	for k := range n.fields {
		fl := &n.fields[k]
		if fl.sibling || fl.element != st.name || st.ofType != "" && fl.code != st.ofType {
			continue
		}
		for d := &fl.decision; d != nil; d = d.otherwise {
			switch {
			case last || d.child == nil && d.op != opResource:
				f(Element{a, fl}, Treatment{a, d}, last)
			case d.child != nil:
				next = append(next, d.child)
			}
		}
	}
	return next
}

// Name returns the name of the element, such as "value" for valueQuantity.
func (e Element) Name() string { return e.f.element }

// Type returns the element's FHIR type.
func (e Element) Type() string { return e.f.code }

// Path returns the path of the element.
func (e Element) Path() string { return e.f.path }

// ValueSet returns the value set that the element is bound to, or nil.
func (e Element) ValueSet() *schema.ValueSet { return e.f.values }

// LeavesFact reports whether a removed value is replaced with a boolean that says there
// was one.
func (e Element) LeavesFact() bool { return e.f.orTrueName != "" }

// Treatment returns what is done with the element's values, under the first condition
// if there are any.
func (e Element) Treatment() Treatment { return Treatment{e.a, &e.f.decision} }

// Effect returns what the treatment does.
func (t Treatment) Effect() Effect { return Effect(t.d.op) }

// Always reports whether the treatment has no alternative for the case that a condition
// does not hold.
func (t Treatment) Always() bool { return t.d.otherwise == nil }

// Conditional reports whether the treatment depends on a condition on the object that
// contains the element.
func (t Treatment) Conditional() bool { return t.d.when != nil }

// OfAges reports whether the treatment is that of a value next to a code that marks it
// as an age.
func (t Treatment) OfAges() bool { return t.d.when != nil && t.d.when.test == testAges }

// Otherwise returns the treatment that applies if the condition does not hold.
func (t Treatment) Otherwise() (Treatment, bool) {
	return Treatment{t.a, t.d.otherwise}, t.d.otherwise != nil
}

// Rule returns the rule that decides, or the empty string for an object that is walked
// because no rule decides it.
func (t Treatment) Rule() string {
	if (t.d.op == opDescend || t.d.op == opMeta) && t.d.rule == nil {
		return ""
	}
	return t.a.Actions[t.d.action].Rule
}

// Object returns the object that is walked.
func (t Treatment) Object() (Object, bool) { return Object{t.a, t.d.child}, t.d.child != nil }

// Kind returns the JSON kind of the values.
func (t Treatment) Kind() schema.JSONKind { return t.d.kind }

// ValueSet returns the value set whose codes are shown.
func (t Treatment) ValueSet() *schema.ValueSet { return t.d.values }

// Method returns the method that masks the values, or nil.
func (t Treatment) Method() mask.Method { return t.d.method }

// Search returns how masked values may be searched.
func (t Treatment) Search() mask.Search { return t.d.search }

// ByPatient reports whether the method needs to know whom the value is about.
func (t Treatment) ByPatient() bool { return t.d.perEntity }
