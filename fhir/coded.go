package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/fhir/termhash"
	"github.com/veil-proxy/veil/fhir/terminology"
	"github.com/veil-proxy/veil/mask"
)

// codedPart is a member of an object whose members are decided together.
type codedPart uint8

const (
	partSystem codedPart = iota
	partVersion
	partCode
	partDisplay
	partValue
	partComparator
	partUnit
	partText
	partNamedSystem
)

// codedAs says how the members of an object are decided together.
type codedAs uint8

const (
	asCoding codedAs = iota + 1
	asConcept
	asQuantity
	asCodeList
)

func codedAsOf(t *schema.Type) codedAs {
	switch {
	case t.Name == "Coding":
		return asCoding
	case t.Name == "CodeableConcept":
		return asConcept
	case isCodeList(t):
		return asCodeList
	}
	return asQuantity
}

// codedPartOf returns the part that an element of Coding, Quantity or
// CodeableConcept is.
func codedPartOf(t *schema.Type, element string) (codedPart, bool) {
	parts := map[string]codedPart{}
	switch t.Name {
	case "Coding":
		parts = map[string]codedPart{"system": partSystem, "version": partVersion, "code": partCode, "display": partDisplay}
	case "CodeableConcept":
		parts = map[string]codedPart{"text": partText}
	default:
		if isCodeList(t) {
			return codeListPart(t, element)
		}
		if t.Element("comparator") != nil {
			parts = map[string]codedPart{"system": partSystem, "code": partCode, "value": partValue, "comparator": partComparator, "unit": partUnit}
		}
	}
	p, ok := parts[element]
	return p, ok
}

// codedState is what is decided for the Coding, Quantity or CodeableConcept
// being walked.
type codedState struct {
	node         *node
	start        int
	valueAt      int // of a quantity: index of its value, or -1
	system, code []byte
	known        *codeSystem // not nil: system and code pass
	mended       bool        // the code passes in the form that known.mend gives it
	beyond       bool        // the quantity cannot express its new value, so it is removed
	bare         bool        // the value has no known unit, so it is removed
	unit         []byte      // for a quantity's value
	inConcept    bool        // a Coding of a CodeableConcept
	shownFrom    int         // where a concept's displays begin in Walker.shown
}

// enter walks an object under a node.
func (w *Walker) enter(n *node, i int) (end int, kept bool) {
	if n.coded == nil {
		if n.reference != nil {
			if end, kept, done := w.wholeReference(n.reference, i); done {
				return end, kept
			}
		}
		return w.object(n, i)
	}
	if n.decided == asConcept {
		if end, done := w.wholeConcept(n.concept, i); done {
			w.unitWalked = nil
			return end, true
		}
	}
	outer := w.coded
	w.coded = codedState{node: n, start: i, shownFrom: len(w.shown)}
	switch n.decided {
	case asCoding:
		w.coded.inConcept = outer.node != nil && outer.node.decided == asConcept
		at := w.decideCode(i)
		if end, done := w.wholeCoding(n, i, at); done {
			w.unitWalked, w.coded = nil, outer
			return end, true
		}
	case asQuantity:
		if q := w.decideQuantity(n, i); w.wholeQuantity(n, i, &q) {
			w.unitWalked, w.coded = w.coded.unit, outer
			return q.end, true
		}
	case asCodeList:
		w.decideListed(n, i)
	case asConcept:
	}
	holder := w.holder
	if n.typ.Name == "ValueSet.compose.include" || n.typ.Name == "ConceptMap.group" {
		w.holder = i
	}
	end, kept = w.object(n, i)
	w.holder = holder
	if w.coded.beyond {
		kept = false
	}
	if n.decided == asConcept {
		w.shown = w.shown[:w.coded.shownFrom]
	}
	w.unitWalked = w.coded.unit
	w.coded = outer
	return end, kept
}

var codeMembers = []string{"system", "code"}

// decideCode determines whether the system and code of the object at src[i] pass. It
// returns the index after both if they come first, or -1.
func (w *Walker) decideCode(i int) (behind int) {
	c := &w.coded
	if c.system, c.code, behind = w.readCoding(i); behind < 0 {
		var at [2]int
		w.findAll(i, codeMembers, at[:])
		c.system, c.code = w.text(at[0]), w.text(at[1])
	}
	w.decideKnown()
	return behind
}

// decideKnown determines whether the system and code that were found pass.
func (w *Walker) decideKnown() {
	c := &w.coded
	if len(c.system) == 0 {
		if terminology.IsUnitOfType(c.node.typ.Name, c.code) {
			c.known = w.a.codes.find([]byte(terminology.UCUM))
		}
		return
	}
	s := w.system(c.system)
	if s == nil {
		return
	}
	if c.code != nil && !w.codeMayPass(s, c.system, c.code) {
		if s.mend == nil {
			return
		}
		mended, ok := s.mend(w.mended[:0], c.code)
		if !ok {
			return
		}
		w.mended, c.mended = mended, true
	}
	c.known = s
}

// The heads of objects and members are compared in place: in a function, even an inlined
// one, the compiler would call memequal instead of comparing words.
const (
	systemHead = `{"system":"`
	codeHead   = `,"code":"`
)

// readCoding reads system and code of the coding at src[i] where they come first, in this
// order and without escapes, as most servers write it. It returns the index after them,
// or -1.
func (w *Walker) readCoding(i int) (system, code []byte, behind int) {
	src := w.src
	if len(src)-i < len(systemHead) || string(src[i:i+len(systemHead)]) != systemHead {
		return nil, nil, -1
	}
	var f fhirjson.Fault
	from := i + len(systemHead)
	end, escaped := w.stops.ScanString(src, from-1, &f)
	if end < 0 || escaped || len(src)-end < len(codeHead) || string(src[end:end+len(codeHead)]) != codeHead {
		return nil, nil, -1
	}
	codeFrom := end + len(codeHead)
	codeEnd, escaped := w.stops.ScanString(src, codeFrom-1, &f)
	if codeEnd < 0 || escaped {
		return nil, nil, -1
	}
	return src[from : end-1], src[codeFrom : codeEnd-1], codeEnd
}

var quantityMembers = []string{"value", "unit", "system", "code"}

// decideQuantity determines the unit of the quantity at src[i], and whether its system
// and code pass. If the quantity is written in the usual way, it returns what it read of
// it.
func (w *Walker) decideQuantity(n *node, i int) usualQuantity {
	c := &w.coded
	q := w.usualQuantity(i)
	if q.end == 0 {
		var at [4]int
		w.findAll(i, quantityMembers, at[:])
		c.valueAt, q.unit = at[0], w.text(at[1])
		c.system, c.code = w.text(at[2]), w.text(at[3])
	}
	w.decideKnown()
	if n.valueField >= 0 {
		w.decideUnit(n, i, q.unit)
	}
	return q
}

// decideUnit finds the unit of a quantity's value: whichever of code and text the value's
// method knows, or mask.UnreadUnit if there is one that does not pass, so that the bare
// number would remain.
func (w *Walker) decideUnit(n *node, i int, text []byte) {
	c := &w.coded
	if n.coded.bare && (c.known == nil || len(c.code) == 0) && !terminology.IsUnitText(text) {
		c.bare = true
	}
	w.holders = append(w.holders, i) // as if the walk were in the object already
	r := w.decisionOfValue(n, i, c.valueAt).units
	w.holders = w.holders[:len(w.holders)-1]
	if r == nil {
		if c.unit = text; c.known != nil && len(c.code) > 0 || len(text) == 0 {
			c.unit = c.code
		}
		return
	}
	// A and J are ampere and joule as codes, and years where people write them.
	if c.known != nil && len(n.coded.unit) == 0 && len(c.code) == 1 && c.code[0] < 'a' && (len(text) == 0 || bytes.Equal(text, c.code)) {
		c.unit = unitOfNoTime
		return
	}
	switch u := w.judgeUnit(r, c.code, text); {
	case u.read == readCode:
		c.unit = c.code
	case u.read == readText:
		c.unit = text
	case len(n.coded.unit) > 0: // an element that has an age is in a unit of time
		c.unit = n.coded.unit
	case c.known != nil && len(c.code) > 0 || terminology.IsUnitText(text):
		c.unit = unitOfNoTime
	case len(text)+len(c.code) > 0:
		c.unit = unreadUnit
	}
}

var (
	unitOfNoTime = []byte("1")
	unreadUnit   = []byte(mask.UnreadUnit)
)

// codedMember masks a member that is decided for its whole object.
func (w *Walker) codedMember(d *decision, i, end int, val []byte) (int, bool) {
	c := &w.coded
	ok := false
	switch d.part {
	case partNamedSystem:
		return w.namedSystem(d, i, end, val)
	case partSystem:
		if c.known == nil {
			w.replace(i, end, func(dst []byte) []byte {
				return lexical.AppendHashUUID(append(dst, "urn:uuid:"...), w.pass.Keys.MAC1(w.a.systemSlot, val)[:16])
			})
			w.count(w.a.engine.unknownSystem, mask.LabelPseudonymized, mask.Replaced)
			return end, true
		}
		ok = true
	case partCode:
		if c.known == nil {
			w.replace(i, end, func(dst []byte) []byte {
				return appendBase32(dst, w.pass.Keys.MAC2(w.a.codeSlot, c.system, val)[:15])
			})
			w.count(w.a.engine.unknownSystem, mask.LabelPseudonymized, mask.Replaced)
			return end, true
		}
		if c.mended {
			w.mended, _ = c.known.mend(w.mended[:0], c.code) // an object inside may have used the buffer
			w.replace(i, end, func(dst []byte) []byte { return append(dst, w.mended...) })
			w.count(d.action, mask.LabelRedacted, mask.Replaced)
			return end, true
		}
		if c.start == w.res.labelAt && string(c.system) == observationValue {
			w.res.present |= labelOf(c.code)
		}
		if rest := c.known.rolledUp(val); len(rest) < len(val) {
			w.replace(i, end, func(dst []byte) []byte { return append(dst, rest...) })
			w.count(d.action, mask.LabelAbstracted, mask.Replaced)
			return end, true
		}
		ok = true
	case partVersion:
		ok = c.known != nil && terminology.IsVersion(c.system, val)
	case partDisplay:
		ok = c.known != nil && w.displayMayPass(c.known, c.system, c.code, val)
		if ok && c.inConcept && len(val) == end-i-2 { // without escapes, so it lies in src and stays
			w.shown = append(w.shown, val)
		}
	case partText:
		ok = w.wasShown(val) || w.hasDisplay(c.start, val)
	case partUnit:
		return w.unit(d, i, end, val)
	case partComparator:
		ok = isComparator(val) && !w.capsValue(c.start)
	case partValue:
		return w.quantityValue(d, i, end, val)
	}
	return w.passIf(d, end, ok)
}

// unit keeps the text of a unit if it is a known one, without annotations that are not
// listed.
func (w *Walker) unit(d *decision, i, end int, val []byte) (int, bool) {
	r := w.decisionOfValue(w.coded.node, w.coded.start, w.coded.valueAt).units
	if w.judgeUnit(r, w.coded.code, val).is {
		return w.passIf(d, end, true)
	}
	var buf [terminology.LongestUnit]byte
	mended, ok := terminology.AppendMendedUCUM(buf[:0], val)
	if !ok || string(mended) == "1" { // nothing but an annotation
		return w.passIf(d, end, false)
	}
	w.flush(i)
	w.dst = append(append(append(w.dst, '"'), mended...), '"')
	w.last = end
	w.count(d.action, mask.LabelRedacted, mask.Replaced)
	return end, true
}

// quantityValue keeps a number, or passes it to a method. A number that means "or more",
// such as a capped age, gets a comparator that says so; other methods leave the
// comparator alone.
func (w *Walker) quantityValue(d *decision, i, end int, val []byte) (int, bool) {
	if w.coded.bare {
		w.volatile = true
		return w.passIf(d, end, false)
	}
	if d.method == nil {
		return w.passIf(d, end, d.form(val))
	}
	end, kept := w.method(w.coded.node, d, w.coded.start, i, end, val)
	replaced := kept && w.last == end // what is kept is still pending
	if replaced || !kept {
		w.volatile = true // what follows the value depends on it
	}
	if replaced && d.atLeast {
		switch w.coded.node.coded.bound {
		case "":
			w.dst = append(w.dst, `,"comparator":">="`...)
		case "high":
			w.coded.beyond = true
		}
	}
	return end, kept
}

// decisionOfValue returns the decision that applies to the value, at src[at], of the
// quantity at src[start].
func (w *Walker) decisionOfValue(n *node, start, at int) *decision {
	d := &n.fields[n.valueField].decision
	for d.otherwise != nil && !w.holds(d, start, at) {
		d = d.otherwise
	}
	return d
}

// capsValue reports whether the method of the quantity's value replaces it with a bound;
// the value may come after the comparator.
func (w *Walker) capsValue(start int) bool {
	n := w.coded.node
	if n == nil {
		return false
	}
	at := w.coded.valueAt
	if at < 0 {
		return false
	}
	k := n.keys.Find([]byte("value"))
	if k < 0 {
		return false
	}
	d := w.decisionOfValue(n, start, at)
	if d.method == nil || !d.atLeast {
		return false
	}
	w.input(d, start, n, w.coded.unit)
	_, outcome, err := d.method.Append(w.out[:0], w.scalarText(at), &w.in)
	return err != nil || outcome == mask.Replaced
}

// wasShown reports whether text is a display that passed in the concept being
// walked, in any case and spacing.
func (w *Walker) wasShown(text []byte) bool {
	for _, s := range w.shown[w.coded.shownFrom:] {
		if bytes.Equal(s, text) || termhash.Same(s, text) {
			return true
		}
	}
	return false
}

// hasDisplay reports whether text is a name that passes of some coding of the concept at
// src[start]: a term of its code, or its display where that passes.
func (w *Walker) hasDisplay(start int, text []byte) bool {
	return w.each(w.find(start, "coding"), func(item int) bool {
		var at [3]int
		w.findAll(item, []string{"system", "code", "display"}, at[:])
		system, code, display := w.text(at[0]), w.text(at[1]), w.text(at[2])
		if len(system) == 0 || len(code) == 0 {
			return false
		}
		s := w.system(system)
		if s == nil || !w.codeMayPass(s, system, code) {
			return false
		}
		return s.display == displayVerify && w.displayMayPass(s, system, code, text) ||
			termhash.Same(display, text) && w.displayMayPass(s, system, code, display)
	})
}

func isComparator(v []byte) bool {
	switch string(v) {
	case "<", "<=", ">=", ">":
		return true
	}
	return false
}
