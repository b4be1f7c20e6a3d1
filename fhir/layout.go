package fhir

import (
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// layout has what all nodes of a type share, made once: the fields without their
// decisions, and their stand-ins.
type layout struct {
	node
	paths []string // of the fields, relative to the node's path
	taken bool     // a node has taken the fields
}

// ownFields returns fields for another node, which sets their decisions. Most types have
// only one node, so the first one gets those of the layout.
func (l *layout) ownFields() []field {
	if !l.taken {
		l.taken = true
		return l.fields
	}
	own := slices.Clone(l.fields)
	for i := range own {
		own[i].decision, own[i].standIn, own[i].tested = decision{}, false, false
	}
	return own
}

// layout returns the layout of a type.
func (c *compiler) layout(t *schema.Type) *layout {
	if l := c.layouts[t]; l != nil {
		return l
	}
	l := &layout{node: node{typ: t}}
	c.layouts[t] = l
	size := 1 // resourceType
	for i := range t.Elements {
		for _, et := range t.Elements[i].Types {
			if size++; hasSibling(et, t.Elements[i].Name) {
				size++
			}
		}
	}
	l.fields, l.paths = make([]field, 0, size), make([]string, 0, size)
	add := func(f field, path string) {
		l.fields, l.paths = append(l.fields, f), append(l.paths, path)
		l.tokens = append(l.tokens, fhirjson.NewToken(`"`+f.name+`":`))
	}
	for i := range t.Elements {
		e := &t.Elements[i]
		for _, et := range e.Types {
			f := field{name: e.JSONName(et), element: e.Name, code: et.Code, array: e.Max != 1, values: e.Binding.ValueSet}
			path := "." + e.Name
			if e.Choice {
				path += ".ofType(" + et.Code + ")"
			}
			f.slot = c.slotOf(&l.node, e, et)
			f.security = t.Name == "Meta" && e.Name == "security"
			f.weak = t.Name == "Extension" && e.Name == "url" || t.Name == "Parameters.parameter" && e.Name == "name"
			f.mark = l.markOf(e, &f)
			f.takesHolder = t.Name == "Bundle.entry" && e.Name == "resource" || t.Name == "Bundle.link" && e.Name == "url"
			if e.Name == "deceased" && et.Code != "boolean" {
				f.orTrueName = booleanOf(e)
			}
			add(f, path)
			if hasSibling(et, f.name) {
				add(field{name: "_" + f.name, array: f.array, slot: f.slot, mark: f.mark, sibling: true}, path)
			}
		}
	}
	if t.Kind == schema.ResourceKind {
		add(field{name: "resourceType", slot: -1, mark: -1}, ".resourceType")
	}
	if len(l.fields) <= maxFields {
		names := make([]string, len(l.fields))
		for i := range l.fields {
			names[i] = l.fields[i].name
		}
		l.keys = fhirjson.NewKeyTable(names)
		l.fillNeeds()
	}
	return l
}

// hasSibling reports whether a member of a type has one beside it for its id and
// extensions.
func hasSibling(et schema.ElementType, name string) bool {
	return et.Type != nil && et.Type.Kind == schema.PrimitiveKind && name != "resourceType"
}
