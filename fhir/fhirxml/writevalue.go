package fhirxml

import (
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// member writes the elements of a member whose value is at src[i], or that of its sibling
// where there is no value. It returns the index behind them, or -1.
func (w *writeStream) member(m *schema.ShapeMember, i int, sibling bool) int {
	switch {
	case sibling && (m.Array || w.src[i] != '{'):
		return -1
	case sibling:
		return w.object(m.Shape, m.Name, "", i, nil)
	case !m.Array && m.Form == schema.PrimitiveForm:
		return w.primitive(m, i)
	case !m.Array:
		return w.item(m, i)
	case w.depth == 1 && m.Form == schema.ObjectForm && m.Name == "entry":
		return w.entries(m, i)
	}
	if i = w.array(m, i); i >= 0 && m.Form == schema.PrimitiveForm && w.siblingAt(m, i) >= 0 {
		return -1
	}
	return i
}

// array writes the items of an array.
func (w *writeStream) array(m *schema.ShapeMember, i int) int {
	src := w.src
	if w.depth++; w.depth > maxStreamDepth || src[i] != '[' {
		return -1
	}
	for i = fhirjson.SkipSpace(src, i+1); ; i = fhirjson.SkipSpace(src, i+1) {
		if i >= len(src) {
			return -1
		}
		if i = w.item(m, i); i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(src, i); i >= len(src) || src[i] != ',' {
			break
		}
	}
	if i >= len(src) || src[i] != ']' {
		return -1
	}
	w.depth--
	return i + 1
}

// entries writes those of the outermost Bundle.
func (w *writeStream) entries(m *schema.ShapeMember, i int) int {
	slot, known := w.memory.findEntries(w.src[i:], m.Shape.ID)
	if known != nil {
		w.dst = append(w.dst, known.out()...)
		return i + known.end
	}
	from := len(w.dst)
	end := w.array(m, i)
	if end >= 0 {
		w.memory.keepEntries(slot, w.src[i:end], w.dst[from:])
	}
	return end
}

// item writes the element of one value.
func (w *writeStream) item(m *schema.ShapeMember, i int) int {
	src := w.src
	switch {
	case src[i] == 'n':
		return fhirjson.ScanLiteral(src, i, &w.fault)
	case m.Form == schema.PrimitiveForm:
		return w.value(m, i)
	case m.Form == schema.NarrativeForm:
		return w.narrative(i)
	case src[i] != '{':
		return -1
	case m.Form == schema.ResourceForm:
		return w.wrapped(m, i)
	}
	return w.object(m.Shape, m.Name, "", i, nil)
}

// primitive writes the element of a value and of its sibling, if that follows.
func (w *writeStream) primitive(m *schema.ShapeMember, i int) int {
	before := len(w.dst)
	if w.src[i] == 'n' {
		return fhirjson.ScanLiteral(w.src, i, &w.fault)
	}
	end := w.value(m, i)
	if end < 0 {
		return -1
	}
	at := w.siblingAt(m, end)
	switch {
	case at < 0:
		return end
	case at >= len(w.src) || w.src[at] != '{':
		return -1
	}
	w.dst = w.dst[:before]
	text, _, _ := w.scalar(m.Kind, i)
	return w.object(m.Shape, m.Name, "", at, slices.Clone(text))
}

// siblingAt returns the index of the value of a member's sibling, if that comes next
// behind src[i], or -1.
func (w *writeStream) siblingAt(m *schema.ShapeMember, i int) int {
	src := w.src
	if i = fhirjson.SkipSpace(src, i); i >= len(src) || src[i] != ',' {
		return -1
	}
	i = fhirjson.SkipSpace(src, i+1)
	if !follows(src, i, `"_`) || !follows(src, i+2, m.Key[1:len(m.Key)-1]) {
		return -1
	}
	return fhirjson.ScanColon(src, i+len(m.Key), &w.fault)
}

// value writes an element that has nothing but the value at src[i].
func (w *writeStream) value(m *schema.ShapeMember, i int) int {
	text, end, plain := w.scalar(m.Kind, i)
	if end < 0 {
		return -1
	}
	w.dst = append(w.dst, m.Start...)
	if plain {
		w.dst = append(w.dst, text...)
	} else {
		w.dst = appendAttribute(w.dst, text)
	}
	w.dst = append(w.dst, `"/>`...)
	return end
}

// scalar reads the scalar of a kind at src[i]. plain says that its text is the same in
// XML. The text is valid until the next one; end is -1 for anything else.
func (w *writeStream) scalar(kind schema.JSONKind, i int) (text []byte, end int, plain bool) {
	src := w.src
	switch c := src[i]; {
	case kind == schema.JSONString && c == '"':
		if end = plainEnd(src, i+1); end >= 0 {
			return src[i+1 : end], end + 1, true
		}
		end, escaped := fhirjson.ScanString(src, i, &w.fault)
		if end < 0 {
			return nil, -1, false
		}
		text = src[i+1 : end-1]
		if escaped {
			w.text = fhirjson.AppendUnescaped(w.text[:0], text)
			text = w.text
		}
		return text, end, false
	case kind == schema.JSONNumber && (c == '-' || c >= '0' && c <= '9'):
		end = fhirjson.ScanNumber(src, i, &w.fault)
	case kind == schema.JSONBool && (c == 't' || c == 'f'):
		end = fhirjson.ScanLiteral(src, i, &w.fault)
	default:
		end = -1
	}
	if end < 0 {
		return nil, -1, false
	}
	return src[i:end], end, true
}

func (w *writeStream) attribute(name string, text []byte) {
	w.dst = append(append(append(w.dst, ' '), name...), `="`...)
	w.dst = append(appendAttribute(w.dst, text), '"')
}

// attributeMember writes the attribute of the value at src[i], which may come behind
// elements: id is the first attribute, the url of an extension the last.
func (w *writeStream) attributeMember(m *schema.ShapeMember, o *objectWriter, member, i int) int {
	text, end, _ := w.scalar(schema.JSONString, i)
	bit := uint64(1) << member
	if end < 0 || member > 63 || o.attributes&bit != 0 {
		return -1
	}
	o.attributes |= bit
	from := len(w.dst)
	w.attribute(m.Name, text)
	n := len(w.dst) - from
	switch {
	case m.Name == "id":
		w.moveUp(from, o.ids)
	case o.content >= 0:
		w.moveUp(from, o.content-1)
	}
	if o.content >= 0 {
		o.content += n
		for p := range w.places[o.places:] {
			w.places[o.places+p].at += n
		}
	}
	return end
}

// narrative writes the XHTML in the string at src[i].
func (w *writeStream) narrative(i int) int {
	text, end, _ := w.scalar(schema.JSONString, i)
	if end < 0 {
		return -1
	}
	out, read := w.div.append(w.dst, text, true)
	if read == 0 || read != len(text) {
		return -1
	}
	w.dst = out
	return end
}

// wrapped writes the resource at src[i] in an element.
func (w *writeStream) wrapped(m *schema.ShapeMember, i int) int {
	sh := w.resourceShape(i)
	if sh == nil {
		return w.gathered(m, i)
	}
	before, depth, places := len(w.dst), w.depth, len(w.places)
	w.dst = append(append(append(w.dst, '<'), m.Name...), '>')
	from := len(w.dst)
	slot, known := w.memory.find(w.src[i:])
	end := 0
	if known != nil && depth <= known.depth {
		w.dst = append(w.dst, known.out()...)
		end = i + known.end
	} else {
		end = w.object(sh, sh.Type.Name, "", i, nil)
		if end < 0 {
			slot.leave()
			w.dst, w.depth, w.places = w.dst[:before], depth, w.places[:places]
			return w.gathered(m, i)
		}
		slot.keep(w.src[i:end], w.dst[from:], depth)
	}
	w.dst = append(append(append(w.dst, "</"...), m.Name...), '>')
	return end
}

// gathered is wrapped for a resource that cannot be streamed, so that the others are.
func (w *writeStream) gathered(m *schema.ShapeMember, i int) int {
	end := fhirjson.SkipValue(w.src, i, w.depth, &w.fault)
	if end < 0 {
		return -1
	}
	g := xmlWriter{schema: w.schema, src: w.src, dst: w.dst}
	if !g.wrapped(m, i) {
		return -1
	}
	w.dst = g.dst
	return end
}
