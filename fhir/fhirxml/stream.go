package fhirxml

import (
	"bytes"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Most texts have nothing but what FHIR needs: elements without prefixes in the order of
// the schema, with the attributes value, id and url. Those are written as JSON as they are
// read, without a tree. Whatever else comes up, be it wrong or only rare, is left to the
// tree (fromxml.go), which reads the text from its beginning: so the stream has no errors
// of its own, and a test and a fuzz target hold what it writes to what the tree gives.

// stream reads a text from the front.
type stream struct {
	schema *schema.Schema
	src    []byte
	i      int
	dst    []byte
	depth  int    // of elements
	value  []byte // an attribute with references, or a narrative
	side   []byte // siblings of the arrays of primitives under way
}

// maxStreamDepth is how deep elements nest in what is streamed: far less than JSON may.
const maxStreamDepth = fhirjson.MaxDepth / 4

// appendStreamed is AppendJSON for what can be streamed, and reports whether it could.
func appendStreamed(s *schema.Schema, dst, src []byte) ([]byte, bool) {
	r := stream{schema: s, src: src, dst: dst}
	if bytes.HasPrefix(src, []byte("<?")) {
		end := bytes.Index(src, []byte("?>"))
		if end < 0 || !markup.IsPlainDeclaration(src[:end+2]) {
			return dst, false
		}
		r.i = end + 2
	}
	if !r.between() {
		return dst, false
	}
	name := r.tag()
	sh := s.ShapeOf(name)
	if sh == nil || !r.resource(sh, name, true) || !r.between() || r.i != len(src) || !utf8.Valid(src) {
		return dst, false
	}
	return r.dst, true
}

// between goes past white space and comments. It reports false for anything that is not
// followed by a tag or the end.
func (r *stream) between() bool {
	for {
		r.i = fhirjson.SkipSpace(r.src, r.i)
		rest := r.src[r.i:]
		if !bytes.HasPrefix(rest, []byte("<!--")) {
			return len(rest) == 0 || rest[0] == '<'
		}
		end := bytes.Index(rest[4:], []byte("--"))
		if end < 0 || !bytes.HasPrefix(rest[4+end:], []byte("-->")) || !isPlainText(rest[4:4+end]) {
			return false
		}
		r.i += 4 + end + 3
	}
}

// isPlainText reports whether a text has only characters that are allowed anywhere.
func isPlainText(text []byte) bool {
	for i, c := range text {
		if c < 0x20 && c != '\t' && c != '\n' || c == 0xef && isNoCharacter(text[i:]) {
			return false
		}
	}
	return true
}

// isNoCharacter reports whether text begins with U+FFFE or U+FFFF.
func isNoCharacter(text []byte) bool {
	return len(text) > 2 && text[1] == 0xbf && text[2] >= 0xbe
}

// tag reads "<" and a name of letters and digits, and returns the name; nothing for
// anything else.
func (r *stream) tag() []byte {
	if r.i >= len(r.src) || r.src[r.i] != '<' {
		return nil
	}
	end := r.i + 1
	for end < len(r.src) && isNameByte(r.src[end]) {
		end++
	}
	name := r.src[r.i+1 : end]
	if len(name) == 0 || name[0] <= '9' {
		return nil
	}
	r.i = end
	return name
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// end reads the end tag of an element.
func (r *stream) end(name []byte) bool {
	rest := r.src[r.i:]
	n := len(name) + 3
	if len(rest) < n || rest[1] != '/' || rest[n-1] != '>' || !bytes.Equal(rest[2:n-1], name) {
		return false
	}
	r.i += n
	return true
}

// more reports whether another element follows in the open one; ok is false where
// something else does than that or an end tag.
func (r *stream) more() (more, ok bool) {
	if !r.between() || r.i+1 >= len(r.src) {
		return false, false
	}
	return r.src[r.i+1] != '/', true
}

// resource writes the resource of an element whose name has been read.
func (r *stream) resource(sh *schema.Shape, name []byte, root bool) bool {
	a, ok := r.attributes()
	return ok && (a.spaced || !root) && r.object(sh, name, a)
}

// object writes the members that an element's attributes and children stand for.
func (r *stream) object(sh *schema.Shape, name []byte, a attributes) bool {
	if r.depth++; r.depth > maxStreamDepth {
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
	if !a.empty {
		last := -1
		for {
			more, ok := r.more()
			if !ok {
				return false
			}
			if !more {
				break
			}
			if last, ok = r.member(sh, last); !ok {
				return false
			}
		}
		if !r.end(name) {
			return false
		}
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

// member writes the member of the element that follows, and of all its items. It must
// come behind the last one.
func (r *stream) member(sh *schema.Shape, last int) (member int, ok bool) {
	before := r.i
	name := r.tag()
	member = sh.Keys.Find(name)
	if member <= last || len(name) == 0 {
		return member, false
	}
	m := &sh.Members[member]
	if m.Form == schema.PrimitiveForm {
		r.i = before
		return member, r.primitives(m, name)
	}
	if m.Form == schema.AttributeForm {
		return member, false
	}
	r.name("", m.Name)
	if m.Form == schema.NarrativeForm {
		return member, r.narrative()
	}
	if !m.Array {
		return member, r.item(m, name)
	}
	r.dst = append(r.dst, '[')
	for {
		if !r.item(m, name) {
			return member, false
		}
		if !r.again(name) {
			break
		}
		r.dst = append(r.dst, ',')
	}
	r.dst = append(r.dst, ']')
	return member, true
}

// again reads the tag of a further item, if one follows.
func (r *stream) again(name []byte) bool {
	if !r.between() || r.i >= len(r.src) {
		return false
	}
	before := r.i
	if next := r.tag(); bytes.Equal(next, name) {
		return true
	}
	r.i = before
	return false
}

// item writes the object or the resource in an element.
func (r *stream) item(m *schema.ShapeMember, name []byte) bool {
	a, ok := r.attributes()
	if !ok || a.value != nil {
		return false
	}
	if m.Form == schema.ObjectForm {
		return r.object(m.Shape, name, a)
	}
	if more, ok := r.more(); a.empty || !ok || !more {
		return false
	}
	inner := r.tag()
	sh := r.schema.ShapeOf(inner)
	return sh != nil && r.resource(sh, inner, false) && r.between() && r.i < len(r.src) && r.end(name)
}

// primitives writes the values of primitive elements of one name and, as "_name", their
// ids and extensions.
func (r *stream) primitives(m *schema.ShapeMember, name []byte) bool {
	start, sideFrom := len(r.dst), len(r.side)
	r.name("", m.Name)
	if m.Array {
		r.dst = append(r.dst, '[')
	}
	items, written, values := 0, 0, false // written: items of the siblings
	for r.again(name) {
		a, ok := r.attributes()
		if !ok || a.url != nil {
			return false
		}
		more := false
		if !a.empty {
			if more, ok = r.more(); !ok || !more && !r.end(name) {
				return false
			}
			a.empty = !more
		}
		more = more || a.id != nil
		if a.value == nil && !more {
			continue
		}
		if items++; items > 1 {
			if !m.Array {
				return false
			}
			r.dst = append(r.dst, ',')
		}
		if a.value != nil {
			values = true
			r.literal(m.Kind, a.value)
		} else {
			r.dst = append(r.dst, "null"...)
		}
		if !more {
			continue
		}
		// Elements before without id and extensions have a null each.
		for ; written < items-1; written++ {
			r.sibling(sideFrom, "null")
		}
		written++
		at := len(r.dst)
		a.value = nil
		if !r.object(m.Shape, name, a) {
			return false
		}
		r.sibling(sideFrom, string(r.dst[at:]))
		r.dst = r.dst[:at]
	}
	if m.Array {
		r.dst = append(r.dst, ']')
	}
	if !values {
		r.dst = r.dst[:start]
	}
	if written > 0 {
		for ; written < items; written++ {
			r.sibling(sideFrom, "null")
		}
		r.name("_", m.Name)
		if m.Array {
			r.dst = append(append(append(r.dst, '['), r.side[sideFrom:]...), ']')
		} else {
			r.dst = append(r.dst, r.side[sideFrom:]...)
		}
		r.side = r.side[:sideFrom]
	}
	return true
}

// sibling writes one more item to the siblings that begin at an index of side.
func (r *stream) sibling(from int, text string) {
	if len(r.side) > from {
		r.side = append(r.side, ',')
	}
	r.side = append(r.side, text...)
}

// narrative reads a div through the tree, which gives it its one form.
func (r *stream) narrative() bool {
	start := r.i - len("<div")
	end := bytes.Index(r.src[start:], []byte("</div>"))
	inside := r.src[r.i:]
	if end < 0 || bytes.Contains(inside[:end-len("<div")], []byte("<div")) {
		return false
	}
	text := r.src[start : start+end+len("</div>")]
	var f fhirjson.Fault
	x, ok := checkXML(text, &f)
	if !ok || x.wrapped {
		return false
	}
	div := x.parse(text)
	if div == nil || div.Tag != "div" {
		return false
	}
	own, inner, what := openElement(div, scope{own: fhirSpace})
	var n narrative
	if what != "" || own != xhtmlSpace || !n.append(r.value[:0], div, inner) {
		return false
	}
	r.value = n.dst
	r.string(r.value)
	r.i = start + len(text)
	return true
}

func (r *stream) literal(kind schema.JSONKind, value []byte) {
	r.dst = appendLiteral(r.dst, kind, value)
}

func (r *stream) name(prefix, name string) { r.dst = appendName(r.dst, prefix, name) }

func (r *stream) string(text []byte) { r.dst = appendQuoted(r.dst, text) }
