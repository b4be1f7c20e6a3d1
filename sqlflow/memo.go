package sqlflow

import (
	"bytes"
	"hash/maphash"
)

// memo remembers the last masked values of a column by their carriers: memoSets sets of
// two. Its buffers are reused, so it neither grows nor allocates once it is full; what
// it holds lives as long as the statement.
type memo struct {
	seed maphash.Seed
	sets []memoSet
}

const memoSets = 4096

type memoSet struct {
	entries [2]memoEntry
	older   uint8
}

type memoEntry struct {
	carrier, masked []byte
	null, used      bool
}

func newMemo() *memo { return &memo{seed: maphash.MakeSeed()} }

// find returns the entry of a carrier, or one to fill in; found tells which.
func (m *memo) find(carrier []byte) (e *memoEntry, found bool) {
	if m.sets == nil {
		m.sets = make([]memoSet, memoSets)
	}
	s := &m.sets[maphash.Bytes(m.seed, carrier)%memoSets]
	for i := range s.entries {
		if e := &s.entries[i]; e.used && bytes.Equal(e.carrier, carrier) {
			s.older = uint8(1 - i)
			return e, true
		}
	}
	e = &s.entries[s.older]
	s.older = 1 - s.older
	e.used = false
	e.carrier = append(e.carrier[:0], carrier...)
	e.masked = e.masked[:0]
	return e, false
}
