package mask

// Later takes work that a method would rather not do while a value waits for it: work that
// is slow, or that can be done for several values side by side. It belongs to what masks,
// which does the work and then masks again from the beginning.
type Later interface {
	// Result returns what came of work that was left under a key, or nil.
	Result(key [32]byte) any
	// Leave takes work and reports whether it did: then the value counts for nothing, since
	// it will be masked again. Otherwise the method does the work at once. The work must not
	// use anything that the method was lent.
	Leave(key [32]byte, work func() any) bool
}
