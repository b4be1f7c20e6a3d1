package index

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// By is what the lines of a chart stand for.
type By uint8

// What the lines stand for.
const (
	ByLabel By = iota
	ByConsumer
	ByView
	ByListener
)

// SeriesQuery selects what is counted. A request is counted once, by its last record, at
// the time when it began.
type SeriesQuery struct {
	Metric Metric
	// From and To bound the time. They are extended to whole steps.
	From, To time.Time
	// Step is the time that a point stands for: a whole number of minutes.
	Step time.Duration
	// These restrict what is counted. Empty ones restrict nothing.
	Consumer, Listener, Project, Ruleset string
	By                                   By
}

// Series is what was counted.
type Series struct {
	From  time.Time // of the first point
	Step  time.Duration
	N     int          // of points of each line
	Lines []SeriesLine // by label
}

// SeriesLine is one line of a chart.
type SeriesLine struct {
	Label  string
	Points []uint64
}

// Sum returns the sum of the points of all lines with a label, or of all lines if the
// label is empty.
func (s *Series) Sum(label string) (n uint64) {
	for i := range s.Lines {
		if label == "" || s.Lines[i].Label == label {
			for _, p := range s.Lines[i].Points {
				n += p
			}
		}
	}
	return n
}

// Quantile estimates a quantile of the latency, in seconds, for each point of a series of
// Latency by label; 0.5 is the median. It interpolates between the bounds of a bucket. A
// point without requests has 0.
func (s *Series) Quantile(part float64) []float64 {
	out := make([]float64, s.N)
	byBound := map[string][]uint64{}
	for i := range s.Lines {
		byBound[s.Lines[i].Label] = s.Lines[i].Points
	}
	for p := range out {
		var all, below uint64
		for _, points := range byBound {
			all += points[p]
		}
		rank, lower := part*float64(all), 0.0
		for _, bound := range bounds {
			upper := float64(bound) / 1e6
			out[p] = upper // even above the last bound
			points := byBound[boundOf(bound)]
			if points != nil && points[p] > 0 && float64(below+points[p]) >= rank {
				out[p] = lower + (upper-lower)*(rank-float64(below))/float64(points[p])
				break
			}
			if points != nil {
				below += points[p]
			}
			lower = upper
		}
		if all == 0 {
			out[p] = 0
		}
	}
	return out
}

// viewLabel returns the label of a view, by the project and the ruleset in records.
func viewLabel(project, ruleset string) string { return project + " " + ruleset }

// mostPoints bounds a chart.
const mostPoints = 10_000

var errStep = errors.New("the step of a series must be a whole number of minutes, and a series has at most 10,000 points")

// Series counts what happened in a period.
func (x *Index) Series(ctx context.Context, q *SeriesQuery) (*Series, error) {
	step := int64(q.Step / time.Minute)
	if step < 1 || q.Step%time.Minute != 0 || !q.From.Before(q.To) || q.To.Sub(q.From)/q.Step > mostPoints {
		return nil, errStep
	}
	first := floor(minuteOf(q.From.Unix()), step)
	n := floor(minuteOf(seconds(q.To)-1), step) - first + 1
	out := &Series{From: time.Unix(first*step*60, 0).UTC(), Step: q.Step, N: int(n)}
	lines := map[string][]uint64{}
	// A whole hour has counts of its own.
	table, unit := "minute", int64(1)
	if step%60 == 0 {
		table, unit = "hour", 60
	}
	err := x.look(func() error {
		labels := x.series.labels(q)
		from, to := first*step/unit, (first+n)*step/unit-1
		return x.counted(ctx, table, from, to, func(at int64, id uint32, count uint64) {
			if int(id) >= len(labels) || labels[id] == nil {
				return
			}
			label := *labels[id]
			points := lines[label]
			if points == nil {
				points = make([]uint64, n)
				lines[label] = points
			}
			points[floor(at*unit, step)-first] += count
		})
	})
	for label, points := range lines {
		out.Lines = append(out.Lines, SeriesLine{label, points})
	}
	slices.SortFunc(out.Lines, func(a, b SeriesLine) int { return strings.Compare(a.Label, b.Label) })
	return out, err
}

// counted calls a function for each count between two minutes or hours.
func (x *Index) counted(ctx context.Context, table string, from, to int64, add func(at int64, series uint32, n uint64)) error {
	err := x.store.eachRow(table, key(from, 0), key(to, ^uint32(0)), func(row int64, text []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return eachCount(text, func(id uint32, n uint64) { add(upperOf(row), id, n) })
	})
	if err != nil || x.open == nil {
		return err
	}
	for at, all := range map[string]map[int64]counts{"minute": x.open.minutes, "hour": x.open.hours}[table] {
		if at < from || at > to {
			continue
		}
		for id, n := range all {
			add(at, id, n)
		}
	}
	return nil
}

// labels returns, by number, the label of the line that a series belongs to; nil for none.
func (t *seriesTable) labels(q *SeriesQuery) []*string {
	all := make([]*string, len(t.list)+1)
	for i := range t.list {
		s := &t.list[i]
		if s.metric != q.Metric || q.Consumer != "" && s.consumer != q.Consumer || q.Listener != "" && s.listener != q.Listener ||
			q.Project != "" && s.project != q.Project || q.Ruleset != "" && s.ruleset != q.Ruleset {
			continue
		}
		label := s.label
		switch q.By {
		case ByConsumer:
			label = s.consumer
		case ByView:
			label = viewLabel(s.project, s.ruleset)
		case ByListener:
			label = s.listener
		}
		all[i+1] = &label
	}
	return all
}
