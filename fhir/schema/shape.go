package schema

import "github.com/veil-proxy/veil/fhir/fhirjson"

// Shape has the members of a type in the order that XML requires, by the name that they
// have in both XML and JSON (FHIR R4, xml.html and json.html).
type Shape struct {
	Type    *Type
	Members []ShapeMember
	Keys    fhirjson.KeyTable
	ID      int // tells the shapes of a schema apart, from 0
}

// ShapeMember is a member of a shape.
type ShapeMember struct {
	Name  string
	Form  MemberForm
	Kind  JSONKind // of a primitive
	Array bool
	Shape *Shape // of an object; of a primitive, that of its "_name" sibling
	// Start is how its element usually begins in XML, Key how the member begins in JSON.
	Start, Key string
}

// MemberForm says how a member is written in XML.
type MemberForm uint8

// The forms of members.
const (
	PrimitiveForm MemberForm = iota // an element with the attribute "value"
	AttributeForm                   // an attribute: Element.id, Extension.url
	NarrativeForm                   // an XHTML div: Narrative.div
	ObjectForm                      // an element with elements in it
	ResourceForm                    // an element around a resource
)

// newShapes makes the shapes of all types of a schema.
func newShapes(s *Schema) map[*Type]*Shape {
	shapes := make(map[*Type]*Shape, len(s.types))
	for i, t := range s.types {
		shapes[t] = &Shape{Type: t, ID: i}
	}
	sibling := shapes[s.byName["Element"]]
	for _, sh := range shapes {
		var names []string
		for i := range sh.Type.Elements {
			e := &sh.Type.Elements[i]
			for _, et := range e.Types {
				m := ShapeMember{Name: e.JSONName(et), Kind: JSONKindOf(et), Array: e.Max != 1, Shape: shapes[et.Type]}
				switch {
				case et.Type.Kind == ResourceKind:
					m.Form = ResourceForm
				case et.Type.Kind != PrimitiveKind:
					m.Form = ObjectForm
				case e.Name == "id" && sh.Type.Kind != ResourceKind, e.Name == "url" && sh.Type.Name == "Extension":
					m.Form = AttributeForm
				case et.Code == "xhtml":
					m.Form = NarrativeForm
				default:
					m.Shape = sibling
				}
				m.Key = `"` + m.Name + `":`
				if m.Start = "<" + m.Name + ">"; m.Form == PrimitiveForm {
					m.Start = "<" + m.Name + ` value="`
				}
				sh.Members = append(sh.Members, m)
				names = append(names, m.Name)
			}
		}
		sh.Keys = fhirjson.NewKeyTable(names)
	}
	return shapes
}

// ShapeOf returns the shape of a resource type, or nil if there is none of that name.
func (s *Schema) ShapeOf(resourceType []byte) *Shape {
	t := s.byName[string(resourceType)]
	if t == nil || t.Kind != ResourceKind || t.Abstract {
		return nil
	}
	return s.shapes()[t]
}
