package veiltest

import (
	"os"
	"runtime/debug"
	"testing"
)

// Main is the TestMain of packages whose tests compute much: the garbage collector, which
// otherwise takes up to a fifth of their time, runs less often, within a gigabyte.
func Main(m *testing.M) {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}
