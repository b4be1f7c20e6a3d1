package fhirxml

import (
	"bytes"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// AppendXML appends the XML form of the one resource in src, which is in JSON (FHIR R4,
// xml.html). Elements are in the schema's order, without white space between them and
// without an XML declaration; numbers keep their spelling.
//
// It leaves out everything that has no XML form: members that the schema does not know,
// values of the wrong JSON type, empty objects and arrays, nulls. It refuses a member
// name that appears twice and a narrative that is not well-formed XHTML. On an error, a
// *fhirjson.SyntaxError, it returns dst unchanged.
func AppendXML(s *schema.Schema, dst, src []byte) ([]byte, error) {
	w := Writer{s, writeStream{schema: s}}
	return w.AppendXML(dst, src)
}

// appendGathered is AppendXML for any text.
func appendGathered(s *schema.Schema, dst, src []byte) ([]byte, error) {
	w := xmlWriter{schema: s, src: src, dst: dst}
	if !w.document() {
		return dst, &fhirjson.SyntaxError{Offset: w.fault.Offset, Path: strings.Join(w.path, "."), What: w.fault.What}
	}
	return w.dst, nil
}

// xmlWriter writes JSON, which has been read whole once, as XML: the members of each object
// are gathered first.
type xmlWriter struct {
	schema *schema.Schema
	src    []byte
	dst    []byte
	// members are those of the objects under way, innermost last; items those
	// of their arrays.
	members []jsonMember
	items   []int
	path    []string // names of the members under way
	text    []byte   // the text being written
	div     narrative
	fault   fhirjson.Fault
}

// jsonMember is a member of an object that the schema knows.
type jsonMember struct {
	member  int
	sibling bool // "_name", the id and extensions of a primitive
	at      int  // index of its value
}

func (w *xmlWriter) fail(offset int, what string) bool {
	fhirjson.Fail(&w.fault, offset, what)
	return false
}

func (w *xmlWriter) document() bool {
	i := fhirjson.SkipSpace(w.src, 0)
	if i >= len(w.src) || w.src[i] != '{' {
		return w.fail(i, "expected a JSON object, a FHIR resource")
	}
	end := fhirjson.SkipValue(w.src, i, 0, &w.fault)
	if end < 0 {
		return false
	}
	if rest := fhirjson.SkipSpace(w.src, end); rest < len(w.src) {
		return w.fail(rest, "unexpected data after the resource")
	}
	sh := w.schema.ShapeOf(w.resourceType(i))
	if sh == nil {
		return w.fail(i, "the resource has no type that the schema knows")
	}
	w.path = append(w.path, sh.Type.Name)
	return w.element(sh.Type.Name, ` xmlns="`+fhirNamespace+`"`, i, nil, sh)
}

// each calls f with the name and the index of the value of every member of the
// object at src[i], until f reports false.
func (w *xmlWriter) each(i int, f func(name []byte, at int) bool) bool {
	src := w.src
	for i = fhirjson.SkipSpace(src, i+1); src[i] == '"'; {
		end, escaped := fhirjson.ScanString(src, i, &w.fault)
		name := src[i+1 : end-1]
		if escaped {
			w.text = fhirjson.AppendUnescaped(w.text[:0], name)
			name = w.text
		}
		at := fhirjson.ScanColon(src, end, &w.fault)
		if !f(name, at) {
			return false
		}
		if i = fhirjson.SkipSpace(src, fhirjson.SkimValue(src, at, &w.fault)); src[i] == ',' {
			i = fhirjson.SkipSpace(src, i+1)
		}
	}
	return true
}

// resourceType returns the type of the resource at src[i], or nothing.
func (w *xmlWriter) resourceType(i int) (typ []byte) {
	w.each(i, func(name []byte, at int) bool {
		if string(name) != "resourceType" {
			return true
		}
		typ, _ = w.value(schema.JSONString, at)
		return false
	})
	return typ
}

// gather puts the members of the object at src[i] that the schema knows on the
// stack, in the schema's order.
func (w *xmlWriter) gather(i int, sh *schema.Shape) bool {
	from := len(w.members)
	ordered, typed := true, false
	order := func(a, b jsonMember) int {
		if a.member != b.member || a.sibling == b.sibling {
			return a.member - b.member
		}
		if a.sibling {
			return 1
		}
		return -1
	}
	if !w.each(i, func(name []byte, at int) bool {
		if sh.Type.Kind == schema.ResourceKind && string(name) == "resourceType" {
			if typed {
				return w.fail(at, "a member name appears twice")
			}
			typed = true
			return true
		}
		bare, sibling := bytes.CutPrefix(name, []byte("_"))
		m := sh.Keys.Find(bare)
		if m < 0 || sibling && sh.Members[m].Form != schema.PrimitiveForm {
			return true
		}
		w.members = append(w.members, jsonMember{m, sibling, at})
		if n := len(w.members); n-2 >= from {
			ordered = ordered && order(w.members[n-2], w.members[n-1]) < 0
		}
		return true
	}) {
		return false
	}
	if ordered {
		return true
	}
	own := w.members[from:]
	slices.SortStableFunc(own, order)
	for k := 1; k < len(own); k++ {
		if order(own[k-1], own[k]) == 0 {
			w.path = append(w.path, sh.Members[own[k].member].Name)
			return w.fail(own[k].at, "a member name appears twice")
		}
	}
	return true
}

// element writes an element: what it is declared to have, the attributes and
// children that the object at src[obj] stands for, if there is one, and a value.
// Without any of these there is no element, unless it is a resource.
func (w *xmlWriter) element(name, declared string, obj int, value []byte, sh *schema.Shape) bool {
	start, from := len(w.dst), len(w.members)
	w.dst = append(append(append(w.dst, '<'), name...), declared...)
	bare := len(w.dst)
	if obj >= 0 {
		// The value may lie where names are unescaped to.
		if value = slices.Clone(value); !w.gather(obj, sh) {
			return false
		}
	}
	for _, jm := range w.members[from:] {
		if m := &sh.Members[jm.member]; m.Form == schema.AttributeForm {
			if text, ok := w.value(schema.JSONString, jm.at); ok {
				w.attribute(m.Name, text)
			}
		}
	}
	if value != nil {
		w.attribute("value", value)
	}
	w.dst = append(w.dst, '>')
	content := len(w.dst)
	to := len(w.members)
	for k := from; k < to; k++ {
		at, sibling := -1, -1
		jm := w.members[k]
		m := &sh.Members[jm.member]
		if jm.sibling {
			sibling = jm.at
		} else if at = jm.at; k+1 < to && w.members[k+1].member == jm.member {
			k++
			sibling = w.members[k].at
		}
		w.path = append(w.path, m.Name)
		if !w.member(m, at, sibling) {
			return false
		}
		w.path = w.path[:len(w.path)-1]
	}
	w.members = w.members[:from]
	switch {
	case len(w.dst) > content:
		w.dst = append(append(append(w.dst, "</"...), name...), '>')
	case content-1 == bare && declared == "" && sh.Type.Kind != schema.ResourceKind:
		w.dst = w.dst[:start]
	default:
		w.dst = append(w.dst[:content-1], "/>"...)
	}
	return true
}

func (w *xmlWriter) attribute(name string, text []byte) {
	w.dst = append(append(append(w.dst, ' '), name...), `="`...)
	w.dst = append(appendAttribute(w.dst, text), '"')
}

// member writes the elements of a member: its value is at src[at], that of its
// sibling at src[sibling], where they are not -1.
func (w *xmlWriter) member(m *schema.ShapeMember, at, sibling int) bool {
	if !m.Array {
		return w.item(m, at, sibling)
	}
	from := len(w.items)
	values := w.split(at)
	siblings := w.split(sibling)
	for k := range max(values, siblings) {
		at, sibling = -1, -1
		if k < values {
			at = w.items[from+k]
		}
		if k < siblings {
			sibling = w.items[from+values+k]
		}
		if !w.item(m, at, sibling) {
			return false
		}
	}
	w.items = w.items[:from]
	return true
}

// split puts the indexes of the items of the array at src[i] on the stack and
// returns how many there are; none where there is no array.
func (w *xmlWriter) split(i int) int {
	src := w.src
	if i < 0 || src[i] != '[' {
		return 0
	}
	from := len(w.items)
	for i = fhirjson.SkipSpace(src, i+1); src[i] != ']'; {
		w.items = append(w.items, i)
		if i = fhirjson.SkipSpace(src, fhirjson.SkimValue(src, i, &w.fault)); src[i] == ',' {
			i = fhirjson.SkipSpace(src, i+1)
		}
	}
	return len(w.items) - from
}

// item writes the element of one value and its sibling.
func (w *xmlWriter) item(m *schema.ShapeMember, at, sibling int) bool {
	object := at >= 0 && w.src[at] == '{'
	switch m.Form {
	case schema.ObjectForm:
		return !object || w.element(m.Name, "", at, nil, m.Shape)
	case schema.ResourceForm:
		return !object || w.wrapped(m, at)
	case schema.NarrativeForm:
		return w.narrative(at)
	case schema.PrimitiveForm:
		if sibling >= 0 && w.src[sibling] != '{' {
			sibling = -1
		}
		value, _ := w.value(m.Kind, at)
		return w.element(m.Name, "", sibling, value, m.Shape)
	}
	return true // an attribute is written by its element
}

// wrapped writes the resource at src[i] in an element.
func (w *xmlWriter) wrapped(m *schema.ShapeMember, i int) bool {
	sh := w.schema.ShapeOf(w.resourceType(i))
	if sh == nil {
		return true
	}
	w.dst = append(append(append(w.dst, '<'), m.Name...), '>')
	if !w.element(sh.Type.Name, "", i, nil, sh) {
		return false
	}
	w.dst = append(append(append(w.dst, "</"...), m.Name...), '>')
	return true
}

// narrative writes the XHTML in the string at src[i]. A div without a namespace
// is taken as XHTML's.
func (w *xmlWriter) narrative(i int) bool {
	text, ok := w.value(schema.JSONString, i)
	if !ok {
		return true
	}
	var f fhirjson.Fault
	if x, ok := checkXML(text, &f); ok {
		div := x.parse(text)
		if div == nil {
			return w.fail(i, badNarrative)
		}
		own, inner, what := openElement(div, scope{own: xhtmlSpace})
		if what == "" && own == xhtmlSpace && div.Tag == "div" && w.div.append(w.dst, div, inner) {
			w.dst = w.div.dst
			return true
		}
	}
	return w.fail(i, badNarrative)
}

const badNarrative = "the narrative is not a well-formed XHTML div"

// value returns the text of the scalar at src[i], if it is of a kind. It is valid
// until the next string with escapes is read.
func (w *xmlWriter) value(kind schema.JSONKind, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	switch c := w.src[i]; {
	case kind == schema.JSONString && c == '"':
		end, escaped := fhirjson.ScanString(w.src, i, &w.fault)
		text := w.src[i+1 : end-1]
		if escaped {
			w.text = fhirjson.AppendUnescaped(w.text[:0], text)
			text = w.text
		}
		return text, true
	case kind == schema.JSONNumber && (c == '-' || c >= '0' && c <= '9'), kind == schema.JSONBool && (c == 't' || c == 'f'):
		return w.src[i:fhirjson.ScanScalar(w.src, i, &w.fault)], true
	}
	return nil, false
}
