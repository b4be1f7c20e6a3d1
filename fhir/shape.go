package fhir

import "github.com/veil-proxy/veil/fhir/fhirjson"

// shape is what the XML and the JSON form of a type have in common: its members
// in the order that XML demands, by the name that they have in both (FHIR R4,
// xml.html and json.html).
type shape struct {
	typ     *Type
	members []shapeMember
	keys    fhirjson.KeyTable
}

type shapeMember struct {
	name  string
	form  memberForm
	kind  jsonKind // of a primitive
	array bool
	shape *shape // of an object; of a primitive, that of its "_name" sibling
}

// memberForm is how a member is written in XML.
type memberForm uint8

const (
	primitiveForm memberForm = iota // an element with the attribute "value"
	attributeForm                   // an attribute: Element.id, Extension.url
	narrativeForm                   // an XHTML div: Narrative.div
	objectForm                      // an element with elements in it
	resourceForm                    // an element around a resource
)

// newShapes makes the shapes of all types of a schema.
func newShapes(s *Schema) map[*Type]*shape {
	shapes := make(map[*Type]*shape, len(s.types))
	for _, t := range s.types {
		shapes[t] = &shape{typ: t}
	}
	sibling := shapes[s.byName["Element"]]
	for _, sh := range shapes {
		var names []string
		for i := range sh.typ.Elements {
			e := &sh.typ.Elements[i]
			for _, et := range e.Types {
				m := shapeMember{name: e.JSONName(et), kind: kindOf(et), array: e.Max != 1, shape: shapes[et.Type]}
				switch {
				case et.Type.Kind == ResourceKind:
					m.form = resourceForm
				case et.Type.Kind != PrimitiveKind:
					m.form = objectForm
				case e.Name == "id" && sh.typ.Kind != ResourceKind, e.Name == "url" && sh.typ.Name == "Extension":
					m.form = attributeForm
				case et.Code == "xhtml":
					m.form = narrativeForm
				default:
					m.shape = sibling
				}
				sh.members = append(sh.members, m)
				names = append(names, m.name)
			}
		}
		sh.keys = fhirjson.NewKeyTable(names)
	}
	return shapes
}

// shapeOf returns the shape of a resource type, or nil where there is none of
// that name.
func (s *Schema) shapeOf(resourceType []byte) *shape {
	t := s.byName[string(resourceType)]
	if t == nil || t.Kind != ResourceKind || t.Abstract {
		return nil
	}
	return s.shapes()[t]
}
