package fhir

import (
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// Most quantities are written as {"value":…,"unit":"…","system":"…","code":"…"}, and all of
// it stays. Such a one is masked as a whole, like a coding in plaincoding.go.

// plainQuantity has the members of a node of quantities, beside the value, that no rule
// treats apart.
type plainQuantity struct {
	unit, system, code *decision
}

// plainQuantityOf returns the members of a node for quantities that pass, or nil.
func plainQuantityOf(n *node) *plainQuantity {
	if n.valueField < 0 {
		return nil
	}
	p := &plainQuantity{n.plainPart("unit", partUnit), n.plainPart("system", partSystem), n.plainPart("code", partCode)}
	if p.unit == nil || p.system == nil || p.code == nil {
		return nil
	}
	return p
}

// usualQuantity is what was read of a quantity that is written as most are.
type usualQuantity struct {
	valueEnd int // the index behind its value
	unit     []byte
	end      int // the index behind it, 0 if it is written in another way
}

const (
	quantityHead = `{"value":`
	unitHead     = `,"unit":"`
	systemNext   = `,"system":"`
)

// usualQuantity reads the quantity at src[i], of which it sets system, code and the index of
// the value.
func (w *Walker) usualQuantity(i int) (q usualQuantity) {
	src := w.src
	if len(src)-i < len(quantityHead) || string(src[i:i+len(quantityHead)]) != quantityHead {
		return q
	}
	var f fhirjson.Fault // the walk finds it again
	from := i + len(quantityHead)
	valueEnd := fhirjson.ScanNumber(src, from, &f)
	if valueEnd < 0 || len(src)-valueEnd < len(unitHead) || string(src[valueEnd:valueEnd+len(unitHead)]) != unitHead {
		return q
	}
	unitFrom := valueEnd + len(unitHead)
	unitEnd, escaped := w.stops.ScanString(src, unitFrom-1, &f)
	if unitEnd < 0 || escaped || len(src)-unitEnd < len(systemNext) || string(src[unitEnd:unitEnd+len(systemNext)]) != systemNext {
		return q
	}
	systemFrom := unitEnd + len(systemNext)
	systemEnd, escaped := w.stops.ScanString(src, systemFrom-1, &f)
	if systemEnd < 0 || escaped || len(src)-systemEnd < len(codeHead) || string(src[systemEnd:systemEnd+len(codeHead)]) != codeHead {
		return q
	}
	codeFrom := systemEnd + len(codeHead)
	codeEnd, escaped := w.stops.ScanString(src, codeFrom-1, &f)
	if codeEnd < 0 || escaped || codeEnd >= len(src) || src[codeEnd] != '}' {
		return q
	}
	c := &w.coded
	c.valueAt, c.system, c.code = from, src[systemFrom:systemEnd-1], src[codeFrom:codeEnd-1]
	return usualQuantity{valueEnd, src[unitFrom : unitEnd-1], codeEnd + 1}
}

// wholeQuantity masks the quantity of n at src[i], which was read as q. It reports false
// where it is to be walked: more becomes of it than that it stays.
func (w *Walker) wholeQuantity(n *node, i int, q *usualQuantity) (done bool) {
	c, p := &w.coded, n.quantity
	if p == nil || q.end == 0 || w.detail || c.known == nil || c.mended || c.bare || c.known.rollUp != 0 || w.depth >= fhirjson.MaxDepth {
		return false
	}
	w.holders = append(w.holders, i) // as if the walk were in the object
	d := w.decisionOfValue(n, i, c.valueAt)
	w.holders = w.holders[:len(w.holders)-1]
	if !w.judgeUnit(d.units, c.code, q.unit).is || !w.staysAsItIs(n, d, i, w.src[c.valueAt:q.valueEnd], c.unit) {
		return false
	}
	w.count(d.action, mask.LabelNone, mask.Kept)
	w.count(p.unit.action, mask.LabelNone, mask.Kept)
	w.count(p.system.action, mask.LabelNone, mask.Kept)
	w.count(p.code.action, mask.LabelNone, mask.Kept)
	return true
}

// staysAsItIs reports whether the decision d leaves the number of the quantity of n at src[i]
// as it is.
func (w *Walker) staysAsItIs(n *node, d *decision, i int, val, unit []byte) bool {
	if d.op != opCoded || !d.form(val) {
		return false
	}
	if d.method == nil {
		return true
	}
	w.input(d, i, n, unit)
	_, outcome, err := d.method.Append(w.out[:0], val, &w.in)
	return outcome == mask.Kept && err == nil
}
