// Package recall remembers the results for texts that recur, by their bytes.
//
//	t := recall.New[result](24 << 20)
//	slot, come := t.Find(text, kind)
//	if slot.Of == nil && come {
//		t.Keep(slot, &result{…}, size)
//	}
//
// A text is remembered when it comes a second time, so that texts that come once, such as
// those of an export, take no memory. Slots are found by the beginning of a text, so the
// caller must compare whether a slot's result belongs to the whole text. A Table is not
// safe for concurrent use.
package recall

import "hash/maphash"

const (
	slots = 1 << 13 // a power of two
	ways  = 8       // slots that a text can be in
	head  = 256     // bytes of a text that it is found by: a resource's type, id and version
)

// Table has sets of slots: a new text replaces the oldest one of its set.
type Table[T any] struct {
	seed       maphash.Seed
	slots      []Slot[T]
	most       int // bytes of all
	bytes      int
	generation uint32
}

// Slot is the place of texts with the same beginning.
type Slot[T any] struct {
	Of         *T // nil if it has come once
	bytes      int
	hash       uint64
	generation uint32
}

// New returns a table that keeps results of up to most bytes in total.
func New[T any](most int) *Table[T] {
	return &Table[T]{seed: maphash.MakeSeed(), slots: make([]Slot[T], slots), most: most}
}

// Find returns the slot for texts of a kind that begin as text does, or a new one. come
// reports whether such a text has come before.
func (t *Table[T]) Find(text []byte, kind int) (s *Slot[T], come bool) {
	h := maphash.Bytes(t.seed, text[:min(len(text), head)]) + uint64(kind)*0x9e3779b97f4a7c15
	set := t.slots[h%(slots/ways)*ways:][:ways]
	for k := range set {
		if s = &set[k]; s.hash == h && s.generation == t.generation {
			return s, true
		}
	}
	t.drop(&set[ways-1])
	copy(set[1:], set)
	set[0] = Slot[T]{hash: h, generation: t.generation}
	return &set[0], false
}

func (t *Table[T]) drop(s *Slot[T]) {
	t.bytes -= s.bytes
	s.Of, s.bytes = nil, 0
}

// Keep stores a result of size bytes in a slot. If that is too much, it first forgets
// all others.
func (t *Table[T]) Keep(s *Slot[T], of *T, size int) {
	t.drop(s)
	if t.bytes+size > t.most {
		for k := range t.slots {
			t.drop(&t.slots[k])
		}
	}
	s.Of, s.bytes = of, size
	t.bytes += size
}

// Reset forgets everything.
func (t *Table[T]) Reset() { t.generation++ }

// Len returns how many texts are remembered.
func (t *Table[T]) Len() (n int) {
	for k := range t.slots {
		if s := &t.slots[k]; s.Of != nil && s.generation == t.generation {
			n++
		}
	}
	return n
}
