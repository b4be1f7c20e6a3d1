package table

import (
	"bytes"
	"hash/maphash"
)

// Memo is a cache of the last masked values of a column, in sets of two, keyed by
// everything they depend on. It grows with use and reuses its buffers, so it does not
// allocate once it is full. If values rarely recur it stops remembering, because look-ups
// would take a third of the time. The zero value is ready to use.
type Memo struct {
	sets         []memoSet
	most         int // the most sets; 0 for mostSets
	misses, hits int
	idle         bool       // it no longer remembers anything
	only         Remembered // what Find returns in that case
}

const (
	firstSets = 8
	mostSets  = 4096
	// enough is the number of look-ups per set after which the cache is judged, and
	// worthwhile the share of them that must have succeeded.
	enough     = 4 * 2
	worthwhile = 16
)

// memoSeed is random for each process, so that nobody can choose values that collide.
var memoSeed = maphash.MakeSeed()

type memoSet struct {
	entries [2]Remembered
	older   uint8
}

// Remembered is a masked value in a Memo.
type Remembered struct {
	key []byte
	// Masked is the value, and Null says that it is NULL.
	Masked []byte
	Null   bool
	// Used must be set once the entry is filled in.
	Used bool
	// expected: the key was told to Expect, and Find was not yet called with it.
	expected bool
}

// Expect announces a key that Find will soon be called with, and reports whether Find
// will find nothing. Of several such calls for one key, only the first reports true.
func (m *Memo) Expect(key []byte) bool {
	if m.idle {
		return true
	}
	if m.sets == nil {
		m.sets = make([]memoSet, firstSets)
	}
	s := m.set(key)
	for i := range s.entries {
		if e := &s.entries[i]; (e.Used || e.expected) && bytes.Equal(e.key, key) {
			s.older = uint8(1 - i)
			return false
		}
	}
	s.replace(key).expected = true
	return true
}

// Misses reports whether at least half of the look-ups since the last growth found
// nothing.
func (m *Memo) Misses() bool { return m.idle || m.misses >= m.hits }

// Find returns the entry of a key, or an entry to fill in; found says which. The key
// must contain everything that the masked value depends on. The entry is valid until the
// next call.
func (m *Memo) Find(key []byte) (e *Remembered, found bool) {
	most := m.most
	if most == 0 {
		most = mostSets
	}
	switch {
	case m.idle:
		m.only.Used, m.only.Masked = false, m.only.Masked[:0]
		return &m.only, false
	case m.misses >= enough*most && m.hits < m.misses/worthwhile:
		m.sets, m.idle = nil, true
		return m.Find(key)
	case m.sets == nil:
		m.sets = make([]memoSet, firstSets)
	case m.misses > 4*len(m.sets) && len(m.sets) < most:
		m.sets, m.misses, m.hits = make([]memoSet, min(8*len(m.sets), most)), 0, 0
	}
	s := m.set(key)
	for i := range s.entries {
		e := &s.entries[i]
		if !e.Used && !e.expected || !bytes.Equal(e.key, key) {
			continue
		}
		s.older = uint8(1 - i)
		if e.Used {
			m.hits++
			return e, true
		}
		m.misses++
		e.expected = false
		return e, false
	}
	m.misses++
	return s.replace(key), false
}

// set returns the set for a key.
func (m *Memo) set(key []byte) *memoSet {
	return &m.sets[maphash.Bytes(memoSeed, key)%uint64(len(m.sets))]
}

// replace replaces the older entry by one for a key.
func (s *memoSet) replace(key []byte) *Remembered {
	e := &s.entries[s.older]
	s.older = 1 - s.older
	e.Used, e.expected = false, false
	e.key = append(e.key[:0], key...)
	e.Masked = e.Masked[:0]
	return e
}
