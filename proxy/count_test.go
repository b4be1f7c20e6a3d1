package proxy

import (
	"slices"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestCategoriesAreSummed: each category once, with all of its applications.
func TestCategoriesAreSummed(t *testing.T) {
	t.Parallel()
	used := mask.NewUses(mask.Applied{Category: "A", N: 3}, mask.Applied{N: 1}, mask.Applied{Category: "A", N: 4}, mask.Applied{Category: "GHI", N: 2}, mask.Applied{N: 5})
	got := appendByCategory(nil, used)
	if want := []categoryCount{{"A", 7}, {"", 6}, {"GHI", 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := appendByCategory(nil, nil); len(got) != 0 {
		t.Errorf("got %v of no applications", got)
	}
}
