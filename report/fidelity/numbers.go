package fidelity

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
)

// numbers is a distribution of numbers: all of them up to a bound of distinct ones, and
// beyond that a sample in which each is as likely as any other. The same numbers in the
// same order give the same sample.
type numbers struct {
	most   int
	n      uint64
	counts map[float64]uint64 // nil beyond the bound
	sample []float64
	random *rand.Rand
	lo, hi float64
	mean   float64
	m2     float64 // sum of squared distances to the mean
}

// sampleSize is the size of a sample, and gridSize is how many of its values become
// limits between which all values are counted.
const (
	sampleSize = 1 << 14
	gridSize   = 1 << 12
)

func newNumbers(most int) *numbers {
	return &numbers{most: most, counts: map[float64]uint64{}, random: rand.New(rand.NewPCG(1, 2)), lo: math.Inf(1), hi: math.Inf(-1)} //nolint:gosec // a sample, the same each time
}

func (d *numbers) add(v float64) {
	d.n++
	d.lo, d.hi = min(d.lo, v), max(d.hi, v)
	delta := v - d.mean
	d.mean += delta / float64(d.n)
	d.m2 += delta * (v - d.mean)
	if d.counts != nil {
		if d.counts[v]++; len(d.counts) > d.most {
			d.counts = nil
		}
	}
	if len(d.sample) < sampleSize {
		d.sample = append(d.sample, v)
	} else if at := d.random.Uint64N(d.n); at < sampleSize {
		d.sample[at] = v
	}
}

func (d *numbers) exact() bool { return d.counts != nil }

// deviation is the standard deviation.
func (d *numbers) deviation() float64 {
	if d.n < 2 {
		return 0
	}
	return math.Sqrt(d.m2 / float64(d.n-1))
}

// weighted returns the values in order with their weights; beyond the bound, those of the
// sample.
func (d *numbers) weighted() (values, weights []float64) {
	if d.counts == nil {
		values = slices.Clone(d.sample)
		slices.Sort(values)
		weights = make([]float64, len(values))
		for i := range weights {
			weights[i] = 1
		}
		return values, weights
	}
	values = make([]float64, 0, len(d.counts))
	for v := range d.counts {
		values = append(values, v)
	}
	slices.Sort(values)
	weights = make([]float64, len(values))
	for i, v := range values {
		weights[i] = float64(d.counts[v])
	}
	return values, weights
}

// include adds the numbers of another distribution, each transformed by f; if it is not
// exact, those of its sample.
func (d *numbers) include(o *numbers, f func(float64) float64) {
	values, weights := o.weighted()
	for i, v := range values {
		v, w := f(v), weights[i]
		d.n += uint64(w)
		d.lo, d.hi = min(d.lo, v), max(d.hi, v)
		delta := v - d.mean
		d.mean += delta * w / float64(d.n)
		d.m2 += w * delta * (v - d.mean)
		if d.counts != nil {
			d.counts[v] += uint64(w)
		}
		if len(d.sample) < sampleSize {
			d.sample = append(d.sample, v)
		}
	}
	if o.counts == nil {
		d.counts = nil
	}
}

// grid has limits in ascending order; between them the numbers of both sides are counted.
type grid struct {
	limits []float64
	// at counts the numbers equal to each limit, and below those between the limit and the
	// one before it, by side. sum has the sums of the latter.
	at, below [2][]uint64
	sum       [2][]float64
	above     [2]uint64
}

// newGrid returns a grid for two distributions.
func newGrid(a, b *numbers) *grid {
	var all []float64
	for _, d := range []*numbers{a, b} {
		values, _ := d.weighted()
		step := max(1, len(values)/(gridSize/2))
		for i := 0; i < len(values); i += step {
			all = append(all, values[i])
		}
		if d.n > 0 {
			all = append(all, d.lo, d.hi)
		}
	}
	slices.Sort(all)
	g := &grid{limits: slices.Compact(all)}
	for side := range g.at {
		g.at[side], g.below[side] = make([]uint64, len(g.limits)), make([]uint64, len(g.limits))
		g.sum[side] = make([]float64, len(g.limits))
	}
	return g
}

func (g *grid) add(side int, v float64) {
	i := sort.SearchFloat64s(g.limits, v)
	switch {
	case i == len(g.limits):
		g.above[side]++ // the source has changed in the meantime
	case g.limits[i] == v:
		g.at[side][i]++
	default:
		g.below[side][i]++
		g.sum[side][i] += v
	}
}

// distances returns the Kolmogorov-Smirnov and Wasserstein distances at the limits, and
// the possible error of each, which is due to the numbers between two limits.
func (g *grid) distances() (ks, ksTolerance, w, wTolerance float64) {
	var n, below [2]float64
	for side := range n {
		for i := range g.limits {
			n[side] += float64(g.at[side][i] + g.below[side][i])
		}
		if n[side] == 0 {
			return 1, 0, 0, 0
		}
	}
	for i := range g.limits {
		var gap [2]float64
		for side := range gap {
			gap[side] = float64(g.below[side][i]) / n[side]
		}
		if i > 0 {
			width := g.limits[i] - g.limits[i-1]
			from := below[0] - below[1]
			to := from + gap[0] - gap[1]
			w += width * (math.Abs(from) + math.Abs(to)) / 2
			wTolerance += width * max(gap[0], gap[1])
		}
		ks = max(ks, math.Abs(below[0]+gap[0]-below[1]-gap[1]))
		ksTolerance = max(ksTolerance, gap[0], gap[1])
		for side := range below {
			below[side] += gap[side] + float64(g.at[side][i])/n[side]
		}
		ks = max(ks, math.Abs(below[0]-below[1]))
	}
	return ks, ksTolerance, w, wTolerance
}

// exactDistances returns the distances of two distributions whose numbers are all known.
func exactDistances(a, b *numbers) (ks, w float64) {
	x, wx := a.weighted()
	y, wy := b.weighted()
	if len(x) == 0 || len(y) == 0 {
		return 1, 0
	}
	return stat.KolmogorovSmirnov(x, wx, y, wy), wasserstein(x, wx, y, wy)
}

// wasserstein returns the area between two distribution functions.
func wasserstein(x, wx, y, wy []float64) float64 {
	var nx, ny float64
	for _, w := range wx {
		nx += w
	}
	for _, w := range wy {
		ny += w
	}
	var i, j int
	var fx, fy, sum, last float64
	for i < len(x) || j < len(y) {
		var v float64
		switch {
		case j == len(y) || i < len(x) && x[i] <= y[j]:
			v = x[i]
		default:
			v = y[j]
		}
		if i+j > 0 {
			sum += math.Abs(fx/nx-fy/ny) * (v - last)
		}
		last = v
		for ; i < len(x) && x[i] == v; i++ {
			fx += wx[i]
		}
		for ; j < len(y) && y[j] == v; j++ {
			fy += wy[j]
		}
	}
	return sum
}

// ranks returns the rank of each number; equal numbers share the mean rank.
type ranks struct{ values, middle []float64 }

func newRanks(d *numbers) ranks {
	values, weights := d.weighted()
	r := ranks{values: values[:0:0]}
	before := 0.0
	for i, v := range values {
		if n := len(r.values); n > 0 && r.values[n-1] == v { // of a sample
			r.middle[n-1] += weights[i] / 2
		} else {
			r.values, r.middle = append(r.values, v), append(r.middle, before+weights[i]/2)
		}
		before += weights[i]
	}
	return r
}

func (r *ranks) of(v float64) float64 {
	i := sort.SearchFloat64s(r.values, v)
	switch {
	case len(r.values) == 0:
		return 0
	case i == len(r.values):
		return r.middle[i-1]
	case r.values[i] == v || i == 0:
		return r.middle[i]
	}
	return (r.middle[i-1] + r.middle[i]) / 2
}
