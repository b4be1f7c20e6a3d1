package fhirxml

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/recall"
)

// Resources that recur are translated once: the translation depends only on the bytes,
// and since the end of a resource is in its text, equal bytes mean equal resources.

const (
	resourceLargest = 24 << 10 // bytes of a resource that is remembered: in JSON it has fewer
	resourceMemory  = 24 << 20 // bytes of all that are
)

// The same goes for all entries of a Bundle, which recur when a page is read again, with
// other links and another time around them.
const (
	entriesLargest = 384 << 10 // bytes of entries that are remembered: in JSON they have fewer
	entriesMemory  = 16 << 20  // bytes of all that are
)

// memory remembers resources. A nil memory finds and keeps nothing; neither does any
// memory while a resource is being remembered.
type memory struct {
	table   *recall.Table[translated]
	entries *recall.Table[translated] // nil before the first
	kept    uint64                    // how many arrays of entries have been remembered
	busy    bool
}

// translated is a resource and its translation.
type translated struct {
	depth int // at which it was read: it must not be deeper
	text  []byte
	end   int // of the resource in text
	// serial numbers arrays of entries, from 1.
	serial uint64
}

func (t *translated) out() []byte { return t.text[t.end:] }

// newMemory returns a memory if there is to be one.
func newMemory(remember bool) *memory {
	if !remember {
		return nil
	}
	return &memory{table: recall.New[translated](resourceMemory)}
}

// begin starts a text: the previous one may have been abandoned.
func (m *memory) begin() {
	if m != nil {
		m.busy = false
	}
}

func (m *memory) reset() {
	if m != nil {
		m.table.Reset()
		if m.entries != nil {
			m.entries.Reset()
		}
	}
}

// findEntries returns what is known of the entries of a shape at the start of text, or
// nil, and where to remember them, or nil.
func (m *memory) findEntries(text []byte, shape int) (slot *recall.Slot[translated], known *translated) {
	if m == nil {
		return nil, nil
	}
	if m.entries == nil {
		m.entries = recall.New[translated](entriesMemory)
	}
	slot, come := m.entries.Find(text, shape)
	switch {
	case slot.Of != nil && bytes.HasPrefix(text, slot.Of.text[:slot.Of.end]):
		return nil, slot.Of
	case !come:
		return nil, nil
	}
	return slot, nil
}

// keepEntries remembers entries in a slot, if that is not nil, and returns them.
func (m *memory) keepEntries(slot *recall.Slot[translated], text, out []byte) *translated {
	if slot == nil || len(text) > entriesLargest {
		return nil
	}
	m.kept++
	t := newTranslated(text, out)
	t.serial = m.kept
	m.entries.Keep(slot, t, len(t.text))
	return t
}

func newTranslated(text, out []byte) *translated {
	return &translated{end: len(text), text: append(append(make([]byte, 0, len(text)+len(out)), text...), out...)}
}

// place is where a resource is remembered, if it has come before.
type place struct {
	of   *memory
	slot *recall.Slot[translated]
}

// find returns what is known of the resource at the start of text, or nil, and where to
// remember it.
func (m *memory) find(text []byte) (p place, known *translated) {
	if m == nil || m.busy {
		return place{}, nil
	}
	slot, come := m.table.Find(text, 0)
	switch {
	case slot.Of != nil && bytes.HasPrefix(text, slot.Of.text[:slot.Of.end]):
		return place{}, slot.Of
	case !come:
		return place{}, nil
	}
	m.busy = true
	return place{m, slot}, nil
}

// leave abandons a resource.
func (p place) leave() {
	if p.of != nil {
		p.of.busy = false
	}
}

// keep remembers a resource.
func (p place) keep(text, out []byte, depth int) {
	p.leave()
	if p.of == nil || len(text) > resourceLargest {
		return
	}
	t := newTranslated(text, out)
	t.depth = depth
	p.of.table.Keep(p.slot, t, len(t.text))
}
