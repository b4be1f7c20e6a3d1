package fidelity

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// tablePlan says what the second pass counts in a table that both sides have.
type tablePlan struct {
	name    string
	sides   [2]*tableProfile
	columns []*columnPlan
	// numbers of columns, by side, with -1 for those that are not compared.
	at [2][]int
	// related are the columns whose relations are counted, at most mostRelated. Only each
	// every-th row is counted, by side.
	related []int
	every   [2]uint64
	left    int // columns that could be related but are not
	// spans are pairs of columns of dates in a row, and person is the column of the person;
	// -1 for none.
	spans  [][2]int
	person int
	dates  []int
}

// columnPlan says what is counted for a column that both sides have.
type columnPlan struct {
	name     string
	sides    [2]*columnProfile
	kind     kind
	measured [2]*numbers
	others   [2]uint64
	grid     *grid // nil if all numbers are known
	coarse   bool  // the masked side has moments of less precision
	floored  [2]*numbers
	bins     [2]bins
	key      bool // nearly all values differ
	refers   bool // to a key of a table
}

const (
	mostRelated  = 40
	mostSampled  = 1_000_000 // rows whose relations are counted
	mostSpans    = 6         // columns of dates
	keyShare     = 0.9
	fewestOfKeys = 20
)

// newPlan plans a table.
func newPlan(a, b *tableProfile, person string) *tablePlan {
	p := &tablePlan{name: a.table.Name, sides: [2]*tableProfile{a, b}, person: -1}
	for side, t := range p.sides {
		p.at[side] = make([]int, len(t.columns))
		for i := range p.at[side] {
			p.at[side][i] = -1
		}
		p.every[side] = max(1, (t.rows+mostSampled-1)/mostSampled)
	}
	for i, name := range a.table.Columns {
		j := slices.Index(b.table.Columns, name)
		if j < 0 {
			continue
		}
		p.at[0][i], p.at[1][j] = len(p.columns), len(p.columns)
		p.columns = append(p.columns, newColumnPlan(name, a.columns[i], b.columns[j]))
	}
	for i, c := range p.columns {
		usable := c.kind != empty && c.sides[1].values > 0 && !c.constant()
		switch {
		case usable && c.kind == categorical && (c.key || !c.sides[0].distinct.exact() || !c.sides[1].distinct.exact()):
		case usable && c.replaced():
		case usable && len(p.related) == mostRelated:
			p.left++
		case usable:
			p.related = append(p.related, i)
		}
		if c.kind == temporal && len(p.dates) < mostSpans {
			p.dates = append(p.dates, i)
		}
	}
	for i, x := range p.dates {
		for _, y := range p.dates[i+1:] {
			p.spans = append(p.spans, [2]int{x, y})
		}
	}
	p.person = p.findPerson(person)
	return p
}

func newColumnPlan(name string, a, b *columnProfile) *columnPlan {
	c := &columnPlan{name: name, sides: [2]*columnProfile{a, b}, kind: a.kind()}
	c.key = a.values >= fewestOfKeys && a.distinct.number() >= keyShare*float64(a.values)
	if c.kind == numeric || c.kind == temporal {
		for side, s := range c.sides {
			c.measured[side], c.others[side] = s.measured(c.kind)
		}
		if !c.measured[0].exact() || !c.measured[1].exact() {
			c.grid = newGrid(c.measured[0], c.measured[1])
		}
		if c.kind == temporal && b.precision < a.precision && c.measured[1].n > 0 {
			c.coarse = true
			for side := range c.floored {
				c.floored[side] = newNumbers(c.measured[side].most)
			}
		}
	}
	for side, s := range c.sides {
		c.bins[side] = newBins(c.kind, c.measured[side], s.distinct)
	}
	return c
}

// constant reports whether a column of the originals has one value.
func (c *columnPlan) constant() bool { return c.sides[0].distinct.number() < 2 }

// replaced reports whether the values were replaced one by one, as by pseudonyms:
// different ones, and about as many. Numbers count as replaced only if they are whole,
// like keys.
func (c *columnPlan) replaced() bool {
	a, b := c.sides[0].distinct, c.sides[1].distinct
	texts := c.kind == numeric && c.measured[1].n == 0 // no remaining value is a number
	if c.kind == temporal || c.kind == numeric && !texts && (c.sides[0].fractions || a.number() < fewestOfKeys) {
		return false
	}
	shared, _, _ := a.within(b)
	return shared < 0.01 && b.number() > 0 && math.Abs(a.number()-b.number()) <= max(0.02, a.tolerance()+b.tolerance())*a.number()
}

// persons are names of columns that identify the person of a row.
var persons = []string{"patient_id", "subject_id", "person_id", "patientid", "subjectid", "personid", "patient", "subject.reference", "patient.reference"}

// findPerson returns the column that identifies the person of a row: the given one, or
// one with a usual name.
func (p *tablePlan) findPerson(name string) int {
	best := -1
	for i, c := range p.columns {
		if name != "" {
			if c.name == name {
				return i
			}
			continue
		}
		if at := slices.Index(persons, strings.ToLower(c.name)); at >= 0 && (best < 0 || at < slices.Index(persons, strings.ToLower(p.columns[best].name))) {
			best = i
		}
	}
	return best
}

// bins divides the values of a column into a few classes, for mutual information.
type bins struct {
	limits []float64      // numbers and moments: upper limits
	of     map[uint64]int // others: the most frequent values; the rest are one
}

const (
	mostBins       = 10 // of numbers
	mostCategories = 20
)

func newBins(k kind, d *numbers, values *distinct) bins {
	if k != numeric && k != temporal {
		b := bins{of: map[uint64]int{}}
		hashes := make([]uint64, 0, len(values.counts))
		for h := range values.counts {
			hashes = append(hashes, h)
		}
		slices.SortFunc(hashes, func(x, y uint64) int {
			return cmp.Or(cmp.Compare(values.counts[y], values.counts[x]), cmp.Compare(x, y))
		})
		for i, h := range hashes {
			b.of[h] = min(i, mostCategories)
		}
		return b
	}
	list, weights := d.weighted()
	total, sum := 0.0, 0.0
	for _, w := range weights {
		total += w
	}
	var b bins
	for i, v := range list {
		sum += weights[i]
		if n := len(b.limits); n < mostBins-1 && sum >= total*float64(n+1)/mostBins && (n == 0 || b.limits[n-1] < v) {
			b.limits = append(b.limits, v)
		}
	}
	return b
}

// ofNumber returns the class of a number.
func (b *bins) ofNumber(v float64) int {
	i, _ := slices.BinarySearch(b.limits, v)
	return i
}
