package fhirxml

import (
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// order is what member came behind another of its object the last time: elements mostly
// come in the same order.
type order [][]uint16

// of returns the members of a shape by that before them, from 1, and the first one.
func (o *order) of(sh *schema.Shape) []uint16 {
	for sh.ID >= len(*o) {
		*o = append(*o, nil)
	}
	if (*o)[sh.ID] == nil {
		(*o)[sh.ID] = make([]uint16, len(sh.Members)+1)
	}
	return (*o)[sh.ID]
}

// resource writes the resource of an element whose name has been read.
func (r *stream) resource(sh *schema.Shape, root bool) bool {
	a, ok := r.attributes()
	return ok && (a.spaced || !root) && r.object(sh, sh.Type.Name, a)
}

// object writes the members that an element's attributes and children stand for.
func (r *stream) object(sh *schema.Shape, name string, a attributes) bool {
	if r.depth++; r.depth > maxStreamDepth || len(sh.Members) == 0 {
		return false
	}
	r.dst = append(r.dst, '{')
	if sh.Type.Kind == schema.ResourceKind {
		r.dst = append(append(append(r.dst, `"resourceType":"`...), sh.Type.Name...), '"')
	}
	if a.urlFirst {
		r.attribute(sh, "url", a.url)
		a.url = nil
	}
	r.attribute(sh, "id", a.id)
	r.attribute(sh, "url", a.url)
	if !a.empty && (!r.members(sh, -1, -1) || !r.end(name)) {
		return false
	}
	r.dst = append(r.dst, '}')
	r.depth--
	return true
}

// attribute writes an attribute that stands for a member.
func (r *stream) attribute(sh *schema.Shape, name string, value []byte) {
	if value == nil {
		return
	}
	if m := sh.Keys.Find([]byte(name)); m >= 0 && sh.Members[m].Form == schema.AttributeForm {
		r.name("", name)
		r.string(value)
	}
}

// members writes the members of the elements up to an end tag, or to the one of a member,
// if that is not -1. Each must come behind the last one.
func (r *stream) members(sh *schema.Shape, last, until int) bool {
	expected := r.order.of(sh)
	for {
		if more, ok := r.more(); !ok || !more {
			return ok
		}
		before, next := r.i, int(expected[last+1])
		m := &sh.Members[next]
		if next > last && next != until && r.follows(m.Start) {
			if !r.expected(m) {
				return false
			}
		} else {
			if next = sh.Keys.Find(r.tag()); next <= last {
				return false
			}
			if next == until {
				r.i = before
				return true
			}
			m = &sh.Members[next]
			expected[last+1] = uint16(next)
			if r.i = before; !r.follows(m.Start) {
				r.i += 1 + len(m.Name)
				if !r.unexpected(m) {
					return false
				}
			} else if !r.expected(m) {
				return false
			}
		}
		last = next
	}
}

// expected writes the member of an element that begins as most do, and of all that follow
// it and have its name.
func (r *stream) expected(m *schema.ShapeMember) bool {
	switch m.Form {
	case schema.PrimitiveForm:
		return r.plain(m)
	case schema.ObjectForm:
		r.key(m)
		if r.depth == 1 && m.Array && m.Name == "entry" {
			return r.entries(m)
		}
		return r.items(m, r.object(m.Shape, m.Name, attributes{}))
	case schema.ResourceForm:
		r.key(m)
		return r.items(m, r.inner(m))
	}
	return false // <div> without a namespace
}

// unexpected writes the member of an element whose tag is still open, and so on.
func (r *stream) unexpected(m *schema.ShapeMember) bool {
	switch m.Form {
	case schema.PrimitiveForm:
		r.i -= 1 + len(m.Name)
		return r.primitives(m)
	case schema.NarrativeForm:
		r.i -= 1 + len(m.Name)
		r.name("", m.Name)
		return r.narrative()
	case schema.AttributeForm:
		return false
	}
	r.key(m)
	return r.items(m, r.item(m))
}

// key writes the name of a member, and the bracket that opens its array.
func (r *stream) key(m *schema.ShapeMember) {
	if r.dst[len(r.dst)-1] != '{' {
		r.dst = append(r.dst, ',')
	}
	r.dst = append(r.dst, m.Key...)
	if m.Array {
		r.dst = append(r.dst, '[')
	}
}

// items writes the further items of a member, if ok says that the first one was written.
func (r *stream) items(m *schema.ShapeMember, ok bool) bool {
	if !m.Array {
		return ok
	}
	for ok {
		r.i = fhirjson.SkipSpace(r.src, r.i)
		switch {
		case m.Form == schema.ObjectForm && r.follows(m.Start):
			r.dst = append(r.dst, ',')
			ok = r.object(m.Shape, m.Name, attributes{})
		case r.again(m.Name):
			r.dst = append(r.dst, ',')
			ok = r.item(m)
		default:
			r.dst = append(r.dst, ']')
			return true
		}
	}
	return false
}

// entries writes those of the outermost Bundle, of which the first start tag has been read.
func (r *stream) entries(m *schema.ShapeMember) bool {
	from, to := r.i-len(m.Start), len(r.dst)
	slot, known := r.memory.findEntries(r.src[from:], m.Shape.ID)
	if known != nil {
		r.dst = append(r.dst, known.out()...)
		r.i = from + known.end
	} else if !r.object(m.Shape, m.Name, attributes{}) {
		return false
	}
	if !r.items(m, true) {
		return false
	}
	out := r.dst[to : len(r.dst)-1] // without the bracket
	if known == nil {
		known = r.memory.keepEntries(slot, r.src[from:r.i], out)
	}
	if known != nil && len(out) == len(known.out()) { // no more entries followed
		r.entriesAt, r.entriesSerial = to-1, known.serial
	}
	return true
}

// item writes the object or the resource of an element whose tag is still open.
func (r *stream) item(m *schema.ShapeMember) bool {
	a, ok := r.attributes()
	switch {
	case !ok || a.value != nil:
		return false
	case m.Form == schema.ObjectForm:
		return r.object(m.Shape, m.Name, a)
	}
	return !a.empty && r.inner(m)
}

// inner writes the resource in an element.
func (r *stream) inner(m *schema.ShapeMember) bool {
	if more, ok := r.more(); !ok || !more {
		return false
	}
	from, to, depth := r.i, len(r.dst), r.depth
	slot, known := r.memory.find(r.src[from:])
	if known != nil && depth <= known.depth {
		r.dst = append(r.dst, known.out()...)
		r.i += known.end
	} else {
		sh := r.schema.ShapeOf(r.tag())
		if sh == nil || !r.resource(sh, false) {
			return false
		}
		slot.keep(r.src[from:r.i], r.dst[to:], depth)
	}
	return r.between() && r.i < len(r.src) && r.end(m.Name)
}
