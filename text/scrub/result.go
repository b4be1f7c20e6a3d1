package scrub

import (
	"slices"
	"sync"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/mask"
)

// result is what became of a text.
type result struct {
	key     [32]byte
	removed bool
	silent  bool // removed since the recognizer gave no valid answer
	text    []byte
	found   []spanCount
}

// append appends the text, and counts what was found in it.
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
// again. What is kept is the scrubbed text alone, under a digest keyed with what never
// leaves the process: no original can be found in it, nor be told from it.

const (
	// maxRemembered bounds what is remembered in the process, in bytes.
	maxRemembered = 64 << 20
	// resultOverhead is about what a result takes besides its text, in bytes.
	resultOverhead = 256
)

var remembered = sync.OnceValue(func() *ristretto.Cache[string, *result] {
	c, err := ristretto.NewCache(&ristretto.Config[string, *result]{
		NumCounters: 10 * maxRemembered / 2048, MaxCost: maxRemembered, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic("scrub: " + err.Error()) // the configuration is fixed
	}
	return c
})

// recall returns what is remembered under a key, or nil.
func recall(key [32]byte) *result {
	if r, ok := remembered().Get(string(key[:])); ok && r.key == key {
		return r
	}
	return nil
}

// remember keeps a result for a while. A text is sent again to a recognizer that was silent.
func remember(key [32]byte, r *result) {
	if r.silent {
		return
	}
	r.key = key
	remembered().Set(string(key[:]), r, int64(len(r.text)+resultOverhead))
}
