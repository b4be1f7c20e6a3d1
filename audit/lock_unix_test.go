//go:build unix

package audit

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestLockEndsWithTheLog: a copy of the lock's descriptor, as a program has it that is just
// being started, does not keep a log that was closed.
func TestLockEndsWithTheLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lockDir(path)
	if err != nil {
		t.Fatal(err)
	}
	held, err := syscall.Dup(int(first.(lock).Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(held) }()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := lockDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
