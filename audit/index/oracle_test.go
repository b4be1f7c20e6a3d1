package index

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/mask"
)

var epoch = time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)

// scan returns the records of a log, oldest first.
func scan(t testing.TB, dir string) (all []*audit.Line) {
	t.Helper()
	for l, err := range audit.Read(dir) {
		if err != nil {
			continue // a test that damages a log says so itself
		}
		if l.Kind == "record" {
			all = append(all, l)
		}
	}
	return all
}

// below reports whether a text is one, or begins with it and goes on with one of the bytes.
func below(text, top, next string) bool {
	return text == top || strings.HasPrefix(text, top) && strings.IndexByte(next, text[len(top)]) >= 0
}

// matches is the meaning of a filter, in the plainest words.
func matches(f *Filter, l *audit.Line) bool {
	for want, is := range map[*string]string{&f.Consumer: l.Consumer, &f.Listener: l.Door, &f.Outcome: l.Result, &f.Reason: l.Reason, &f.Project: l.Project, &f.Ruleset: l.Ruleset, &f.RequestID: l.RequestID} {
		if *want != "" && *want != is {
			return false
		}
	}
	if f.Operation != "" && !below(l.Operation, f.Operation, " ") {
		return false
	}
	some := func(fits func(a mask.Applied) bool) bool { return slices.ContainsFunc(l.Applied, fits) }
	if f.Rule != "" && !some(func(a mask.Applied) bool { return a.Rule == f.Rule }) ||
		f.Category != "" && !some(func(a mask.Applied) bool { return strings.Contains(a.Category, f.Category) }) ||
		f.Path != "" && !some(func(a mask.Applied) bool { return below(a.Path, f.Path, ".[(") }) {
		return false
	}
	return (f.Since.IsZero() || !l.Time.Before(f.Since)) && (f.Until.IsZero() || l.Time.Before(f.Until))
}

// randomFilter has each member set or not.
func randomFilter(r *rand.Rand, all []*audit.Line) *Filter {
	f := &Filter{}
	one := func(to *string, texts ...string) {
		if r.IntN(4) == 0 {
			*to = texts[r.IntN(len(texts))]
		}
	}
	one(&f.Consumer, audittest.Consumers...)
	one(&f.Listener, "fhir", "postgres", "file")
	one(&f.Operation, "read", "search", "select", "read Patient", "read Pat", "search Observation")
	one(&f.Outcome, audittest.Outcomes...)
	one(&f.Reason, audittest.Reasons...)
	one(&f.Project, "research", "trial")
	one(&f.Ruleset, "research", "safe-harbor")
	one(&f.Rule, "names", "dates", "ids", "rows", "none")
	one(&f.Category, "A", "B", "C", "J", "R")
	one(&f.Path, "Patient", "Patient.name", "Patient.name.given", "Observation.effective", "public.patients", "public.patients.mrn", "Patient.extension", "Pat")
	if len(all) > 0 && r.IntN(8) == 0 {
		f.RequestID = all[r.IntN(len(all))].RequestID
	}
	if len(all) > 0 && r.IntN(3) == 0 {
		f.Since = all[r.IntN(len(all))].Time.Truncate(time.Second)
	}
	if len(all) > 0 && r.IntN(3) == 0 {
		f.Until = all[r.IntN(len(all))].Time.Truncate(time.Second)
	}
	return f
}

// checkSearch compares pages, totals and exports of random filters with the scan.
func checkSearch(t *testing.T, x *Index, dir string, seed uint64, filters int) {
	t.Helper()
	all := scan(t, dir)
	r := rand.New(rand.NewPCG(seed, 1))
	for range filters {
		f := randomFilter(r, all)
		var want []*audit.Line
		for _, l := range all {
			if matches(f, l) {
				want = append(want, l)
			}
		}
		slices.Reverse(want)
		f.Limit = 1 + r.IntN(40)
		var got []*audit.Line
		for pages := 0; ; pages++ {
			p, err := x.Search(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if p.Total != uint64(len(want)) {
				t.Fatalf("%+v: %d match, and the log has %d", *f, p.Total, len(want))
			}
			if len(p.Records) > f.Limit || p.Next != 0 && len(p.Records) < f.Limit {
				t.Fatalf("%+v: a page of %d", *f, len(p.Records))
			}
			for i := range p.Records {
				if p.Records[i].Err != nil {
					t.Fatal(p.Records[i].Err)
				}
				got = append(got, p.Records[i].Line)
			}
			if f.Before = p.Next; p.Next == 0 {
				break
			}
			if pages > 3 && len(want) > 200 {
				want = want[:len(got)] // the rest is as good
				break
			}
		}
		if !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
			t.Fatalf("%+v: found %v\nwant %v", *f, seqs(got), seqs(want))
		}
		f.Before = 0
		checkEach(t, x, f, all)
	}
}

func checkEach(t *testing.T, x *Index, f *Filter, all []*audit.Line) {
	t.Helper()
	next := len(all)
	err := x.Each(t.Context(), f, func(r *Record) error {
		for next--; next >= 0 && !matches(f, all[next]); next-- {
			continue
		}
		if next < 0 || r.Err != nil || !reflect.DeepEqual(r.Line, all[next]) {
			return fmt.Errorf("line %d does not come next (%v)", r.Seq, r.Err)
		}
		return nil
	})
	for next--; next >= 0 && !matches(f, all[next]); next-- {
		continue
	}
	if err != nil || next >= 0 {
		t.Fatalf("%+v: all of them: %v, and line %d", *f, err, next)
	}
}

func seqs(lines []*audit.Line) (all []uint64) {
	for _, l := range lines {
		all = append(all, l.Seq)
	}
	return all
}

// checkSeries compares charts with sums over the scan.
func checkSeries(t *testing.T, x *Index, dir string, seed uint64, queries int) {
	t.Helper()
	all := scan(t, dir)
	r := rand.New(rand.NewPCG(seed, 2))
	steps := []time.Duration{time.Minute, 5 * time.Minute, 7 * time.Minute, time.Hour, 3 * time.Hour}
	for range queries {
		q := &SeriesQuery{Metric: Metric(1 + r.IntN(int(Latency))), Step: steps[r.IntN(len(steps))], By: By(r.IntN(int(ByListener) + 1))}
		q.From = epoch.Add(time.Duration(r.Int64N(int64(2 * time.Hour)))).Add(-time.Hour)
		q.To = q.From.Add(time.Duration(1 + r.Int64N(int64(4*time.Hour))))
		if r.IntN(3) == 0 {
			q.Consumer = audittest.Consumers[r.IntN(len(audittest.Consumers))]
		}
		if r.IntN(3) == 0 {
			q.Project = "research"
		}
		got, err := x.Series(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]map[int]uint64{}
		for _, l := range all {
			if l.Result == "started" || q.Consumer != "" && l.Consumer != q.Consumer || q.Project != "" && l.Project != q.Project {
				continue
			}
			at := int(l.Time.Sub(got.From) / got.Step)
			if l.Time.Before(got.From) || !l.Time.Before(got.From.Add(time.Duration(got.N)*got.Step)) {
				continue
			}
			for label, n := range countsOf(q.Metric, l) {
				switch q.By {
				case ByConsumer:
					label = l.Consumer
				case ByView:
					label = viewLabel(l.Project, l.Ruleset)
				case ByListener:
					label = l.Door
				}
				if want[label] == nil {
					want[label] = map[int]uint64{}
				}
				want[label][at] += n
			}
		}
		if got.From.After(q.From) || got.Step != q.Step || len(got.Lines) != len(want) {
			t.Fatalf("%+v: from %v, %d lines, want %d", *q, got.From, len(got.Lines), len(want))
		}
		for _, line := range got.Lines {
			for i, n := range line.Points {
				if want[line.Label][i] != n {
					t.Fatalf("%+v: %s at %d is %d, want %d", *q, line.Label, i, n, want[line.Label][i])
				}
			}
		}
	}
}

// countsOf is what a record adds to a metric, by label.
func countsOf(m Metric, l *audit.Line) map[string]uint64 {
	c := map[string]uint64{}
	switch {
	case m == Requests:
		c[l.Result] = 1
	case m == Refusals && l.Result == "refused", m == Failures && l.Result == "failed":
		c[l.Reason] = 1
	case m == Rows:
		for _, n := range l.Resources {
			c[n.Name] += n.N
		}
	case m == Applications:
		for _, a := range l.Applied {
			c[a.Category] += a.N
		}
	case m == Latency:
		for _, bound := range []string{"0.001", "0.0025", "0.005", "0.01", "0.025"} { // the generator has no longer ones
			s, err := strconv.ParseFloat(bound, 64)
			if err == nil && float64(l.DurationMicros) <= s*1e6 {
				return map[string]uint64{bound: 1}
			}
		}
	}
	return c
}

// small is an index of blocks of a few records.
func small(t *testing.T, dir string) Options {
	t.Helper()
	return Options{Log: dir, Dir: filepath.Join(t.TempDir(), "index"), records: 37, poll: time.Millisecond, retry: time.Millisecond}
}

func opened(t *testing.T, o Options) *Index {
	t.Helper()
	x := Open(o)
	t.Cleanup(x.Close)
	if err := x.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}
