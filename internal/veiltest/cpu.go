//go:build unix

package veiltest

import (
	"syscall"
	"testing"
	"time"
)

// CPU is the CPU time of this process so far, which the rest of the machine does not change.
func CPU(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
