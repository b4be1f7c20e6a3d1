package audit

import (
	"os"
	"runtime"
	"sync"
)

// SpareProcessor lets Go run one more goroutine at a time than there are processors, for the
// life of the process. A goroutine that writes the log waits for the disk in a system call,
// and Go counts it as running for a good part of the call: one of two processors would be
// idle while records wait. If the environment sets GOMAXPROCS, it does not change.
func SpareProcessor() { spare() }

var spare = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
})
