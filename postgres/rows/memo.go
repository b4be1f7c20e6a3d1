package rows

import (
	"bytes"
	"hash/maphash"
)

// memo remembers the last masked values of a column by their wrappers, in sets of two.
// It grows with what it is asked, up to mostSets; its buffers are reused, so it does not
// allocate once it is full. Where hardly a value comes again it stops remembering, since
// looking for one then takes a third of the time. What it holds lives as long as the
// statement.
type memo struct {
	sets         []memoSet
	misses, hits int
	idle         bool      // it remembers nothing any more
	only         memoEntry // what find returns then
}

const (
	firstSets = 8
	mostSets  = 4096
	// enough look-ups have been made to judge by, and worthwhile of them, as a
	// part, must have found something.
	enough     = 4 * 2 * mostSets
	worthwhile = 16
)

// memoSeed is the process's own, so that no one can choose values that fall together.
var memoSeed = maphash.MakeSeed()

type memoSet struct {
	entries [2]memoEntry
	older   uint8
}

type memoEntry struct {
	wrapper, masked []byte
	null, used      bool
}

// find returns the entry of a wrapper, or one to fill in; found tells which. The entry
// is valid until the next call.
func (m *memo) find(wrapper []byte) (e *memoEntry, found bool) {
	switch {
	case m.idle:
		m.only.used, m.only.masked = false, m.only.masked[:0]
		return &m.only, false
	case m.misses >= enough && m.hits < m.misses/worthwhile:
		m.sets, m.idle = nil, true
		return m.find(wrapper)
	case m.sets == nil:
		m.sets = make([]memoSet, firstSets)
	case m.misses > 4*len(m.sets) && len(m.sets) < mostSets:
		m.sets, m.misses, m.hits = make([]memoSet, min(8*len(m.sets), mostSets)), 0, 0
	}
	s := &m.sets[maphash.Bytes(memoSeed, wrapper)%uint64(len(m.sets))]
	for i := range s.entries {
		if e := &s.entries[i]; e.used && bytes.Equal(e.wrapper, wrapper) {
			s.older = uint8(1 - i)
			m.hits++
			return e, true
		}
	}
	m.misses++
	e = &s.entries[s.older]
	s.older = 1 - s.older
	e.used = false
	e.wrapper = append(e.wrapper[:0], wrapper...)
	e.masked = e.masked[:0]
	return e, false
}
