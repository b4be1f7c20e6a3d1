package fhir

import (
	"bytes"
	"strconv"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// objectWalk is what the walk of one object keeps from member to member.
type objectWalk struct {
	start   int                    // index of its opening brace
	prevEnd int                    // end of the last member that stays
	kept    bool                   // a member stays
	solid   bool                   // one that says something by itself
	seen    [maxFields / 64]uint64 // fields met, to refuse a name that comes twice
	unknown unknownNames           // members of no field, for the same reason
	lost    losses
}

// object walks the object at src[start] under n. It returns the index behind
// it and whether any member of it stays; if none does, the caller takes the
// object out.
func (w *Walker) object(n *node, start int) (end int, kept bool) {
	src := w.src
	if w.depth++; w.depth > fhirjson.MaxDepth {
		return w.fail(start, "nested too deep"), false
	}
	o := objectWalk{start: start, prevEnd: start + 1}
	i := fhirjson.SkipSpace(src, start+1)
	if i < len(src) && src[i] == '}' {
		w.depth--
		return i + 1, false
	}
	w.holders = append(w.holders, start)
	fields, tokens, guesses := n.fields, n.tokens, w.guesses[n.id]
	previous := 0 // 1 + the last member's field
	for {
		if i >= len(src) || src[i] != '"' {
			return w.fail(i, "expected the name of a member"), false
		}
		key, before, field := i, w.mark(), 0
		// Members mostly come in the same order as last time.
		if guess := int(guesses[previous]); guess < len(tokens) && tokens[guess].At(src, i) {
			field = guess
			i += tokens[guess].Len()
		} else if field, i = w.memberName(n, &o, i); i < 0 {
			return -1, false
		} else if field >= 0 {
			guesses[previous] = uint16(field)
		}
		previous = field + 1
		i = fhirjson.SkipSpace(src, i)
		if field < 0 {
			i = w.unknownMember(n, &o, i, before)
		} else {
			f := &fields[field]
			word, bit := field>>6, uint64(1)<<(field&63)
			if o.seen[word]&bit != 0 {
				w.at = f.path
				return w.fail(key, nameTwice), false
			}
			o.seen[word] |= bit
			if f.tested {
				w.testedObj, w.testedAt = start, i
			}
			value := i
			stays := false
			if f.array || w.detail || i >= len(src) {
				i, stays = w.member(n, f, start, i)
			} else {
				i, stays = w.value(n, f, &f.decision, start, i)
			}
			switch {
			case stays:
				o.stay(f, i)
			case i >= 0 && f.takesHolder:
				w.leave()
				w.capped = false
				return w.stops.SkipValue(src, start, w.depth, &w.fault), false
			case i >= 0:
				w.lose(n, f, &o, value, i, before)
			}
		}
		if i < 0 {
			return w.failIn(n.path), false
		}
		i = fhirjson.SkipSpace(src, i)
		if i >= len(src) {
			return w.fail(i, "unexpected end of input inside an object"), false
		}
		if src[i] != ',' {
			return w.endObject(n, &o, i)
		}
		i++
		if !o.kept {
			w.last = i
		}
		i = fhirjson.SkipSpace(src, i)
	}
}

// failIn notes where a failure is, unless that is known, and returns the index that
// means one.
func (w *Walker) failIn(path string) int {
	if w.at == "" && !w.unwinding {
		w.at = path
	}
	return -1
}

// unknownMember takes out a member of no field, whose value begins at src[i].
func (w *Walker) unknownMember(n *node, o *objectWalk, i int, before mark) (end int) {
	w.countAt(n, w.a.engine.unknownElement)
	if end = w.stops.SkipValue(w.src, i, w.depth, &w.fault); end >= 0 {
		w.takeOut(o, end, before)
	}
	return end
}

const nameTwice = "a member name appears twice"

// memberName reads the member name at src[key] and its colon. It returns the field or
// -1, and the index behind the colon. A name with escapes is written without them.
func (w *Walker) memberName(n *node, o *objectWalk, key int) (field, i int) {
	src := w.src
	keyEnd, field, escaped := n.keys.ScanKey(src, key, &w.fault)
	if i = keyEnd; i >= 0 {
		i = fhirjson.ScanColon(src, i, &w.fault)
	}
	switch {
	case i < 0:
		w.at = n.path
	case field < 0:
		if o.unknown.seen(src[key+1:keyEnd-1], escaped) {
			w.at = n.path
			return -1, w.fail(key, nameTwice)
		}
	case escaped:
		w.flush(key)
		w.dst = append(append(append(w.dst, '"'), n.fields[field].name...), '"')
		w.last = keyEnd
	}
	return field, i
}

// stay notes that the member of a field stays, which ends at an index.
func (o *objectWalk) stay(f *field, end int) {
	o.prevEnd, o.kept = end, true
	o.solid = o.solid || !f.weak
	if f.slot >= 0 {
		o.lost.there |= 1 << f.slot
	}
}

// takeOut leaves the member that ends at src[end] out of the output.
func (w *Walker) takeOut(o *objectWalk, end int, before mark) {
	w.reset(before)
	w.flush(o.prevEnd)
	w.last = end
}

// lose takes out a member of a field, whose value is src[value:end], and notes what
// may have to stand in for it: one slot serves all types of a choice and their
// siblings.
func (w *Walker) lose(n *node, f *field, o *objectWalk, value, end int, before mark) {
	if f.slot >= 0 {
		o.lost.gone |= 1 << f.slot
	}
	if w.capped && f.mark >= 0 {
		o.lost.capped |= 1 << f.mark
	}
	w.capped = false
	w.takeOut(o, end, before)
	if f.orTrueName != "" && w.src[value] != 'n' && w.affirm(n, f, o.start, o.kept, &o.lost) {
		o.kept, o.solid = true, true
		o.prevEnd = end // nothing of src, but the next comma is wanted
	}
}

// endObject ends the walk of an object at src[i], which must be its closing brace:
// what FHIR requires and has gone is stood in for.
func (w *Walker) endObject(n *node, o *objectWalk, i int) (end int, kept bool) {
	if w.src[i] != '}' {
		w.at = n.path
		return w.fail(i, "expected a comma or the end of the object"), false
	}
	lost := &o.lost
	if missing := lost.gone &^ lost.there; o.kept && (missing&(n.required|n.needed|lost.affirm) != 0 || missing != 0 && lost.capped != 0) {
		w.flush(o.prevEnd)
		w.standIns(n, lost)
		w.last = i
	}
	w.leave()
	return i + 1, o.kept && o.solid
}

// countAt counts an action of the engine at a node.
func (w *Walker) countAt(_ *node, action int) {
	w.count(action, w.a.Actions[action].Label, mask.Removed)
}

// member masks the value of a field; obj is the index of the object that has
// it. It returns the index behind the value and whether it stays.
func (w *Walker) member(n *node, f *field, obj, i int) (end int, kept bool) {
	if i >= len(w.src) {
		return w.fail(i, "unexpected end of input, expected a value"), false
	}
	if w.detail {
		return w.memberInDetail(n, f, obj, i)
	}
	return w.shaped(n, f, obj, i)
}

func (w *Walker) memberInDetail(n *node, f *field, obj, i int) (end int, kept bool) {
	depth := len(w.path)
	w.path = append(append(w.path, '.'), f.name...)
	end, kept = w.shaped(n, f, obj, i)
	w.path = w.path[:depth]
	return end, kept
}

// shaped walks an array or a single value, as the field says.
func (w *Walker) shaped(n *node, f *field, obj, i int) (end int, kept bool) {
	if f.array {
		if w.src[i] != '[' {
			return w.misshapen(f, i)
		}
		if w.remembersArray(n, f, obj) {
			return w.rememberedArray(n, f, obj, i)
		}
		return w.array(n, f, obj, i)
	}
	return w.value(n, f, &f.decision, obj, i)
}

// misshapen takes out a value whose JSON type is not the element's.
func (w *Walker) misshapen(f *field, i int) (end int, kept bool) {
	if w.src[i] != 'n' { // null is an empty element, not a wrong one
		w.count(w.a.engine.wrongShape, mask.LabelRedacted, mask.Removed)
	}
	if end = w.stops.SkipValue(w.src, i, w.depth, &w.fault); end < 0 {
		w.at = f.path
	}
	return end, false
}

// array walks the array at src[i].
func (w *Walker) array(n *node, f *field, obj, i int) (end int, kept bool) {
	src := w.src
	if w.depth++; w.depth > fhirjson.MaxDepth {
		return w.fail(i, "nested too deep"), false
	}
	// Only the resource's own meta has its labels.
	security := f.security && obj == w.res.metaAt
	prevEnd := i + 1
	i = fhirjson.SkipSpace(src, i+1)
	if i < len(src) && src[i] == ']' {
		w.depth--
		return i + 1, w.part.frame && obj == w.first && f.name == "entry"
	}
	for index := 0; ; index++ {
		before := w.mark()
		stays := false
		if security {
			w.res.labelAt = i
		}
		switch {
		case i < len(src) && src[i] == 'n':
			i = fhirjson.ScanLiteral(src, i, &w.fault)
		case i < len(src) && src[i] == '[':
			i, _ = w.misshapen(f, i)
		case i < len(src) && w.detail:
			i, stays = w.itemInDetail(n, f, obj, i, index)
		case i < len(src):
			i, stays = w.value(n, f, &f.decision, obj, i)
		default:
			i = w.fail(i, "unexpected end of input inside an array")
		}
		if i < 0 {
			return w.failIn(f.path), false
		}
		w.capped = false // there is no place in an array to say so
		if stays {
			prevEnd = i
			kept = true
		} else {
			w.reset(before)
			w.flush(prevEnd)
			w.last = i
		}
		i = fhirjson.SkipSpace(src, i)
		if i < len(src) && src[i] == ',' {
			i++
			if !kept {
				w.last = i
			}
			i = fhirjson.SkipSpace(src, i)
			continue
		}
		if i >= len(src) || src[i] != ']' {
			w.at = f.path
			return w.fail(i, "expected a comma or the end of the array"), false
		}
		break
	}
	w.depth--
	if security && kept {
		w.flush(i)
		w.res.meta.security = len(w.dst)
	}
	return i + 1, kept
}

func (w *Walker) itemInDetail(n *node, f *field, obj, i, index int) (end int, kept bool) {
	depth := len(w.path)
	w.path = append(w.path, '[')
	w.path = strconv.AppendInt(w.path, int64(index), 10)
	w.path = append(w.path, ']')
	end, kept = w.value(n, f, &f.decision, obj, i)
	w.path = w.path[:depth]
	return end, kept
}

// value masks one value, which is no array, by a decision.
func (w *Walker) value(n *node, f *field, d *decision, obj, i int) (end int, kept bool) {
	src := w.src
	for d.otherwise != nil && !w.holds(d, obj, i) {
		d = d.otherwise
	}
	switch d.op {
	case opRemove:
		if src[i] == 'n' {
			return w.misshapen(f, i)
		}
		if f.standIn && bytes.HasPrefix(src[i:], []byte(maskedText)) {
			w.count(w.a.engine.absent, mask.LabelNone, mask.Kept)
			return i + len(maskedText), true
		}
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		if end = w.stops.SkipValue(src, i, w.depth, &w.fault); end < 0 {
			w.at = f.path
		}
		return end, false
	case opKeep:
		if end = w.scanKind(f, d.kind, i); end < 0 {
			return w.misshapen(f, i)
		}
		if d.form != nil && !w.hasForm(d, i, end) {
			w.count(w.a.engine.wrongForm, mask.LabelRedacted, mask.Removed)
			return end, false
		}
		w.count(d.action, mask.LabelNone, mask.Kept)
		return end, true
	case opWithhold:
		if src[i] == 'n' {
			return w.misshapen(f, i)
		}
		return w.withhold(d)
	}
	if d.kind == schema.JSONObject {
		if src[i] != '{' {
			return w.misshapen(f, i)
		}
		switch d.op {
		case opDescend:
			if d.rule != nil {
				w.count(d.action, mask.LabelNone, mask.Kept)
			}
			switch {
			case d.memo && i != w.res.labelAt:
				return w.remembered(d.child, i)
			case d.child.valueField >= 0:
				return w.quantity(d.child, i)
			}
			return w.enter(d.child, i)
		case opIdentifier:
			return w.identifierKey(d, i)
		case opMeta:
			return w.walkMeta(d, i)
		case opExtension:
			return w.extension(n, d, i)
		case opResource:
			return w.innerResource(n, obj, i)
		}
	}
	return w.scalar(n, f, d, obj, i)
}

// withhold gives up the resource being walked.
func (w *Walker) withhold(d *decision) (end int, kept bool) {
	w.count(d.action, mask.LabelRedacted, mask.Removed)
	w.withheld, w.unwinding = d, true
	return -1, false
}

// innerResource walks a contained resource, or one of a Bundle or Parameters.
func (w *Walker) innerResource(n *node, obj, i int) (end int, kept bool) {
	entry := -1
	if n.typ.Name == "Bundle.entry" {
		entry = obj
	}
	inner := n.typ.Kind == schema.ResourceKind // contained: the one resource inside resources
	return w.walkResource(i, entry, inner)
}

// extension walks the extension at src[i] if a rule knows its url here.
func (w *Walker) extension(n *node, d *decision, i int) (end int, kept bool) {
	url := w.text(w.find(i, "url"))
	known := n.extensions[string(url)]
	switch {
	case known == nil && d.action == w.a.engine.unknownModifier:
		return w.withhold(d)
	case known == nil:
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return w.stops.SkipValue(w.src, i, w.depth, &w.fault), false
	case known.op == opRemove:
		w.count(known.action, mask.LabelRedacted, mask.Removed)
		return w.stops.SkipValue(w.src, i, w.depth, &w.fault), false
	case known.op == opWithhold:
		return w.withhold(known)
	}
	w.count(known.action, mask.LabelNone, mask.Kept)
	// What is in an extension is no part of the object that has it.
	outer := w.coded
	w.coded = codedState{}
	if known.memo {
		end, kept = w.remembered(known.child, i)
	} else {
		end, kept = w.object(known.child, i)
	}
	w.coded = outer
	return end, kept
}

// hasForm reports whether the scalar src[i:end] has the lexical form of its type.
func (w *Walker) hasForm(d *decision, i, end int) bool {
	text := w.src[i:end]
	if d.kind == schema.JSONString {
		if text = text[1 : len(text)-1]; bytes.IndexByte(text, '\\') >= 0 {
			w.val = fhirjson.AppendUnescaped(w.val[:0], text)
			text = w.val
		}
	}
	return d.form(text)
}

// scanKind reads a scalar of a JSON kind, or returns -1 with no fault set when
// the value is of another kind.
func (w *Walker) scanKind(f *field, kind schema.JSONKind, i int) int {
	src := w.src
	c := src[i]
	end := -1
	switch {
	case kind == schema.JSONString && c == '"':
		end, _ = w.stops.ScanString(src, i, &w.fault)
	case kind == schema.JSONNumber && (c == '-' || c >= '0' && c <= '9'):
		end = fhirjson.ScanNumber(src, i, &w.fault)
	case kind == schema.JSONBool && (c == 't' || c == 'f'):
		end = fhirjson.ScanLiteral(src, i, &w.fault)
	}
	if end < 0 && w.fault.What != "" {
		w.at = f.path
	}
	return end
}

// maxFields is how many fields one object type may have. ElementDefinition has
// the most: five choices of fifty types, each with its sibling.
const maxFields = 640
