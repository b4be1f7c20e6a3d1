package lookup

// Scrubbing of texts is slow beside masking, so a walk leaves it: the masker goes back, the
// texts of the response are scrubbed side by side, and the response is masked again with
// what came of them.

// maxLeft bounds how many texts of one response are left at once. Further ones are scrubbed
// by the walk.
const maxLeft = 10_000

// leftWork is work of a walk, and the key of what comes of it.
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

// do does what a walk left.
func (f *Finder) do(l leftWork) {
	result := l.work()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.results == nil {
		f.results = map[[32]byte]any{}
	}
	f.results[l.key] = result
}
