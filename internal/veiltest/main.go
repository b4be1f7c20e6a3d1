package veiltest

import (
	"cmp"
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
// once than there are processors, unless go test -parallel says how many, and the garbage
// collector runs less often.
func Main(m *testing.M) {
	Parallel()
	os.Exit(Roomy{M: m}.Run())
}

// Parallel is Main's part of that name, for a TestMain of its own.
func Parallel() {
	_ = flag.Set("test.parallel", strconv.Itoa(max(parallel, runtime.GOMAXPROCS(0)))) // before the flags are parsed
}

// Roomy runs tests with a garbage collector that runs less often, within a gigabyte or the
// Bytes given. Otherwise it takes up to a fifth of their time, and half of it where what they
// hold comes near that bound.
type Roomy struct {
	*testing.M
	Bytes int64
}

// Run runs the tests.
func (r Roomy) Run() int {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(cmp.Or(r.Bytes, 1<<30))
	return r.M.Run()
}
