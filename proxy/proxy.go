// Package proxy is what the listeners share beside their consumers and upstreams: how a
// limit gets its value, and what may be told of a panic. It knows no protocol.
package proxy

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// Limit gives a limit that is zero its default. The error says that it is negative.
func Limit[T int | time.Duration](name string, v *T, def T) error {
	if *v < 0 {
		return fmt.Errorf("limit %s is negative", name)
	}
	if *v == 0 {
		*v = def
	}
	return nil
}

// Stack names the functions that led to a panic, without their arguments, which can
// be values. It is called by the deferred function that recovers.
func Stack() string {
	pc := make([]uintptr, 32)
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
