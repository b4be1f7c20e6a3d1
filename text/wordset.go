package text

// wordSet is a small set of words: their hashes in a table with open addressing, in which
// detectors look up nearly every word of a text.
type wordSet []uint64

// hashSet creates a set of words.
func hashSet(words ...string) wordSet {
	size := 4
	for size < 4*len(words) {
		size *= 2
	}
	w := make(wordSet, size)
	for _, entry := range words {
		h := hashOf(fold(entry))
		i := h & uint64(size-1)
		for w[i] != 0 && w[i] != h {
			i = (i + 1) & uint64(size-1)
		}
		w[i] = h
	}
	return w
}

// has reports whether a word is in the set, by its hash.
func (w wordSet) has(h uint64) bool {
	mask := uint64(len(w) - 1)
	for i := h & mask; w[i] != 0; i = (i + 1) & mask {
		if w[i] == h {
			return true
		}
	}
	return false
}
