package fhirxml

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/recall"
)

// Resources that come again are translated once: what becomes of one depends on its bytes
// alone, and since the end of a resource is in its text, equal bytes mean an equal one.

const (
	resourceLargest = 24 << 10 // bytes of a resource that is remembered: in JSON it has fewer
	resourceMemory  = 24 << 20 // bytes of all that are
)

// memory remembers resources. Of a nil memory, and while one is being remembered, nothing
// is found and nothing kept.
type memory struct {
	table *recall.Table[translated]
	busy  bool
}

// translated is a resource, and what became of it.
type translated struct {
	depth int // at which it was read: it may not lie deeper
	text  []byte
	end   int // of the resource in text
}

func (t *translated) out() []byte { return t.text[t.end:] }

// newMemory returns a memory if there is to be one.
func newMemory(remember bool) *memory {
	if !remember {
		return nil
	}
	return &memory{table: recall.New[translated](resourceMemory)}
}

// begin begins a text: the one before may have been given up.
func (m *memory) begin() {
	if m != nil {
		m.busy = false
	}
}

func (m *memory) reset() {
	if m != nil {
		m.table.Reset()
	}
}

// place is where a resource is remembered, if it has come before.
type place struct {
	of   *memory
	slot *recall.Slot[translated]
}

// find returns what is known of the resource at the start of text, or nil, and where it
// is to be remembered.
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

// leave gives a resource up.
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
	t := &translated{depth: depth, end: len(text), text: make([]byte, 0, len(text)+len(out))}
	t.text = append(append(t.text, text...), out...)
	p.of.table.Keep(p.slot, t, len(t.text))
}
