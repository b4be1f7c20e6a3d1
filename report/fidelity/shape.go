package fidelity

import (
	"cmp"
	"maps"
	"slices"
)

// A shape is a histogram without numbers on its axes: it shows what a distribution looks
// like and no value of it.
const (
	shapeBins       = 28
	shapeCategories = 12
	mostDrawn       = 200   // categories in a plot; beyond that, the first ones say little
	clipped         = 0.002 // of the values at either end are left out
)

// shapes returns the shapes of two distributions of numbers, over the same range.
func shapes(a, b *numbers) (out [2][]float64) {
	lo, hi := clip(a)
	if l, h := clip(b); b.n > 0 {
		lo, hi = min(lo, l), max(hi, h)
	}
	for side, d := range []*numbers{a, b} {
		bins := make([]float64, shapeBins)
		values, weights := d.weighted()
		total := 0.0
		for i, v := range values {
			total += weights[i]
			if v < lo || v > hi {
				continue
			}
			at := shapeBins / 2
			if hi > lo {
				at = min(shapeBins-1, int((v-lo)/(hi-lo)*shapeBins))
			}
			bins[at] += weights[i]
		}
		for i := range bins {
			if total > 0 {
				bins[i] /= total
			}
		}
		out[side] = bins
	}
	return out
}

// clip returns the range of a distribution without its outermost values.
func clip(d *numbers) (lo, hi float64) {
	values, weights := d.weighted()
	if len(values) == 0 {
		return 0, 0
	}
	total, sum := 0.0, 0.0
	for _, w := range weights {
		total += w
	}
	lo, hi = values[0], values[len(values)-1]
	for i, v := range values {
		if sum <= clipped*total {
			lo = v
		}
		sum += weights[i]
		if sum >= (1-clipped)*total {
			return lo, v
		}
	}
	return lo, hi
}

// frequencies returns the frequencies of the originals' most frequent categories and the
// sum of the others, and the same for the masked side; by rank if categories were
// replaced.
func (c *columnPlan) frequencies(outcome string) (out [2][]float64) {
	a, b := c.sides[0].distinct, c.sides[1].distinct
	order := func(d *distinct) []uint64 {
		return slices.SortedFunc(maps.Keys(d.counts), func(x, y uint64) int {
			return cmp.Or(cmp.Compare(d.counts[y], d.counts[x]), cmp.Compare(x, y))
		})
	}
	hashes := [2][]uint64{order(a), order(a)}
	if shared, _, _ := a.within(b); outcome == replaced || shared == 0 {
		hashes[1] = order(b)
	}
	for side, d := range []*distinct{a, b} {
		_, total := d.frequencies()
		bars := make([]float64, 0, shapeCategories+1)
		rest := total
		for i, h := range hashes[side] {
			if i == shapeCategories {
				break
			}
			n := float64(d.counts[h])
			rest -= n
			bars = append(bars, n/max(total, 1))
		}
		if rest/max(total, 1) > 1e-9 {
			bars = append(bars, rest/total)
		}
		out[side] = bars
	}
	for len(out[0]) < len(out[1]) {
		out[0] = append(out[0], 0)
	}
	for len(out[1]) < len(out[0]) {
		out[1] = append(out[1], 0)
	}
	return out
}
