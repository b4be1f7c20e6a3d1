//go:build unix

package veiltest

import (
	"syscall"
	"testing"
	"time"
)

// CPU returns the CPU time of this process so far, which does not depend on the rest of the
// machine.
func CPU(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
