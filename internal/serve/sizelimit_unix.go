//go:build unix

package serve

import (
	"os/signal"
	"syscall"
)

// surviveFileSizeLimit lets a write beyond the limit on a file's size (ulimit -f)
// fail, instead of ending the process: then all requests are refused, since no record
// can be written, and the log says so.
func surviveFileSizeLimit() { signal.Ignore(syscall.SIGXFSZ) }
