package mask

// Later takes work that a method would rather not do while a value waits: work that is
// slow, or that can be done for several values in parallel. The caller of the method
// implements it: it does the work, then masks again from the beginning.
type Later interface {
	// Result returns the result of the work that was left under a key, or nil.
	Result(key [32]byte) any
	// Leave takes work to do later and reports whether it did. If so, the method's result is
	// discarded, because the value will be masked again. Otherwise the method does the work
	// at once. The work must not use the method's arguments.
	Leave(key [32]byte, work func() any) bool
}
