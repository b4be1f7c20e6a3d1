package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// noSpace is a standard output that nothing can be written to.
type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputFails: a command whose output is lost fails, and says so once.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, args := range [][]string{
		{"version"}, {"version", "--json"}, {"keys", "show", key}, {"keys", "api", "alice"}, {"ruleset", "list"}, {"ruleset", "show", "safe-harbor"}, {"ruleset", "explain", "Patient.name"}, {"mask", "--key-file", key}, {"--help"},
	} {
		var errs bytes.Buffer
		code := run(args, strings.NewReader(twoPatients), noSpace{}, &errs)
		if code != exitFailed || strings.Count(errs.String(), "no space left on device") != 1 {
			t.Errorf("%v: exit %d: %s", args, code, &errs)
		}
	}
}
