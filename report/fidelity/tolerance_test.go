package fidelity

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestTolerancesHold: what a column beyond the bound is said to be is no further from the
// truth than it says.
func TestTolerancesHold(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(*rand.Rand) float64{
		"normal":   func(r *rand.Rand) float64 { return r.NormFloat64() },
		"skewed":   func(r *rand.Rand) float64 { return math.Exp(3 * r.NormFloat64()) },
		"few ties": func(r *rand.Rand) float64 { return math.Round(1000*r.NormFloat64()) / 10 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // test data
			var exact, bounded [2]*numbers
			for side := range exact {
				exact[side], bounded[side] = newNumbers(1<<20), newNumbers(100)
			}
			values := [2][]float64{}
			for i := range 60_000 {
				v := draw(r)
				values[0], values[1] = append(values[0], v), append(values[1], v*1.1+float64(i%2)/5)
			}
			for side, list := range values {
				for _, v := range list {
					exact[side].add(v)
					bounded[side].add(v)
				}
			}
			if bounded[0].exact() || !exact[0].exact() {
				t.Fatal("the bound does nothing")
			}
			g := newGrid(bounded[0], bounded[1])
			for side, list := range values {
				for _, v := range list {
					g.add(side, v)
				}
			}
			ks, ksTolerance, w, wTolerance := g.distances()
			wantKS, wantW := exactDistances(exact[0], exact[1])
			if math.Abs(ks-wantKS) > ksTolerance+1e-12 || ksTolerance > 0.01 {
				t.Errorf("KS %.5f ± %.5f, and it is %.5f", ks, ksTolerance, wantKS)
			}
			if math.Abs(w-wantW) > wTolerance+1e-12 {
				t.Errorf("Wasserstein %.5f ± %.5f, and it is %.5f", w, wTolerance, wantW)
			}
		})
	}
}

// TestSampledJoins: beyond the bound, two columns have sampled the same values, so that
// what is said of a join is near the truth.
func TestSampledJoins(t *testing.T) {
	t.Parallel()
	keys, from := newDistinct(1000), newDistinct(1000)
	for i := range 50_000 {
		keys.add(hashOf([]byte("key" + strconv.Itoa(i))))
		for range 1 + i%3 { // half of them find a key
			from.add(hashOf([]byte("key" + strconv.Itoa(2*i))))
		}
	}
	if keys.exact() || from.exact() {
		t.Fatal("the bound does nothing")
	}
	if n := keys.number(); math.Abs(n-50_000) > 2*keys.tolerance()*50_000 {
		t.Errorf("%.0f of 50,000 distinct values, ± %.2f", n, keys.tolerance())
	}
	values, rows, sampled := from.within(keys)
	if math.Abs(values-0.5) > 2*wilson(0.5, sampled) || math.Abs(rows-0.5) > 3*wilson(0.5, sampled) {
		t.Errorf("%.3f of values and %.3f of rows join, of %d: expected a half", values, rows, sampled)
	}
	if len(keys.counts) > 1000 {
		t.Errorf("%d values are kept", len(keys.counts))
	}
}

// TestWhatValuesLookLike has the edges of numbers and dates.
func TestWhatValuesLookLike(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		form form
		v    float64
	}{
		"0": {number, 0}, "-17": {number, -17}, "+3.5": {number, 3.5}, "1e3": {number, 1000}, "12345678901234567890": {number, 12345678901234567890},
		"-": {other, 0}, "1,000": {other, 0}, "0x10": {other, 0}, "NaN": {other, 0}, "inf": {other, 0}, "90+": {other, 0}, "1-2": {other, 0},
		"1970-01-02": {moment, 86400}, "1969-12-31": {moment, -86400}, "1850-03": {moment, -3781728000}, "1970-01-01T00:00:01Z": {moment, 1},
		"1970-01-01 01:00:00+01": {moment, 0}, "2021-02-30": {other, 0}, "8867-4": {other, 0},
	} {
		f, v := read([]byte(text))
		if f != want.form || f != other && v != want.v {
			t.Errorf("%q: form %d, %v; expected %d, %v", text, f, v, want.form, want.v)
		}
	}
	for _, p := range []precision{year, month, wholeDay, second} {
		v := startOf(1899)
		if got := p.floor(v); got != v {
			t.Errorf("the beginning of 1899 cut to a %s is %v", p, got)
		}
	}
	leap := startOf(1896) + 59*day + 7
	if month.floor(leap) != startOf(1896)+31*day || wholeDay.floor(leap) != startOf(1896)+59*day || year.floor(leap) != startOf(1896) || precisionOf(leap) != second {
		t.Error("29 February 1896 is cut to something else")
	}
}
