package pgproxy

import (
	"strings"
	"testing"
	"time"
)

// TestPolicyProblemsHaveAnOrder: one policy has one list of problems.
func TestPolicyProblemsHaveAnOrder(t *testing.T) {
	t.Parallel()
	views := map[string]View{}
	for _, name := range strings.Split("e d c b a h g f", " ") {
		views[name] = View{StatementTimeout: -time.Second}
	}
	const want = "view \"a\" has no ruleset\nview \"b\" has no ruleset\nview \"c\" has no ruleset\nview \"d\" has no ruleset\n" +
		"view \"e\" has no ruleset\nview \"f\" has no ruleset\nview \"g\" has no ruleset\nview \"h\" has no ruleset"
	for range 20 {
		if _, err := newPolicy(Policy{Views: views}, DefaultLimits()); err == nil || err.Error() != want {
			t.Fatalf("%v", err)
		}
	}
}
