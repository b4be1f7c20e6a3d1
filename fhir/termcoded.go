package fhir

import (
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// Terminology resources have codes beside a system, too, but in forms of their own:
// the system stands in the object itself, in what holds it, or in the resource.
// They are judged like a Coding.

// codeLists are the objects of terminology resources that have a code or hold
// those that do, with the member that has the system: of the object itself where
// holder is empty, else of the innermost object of that type around it.
var codeLists = map[string]struct{ holder, system string }{
	"ValueSet.expansion.contains":      {"", "system"},
	"ValueSet.compose.include":         {"", "system"},
	"ValueSet.compose.include.concept": {"ValueSet.compose.include", "system"},
	"CodeSystem.concept":               {"CodeSystem", "url"},
	"ConceptMap.group":                 {"", ""},
	"ConceptMap.group.element":         {"ConceptMap.group", "source"},
	"ConceptMap.group.element.target":  {"ConceptMap.group", "target"},
}

// codeListParts are the members of those that are decided together.
var codeListParts = map[string]codedPart{
	"system": partSystem, "version": partVersion, "code": partCode, "display": partDisplay,
	"source": partNamedSystem, "target": partNamedSystem,
}

// isCodeList reports whether the objects of a type are such.
func isCodeList(t *schema.Type) bool {
	_, ok := codeLists[t.Name]
	return ok
}

// codeListPart is the part that a primitive element of such an object is.
func codeListPart(t *schema.Type, element string) (codedPart, bool) {
	p, ok := codeListParts[element]
	if ok && (p == partNamedSystem) != (t.Name == "ConceptMap.group") {
		return p, false
	}
	e := t.Element(element)
	return p, ok && e != nil && (e.Types[0].Type == nil || e.Types[0].Type.Kind == schema.PrimitiveKind)
}

// decideListed finds out whether the code of the object at src[i] passes.
func (w *Walker) decideListed(n *node, i int) {
	c, l := &w.coded, codeLists[n.typ.Name]
	if l.holder == "" && l.system == "" {
		return
	}
	holder := i
	switch l.holder {
	case "":
	case "CodeSystem":
		holder = w.res.start
	default:
		holder = w.holder
	}
	c.system, c.code = w.text(w.find(holder, l.system)), w.text(w.find(i, "code"))
	w.decideKnown()
}

// namedSystem masks a member that names a code system: a local one has the pseudonym
// that it has in codings, also as the URL of its own definition.
func (w *Walker) namedSystem(d *decision, i, end int, val []byte) (int, bool) {
	if w.a.codes.find(val) != nil {
		return w.passIf(d, end, true)
	}
	w.replace(i, end, func(dst []byte) []byte {
		return lexical.AppendHashUUID(append(dst, lexical.URNUUID...), w.pass.Keys.MAC1(w.a.systemSlot, val)[:16])
	})
	w.count(w.a.engine.unknownSystem, mask.LabelPseudonymized, mask.Replaced)
	return end, true
}
