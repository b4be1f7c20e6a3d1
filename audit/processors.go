package audit

import (
	"os"
	"runtime"
	"sync"
)

// SpareProcessor lets Go run one goroutine more at a time than there are processors, for as
// long as the process lives. Whoever writes the log waits for the disk in a system call, and
// Go counts that as running for a good part of the call: of two processors one would stand
// idle while records wait. Where the environment sets GOMAXPROCS it stays as it is.
func SpareProcessor() { spare() }

var spare = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
})
