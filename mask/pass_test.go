package mask

import (
	"math/rand/v2"
	"testing"
)

// TestNextUsed: every action that was used is found, wherever it stands.
func TestNextUsed(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		for range 50 {
			p := &Pass{Counts: make([]uint64, n)}
			for range rng.IntN(4) {
				if n > 0 {
					p.Counts[rng.IntN(n)] = 1 << rng.IntN(64)
				}
			}
			next := p.nextUsed(0)
			for i, c := range p.Counts {
				if (i == next) != (c != 0) {
					t.Fatalf("of %v, %d comes next at %d", p.Counts, next, i)
				}
				if i == next {
					next = p.nextUsed(i + 1)
				}
			}
			if next != n {
				t.Fatalf("of %v, %d comes last, want %d", p.Counts, next, n)
			}
		}
	}
}
