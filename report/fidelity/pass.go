package fidelity

import (
	"context"
	"math"
	"slices"

	"github.com/veil-proxy/veil/report/records"
)

// pass is the second pass over one side.
type pass struct {
	side   int
	tables map[string]*tablePass
}

// tablePass counts what the plan specifies for a table.
type tablePass struct {
	*tablePlan
	side int
	row  uint64
	// of the row: a number and a class for each column; NaN and -1 if it has none.
	values    []float64
	classes   []int
	ranks     []ranks
	who       uint64
	moments   []moments
	pairs     []pair
	sampled   uint64
	gaps      []*numbers
	histories []*histories
}

// moments of one row in a column of dates.
type moments struct{ list []float64 }

// pair is the relation of two columns.
type pair struct {
	x, y          int
	values, ranks comoments
	table         []uint64 // of classes
}

const classes = mostCategories + 2

// comoments accumulate a correlation.
type comoments struct{ n, mx, my, xx, yy, xy float64 }

func (c *comoments) add(x, y float64) {
	c.n++
	dx := x - c.mx
	c.mx += dx / c.n
	dy := y - c.my
	c.my += dy / c.n
	c.xx += dx * (x - c.mx)
	c.yy += dy * (y - c.my)
	c.xy += dx * (y - c.my)
}

// correlation returns NaN if there is none: for fewer than three rows, or a constant.
func (c *comoments) correlation() float64 {
	if c.n < 3 || c.xx <= 0 || c.yy <= 0 {
		return math.NaN()
	}
	return max(-1, min(1, c.xy/math.Sqrt(c.xx*c.yy)))
}

func newTablePass(p *tablePlan, side int) *tablePass {
	t := &tablePass{tablePlan: p, side: side, values: make([]float64, len(p.columns)), classes: make([]int, len(p.columns)), ranks: make([]ranks, len(p.columns)), moments: make([]moments, len(p.dates))}
	for i, x := range p.related {
		if d := p.columns[x].measured[side]; d != nil {
			t.ranks[x] = newRanks(d)
		}
		for _, y := range p.related[i+1:] {
			t.pairs = append(t.pairs, pair{x: x, y: y, table: make([]uint64, classes*classes)})
		}
	}
	for range p.spans {
		t.gaps = append(t.gaps, newNumbers(mostDistinct))
	}
	if p.person >= 0 {
		for range p.dates {
			t.histories = append(t.histories, newHistories())
		}
	}
	return t
}

func (p *pass) run(ctx context.Context, set *records.Set) error {
	return set.Each(ctx, func(t *records.Table, r records.Row) error {
		if counted := p.tables[t.Name]; counted != nil {
			counted.add(r)
		}
		return nil
	})
}

func (t *tablePass) add(r records.Row) {
	t.row++
	for i := range t.values {
		t.values[i], t.classes[i] = math.NaN(), -1
	}
	for i := range t.moments {
		t.moments[i].list = t.moments[i].list[:0]
	}
	t.who = 0
	for i, n := range r.Columns {
		if n < len(t.at[t.side]) && t.at[t.side][n] >= 0 {
			t.value(t.at[t.side][n], r.Values[i])
		}
	}
	if (t.row-1)%t.every[t.side] == 0 {
		t.sampled++
		t.relate()
	}
	for i, s := range t.spans {
		if d := t.values[s[1]] - t.values[s[0]]; !math.IsNaN(d) {
			t.gaps[i].add(d / day)
		}
	}
	for i, h := range t.histories {
		if t.who != 0 {
			h.add(t.who, t.moments[i].list)
		}
	}
}

// value counts a value of a column.
func (t *tablePass) value(i int, text []byte) {
	c := t.columns[i]
	if i == t.person {
		t.who = hashOf(text)
	}
	if c.measured[t.side] == nil {
		if t.classes[i] < 0 && c.kind == categorical {
			class, known := c.bins[t.side].of[hashOf(text)]
			if !known {
				class = mostCategories
			}
			t.classes[i] = class
		}
		return
	}
	v, ok := c.kind.measure(text)
	if !ok {
		return
	}
	if c.grid != nil {
		c.grid.add(t.side, v)
	}
	if c.coarse {
		c.floored[t.side].add(c.sides[1].precision.floor(v))
	}
	if t.classes[i] < 0 {
		t.values[i], t.classes[i] = v, c.bins[t.side].ofNumber(v)
	}
	if at := slices.Index(t.dates, i); at >= 0 {
		t.moments[at].list = append(t.moments[at].list, v)
	}
}

// relate counts the relations of the columns in a row.
func (t *tablePass) relate() {
	for i := range t.pairs {
		p := &t.pairs[i]
		x, y := t.classes[p.x], t.classes[p.y]
		if x < 0 || y < 0 {
			continue
		}
		p.table[x*classes+y]++
		if a, b := t.values[p.x], t.values[p.y]; a == a && b == b { // both are numbers
			p.values.add(a, b)
			p.ranks.add(t.ranks[p.x].of(a), t.ranks[p.y].of(b))
		}
	}
}

// information returns the mutual information of the classes of two columns, in nats.
func (p *pair) information() float64 {
	var total float64
	var rows, columns [classes]float64
	for i, n := range p.table {
		total += float64(n)
		rows[i/classes] += float64(n)
		columns[i%classes] += float64(n)
	}
	sum := 0.0
	for i, n := range p.table {
		if n > 0 {
			sum += float64(n) / total * math.Log(float64(n)*total/(rows[i/classes]*columns[i%classes]))
		}
	}
	return max(0, sum)
}
