//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// surviveFileSizeLimit lets a write beyond the limit on a file's size (ulimit -f)
// fail, instead of ending the process: then nothing is answered any more, since no
// record can be written, and the log says so.
func surviveFileSizeLimit() { signal.Ignore(syscall.SIGXFSZ) }
