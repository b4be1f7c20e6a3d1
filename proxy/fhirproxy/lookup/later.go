package lookup

// Scrubbing texts is slow compared with masking, so a walk defers it: the masker is
// returned, the texts of the response are scrubbed in parallel, and the response is
// masked again with the results.

// maxLeft bounds the deferred texts of one response. The walk scrubs further ones itself.
const maxLeft = 10_000

// leftWork is deferred work of a walk, with the key of its result.
type leftWork struct {
	key  [32]byte
	work func() any
}

// Result implements mask.Later.
func (f *Finder) Result(key [32]byte) any { return f.results[key] }

// Leave implements mask.Later. A walk with a masker of its own does the work itself.
func (f *Finder) Leave(key [32]byte, work func() any) bool {
	if f.waits || len(f.left) >= maxLeft {
		return false
	}
	f.left = append(f.left, leftWork{key, work})
	return true
}

// Needs reports whether the walk left anything to look up or to do.
func (f *Finder) Needs() bool { return len(f.missed)+len(f.left) > 0 }

// Forget discards what the walk left: the walk is repeated and may not need it.
func (f *Finder) Forget() { f.missed, f.left = f.missed[:0], nil }

// do does the deferred work of a walk.
func (f *Finder) do(l leftWork) {
	result := l.work()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.results == nil {
		f.results = map[[32]byte]any{}
	}
	f.results[l.key] = result
}
