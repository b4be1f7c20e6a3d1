package text

// trie finds sequences of words by their hashes. It is one table with open addressing: a
// step is one look-up, and reading a text allocates no memory.
type trie struct {
	slots []trieSlot
	used  uint32 // number of states
	mask  uint64
}

// trieSlot is an edge from a state by a hash to a state, and the sequence that ends there.
type trieSlot struct {
	key   uint64
	state uint32
	info  packedInfo
}

// packedInfo is a seqInfo in four bytes, or 0.
type packedInfo uint32

// The bits of a packedInfo. The rest is the number of the value.
const (
	strengthBits = 2
	valueShift   = strengthBits + 3 // of the kind
)

func (i seqInfo) pack() packedInfo {
	return packedInfo(i.value)<<valueShift | packedInfo(i.kind)<<strengthBits | packedInfo(i.strength)
}

func (p packedInfo) unpack() seqInfo {
	return seqInfo{kind: Kind(p & (1<<valueShift - 1) >> strengthBits), value: int32(p >> valueShift), strength: strength(p & (1<<strengthBits - 1))}
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

// add adds a sequence, and its prefixes of at least a given number of words; of two with
// the same words the stronger stays.
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
		if i+1 >= least && (slot.info == 0 || slot.info.unpack().strength < info.strength) {
			slot.info = info.pack()
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

// step follows an edge; ok is false if there is none. info is 0 if no sequence ends there.
func (t *trie) step(state uint32, h uint64) (next uint32, info packedInfo, ok bool) {
	if t.slots == nil {
		return 0, 0, false
	}
	s := t.slot(mix(state, h))
	return s.state, s.info, s.key != 0
}
