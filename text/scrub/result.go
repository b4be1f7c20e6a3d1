package scrub

import (
	"slices"
	"sync"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/mask"
)

// result is a scrubbed text.
type result struct {
	key     [32]byte
	removed bool
	silent  bool // removed because the recognizer gave no valid response
	text    []byte
	found   []spanCount
}

// append appends the text, and counts the spans that were found in it.
func (r *result) append(dst []byte, in *mask.Input) ([]byte, mask.Outcome) {
	for _, c := range r.found {
		in.Found.Add(c.rule, c.label.String(), c.n)
	}
	if r.removed {
		return dst, mask.Removed
	}
	return append(dst, r.text...), mask.Replaced
}

// clone returns a copy that shares nothing with the worker that made it.
func (r result) clone() *result {
	r.text, r.found = slices.Clone(r.text), slices.Clone(r.found)
	return &r
}

// Scrubbed texts are remembered, since the same page, note or export is often requested
// again. Only the scrubbed text is kept, under a digest with a key that never leaves the
// process: no original can be found in it or derived from it.

const (
	// maxRemembered limits the size of remembered texts in the process, in bytes.
	maxRemembered = 64 << 20
	// resultOverhead is the approximate size of a result besides its text, in bytes.
	resultOverhead = 256
)

var remembered = sync.OnceValue(func() *ristretto.Cache[string, *result] {
	c, err := ristretto.NewCache(&ristretto.Config[string, *result]{
		NumCounters: 10 * maxRemembered / 2048, MaxCost: maxRemembered, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic("scrub: " + err.Error()) // cannot fail: the configuration is fixed
	}
	return c
})

// recall returns the result remembered under a key, or nil.
func recall(key [32]byte) *result {
	if r, ok := remembered().Get(string(key[:])); ok && r.key == key {
		return r
	}
	return nil
}

// remember keeps a result for a while, except if the recognizer gave no valid response:
// such a text is sent again.
func remember(key [32]byte, r *result) {
	if r.silent {
		return
	}
	r.key = key
	remembered().Set(string(key[:]), r, int64(len(r.text)+resultOverhead))
}
