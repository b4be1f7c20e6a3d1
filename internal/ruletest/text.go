package ruletest

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the result of a file's tests of a ruleset, and reports whether all
// passed. If all is set, every rule must be hit.
func (rep *Report) WriteText(out io.Writer, file, ruleset string, all bool) (ok bool) {
	for _, x := range rep.Failures {
		fmt.Fprintf(out, "FAIL %s: %s\n  %s\n", x.At, x.Name, x.Problem)
	}
	ok = len(rep.Failures) == 0
	if all && len(rep.Missed) > 0 {
		ok = false
		fmt.Fprintf(out, "FAIL %s: no test hits: %s\n", ruleset, strings.Join(rep.Missed, ", "))
	}
	for _, r := range rep.Removing {
		fmt.Fprintf(out, "warning: %s: rule %q removed every value in its tests (%d): method %q may not fit, or a test is missing\n", r.At, r.Rule, r.Values, r.Method)
	}
	if ok {
		fmt.Fprintf(out, "ok %s: %d tests of %s\n", file, rep.Tests, ruleset)
	}
	return ok
}
