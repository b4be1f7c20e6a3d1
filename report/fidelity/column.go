package fidelity

import "math"

// Outcomes of columns.
const (
	kept        = "kept"
	removed     = "removed"
	replaced    = "replaced"
	generalized = "generalized"
	changed     = "changed"
)

const (
	rareShare = 0.01 // a category with a smaller share is rare
	tail      = 0.01
	// mostClasses is the number of distinct numbers that are compared as categories too.
	mostClasses = 50
)

// result returns the result for a column.
func (c *columnPlan) result(rowsOriginal, rowsMasked uint64) Column {
	a, b := c.sides[0], c.sides[1]
	r := Column{Name: c.name, Kind: c.kind.String(), keyOriginals: c.key}
	r.Nulls = Both{nulls(a, rowsOriginal), nulls(b, rowsMasked)}
	r.Distinct = Both{a.distinct.number(), b.distinct.number()}
	r.DistinctTolerance = max(a.distinct.tolerance(), b.distinct.tolerance())
	if a.values > 0 && b.values > 0 {
		if c.measured[0] != nil {
			r.Others = Both{float64(c.others[0]) / float64(a.values), float64(c.others[1]) / float64(b.values)}
			c.distances(&r)
		}
		if a.distinct.exact() && b.distinct.exact() && (c.kind == categorical || a.distinct.number() <= mostClasses || c.replaced()) {
			r.TV = &Distance{Value: totalVariation(a.distinct, b.distinct)}
			r.TVByRank = &Distance{Value: byRank(a.distinct, b.distinct)}
		}
	}
	r.Outcome = c.outcome(&r)
	if c.kind == categorical && !c.key && !c.refers && a.distinct.exact() && b.distinct.exact() && b.values > 0 {
		r.Rare = c.rare(r.Outcome)
	}
	if c.measured[0] == nil && !c.key && a.distinct.number() < mostDrawn {
		r.unordered = true
		r.shapes = c.frequencies(r.Outcome)
	}
	return r
}

func nulls(c *columnProfile, rows uint64) float64 {
	if rows == 0 {
		return 0
	}
	return 1 - float64(c.filled)/float64(rows)
}

// distances of the numbers or moments of a column.
func (c *columnPlan) distances(r *Column) {
	a, b := c.measured[0], c.measured[1]
	if c.kind == temporal {
		r.Precision = &[2]string{c.sides[0].precision.String(), c.sides[1].precision.String()}
	}
	if a.n == 0 || b.n == 0 {
		return
	}
	ks, w := &Distance{}, &Distance{}
	if c.grid == nil {
		ks.Value, w.Value = exactDistances(a, b)
	} else {
		ks.Value, ks.Tolerance, w.Value, w.Tolerance = c.grid.distances()
	}
	if deviation := a.deviation(); deviation > 0 {
		r.WassersteinDeviations = w.Value / deviation
	}
	if c.kind == temporal {
		w.Value, w.Tolerance = w.Value/day, w.Tolerance/day
	}
	r.KS, r.Wasserstein = ks, w
	r.shapes = shapes(a, b)
	r.Tails = tails(a, b)
	if c.coarse {
		floored, _ := sampledDistances(c.floored[0], c.floored[1])
		r.KSFloored = &floored
		r.Tails = tails(c.floored[0], c.floored[1])
		r.shapes = shapes(c.floored[0], c.floored[1])
	}
}

// outcome names what masking did to the values.
func (c *columnPlan) outcome(r *Column) string {
	a, b := c.sides[0], c.sides[1]
	switch {
	case a.values > 0 && b.values == 0:
		return removed
	case a.values == 0, a.values == b.values && (c.kind == categorical && r.TV != nil && r.TV.Value == 0 || r.KS != nil && *r.KS == Distance{} && !c.coarse && c.others[1] == 0):
		return kept
	case c.replaced():
		return replaced
	case c.coarse, b.distinct.number() < 0.98*a.distinct.number():
		return generalized
	}
	return changed
}

// rare counts the rare categories, and those that the masked side still has: the same
// ones, or as many if categories were replaced.
func (c *columnPlan) rare(outcome string) *Kept {
	before := c.sides[0].distinct.rare(rareShare)
	if outcome == replaced {
		after := c.sides[1].distinct.rare(rareShare)
		return &Kept{float64(len(before)), float64(min(len(before), len(after)))}
	}
	k := &Kept{Original: float64(len(before))}
	for h := range before {
		if c.sides[1].distinct.counts[h] > 0 {
			k.Kept++
		}
	}
	return k
}

// tails are the shares of both sides beyond the originals' first and last percentile.
func tails(a, b *numbers) *Tails {
	values, weights := a.weighted()
	total := 0.0
	for _, w := range weights {
		total += w
	}
	low, high, sum := math.NaN(), math.NaN(), 0.0
	for i, v := range values {
		sum += weights[i]
		if math.IsNaN(low) && sum >= tail*total {
			low = v
		}
		if math.IsNaN(high) && sum >= (1-tail)*total {
			high = v
		}
	}
	t := &Tails{}
	t.Low.Original, t.High.Original = beyond(values, weights, low, high)
	values, weights = b.weighted()
	t.Low.Masked, t.High.Masked = beyond(values, weights, low, high)
	return t
}

func beyond(values, weights []float64, low, high float64) (below, above float64) {
	total := 0.0
	for i, v := range values {
		total += weights[i]
		if v <= low {
			below += weights[i]
		}
		if v >= high {
			above += weights[i]
		}
	}
	if total == 0 {
		return 0, 0
	}
	return below / total, above / total
}
