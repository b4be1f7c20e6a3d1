package index

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// TestFlows compares flows with sums over the log.
func TestFlows(t *testing.T) {
	t.Parallel()
	dir := written(t, 21, 400)
	x := opened(t, small(t, dir))
	from, to := epoch.Add(2*time.Minute), epoch.Add(9*time.Minute)
	want := map[source]Flow{}
	for _, l := range scan(t, dir) {
		if l.Result == "started" || l.Time.Before(from) || !l.Time.Before(to) {
			continue
		}
		s := source{l.Consumer, l.Door, l.Project, l.Ruleset}
		f := want[s]
		f.Consumer, f.Listener, f.Project, f.Ruleset = l.Consumer, l.Door, l.Project, l.Ruleset
		f.Requests++
		f.Refused += uint64(len(countsOf(Refusals, l)))
		f.Failed += uint64(len(countsOf(Failures, l)))
		for _, n := range l.Resources {
			f.Rows += n.N
		}
		if at := l.Time.Truncate(time.Minute); at.After(f.Last) {
			f.Last = at
		}
		want[s] = f
	}
	got, err := x.Flows(t.Context(), from, to)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d flows, want %d (%v)", len(got), len(want), err)
	}
	if !slices.IsSortedFunc(got, func(a, b Flow) int { return int(b.Requests) - int(a.Requests) }) { //nolint:gosec // small
		t.Error("not in order")
	}
	for _, f := range got {
		if w := want[source{f.Consumer, f.Listener, f.Project, f.Ruleset}]; f != w {
			t.Errorf("got  %+v\nwant %+v", f, w)
		}
	}
	if len(slices.Collect(maps.Keys(want))) < 10 {
		t.Error("too few to tell")
	}
}

// TestQuantile is within the bucket of the true quantile.
func TestQuantile(t *testing.T) {
	t.Parallel()
	dir := written(t, 22, 800)
	x := opened(t, small(t, dir))
	s, err := x.Series(t.Context(), &SeriesQuery{Metric: Latency, From: epoch.Add(-time.Hour), To: epoch.Add(2 * time.Hour), Step: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []float64{0.05, 0.5, 0.95, 1} {
		got := s.Quantile(part)
		for i := range got {
			begin := s.From.Add(time.Duration(i) * time.Hour)
			var all []int64
			for _, l := range scan(t, dir) {
				if l.Result != "started" && !l.Time.Before(begin) && l.Time.Before(begin.Add(time.Hour)) {
					all = append(all, l.DurationMicros)
				}
			}
			if len(all) == 0 {
				if got[i] != 0 {
					t.Errorf("nothing took %v", got[i])
				}
				continue
			}
			slices.Sort(all)
			want := all[max(int(math.Ceil(part*float64(len(all))))-1, 0)]
			k, _ := slices.BinarySearch(bounds[:], want)
			lower := int64(0)
			if k > 0 {
				lower = bounds[k-1]
			}
			if micros := got[i] * 1e6; micros < float64(lower) || micros > float64(bounds[k]) {
				t.Errorf("%v of %d: %v, want between %d and %d", part, len(all), micros, lower, bounds[k])
			}
		}
	}
	none := Series{N: 2, Lines: []SeriesLine{{noBound, []uint64{3, 0}}}}
	if got := none.Quantile(0.5); got[0] != 10 || got[1] != 0 {
		t.Errorf("above all bounds: %v", got)
	}
}

// TestSeriesOfOddTimes has records of years that no clock has.
func TestSeriesOfOddTimes(t *testing.T) {
	t.Parallel()
	for _, year := range []int{1, 1969, 9999} {
		at := time.Date(year, 2, 3, 4, 5, 6, 0, time.UTC)
		b := newBuilder(1)
		l := &audit.Line{Seq: 1, Time: at, Result: "complete"}
		s := newSeriesTable()
		b.add(&audit.Scanned{Line: l}, audit.Place{Segment: "s"}, 0, newDictionary(), s)
		b.settle(s)
		if len(b.minutes) != 1 || len(b.hours) != 1 {
			t.Errorf("%d: %v", year, b.minutes)
		}
		for m := range b.minutes {
			if upperOf(key(m, 7)) != m || blockOf(key(m, 7)) != 7 {
				t.Errorf("%d: the key of minute %d is another one's", year, m)
			}
		}
	}
}
