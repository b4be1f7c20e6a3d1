package fhir

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/strictyaml"
)

// Where a rule removes an element that FHIR requires, the extension data-absent-reason
// takes its place; FHIR accepts it instead of a value (extensibility.html#Special-Case).
// In a required object, its own required elements carry the extension, so that they are
// present too.

const absentReason = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}`

// absentNarrative is a Narrative that says that there is none: a Narrative must have a
// text (narrative.html).
const absentNarrative = `{"status":"empty","div":` + maskedDiv + `}`

// maskedDiv replaces the text of a Narrative, which can have no extension.
const maskedDiv = `"<div xmlns=\"http://www.w3.org/1999/xhtml\">Masked</div>"`

// absentMember is the member that says that an element of a type is masked, as one of
// its types.
func absentMember(t *schema.Type, e *schema.Element, et schema.ElementType) []byte {
	name, value := e.JSONName(et), absentReason
	if t.ReadAsText == e.Name {
		return []byte(`"` + name + `":` + maskedText)
	}
	if et.Code == "xhtml" {
		return []byte(`"` + name + `":` + maskedDiv)
	}
	if et.Type != nil && et.Type.Kind == schema.PrimitiveKind {
		name = "_" + name
	} else if et.Type != nil {
		value = absentObject(et.Type)
	}
	if e.Max != 1 {
		value = "[" + value + "]"
	}
	return []byte(`"` + name + `":` + value)
}

// absentObject returns an object of a type with everything masked.
func absentObject(t *schema.Type) string {
	if t.Name == "Narrative" {
		return absentNarrative
	}
	members := ""
	for i := range t.Elements {
		e := &t.Elements[i]
		if g := t.OneOfWith(e.Name); e.Min > 0 || g != nil && g.StandIn == e.Name {
			if members != "" {
				members += ","
			}
			members += string(absentMember(t, e, e.Types[0]))
		}
	}
	if members == "" {
		return absentReason
	}
	return "{" + members + "}"
}

// slot is an element that Veil may have to replace with a stand-in, or a group of
// elements of which FHIR requires one. All types of a choice and their siblings share a
// slot, so that nothing is added beside a member of the element that is kept.
type slot struct {
	key    string
	absent []byte // the member that says that it is masked, where it is required
}

// mark90 is a date that would reveal an age over 89, if it is past the last permitted
// one.
type mark90 struct {
	slot   int8
	member []byte // the member that says so
}

// ageCategoryURL is the extension that replaces a date that would reveal an age over 89:
// "a single category of age 90 or older" (45 CFR 164.514(b)(2)(i)(C)).
const ageCategoryURL = "https://github.com/veil-proxy/veil/StructureDefinition/age-category"

const ageCategory = `{"extension":[{"url":"` + ageCategoryURL + `","valueCode":"90+"}]}`

// maskedText replaces a required value that people read, or whose choice has a string
// among its types: software that does not know data-absent-reason can read it too.
const maskedText = `"Masked"`

// slotOf gives an element its slot, if it can have a stand-in.
func (c *compiler) slotOf(n *node, e *schema.Element, et schema.ElementType) int8 {
	s := slot{key: e.Name}
	needed, needs := false, false // beside another, or another beside it
	for _, need := range n.typ.Needs {
		needed = needed || need.Element == e.Name
		needs = needs || need.Beside == e.Name
	}
	required := needed || e.Min > 0
	switch g := n.typ.OneOfWith(e.Name); {
	case g != nil:
		s.key = strings.Join(g.Elements, "|")
		standIn := n.typ.Element(g.StandIn)
		s.absent = absentMember(n.typ, standIn, standIn.Types[0])
	case required && stringOf(e) != "":
		s.absent = []byte(`"` + stringOf(e) + `":` + maskedText)
	case required:
		s.absent = absentMember(n.typ, e, et)
	case !needs && !isDateType(et.Code) && booleanOf(e) == "":
		return -1
	}
	for i := range n.slots {
		if n.slots[i].key == s.key {
			return int8(i)
		}
	}
	if len(n.slots) == 64 {
		c.problems.Add(strictyaml.Position{}, "type %s has more than 64 elements that are required or dates", n.typ.Name)
		return -1
	}
	n.slots = append(n.slots, s)
	if s.absent != nil && (!needed || e.Min > 0) {
		n.required |= 1 << (len(n.slots) - 1)
	}
	return int8(len(n.slots) - 1)
}

// slotNamed returns the number of an element's slot.
func (n *node) slotNamed(element string) int {
	return slices.IndexFunc(n.slots, func(s slot) bool { return s.key == element })
}

// fillNeeds records which slots require which others beside them.
func (n *node) fillNeeds() {
	for _, need := range n.typ.Needs {
		if beside, element := n.slotNamed(need.Beside), n.slotNamed(need.Element); beside >= 0 && element >= 0 {
			n.needs = append(n.needs, neededSlot{beside: 1 << beside, element: 1 << element})
			n.needed |= 1 << element
		}
	}
}

// neededSlot is a slot that must have a member where another slot has one, as bits.
type neededSlot struct{ beside, element uint64 }

// markOf gives a single date its number and its stand-in.
func (n *node) markOf(e *schema.Element, f *field) int8 {
	if f.array || !isDateType(f.code) || f.slot < 0 {
		return -1
	}
	member := `"_` + f.name + `":` + ageCategory
	if s := stringOf(e); s != "" && e.Min > 0 {
		member = `"` + s + `":` + maskedText + `,"_` + s + `":` + ageCategory
	}
	n.marks = append(n.marks, mark90{f.slot, []byte(member)})
	return int8(len(n.marks) - 1)
}

func isDateType(code string) bool { return code == "date" || code == "dateTime" || code == "instant" }

// booleanOf returns the name of a choice's boolean, which keeps the fact (such as that
// somebody died) where the value is removed; empty if there is none.
func booleanOf(e *schema.Element) string {
	if e.Name == "deceased" {
		return choiceOf(e, "boolean")
	}
	return ""
}

// stringOf returns the name of a choice's string; empty if there is none.
func stringOf(e *schema.Element) string { return choiceOf(e, "string") }

func choiceOf(e *schema.Element, code string) string {
	for _, et := range e.Types {
		if e.Choice && et.Code == code {
			return e.JSONName(et)
		}
	}
	return ""
}

// losses groups the slots of an object by what happened to their members, as bits.
type losses struct {
	gone, there uint64 // a member was removed; one is kept
	affirm      uint64 // the boolean of the choice says what is left to say
	capped      uint64 // by mark: a date past the last permitted one
}

// standIns writes the stand-ins for what was removed from an object of a node, one for
// each element that has no member left.
func (w *Walker) standIns(n *node, l *losses) {
	lost := l.gone &^ l.there
	for rest := l.capped; rest != 0; rest &= rest - 1 {
		m := &n.marks[bits.TrailingZeros64(rest)]
		if bit := uint64(1) << m.slot; lost&^l.affirm&bit != 0 {
			lost &^= bit
			w.dst = append(append(w.dst, ','), m.member...)
		}
	}
	for rest := l.affirm & lost; rest != 0; rest &= rest - 1 {
		s := bits.TrailingZeros64(rest)
		lost &^= 1 << s
		w.dst = append(append(append(w.dst, `,"`...), n.affirmed(int8(s))...), `":true`...)
	}
	wanted := n.required
	for _, need := range n.needs {
		if l.there&need.beside != 0 {
			wanted |= need.element
		}
	}
	for rest := lost & wanted; rest != 0; rest &= rest - 1 {
		w.dst = append(append(w.dst, ','), n.slots[bits.TrailingZeros64(rest)].absent...)
		w.countAt(n, w.a.engine.absent)
	}
}

// affirmed returns the name of the boolean that keeps the fact of a slot.
func (n *node) affirmed(slot int8) string {
	for i := range n.fields {
		if n.fields[i].slot == slot && n.fields[i].orTrueName != "" {
			return n.fields[i].orTrueName
		}
	}
	return ""
}

// affirm writes the boolean that keeps the fact of a removed value in the value's place.
// If the object at src[obj] has other members of the element, one of which may be kept,
// it only notes that the boolean may have to be written at the end.
func (w *Walker) affirm(n *node, f *field, obj int, kept bool, l *losses) bool {
	if w.find(obj, f.orTrueName) >= 0 {
		return false // it says itself what it says
	}
	for i := range n.fields {
		if o := &n.fields[i]; o != f && o.slot == f.slot && w.find(obj, o.name) >= 0 {
			l.affirm |= 1 << f.slot
			return false
		}
	}
	if kept {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(append(append(w.dst, '"'), f.orTrueName...), `":true`...)
	l.there |= 1 << f.slot
	return true
}
