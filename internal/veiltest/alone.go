package veiltest

import (
	"os"
	"regexp"
	"testing"
)

// Alone runs a test in a process of its own, because what it leaves behind would slow
// down or change the tests after it. It reports whether this is that process:
//
//	if !veiltest.Alone(t) {
//		return
//	}
func Alone(t *testing.T) bool {
	t.Helper()
	const name = "VEIL_TEST_ALONE"
	if os.Getenv(name) == t.Name() {
		return true
	}
	cmd := Command(t, Works, os.Args[0], "-test.v", "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	cmd.Env = append(os.Environ(), name+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}
