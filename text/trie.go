package text

// trie finds sequences of words by their hashes. It is one table with open addressing:
// a step is one look-up, and no memory is taken while a text is read.
type trie struct {
	slots []trieSlot
	infos []seqInfo
	used  uint32 // number of states
	mask  uint64
}

// trieSlot is an edge: from a state by a hash to a state, with what ends there.
type trieSlot struct {
	key   uint64
	state uint32
	info  int32 // index in infos plus one, or 0
}

// sequence is an entry of several words.
type sequence struct {
	hashes []uint64
	info   seqInfo
}

// grow makes room for a number of edges.
func (t *trie) grow(edges int) {
	size := 16
	for size*3 < edges*4 {
		size *= 2
	}
	t.slots = make([]trieSlot, size)
	t.mask = uint64(size - 1)
}

// add adds a sequence, and what it begins with, from a number of words on; of two with the same
// words the stronger stays.
func (t *trie) add(hashes []uint64, least int, info seqInfo) {
	state := uint32(0)
	for i, h := range hashes {
		key := mix(state, h)
		slot := t.slot(key)
		if slot.key == 0 {
			t.used++
			*slot = trieSlot{key: key, state: t.used}
		}
		state = slot.state
		switch {
		case i+1 < least:
		case slot.info == 0:
			t.infos = append(t.infos, info)
			slot.info = int32(len(t.infos))
		case t.infos[slot.info-1].strength < info.strength:
			t.infos[slot.info-1] = info
		}
	}
}

func (t *trie) slot(key uint64) *trieSlot {
	i := key & t.mask
	for t.slots[i].key != 0 && t.slots[i].key != key {
		i = (i + 1) & t.mask
	}
	return &t.slots[i]
}

// step follows an edge; ok is false if there is none.
func (t *trie) step(state uint32, h uint64) (next uint32, info *seqInfo, ok bool) {
	if t.slots == nil {
		return 0, nil, false
	}
	s := t.slot(mix(state, h))
	if s.key == 0 {
		return 0, nil, false
	}
	if s.info > 0 {
		info = &t.infos[s.info-1]
	}
	return s.state, info, true
}
