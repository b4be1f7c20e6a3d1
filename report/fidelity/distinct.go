package fidelity

import (
	"math"
	"slices"
)

// distinct counts values by their hashes: all of them up to a bound, and beyond that
// those whose hash is below a limit, which decreases as more values arrive. The values
// below the limit are a sample of the distinct values, each with its true count. Two
// columns with the same limit have sampled the same values, so that joins can be counted
// in samples.
type distinct struct {
	most   int
	limit  uint64 // hashes up to it are counted
	counts map[uint64]uint64
}

func newDistinct(most int) *distinct {
	return &distinct{most: most, limit: math.MaxUint64, counts: map[uint64]uint64{}}
}

func (d *distinct) add(hash uint64) {
	if hash > d.limit {
		return
	}
	d.counts[hash]++
	for len(d.counts) > d.most {
		d.lower(d.limit / 2)
	}
}

// lower lowers the limit.
func (d *distinct) lower(limit uint64) {
	d.limit = limit
	for h := range d.counts {
		if h > limit {
			delete(d.counts, h)
		}
	}
}

// exact reports whether all values were counted.
func (d *distinct) exact() bool { return d.limit == math.MaxUint64 }

// share returns the sampled share of all distinct values.
func (d *distinct) share() float64 { return (float64(d.limit) + 1) / (math.MaxUint64 + 1.0) }

// number returns the number of distinct values, exact or estimated.
func (d *distinct) number() float64 { return math.Round(float64(len(d.counts)) / d.share()) }

// tolerance returns the relative error of number in 19 of 20 cases.
func (d *distinct) tolerance() float64 {
	if d.exact() || len(d.counts) == 0 {
		return 0
	}
	return 1.96 / math.Sqrt(float64(len(d.counts)))
}

// total returns how many values the sample represents, and frequencies those of the
// values, most frequent first.
func (d *distinct) frequencies() (list []float64, total float64) {
	list = make([]float64, 0, len(d.counts))
	for _, n := range d.counts {
		list = append(list, float64(n))
		total += float64(n)
	}
	slices.SortFunc(list, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	return list, total
}

// within returns how much of d is in o: of its distinct values, and of its rows.
func (d *distinct) within(o *distinct) (ofValues, ofRows float64, sampled int) {
	limit := min(d.limit, o.limit)
	var values, rows, foundValues, foundRows float64
	for h, n := range d.counts {
		if h > limit {
			continue
		}
		values++
		rows += float64(n)
		if o.counts[h] > 0 {
			foundValues++
			foundRows += float64(n)
		}
	}
	if values == 0 {
		return 0, 0, 0
	}
	return foundValues / values, foundRows / rows, int(values)
}

// totalVariation returns half the sum of the differences of shares, value by value. Both
// must be exact.
func totalVariation(a, b *distinct) float64 {
	_, na := a.frequencies()
	_, nb := b.frequencies()
	if na == 0 || nb == 0 {
		return 1
	}
	sum := 0.0
	for h, n := range a.counts {
		sum += math.Abs(float64(n)/na - float64(b.counts[h])/nb)
	}
	for h, n := range b.counts {
		if a.counts[h] == 0 {
			sum += float64(n) / nb
		}
	}
	return min(sum/2, 1)
}

// byRank returns the total variation by rank: the most frequent value of one against the
// most frequent of the other, and so on. It is for columns whose values were replaced.
func byRank(a, b *distinct) float64 {
	fa, na := a.frequencies()
	fb, nb := b.frequencies()
	if na == 0 || nb == 0 {
		return 1
	}
	sum := 0.0
	for i := range max(len(fa), len(fb)) {
		var x, y float64
		if i < len(fa) {
			x = fa[i] / na
		}
		if i < len(fb) {
			y = fb[i] / nb
		}
		sum += math.Abs(x - y)
	}
	return min(sum/2, 1)
}

// rare returns the values whose share is less than the given one.
func (d *distinct) rare(share float64) map[uint64]uint64 {
	_, total := d.frequencies()
	list := map[uint64]uint64{}
	for h, n := range d.counts {
		if float64(n) < share*total {
			list[h] = n
		}
	}
	return list
}
