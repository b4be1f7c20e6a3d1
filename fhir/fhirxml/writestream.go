package fhirxml

import (
	"bytes"
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Most resources have their members in the order of the schema, but for a few, each of its
// own type. Those are written as XML while they are read, once and strictly; what comes too
// late is moved up. Whatever else comes up, be it wrong or only rare, is left to xmlWriter, which reads the resource from its
// beginning: so the stream has no errors of its own, and a test and a fuzz target hold what
// it writes to what xmlWriter does.

// Writer converts resources as AppendXML does, and remembers resources that recur. It is
// not safe for concurrent use.
type Writer struct {
	schema *schema.Schema
	w      writeStream
}

// NewWriter returns a writer for the resources of a schema. If remember is set, it
// remembers whole resources that recur.
func NewWriter(s *schema.Schema, remember bool) *Writer {
	return &Writer{s, writeStream{schema: s, memory: newMemory(remember)}}
}

// AppendXML does what the function AppendXML does.
func (w *Writer) AppendXML(dst, src []byte) ([]byte, error) {
	src = bytes.TrimPrefix(src, fhirjson.ByteOrderMark)
	if out, ok := w.w.append(dst, src); ok {
		return out, nil
	}
	return appendGathered(w.schema, dst, src)
}

// Forget forgets all remembered resources.
func (w *Writer) Forget() { w.w.memory.reset() }

// writeStream reads JSON from the front.
type writeStream struct {
	schema *schema.Schema
	src    []byte
	dst    []byte
	depth  int // of objects and arrays
	// places are the members of the objects under way, by their order in dst.
	places []memberPlace
	text   []byte
	moved  []byte // what is moved up
	div    divStream
	order  order
	memory *memory // or nil
	fault  fhirjson.Fault
}

// append is AppendXML for what can be streamed, and reports whether it could.
func (w *writeStream) append(dst, src []byte) (out []byte, ok bool) {
	w.src, w.dst, w.depth, w.places = src, dst, 0, w.places[:0]
	w.memory.begin()
	i := fhirjson.SkipSpace(src, 0)
	if sh := w.resourceShape(i); sh != nil {
		i = w.object(sh, sh.Type.Name, ` xmlns="`+fhirNamespace+`"`, i, nil)
		ok = i >= 0 && fhirjson.SkipSpace(src, i) == len(src)
	}
	out = w.dst
	w.src, w.dst = nil, nil // they are the caller's
	if !ok {
		return dst, false
	}
	return out, true
}

var resourceTypeKey = []byte(`{"resourceType":"`)

// resourceShape returns the shape of the resource at src[i], if its type comes first.
func (w *writeStream) resourceShape(i int) *schema.Shape {
	if !bytes.HasPrefix(w.src[i:], resourceTypeKey) {
		return nil
	}
	name := w.src[i+len(resourceTypeKey):]
	return w.schema.ShapeOf(name[:max(0, bytes.IndexByte(name, '"'))])
}

// memberPlace is where in dst a member begins.
type memberPlace struct{ member, at int }

// mostLate is how many members of an object may come too late: each moves the others.
const mostLate = 8

// objectWriter is what the writing of one object keeps from member to member.
type objectWriter struct {
	name, declared string
	value          []byte // of a primitive, or nil
	start          int    // where the element begins in dst
	ids, content   int    // where its attribute id and its content begin; no content: -1
	places         int    // where its members begin in writeStream.places
	late           int    // members that came too late
	attributes     uint64 // members that are written, those that are attributes
}

// object writes the element of the object at src[i], as xmlWriter.element does. It returns
// the index behind the object, or -1 where it cannot be streamed.
func (w *writeStream) object(sh *schema.Shape, name, declared string, i int, value []byte) int {
	if w.depth++; w.depth > maxStreamDepth || len(sh.Members) == 0 {
		return -1
	}
	o := objectWriter{name: name, declared: declared, value: value, start: len(w.dst), content: -1, places: len(w.places)}
	w.dst = append(append(append(w.dst, '<'), name...), declared...)
	o.ids = len(w.dst)
	if i = w.members(sh, &o, i); i < 0 {
		return -1
	}
	w.places = w.places[:o.places]
	w.open(&o)
	switch {
	case len(w.dst) > o.content:
		w.dst = append(append(append(w.dst, "</"...), name...), '>')
	case o.content-1 == o.ids && declared == "" && sh.Type.Kind != schema.ResourceKind:
		w.dst = w.dst[:o.start]
	default:
		w.dst = append(w.dst[:o.content-1], "/>"...)
	}
	w.depth--
	return i
}

// open ends the start tag of an element, unless that is done.
func (w *writeStream) open(o *objectWriter) {
	if o.content >= 0 {
		return
	}
	if o.value != nil {
		w.attribute("value", o.value)
	}
	w.dst = append(w.dst, '>')
	o.content = len(w.dst)
}

// members writes the members of the object at src[i].
func (w *writeStream) members(sh *schema.Shape, o *objectWriter, i int) int {
	src := w.src
	if i = fhirjson.SkipSpace(src, i+1); i < len(src) && src[i] == '}' {
		return i + 1
	}
	expected, last, typed := w.order.of(sh), -1, sh.Type.Kind != schema.ResourceKind
	for {
		k := memberKey{member: int(expected[last+1])}
		if m := &sh.Members[k.member]; follows(src, i, m.Key) {
			i += len(m.Key)
		} else if k, i = w.key(sh, i); i < 0 {
			return -1
		}
		i = fhirjson.SkipSpace(src, i)
		switch {
		case k.member >= 0:
			if i >= len(src) {
				return -1
			}
			if !k.sibling {
				expected[last+1] = uint16(k.member)
			}
			last = k.member
			i = w.place(&sh.Members[last], o, k, i)
		case k.typ && typed:
			return -1
		default:
			typed = typed || k.typ
			i = fhirjson.SkipValue(src, i, w.depth, &w.fault)
		}
		if i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(src, i); i >= len(src) || src[i] != ',' {
			break
		}
		i = fhirjson.SkipSpace(src, i+1)
	}
	if i >= len(src) || src[i] != '}' {
		return -1
	}
	return i + 1
}

// place writes the member whose value is at src[i], in its place.
func (w *writeStream) place(m *schema.ShapeMember, o *objectWriter, k memberKey, i int) int {
	if m.Form == schema.AttributeForm {
		return w.attributeMember(m, o, k.member, i)
	}
	w.open(o)
	from := len(w.dst)
	i = w.member(m, i, k.sibling)
	own := w.places[o.places:]
	if n := len(own); i < 0 || n == 0 || own[n-1].member < k.member {
		w.places = append(w.places, memberPlace{k.member, from})
		return i
	}
	at, found := slices.BinarySearchFunc(own, k.member, func(p memberPlace, member int) int { return p.member - member })
	if o.late++; found || o.late > mostLate {
		return -1
	}
	to := own[at].at
	w.moveUp(from, to)
	for p := range own[at:] {
		own[at+p].at += len(w.dst) - from
	}
	w.places = slices.Insert(w.places, o.places+at, memberPlace{k.member, to})
	return i
}

// moveUp moves dst[from:] to an index before.
func (w *writeStream) moveUp(from, to int) {
	w.moved = append(w.moved[:0], w.dst[from:]...)
	copy(w.dst[to+len(w.moved):], w.dst[to:from])
	copy(w.dst[to:], w.moved)
}

// memberKey is a member's name: a member of the shape or -1, and whether it is its sibling;
// typ if it is the type of a resource.
type memberKey struct {
	member       int
	sibling, typ bool
}

// key reads the name of a member and its colon. It returns the index behind them.
func (w *writeStream) key(sh *schema.Shape, i int) (k memberKey, end int) {
	src := w.src
	if i >= len(src) || src[i] != '"' {
		return k, -1
	}
	end, member, escaped := sh.Keys.ScanKey(src, i, &w.fault)
	if end < 0 || escaped {
		return k, -1
	}
	name := src[i+1 : end-1]
	k.member = member
	switch {
	case sh.Type.Kind == schema.ResourceKind && string(name) == "resourceType":
		k = memberKey{member: -1, typ: true}
	case len(name) > 0 && name[0] == '_':
		if m := sh.Keys.Find(name[1:]); m >= 0 && sh.Members[m].Form == schema.PrimitiveForm {
			k = memberKey{member: m, sibling: true}
		}
	}
	return k, fhirjson.ScanColon(src, end, &w.fault)
}

// follows reports whether src goes on with a text from an index on.
func follows(src []byte, i int, token string) bool {
	return len(src)-i >= len(token) && string(src[i:i+len(token)]) == token
}
