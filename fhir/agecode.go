package fhir

import (
	"bytes"
	"hash/maphash"
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/terminology"
)

// Whether a value is an age is known from what is next to it: the condition "code in
// %ages" of a match holds where a Coding or CodeableConcept has one of the codes in this
// table, or where a display or text says so. Texts are removed, but before that they
// explain the number that is kept; so ages under local codes are found.

var ageMembers = []string{"code", "display", "text", "coding"}

// ageSlot remembers whether one object means an age.
type ageSlot struct {
	generation uint32
	says       bool
	text       []byte // the object; empty for none
}

const ageSlots = 1 << 10 // a power of two

// ageSlot returns the slot for the object at the start of text, as memo.slot does;
// nil if it is not to be remembered.
func (m *memo) ageSlot(text []byte) *ageSlot {
	if m.ages == nil {
		return nil
	}
	end := bytes.IndexByte(text[:min(len(text), memoLargest)], '}')
	if end < 0 {
		return nil
	}
	s := &m.ages[maphash.Bytes(m.seed, text[:end])%ageSlots]
	if s.generation != m.generation {
		s.generation, s.text = m.generation, s.text[:0]
	}
	return s
}

// saysAge reports whether the Coding or CodeableConcept at src[i] says that the value
// next to it is an age.
func (w *Walker) saysAge(i int) bool {
	text := w.src[i:]
	s := w.memo.ageSlot(text)
	if s == nil {
		return w.readAge(i)
	}
	if len(s.text) > 0 && bytes.HasPrefix(text, s.text) {
		return s.says
	}
	says := w.readAge(i)
	var f fhirjson.Fault
	if end := fhirjson.SkipValue(w.src, i, w.depth, &f); end > i && end-i <= memoLargest {
		s.says, s.text = says, append(s.text[:0], w.src[i:end]...)
	}
	return says
}

// agesKnown says whether the values of a resource are ages, if that is known.
type agesKnown uint8

const (
	agesUnread agesKnown = iota
	noAges
	someAges
)

var observedAge = condition{test: testAges, path: []string{"code"}}

// observedAges reports whether the resource being walked is an Observation whose code says
// that its values are ages.
func (w *Walker) observedAges() bool { return w.observedAgesAt(-1) }

// observedAgesAt is observedAges where the code is known to be at src[at], or -1.
func (w *Walker) observedAgesAt(at int) bool {
	r := &w.res
	if r.ages != agesUnread {
		return r.ages == someAges
	}
	r.ages = noAges
	if r.node == nil || r.node.typ.Name != "Observation" {
		return false
	}
	if at < 0 {
		at = w.find(r.start, observedAge.path[0])
	}
	if at >= 0 && w.some(&observedAge, testAges, at, 1) {
		r.ages = someAges
	}
	return r.ages == someAges
}

// heldByObservation reports whether a component has no code of its own (at at) and the
// Observation's code says that its values are ages.
func (w *Walker) heldByObservation(c *condition, obj, at int) bool {
	return c.test == testAges && obj != w.res.start && w.observedAges() && (at < 0 || w.find(at, "coding") < 0)
}

// readAge reads the object at src[i].
func (w *Walker) readAge(i int) bool {
	if c := w.readConcept(i); c.end != 0 {
		return w.isAgeText(c.text) || slices.ContainsFunc(c.codings[:c.size], func(of usualCoding) bool {
			return terminology.IsAgeCode(of.code) || !bytes.Equal(of.display, c.text) && w.isAgeText(of.display)
		})
	}
	var at [4]int
	w.findAll(i, ageMembers, at[:])
	text := w.text(at[2])
	if at[0] >= 0 && terminology.IsAgeCode(w.text(at[0])) || terminology.IsAgeText(w.text(at[1])) || terminology.IsAgeText(text) {
		return true
	}
	return at[3] >= 0 && w.each(at[3], func(item int) bool { return w.saysAgeCoding(item, text) })
}

// saysAgeCoding is readAge for a coding of a concept whose text does not name an age.
func (w *Walker) saysAgeCoding(i int, text []byte) bool {
	var at [2]int
	w.findAll(i, ageMembers[:2], at[:])
	if at[0] >= 0 && terminology.IsAgeCode(w.text(at[0])) {
		return true
	}
	display := w.text(at[1])
	return !bytes.Equal(display, text) && terminology.IsAgeText(display)
}
