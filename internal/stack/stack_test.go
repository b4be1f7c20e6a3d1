package stack

import (
	"strings"
	"testing"
)

func fails(value string) { panic(value) }

func TestStackNamesFunctionsAlone(t *testing.T) {
	t.Parallel()
	named := ""
	func() {
		defer func() {
			if recover() != nil {
				named = OfPanic()
			}
		}()
		fails("a value")
	}()
	if !strings.Contains(named, "stack.fails:") || strings.Contains(named, "a value") {
		t.Errorf("%q", named)
	}
}
