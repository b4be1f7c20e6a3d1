// Package fhirxml converts resources between FHIR's XML and JSON formats, by the tables
// of a FHIR version. It knows nothing of masking.
package fhirxml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// AppendJSON appends the JSON form of the one resource in src, which is in XML (FHIR R4,
// xml.html). Members are in the schema's order; numbers keep their spelling.
//
// It skips everything that has no JSON form: comments, instructions, attributes that
// FHIR does not have, elements of other namespaces in a narrative. Any other element
// that the schema does not know becomes an unknown member, "~1", "~2" and so on,
// without its name and content, so that the reader can count and remove it. A resource
// of an unknown type becomes an empty object. A number or boolean that is invalid in
// JSON becomes a string.
//
// AppendJSON reads a few of a Bundle's entries at a time. The tree of an entry, or of
// another resource, takes about twenty times its size in memory, and sixty times if it
// consists only of small elements, so the caller must bound src. On an error, a
// *fhirjson.SyntaxError, it returns dst unchanged.
func AppendJSON(s *schema.Schema, dst, src []byte) ([]byte, error) {
	r := Reader{s, stream{schema: s}}
	return r.AppendJSON(dst, src)
}

// appendByTree is AppendJSON for any text, through a tree.
func appendByTree(s *schema.Schema, dst, src []byte) ([]byte, error) {
	var f fhirjson.Fault
	text, ok := checkXML(src, &f)
	if !ok {
		return dst, &fhirjson.SyntaxError{Offset: f.Offset, What: f.What}
	}
	r := xmlReader{schema: s, text: text, dst: dst, tree: text.parse(text.skeleton()), entry: -1}
	if !r.document() {
		return dst, &fhirjson.SyntaxError{Offset: r.offset(), Path: strings.Join(r.path, "."), What: r.what}
	}
	return r.dst, nil
}

// xmlReader writes an XML tree as JSON.
type xmlReader struct {
	schema *schema.Schema
	text   *xmlText
	dst    []byte
	depth  int // of objects and arrays in dst
	// tree is the root of what is being read: the text without its entries, or
	// some of these from the given one on.
	tree  *etree.Element
	entry int
	// children has those of the open elements, innermost last.
	children []xmlChild
	path     []string // names of the open elements
	value    []byte   // the one being written
	div      narrative
	// what says what is wrong with the element at, if something is.
	what string
	at   *etree.Element
}

// xmlChild is an element that represents a member, or one item of it.
type xmlChild struct {
	member int
	e      *etree.Element
	scope  scope
}

func (r *xmlReader) fail(e *etree.Element, what string) bool {
	r.at, r.what = e, what
	return false
}

// offset returns where in the text the failure is.
func (r *xmlReader) offset() int {
	if r.at == nil {
		return parserStop(r.text.src)
	}
	n := ordinal(r.tree, r.at)
	if r.entry < 0 {
		return r.text.inText(elementAt(r.text.skeleton(), n))
	}
	start := r.text.entries[r.entry].start
	return start + elementAt(r.text.src[start:], n-1) // the root is not there
}

func (r *xmlReader) document() bool {
	if r.tree == nil {
		return r.fail(nil, notWellFormed)
	}
	own, inner, what := openElement(r.tree, scope{})
	if what != "" {
		return r.fail(r.tree, what)
	}
	if own != fhirSpace {
		return r.fail(r.tree, "expected a FHIR resource, in the namespace "+fhirNamespace)
	}
	return r.resource(r.tree, inner)
}

// resource writes the resource of an element that has its type's name.
func (r *xmlReader) resource(e *etree.Element, inner scope) bool {
	sh := r.schema.ShapeOf([]byte(e.Tag))
	if sh == nil {
		r.dst = append(r.dst, "{}"...)
		return true
	}
	if len(r.path) == 0 {
		r.path = append(r.path, sh.Type.Name)
	}
	return r.object(e, sh, inner)
}

// object writes the members that an element's attributes and children represent.
func (r *xmlReader) object(e *etree.Element, sh *schema.Shape, inner scope) bool {
	if r.depth++; r.depth > fhirjson.MaxDepth {
		return r.fail(e, "nested too deep")
	}
	r.dst = append(r.dst, '{')
	if sh.Type.Kind == schema.ResourceKind {
		r.name("", "resourceType")
		r.string(sh.Type.Name)
	}
	for i := range e.Attr {
		a := &e.Attr[i]
		if a.Space != "" {
			continue
		}
		if m := sh.Keys.Find([]byte(a.Key)); m >= 0 && sh.Members[m].Form == schema.AttributeForm {
			r.name("", a.Key)
			r.string(a.Value)
		}
	}
	first, unknown, ok := r.gather(e, sh, inner)
	if !ok {
		return false
	}
	if e == r.tree && len(r.text.entries) > 0 {
		r.children = append(r.children, xmlChild{member: sh.Keys.Find([]byte("entry"))})
		r.order(first)
	}
	for from, to := first, len(r.children); from < to; {
		n := 1
		member := r.children[from].member
		for from+n < to && r.children[from+n].member == member {
			n++
		}
		m := &sh.Members[member]
		r.path = append(r.path, m.Name)
		if n > 1 && !m.Array {
			return r.fail(r.children[from+1].e, "the element appears more than once")
		}
		if r.children[from].e == nil {
			if unknown, ok = r.entries(sh, m, unknown); !ok {
				return false
			}
		} else if !r.member(m, from, n) {
			return false
		}
		r.path = r.path[:len(r.path)-1]
		from += n
	}
	r.children = r.children[:first]
	for n := range unknown {
		r.name("~", strconv.Itoa(n+1))
		r.dst = append(r.dst, "null"...)
	}
	r.dst = append(r.dst, '}')
	r.depth--
	return true
}

// gather pushes the children of an element that represent members onto the stack, from
// the returned index on and in the order of the members, and counts those that represent
// none.
func (r *xmlReader) gather(e *etree.Element, sh *schema.Shape, inner scope) (from, unknown int, ok bool) {
	from = len(r.children)
	ordered, last := true, 0
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			if !t.IsWhitespace() {
				return 0, 0, r.fail(e, "text outside of a value")
			}
		case *etree.Directive:
			return 0, 0, r.fail(e, "document type and entity declarations are refused")
		case *etree.Element:
			own, in, what := openElement(t, inner)
			if what != "" {
				return 0, 0, r.fail(t, what)
			}
			m := childMember(sh, t.Tag, own)
			if m < 0 {
				unknown++
				continue
			}
			ordered = ordered && m >= last
			last = m
			r.children = append(r.children, xmlChild{m, t, in})
		}
	}
	if !ordered {
		r.order(from)
	}
	return from, unknown, true
}

// order sorts the children from an index on by their members.
func (r *xmlReader) order(from int) {
	slices.SortStableFunc(r.children[from:], func(a, b xmlChild) int { return a.member - b.member })
}

// entries writes the entries of the Bundle that is the text, reading some at a
// time. It counts those of other namespaces as unknown.
func (r *xmlReader) entries(bundle *schema.Shape, m *schema.ShapeMember, unknown int) (int, bool) {
	r.depth++
	r.name("", m.Name)
	r.dst = append(r.dst, '[')
	start, skeleton := len(r.dst), r.tree
	for r.entry = 0; r.entry < len(r.text.entries); {
		var count int
		if r.tree, count = r.text.some(r.entry); r.tree == nil {
			return 0, r.fail(nil, notWellFormed)
		}
		_, inner, _ := openElement(r.tree, scope{})
		from, foreign, ok := r.gather(r.tree, bundle, inner)
		if !ok {
			return 0, false
		}
		unknown += foreign
		for _, c := range r.children[from:] {
			if len(r.dst) > start {
				r.dst = append(r.dst, ',')
			}
			if !r.object(c.e, m.Shape, c.scope) {
				return 0, false
			}
		}
		r.children = r.children[:from]
		r.entry += count
	}
	r.tree, r.entry = skeleton, -1
	r.dst = append(r.dst, ']')
	r.depth--
	return unknown, true
}

// childMember returns the member that a child element represents, or -1.
func childMember(sh *schema.Shape, name string, own namespace) int {
	m := sh.Keys.Find([]byte(name))
	switch {
	case m < 0 || sh.Members[m].Form == schema.AttributeForm:
		return -1
	case own == fhirSpace && sh.Members[m].Form != schema.NarrativeForm, own == xhtmlSpace && sh.Members[m].Form == schema.NarrativeForm:
		return m
	}
	return -1
}

// member writes one member from the n children from an index on.
func (r *xmlReader) member(m *schema.ShapeMember, from, n int) bool {
	switch m.Form {
	case schema.PrimitiveForm:
		return r.primitives(m, from, n)
	case schema.NarrativeForm:
		c := r.children[from]
		if !r.div.append(r.value[:0], c.e, c.scope) {
			return r.fail(r.div.at, r.div.what)
		}
		r.value = r.div.dst
		r.name("", m.Name)
		r.quoted(r.value)
		return true
	}
	r.name("", m.Name)
	return r.items(m.Array, from, n, func(c xmlChild) bool {
		if m.Form == schema.ResourceForm {
			return r.wrapped(c.e, c.scope)
		}
		return r.object(c.e, m.Shape, c.scope)
	})
}

// items calls one for each child and writes the results, in an array where the member is
// one.
func (r *xmlReader) items(array bool, from, n int, one func(c xmlChild) bool) bool {
	if !array {
		return one(r.children[from])
	}
	if r.depth++; r.depth > fhirjson.MaxDepth {
		return r.fail(r.children[from].e, "nested too deep")
	}
	r.dst = append(r.dst, '[')
	for k := range n {
		if k > 0 {
			r.dst = append(r.dst, ',')
		}
		if !one(r.children[from+k]) {
			return false
		}
	}
	r.dst = append(r.dst, ']')
	r.depth--
	return true
}

// wrapped writes the one resource in an element, or an empty object for none.
func (r *xmlReader) wrapped(e *etree.Element, inner scope) bool {
	var only *etree.Element
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			if !t.IsWhitespace() {
				return r.fail(e, "text outside of a value")
			}
		case *etree.Element:
			if only != nil {
				return r.fail(t, "more than one resource in an element")
			}
			only = t
		}
	}
	if only != nil {
		own, in, what := openElement(only, inner)
		if what != "" {
			return r.fail(only, what)
		}
		if own == fhirSpace {
			return r.resource(only, in)
		}
	}
	r.dst = append(r.dst, "{}"...)
	return true
}

// primitives writes the values of primitive elements, and their ids and extensions as the
// sibling "_name" (FHIR R4, json.html#primitive). An element that has neither is empty
// and left out.
func (r *xmlReader) primitives(m *schema.ShapeMember, from, n int) bool {
	values, siblings, kept := false, false, from
	for k := range n {
		c := r.children[from+k]
		_, value := attribute(c.e, "value")
		more, ok := r.hasMore(c.e)
		if !ok {
			return false
		}
		if value || more {
			r.children[kept] = c
			kept++
		}
		values, siblings = values || value, siblings || more
	}
	n = kept - from
	if values {
		r.name("", m.Name)
		if !r.items(m.Array, from, n, func(c xmlChild) bool {
			value, ok := attribute(c.e, "value")
			if !ok {
				r.dst = append(r.dst, "null"...)
				return true
			}
			r.literal(m.Kind, value)
			return true
		}) {
			return false
		}
	}
	if !siblings {
		return true
	}
	r.name("_", m.Name)
	return r.items(m.Array, from, n, func(c xmlChild) bool {
		if more, _ := r.hasMore(c.e); !more {
			r.dst = append(r.dst, "null"...)
			return true
		}
		return r.object(c.e, m.Shape, c.scope)
	})
}

// hasMore reports whether a primitive element has an id or children.
func (r *xmlReader) hasMore(e *etree.Element) (more, ok bool) {
	_, more = attribute(e, "id")
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			if !t.IsWhitespace() {
				return false, r.fail(e, "text outside of a value")
			}
		case *etree.Element:
			more = true
		}
	}
	return more, true
}

// literal writes a value of a kind; see appendLiteral.
func (r *xmlReader) literal(kind schema.JSONKind, value string) {
	r.value = append(r.value[:0], value...)
	r.dst = appendLiteral(r.dst, kind, r.value)
}

func (r *xmlReader) name(prefix, name string) { r.dst = appendName(r.dst, prefix, name) }

func (r *xmlReader) string(s string) {
	r.value = append(r.value[:0], s...)
	r.quoted(r.value)
}

func (r *xmlReader) quoted(text []byte) { r.dst = appendQuoted(r.dst, text) }
