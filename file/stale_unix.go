//go:build unix

package file

import (
	"os"
	"syscall"
)

// claim marks a temporary file as used by a running process.
func claim(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// abandoned reports whether no running process has claimed a temporary file.
func abandoned(root *os.Root, path string) bool {
	f, err := root.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
