package veiltest

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// parallel is how many tests of a package run at once: most of them wait for each other's
// processes, servers and clocks, so there are more than processors.
const parallel = 8

// Main is the TestMain of packages whose tests wait or compute much. More of them run at
// once than there are processors, unless go test -parallel says how many. And the garbage
// collector, which otherwise takes up to a fifth of their time, runs less often, within a
// gigabyte.
func Main(m *testing.M) {
	Parallel()
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}

// Parallel is Main's part of that name, for a TestMain of its own.
func Parallel() {
	_ = flag.Set("test.parallel", strconv.Itoa(max(parallel, runtime.GOMAXPROCS(0)))) // before the flags are parsed
}
