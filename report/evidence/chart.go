package evidence

import (
	"fmt"
	"strings"
	"time"
)

// chart is a bar chart over the period of the report, as SVG paths: one for each series,
// stacked.
type chart struct {
	Width, Height int
	Series        []series
	// Label says in words what the bars show.
	Label string
	// From and To are the first and last day, Most the highest bar.
	From, To string
	Most     uint64
	Unit     string
}

type series struct{ Name, Path string }

// stacked are counts that are drawn on top of the previous ones.
type stacked struct {
	name   string
	counts Counts
}

// mostDays is the longest period with a bar for each day; above it, a bar is a week.
const mostDays = 92

// bins divides a period into bars of days or weeks.
type bins struct {
	first time.Time
	days  int // of a bar
	n     int
}

func newBins(p Period) bins {
	first := p.From.UTC().Truncate(24 * time.Hour)
	days := int(p.To.Add(-1).UTC().Sub(first)/(24*time.Hour)) + 1
	b := bins{first: first, days: 1, n: days}
	if days > mostDays {
		b.days, b.n = 7, (days+6)/7
	}
	return b
}

func (b *bins) unit() string {
	if b.days == 7 {
		return "week"
	}
	return "day"
}

// sum adds the counts of days to their bars.
func (b *bins) sum(c Counts) []uint64 {
	out := make([]uint64, b.n)
	for day, n := range c {
		at, err := time.Parse(time.DateOnly, day)
		if i := int(at.Sub(b.first)/(24*time.Hour)) / b.days; err == nil && i >= 0 && i < b.n {
			out[i] += n
		}
	}
	return out
}

// newChart draws series of counts, stacked in their order.
func (b *bins) newChart(width, height int, what string, all ...stacked) *chart {
	c := &chart{Width: width, Height: height, Unit: b.unit()}
	c.From, c.To = b.first.Format(time.DateOnly), b.first.AddDate(0, 0, b.n*b.days-1).Format(time.DateOnly)
	heights := make([]uint64, b.n)
	for _, s := range all {
		for j, n := range b.sum(s.counts) {
			heights[j] += n
			c.Most = max(c.Most, heights[j])
		}
	}
	c.Label = fmt.Sprintf("%s by %s from %s to %s, at most %s a %s", what, c.Unit, c.From, c.To, thousands(c.Most), c.Unit)
	step := float64(width) / float64(b.n)
	gap := min(1, step/4)
	below := make([]float64, b.n)
	for _, s := range all {
		var path strings.Builder
		for j, n := range b.sum(s.counts) {
			if n == 0 {
				continue
			}
			// A nonzero bar is always visible.
			h := max(float64(height)*float64(n)/float64(c.Most), 0.75)
			fmt.Fprintf(&path, "M%.4g %.4gh%.4gv%.4gh-%.4gz", float64(j)*step, float64(height)-below[j], step-gap, -h, step-gap)
			below[j] += h
		}
		c.Series = append(c.Series, series{s.name, path.String()})
	}
	return c
}
