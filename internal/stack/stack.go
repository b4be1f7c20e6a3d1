// Package stack names where a panic came from without showing any value.
package stack

import (
	"fmt"
	"runtime"
	"strings"
)

// OfPanic names the functions that led to a panic, without their arguments, which can
// be values. It is called by the deferred function that recovers.
func OfPanic() string {
	pc := make([]uintptr, 48)
	frames := runtime.CallersFrames(pc[:runtime.Callers(4, pc)])
	var names []string
	for {
		f, more := frames.Next()
		names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			return strings.Join(names, " ")
		}
	}
}
