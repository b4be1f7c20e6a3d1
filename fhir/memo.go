package fhir

import (
	"bytes"
	"hash/maphash"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/recall"
	"github.com/veil-proxy/veil/mask"
)

// A walker remembers small objects that come again and again, a coding or a
// reference, by their bytes: the same bytes under the same node in the same
// setting are masked the same way, so they need not even be read again. What
// else decided how one was masked makes it volatile, and it is not remembered; what
// the full URLs of its Bundle decided is remembered for that Bundle. An object is
// compared with the remembered one byte by byte to its end; since the end of a JSON
// object is in its text, equal bytes mean an equal object, and what was checked of
// one holds of the other.
//
// The memory is a table of pairs: a new object takes the place of the older
// one of its pair. It holds original values, so it stays in the process and is
// never written anywhere.

const (
	memoSlots   = 1 << 14 // a power of two
	memoLargest = 768     // bytes of an object that is worth remembering
)

// memo is laid out for the processor's caches: a look-up that finds nothing
// reads one line, one that finds its object little more than the object's text.
type memo struct {
	seed      maphash.Seed
	objects   []memoEntry
	texts     []textSlot
	ages      []ageSlot
	resources *recall.Table[rememberedResource]
	entries   entriesMemo
	// generation counts resets: entries of an older one are ignored.
	generation uint32
	// uses counts, by node, how often its objects were looked for and found.
	uses []memoUse
}

type memoUse struct{ tries, hits uint16 }

// worth reports whether an object of the node is likely enough to be found. For nodes
// whose objects seldom recur, such as a meta with a time in it, one object in sixteen is
// looked for, so that a change is noticed.
func (m *memo) worth(n *node) bool {
	if m.objects == nil {
		return false
	}
	u := &m.uses[n.id]
	if u.tries++; u.tries == 1024 {
		u.tries, u.hits = 512, u.hits/2
	}
	return u.tries < 256 || u.hits > u.tries/8 || u.tries%16 == 0
}

type memoEntry struct {
	hash uint64
	slot *memoSlot
}

// memoSlot remembers an object.
type memoSlot struct {
	node       *node
	setting    setting
	generation uint32
	srcEnd     uint32 // buf[:srcEnd] is the object's text
	outEnd     uint32 // buf[srcEnd:outEnd] is the result; the rest is unit
	// security is where Meta.security ends in the result, or 0.
	security uint32
	// bundle is the Bundle whose full URLs decided the result, or 0.
	bundle  uint64
	depth   int // at which the object was walked
	kept    bool
	same    bool // the result is the object itself
	labels  labelSet
	present labelSet
	trail   []uint16
	buf     []byte
}

// setting is what the masking of an object may depend on besides its bytes and its node.
type setting uint8

const (
	inContained setting = 1 << iota // it is in a contained resource
	asOwnMeta                       // it is the resource's own meta
	inAges                          // the Observation around it says that it is an age
)

// settingOf returns the setting of the object at src[i].
func (w *Walker) settingOf(i int) (s setting) {
	if w.res.contained {
		s |= inContained
	}
	if i == w.res.metaAt {
		s |= asOwnMeta
	}
	if known := w.res.ages; known == someAges || known == agesUnread && w.observedAges() {
		s |= inAges
	}
	return s
}

// textSlot remembers the pseudonym of a string: an id or a reference.
type textSlot struct {
	d          *decision
	generation uint32
	srcLen     uint8
	outLen     uint8
	buf        [114]byte // text and pseudonym; longer ones are not remembered
}

// init makes room. inParts says that entries of a Bundle depend on nothing else in it.
func (m *memo) init(nodes int, inParts bool) {
	m.uses = make([]memoUse, nodes)
	m.seed = maphash.MakeSeed()
	m.objects = make([]memoEntry, memoSlots)
	m.texts = make([]textSlot, memoSlots)
	m.ages = make([]ageSlot, ageSlots)
	m.resources = recall.New[rememberedResource](resourceMemory)
	m.entries.remember = inParts
}

// reset forgets everything.
func (m *memo) reset() {
	m.generation++
	if m.resources != nil {
		m.resources.Reset()
	}
	m.entries.reset()
}

// text returns the slot of a string's text under a decision, or nil when nothing
// is remembered.
func (m *memo) text(d *decision, val []byte) *textSlot {
	if m.texts == nil || len(val) > len(textSlot{}.buf)/2 {
		return nil
	}
	s := &m.texts[(maphash.Bytes(m.seed, val)+uint64(d.action)*0x9e3779b97f4a7c15)%memoSlots]
	if s.generation != m.generation {
		s.generation, s.d = m.generation, nil
	}
	return s
}

func (s *textSlot) has(d *decision, val []byte) bool {
	return s.d == d && string(s.buf[:s.srcLen]) == string(val)
}

func (s *textSlot) out() []byte { return s.buf[s.srcLen : s.srcLen+s.outLen] }

// recallText writes the pseudonym that val had before under d for the string
// src[i:end] and reports whether there was one.
func (w *Walker) recallText(s *textSlot, d *decision, i, end int, val []byte) bool {
	if s == nil || !s.has(d, val) {
		return false
	}
	w.flush(i)
	w.dst = append(w.dst, s.out()...)
	w.last = end
	w.count(d.action, d.label, mask.Replaced)
	return true
}

// keep remembers out as the result of masking val under d.
func (s *textSlot) keep(d *decision, val, out []byte) {
	if s == nil || len(val)+len(out) > len(s.buf) {
		return
	}
	s.d = d
	s.srcLen, s.outLen = uint8(copy(s.buf[:], val)), uint8(len(out))
	copy(s.buf[s.srcLen:], out)
}

// slot returns the slot that has the object at the start of text, or else the one to keep
// it in; nil if it is not to be remembered. Objects are distinguished by what precedes
// their first closing brace; those that differ only after it share a pair.
func (m *memo) slot(n *node, in setting, text []byte) *memoSlot {
	if m.objects == nil {
		return nil
	}
	end := bytes.IndexByte(text[:min(len(text), memoLargest)], '}')
	if end < 0 {
		return nil
	}
	h := maphash.Bytes(m.seed, text[:end]) + (uint64(n.id)<<8|uint64(in))*0x9e3779b97f4a7c15
	pair := m.objects[h%(memoSlots/2)*2:][:2]
	if pair[0].hash != h || pair[0].slot == nil {
		pair[0], pair[1] = pair[1], pair[0]
		if pair[0].hash != h || pair[0].slot == nil {
			if pair[0].slot == nil {
				pair[0].slot = &memoSlot{}
			}
			pair[0].hash, pair[0].slot.node = h, nil
		}
	}
	s := pair[0].slot
	if s.generation != m.generation {
		s.generation, s.node = m.generation, nil
	}
	return s
}

// has reports whether the slot holds the object at the start of text, which is at a depth. It
// may not nest too deep there: each level takes two bytes of it at least.
func (s *memoSlot) has(n *node, in setting, text []byte, depth int) bool {
	if depth > s.depth && depth+int(s.srcEnd)/2 > fhirjson.MaxDepth {
		return false
	}
	return s.node == n && s.setting == in && len(text) >= int(s.srcEnd) && string(text[:s.srcEnd]) == string(s.buf[:s.srcEnd])
}

func (s *memoSlot) unit() []byte { return s.buf[s.outEnd:] }

// remembered masks the object at src[i] as it was masked before, or walks it
// and remembers how that went.
func (w *Walker) remembered(n *node, i int) (end int, kept bool) {
	text := w.src[i:]
	if w.detail || !w.memo.worth(n) {
		return w.enter(n, i)
	}
	in := w.settingOf(i)
	s := w.memo.slot(n, in, text)
	if s == nil {
		return w.enter(n, i)
	}
	if s.has(n, in, text, w.depth) && (s.bundle == 0 || s.bundle == w.bundleNow() && !w.noting) {
		w.memo.uses[n.id].hits++
		return w.recall(s, i)
	}

	w.flush(i)
	from := len(w.dst)
	outerLabels, outerPresent := w.res.labels, w.res.present
	outerVolatile, outerBundled, trailFrom := w.volatile, w.bundled, len(w.trail)
	w.res.labels, w.res.present, w.volatile, w.bundled = 0, 0, false, false
	w.recording++
	end, kept = w.enter(n, i)
	w.recording--
	if end >= 0 && !w.volatile && end-i <= memoLargest {
		if kept {
			w.flush(end)
		}
		out := w.dst[from:]
		if !kept {
			out = nil
		}
		s.depth = w.depth
		s.set(n, in, w.src[i:end], out, nil, w.trail[trailFrom:], w.res.labels)
		s.kept, s.present = kept, w.res.present
		if w.bundled {
			s.bundle = w.bundle.serial
		}
		if in&asOwnMeta != 0 && w.res.meta.security > 0 {
			s.security = uint32(w.res.meta.security - from)
		}
	}
	if w.recording == 0 {
		w.trail = w.trail[:0]
	}
	w.res.labels |= outerLabels
	w.res.present |= outerPresent
	w.volatile, w.bundled = w.volatile || outerVolatile, w.bundled || outerBundled
	return end, kept
}

func (w *Walker) recall(s *memoSlot, i int) (end int, kept bool) {
	counts := w.pass.Counts
	for _, a := range s.trail {
		counts[a]++
	}
	if w.recording > 0 {
		w.trail = append(w.trail, s.trail...)
	}
	w.res.labels |= s.labels
	w.res.present |= s.present
	w.bundled = w.bundled || s.bundle != 0
	end = i + int(s.srcEnd)
	if !s.kept {
		return end, false
	}
	if s.security > 0 {
		w.flush(i)
		w.res.meta.security = len(w.dst) + int(s.security)
	}
	if !s.same {
		w.flush(i)
		w.dst = append(w.dst, s.buf[s.srcEnd:s.outEnd]...)
		w.last = end
	}
	return end, true
}

// quantity masks a Quantity. Its number varies, but what follows it repeats: the tail is
// remembered, and the number is masked each time.
func (w *Walker) quantity(n *node, i int) (end int, kept bool) {
	src := w.src
	if w.memo.objects == nil || w.detail || len(src)-i < len(quantityHead) || string(src[i:i+len(quantityHead)]) != quantityHead {
		return w.enter(n, i)
	}
	var f fhirjson.Fault
	tail := fhirjson.ScanNumber(src, i+len(quantityHead), &f)
	if tail < 0 {
		return w.enter(n, i)
	}
	in := w.settingOf(i)
	s := w.memo.slot(n, in, src[tail:])
	if s == nil {
		return w.enter(n, i)
	}
	if s.has(n, in, src[tail:], w.depth) && w.valueStays(n, src[i+len(quantityHead):tail], s.unit()) {
		return w.recall(s, tail)
	}

	w.flush(i)
	from, trailFrom := len(w.dst), len(w.trail)
	outer, outerVolatile, outerBundled := w.res.labels, w.volatile, w.bundled
	w.res.labels, w.volatile, w.bundled = 0, false, false
	w.recording++
	end, kept = w.enter(n, i)
	w.recording--
	if kept && !w.volatile && !w.bundled && end-tail <= memoLargest {
		w.flush(end)
		if head := tail - i; len(w.dst)-from > head && bytes.Equal(w.dst[from:from+head], src[i:tail]) {
			s.depth = w.depth
			s.set(n, in, src[tail:end], w.dst[from+head:], w.unitWalked, w.trail[trailFrom+1:], w.res.labels)
		}
	}
	if w.recording == 0 {
		w.trail = w.trail[:0]
	}
	w.res.labels |= outer
	w.volatile, w.bundled = w.volatile || outerVolatile, w.bundled || outerBundled
	return end, kept
}

// valueStays reports whether a quantity's number is kept unchanged, and counts it if so.
func (w *Walker) valueStays(n *node, val, unit []byte) bool {
	d := &n.fields[n.valueField].decision
	if d.op != opCoded || d.otherwise != nil || !d.form(val) {
		return false
	}
	if d.method != nil {
		w.input(d, -1, nil, unit)
		_, outcome, err := d.method.Append(w.out[:0], val, &w.in)
		if outcome != mask.Kept || err != nil {
			return false
		}
	}
	w.count(d.action, mask.LabelNone, mask.Kept)
	return true
}

// set makes the slot remember an object that is kept.
func (s *memoSlot) set(n *node, in setting, src, out, unit []byte, trail []uint16, labels labelSet) {
	s.node, s.setting, s.kept, s.present, s.security, s.labels = n, in, true, 0, 0, labels
	s.bundle = 0
	s.same = bytes.Equal(src, out)
	s.buf = append(append(append(s.buf[:0], src...), out...), unit...)
	s.srcEnd, s.outEnd = uint32(len(src)), uint32(len(src)+len(out))
	s.trail = append(s.trail[:0], trail...)
}
