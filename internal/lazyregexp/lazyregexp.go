// Package lazyregexp has regular expressions that are compiled when they are first used, so
// that a command does not compile those of others when it starts.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the regular expression, which is compiled by the first
// call. It panics if the expression does not compile.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
