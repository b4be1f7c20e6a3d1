package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// scalar masks a string, number or boolean by a decision that needs its text.
func (w *Walker) scalar(n *node, f *field, d *decision, obj, i int) (end int, kept bool) {
	src := w.src
	if d.kind != schema.JSONString || src[i] != '"' {
		if end = w.scanKind(f, d.kind, i); end < 0 {
			return w.misshapen(f, i)
		}
		if d.op == opCoded {
			return w.codedMember(d, i, end, src[i:end])
		}
		if d.op != opMethod {
			return w.misshapen(f, i)
		}
		return w.method(n, d, obj, i, end, src[i:end])
	}
	end, escaped := w.stops.ScanString(src, i, &w.fault)
	if end < 0 {
		w.at = f.path
		return -1, false
	}
	val := src[i+1 : end-1]
	if escaped {
		w.val = fhirjson.AppendUnescaped(w.val[:0], val)
		val = w.val
	}
	switch d.op {
	case opMethod:
		return w.method(n, d, obj, i, end, val)
	case opCode:
		return w.passIf(d, end, d.values.Contains(val))
	case opCanonical:
		if len(val) > 1 && val[0] == '#' {
			return w.canonicalFragment(d, i, end, val[1:])
		}
		pass := w.canonicalMayPass(val)
		if system, _, _ := bytes.Cut(val, []byte("|")); !pass && d.part == partNamedSystem && w.a.codes.find(system) == nil {
			return w.namedSystem(d, i, end, system)
		}
		return w.passIf(d, end, pass)
	case opID:
		return w.id(d, i, end, val)
	case opVersion:
		return w.version(d, i, end, val)
	case opReference:
		return w.reference(d, i, end, val)
	case opLink:
		return w.link(d, obj, i, end, val)
	case opCoded:
		return w.codedMember(d, i, end, val)
	}
	w.count(d.action, mask.LabelRedacted, mask.Removed)
	return end, false
}

// passIf keeps or removes a value and counts it.
func (w *Walker) passIf(d *decision, end int, ok bool) (int, bool) {
	if !ok {
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.count(d.action, mask.LabelNone, mask.Kept)
	return end, true
}

// method hands the value src[i:end] to a method and writes what comes back.
func (w *Walker) method(n *node, d *decision, obj, i, end int, val []byte) (int, bool) {
	var unit []byte
	if d.op == opCoded {
		unit = w.coded.unit
	}
	w.input(d, obj, n, unit)
	before := w.mark()
	w.flush(i)
	if d.kind == schema.JSONString {
		w.dst = append(w.dst, '"')
	}
	from := len(w.dst)
	dst, outcome, err := d.method.Append(w.dst, val, &w.in)
	if err != nil {
		w.at = n.path
		return w.fail(i, "method failed: "+w.a.Actions[d.action].Method), false
	}
	// An instant has no shorter form: a date is made one, also one that was none.
	if d.instant && outcome == mask.Kept && lexical.IsDate(val) {
		dst, outcome = append(dst, val...), mask.Replaced
	}
	if d.instant && outcome == mask.Replaced {
		dst = lexical.AppendInstant(dst, from)
	}
	switch outcome {
	case mask.Kept:
		w.reset(before)
		if d.form != nil && !d.form(val) {
			w.count(d.action, mask.LabelRedacted, mask.Removed)
			return end, false
		}
		w.count(d.action, mask.LabelNone, mask.Kept)
		return end, true
	case mask.Removed:
		w.reset(before)
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	case mask.Capped:
		w.reset(before)
		w.capped = true
		w.count(d.action, mask.LabelAbstracted, mask.Capped)
		return end, false
	}
	w.dst = dst
	if d.form != nil && !d.form(w.dst[from:]) || !w.finish(d.kind, from) {
		w.reset(before)
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.last = end
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// addressMembers tell where an address is.
var addressMembers = []string{"country", "state"}

// input makes w.in what a method may know of the value that d decides, in the
// object of n at src[obj]. Nothing of an earlier value is left in it.
func (w *Walker) input(d *decision, obj int, n *node, unit []byte) {
	if w.inMore {
		w.in, w.inMore = mask.Input{Keys: w.in.Keys, Found: w.in.Found}, false
	}
	w.in.Type, w.in.Unit = mask.Type(d.kind), unit
	if w.inMore = d.perPerson || d.perEntity || d.perKnown || n != nil && n.address; !w.inMore {
		return
	}
	if n != nil && n.address {
		var at [2]int
		w.findAll(obj, addressMembers, at[:])
		w.in.Country, w.in.State = w.text(at[0]), w.text(at[1])
	}
	if d.perPerson {
		w.volatile = true
		w.know()
	}
	if d.perEntity {
		w.volatile = true
		w.knowEntity()
	}
	if d.perKnown {
		w.volatile, w.outside = true, true
		w.in.Known = w.known()
		w.in.Later = w.site.later()
	}
}

// finish makes what a method appended from dst[from] a JSON value of the kind
// and reports whether it is one.
func (w *Walker) finish(kind schema.JSONKind, from int) bool {
	got := w.dst[from:]
	if len(got) == 0 {
		return false
	}
	var f fhirjson.Fault
	switch kind {
	case schema.JSONNumber:
		return fhirjson.ScanNumber(got, 0, &f) == len(got)
	case schema.JSONBool:
		return string(got) == "true" || string(got) == "false"
	}
	if !fhirjson.IsPlain(got) {
		w.out = append(w.out[:0], got...)
		w.dst = fhirjson.AppendEscaped(w.dst[:from], w.out)
	}
	w.dst = append(w.dst, '"')
	return true
}

// replace writes text, which needs no escapes, for the string src[i:end].
func (w *Walker) replace(i, end int, write func(dst []byte) []byte) {
	w.flush(i)
	w.dst = append(write(append(w.dst, '"')), '"')
	w.last = end
}

// id seals the id of a resource; a contained one's is renamed, since nothing
// outside may point at it.
func (w *Walker) id(d *decision, i, end int, val []byte) (int, bool) {
	before := w.mark()
	ok := true
	var slot *textSlot
	if !w.res.contained {
		slot = w.memo.text(d, val)
		if w.recallText(slot, d, i, end, val) {
			return end, true
		}
	}
	w.flush(i)
	from := len(w.dst)
	w.dst = append(w.dst, '"')
	if w.res.contained {
		w.volatile = true
		w.dst = w.appendContained(w.dst, val)
	} else {
		w.dst, ok = w.appendSealedID(w.dst, w.a.sealSlots[w.res.node.index], val)
	}
	if !ok {
		w.reset(before)
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.dst = append(w.dst, '"')
	w.last = end
	slot.keep(d, val, w.dst[from:])
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// version seals a version id. All resources share one domain, so that equal
// version ids stay equal and nothing else of them shows.
func (w *Walker) version(d *decision, i, end int, val []byte) (int, bool) {
	before := w.mark()
	w.flush(i)
	var ok bool
	if w.dst, ok = w.appendSealedID(append(w.dst, '"'), w.a.versionSlot, val); !ok || w.res.contained {
		w.reset(before)
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.dst = append(w.dst, '"')
	w.last = end
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// appendContained appends the new id of a contained resource: 26 characters.
func (w *Walker) appendContained(dst, id []byte) []byte {
	slot := w.memo.text(&w.a.containedID, id)
	if slot != nil && slot.has(&w.a.containedID, id) {
		return append(dst, slot.out()...)
	}
	from := len(dst)
	dst = appendBase32(dst, w.pass.Keys.MAC1(w.a.containedSlot, id)[:16])
	slot.keep(&w.a.containedID, id, dst[from:])
	return dst
}

const base32Digits = "abcdefghijklmnopqrstuvwxyz234567"

// appendBase32 appends b in lower-case base 32 without padding (RFC 4648, 6).
func appendBase32(dst, b []byte) []byte {
	var acc uint32
	bits := 0
	for _, c := range b {
		acc = acc<<8 | uint32(c)
		for bits += 8; bits >= 5; bits -= 5 {
			dst = append(dst, base32Digits[acc>>(bits-5)&31])
		}
	}
	if bits > 0 {
		dst = append(dst, base32Digits[acc<<(5-bits)&31])
	}
	return dst
}
