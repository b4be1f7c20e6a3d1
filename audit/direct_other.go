//go:build !linux

package audit

// openFile opens a segment to be written.
func openFile(path string) (file, error) { return openCached(path) }
