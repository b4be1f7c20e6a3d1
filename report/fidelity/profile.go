package fidelity

import (
	"context"
	"math"

	"github.com/veil-proxy/veil/report/records"
)

// profile is the result of the first pass over a set.
type profile struct {
	set    *records.Set
	tables []*tableProfile
	byName map[string]*tableProfile
}

// tableProfile is the profile of a table.
type tableProfile struct {
	table   *records.Table
	rows    uint64
	columns []*columnProfile
}

// columnProfile is the profile of a column.
type columnProfile struct {
	values  uint64 // that are not NULL
	filled  uint64 // rows that have one
	lastRow uint64
	// How many values look like numbers, like codes (numbers with leading zeros), and like
	// moments.
	numbersSeen, codes, momentsSeen uint64
	fractions                       bool // some number is not whole
	distinct                        *distinct
	numbers, moments                *numbers
	precision                       precision
}

// A column keeps up to mostDistinct values exactly, fewer in wide tables, and never fewer
// than leastDistinct: this bounds the memory of a report, whatever it reads.
const (
	mostDistinct  = 1 << 16
	leastDistinct = 1 << 12
	allDistinct   = 1 << 20
)

func newColumnProfile(columns int) *columnProfile {
	most := min(max(allDistinct/max(columns, 1), leastDistinct), mostDistinct)
	return &columnProfile{distinct: newDistinct(most), numbers: newNumbers(most), moments: newNumbers(most)}
}

// newProfile reads a set.
func newProfile(ctx context.Context, set *records.Set) (*profile, error) {
	p := &profile{set: set, byName: map[string]*tableProfile{}}
	var last *tableProfile
	err := set.Each(ctx, func(t *records.Table, r records.Row) error {
		if last == nil || last.table != t {
			last = p.of(t)
		}
		last.add(r)
		return nil
	})
	for _, t := range set.Tables() { // also tables without rows
		p.of(t).lay()
	}
	return p, err
}

func (p *profile) of(t *records.Table) *tableProfile {
	if known := p.byName[t.Name]; known != nil {
		return known
	}
	n := &tableProfile{table: t}
	p.byName[t.Name] = n
	p.tables = append(p.tables, n)
	return n
}

// lay adds profiles for new columns.
func (t *tableProfile) lay() {
	for len(t.columns) < len(t.table.Columns) {
		t.columns = append(t.columns, newColumnProfile(len(t.table.Columns)))
	}
}

func (t *tableProfile) add(r records.Row) {
	t.rows++
	t.lay()
	for i, c := range r.Columns {
		column := t.columns[c]
		if column.lastRow != t.rows {
			column.lastRow = t.rows
			column.filled++
		}
		column.add(r.Values[i])
	}
}

func (c *columnProfile) add(text []byte) {
	c.values++
	c.distinct.add(hashOf(text))
	switch f, v := read(text); f {
	case number:
		c.numbersSeen++
		if isCode(text) {
			c.codes++
		}
		c.fractions = c.fractions || v != math.Trunc(v)
		c.numbers.add(v)
	case moment:
		c.momentsSeen++
		c.precision = max(c.precision, precisionOf(v))
		c.moments.add(v)
	}
}

// kind is what a column contains.
type kind uint8

const (
	empty kind = iota
	numeric
	temporal
	categorical
)

func (k kind) String() string { return [...]string{"empty", "number", "date", "category"}[k] }

// mostlyOf is the share of values of a kind from which a column is of that kind, and
// mostCodes the share of numbers with leading zeros from which it contains codes.
const (
	mostlyOf  = 0.95
	mostCodes = 0.005
)

// kind of a column by its values.
func (c *columnProfile) kind() kind {
	n := float64(c.values)
	switch {
	case n == 0:
		return empty
	case float64(c.momentsSeen) >= mostlyOf*n, c.momentsSeen > 0 && float64(c.momentsSeen+c.years()) >= mostlyOf*n:
		return temporal
	case float64(c.numbersSeen) >= mostlyOf*n && float64(c.codes) <= mostCodes*float64(c.numbersSeen):
		return numeric
	}
	return categorical
}

// years returns how many values are numbers that can be years; for a sample, all or none.
func (c *columnProfile) years() uint64 {
	if c.numbersSeen > 0 && isYear(c.numbers.lo) && isYear(c.numbers.hi) && !c.fractions {
		return c.numbersSeen
	}
	return 0
}

// measured returns the values of a column that are of its kind, and the share of others.
// In a column of dates, a year alone is a date.
func (c *columnProfile) measured(k kind) (d *numbers, others uint64) {
	switch years := c.years(); {
	case k == numeric:
		return c.numbers, c.values - c.numbersSeen
	case years == 0:
		return c.moments, c.values - c.momentsSeen
	default:
		d = newNumbers(c.numbers.most)
		d.include(c.moments, func(v float64) float64 { return v })
		d.include(c.numbers, startOf)
		return d, c.values - c.momentsSeen - years
	}
}

// measure reads a value of a column of a kind.
func (k kind) measure(text []byte) (v float64, ok bool) {
	f, v := read(text)
	switch {
	case k == numeric && f == number, k == temporal && f == moment:
		return v, true
	case k == temporal && f == number && isYear(v):
		return startOf(v), true
	}
	return 0, false
}
