//go:build !unix

package pgproxy

// pending says that a socket may have something to read: whoever reads it waits.
func pending(uintptr) bool { return true }
