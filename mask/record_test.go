package mask

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/veil-proxy/veil/mask/keys"
)

// TestCategoriesAreSummed: each category once, with all of its applications, whether a plan
// numbers it, has too many of them, or there is no plan.
func TestCategoriesAreSummed(t *testing.T) {
	t.Parallel()
	all := []Applied{{Category: "A", N: 3}, {N: 1}, {Category: "A", N: 4}, {Category: "GHI", N: 2}, {N: 5}}
	want := []Count{{"x", 1}, {"A", 7}, {"", 6}, {"GHI", 2}}
	without := Record{Used: NewUses(all...)}
	if got := without.AppendByCategory([]Count{{"x", 1}}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	ring, err := keys.NewKeyring(bytes.Repeat([]byte{7}, 64), "p")
	if err != nil {
		t.Fatal(err)
	}
	plan := &Plan{Keys: ring}
	add := func(category string) {
		t.Helper()
		if _, err := plan.Add(Action{Category: category}); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range all {
		add(a.Category)
	}
	pass := NewPass(plan)
	pass.Begin(Origin{})
	for i, a := range all {
		pass.Counts[i] = a.N
	}
	if got := pass.Record("complete", "").AppendByCategory([]Count{{"x", 1}}); !slices.Equal(got, want) {
		t.Errorf("of a plan: got %v, want %v", got, want)
	}
	for range 2 {
		for i := range 2 * mostNumbered {
			add(strconv.Itoa(i))
		}
	}
	pass = NewPass(plan)
	pass.Begin(Origin{})
	for i := len(all); i < len(pass.Counts); i++ {
		pass.Counts[i] = 1
	}
	got := pass.Record("complete", "").AppendByCategory(nil)
	if len(got) != 2*mostNumbered || slices.ContainsFunc(got, func(c Count) bool { return c.N != 2 }) {
		t.Errorf("of many: %d: %v", len(got), got)
	}
}
