package index

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// recordOf is a record that the log writes as a line.
func recordOf(l *audit.Line) *mask.Record {
	return &mask.Record{
		Time: l.Time, RequestID: l.RequestID, Consumer: l.Consumer, Client: l.Client, Project: l.Project, Door: l.Door, Operation: l.Operation, Result: l.Result,
		Reason: l.Reason, Ruleset: l.Ruleset, Resources: l.Resources, Used: mask.NewUses(l.Applied...), DurationMicros: l.DurationMicros,
	}
}

// TestIndexOfALogThatIsWritten: an index beside the log that the same process writes answers
// as a scan of the log does, while eight goroutines write, and after it was closed and opened
// again behind the log.
func TestIndexOfALogThatIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var records [8][]*mask.Record
	for g := range records {
		from := audittest.From(uint64(g), epoch) //nolint:gosec // small
		for range 60 {
			lines := from.Next()
			records[g] = append(records[g], recordOf(lines[len(lines)-1]))
		}
	}
	write := func(from, to int) (wait func()) {
		var all sync.WaitGroup
		for g := range records {
			all.Go(func() {
				for _, r := range records[g][from:to] {
					if err := l.Append(t.Context(), r); err != nil {
						t.Error(err)
					}
				}
			})
		}
		return all.Wait
	}
	write(0, 10)()
	o := small(t, dir)
	o.Recent = l.Recent()
	x := opened(t, o)
	wait := write(10, 40)
	for i := range 5 {
		if err := x.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Search(t.Context(), &Filter{Consumer: audittest.Consumers[i], Limit: 5}); err != nil {
			t.Fatal(err)
		}
	}
	wait()
	check := func() {
		t.Helper()
		if err := x.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkSearch(t, x, dir, 3, 20)
		checkSeries(t, x, dir, 3, 10)
	}
	check()
	x.Close()
	write(40, 60)()
	x = opened(t, o)
	check()
	if s := x.Status(); s.Records != 480 || s.Rebuilt != "" || s.Unreadable != 0 {
		t.Errorf("%+v", s)
	}
	x.Close()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkLive is what a record costs the index of a log that the same process writes:
// cpu-ns with and without, in turns, and without the disk's part since nothing is synced
// twice. Records have the hundred applications that a page of twenty resources has.
func BenchmarkLive(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprint("index=", on), func(b *testing.B) {
			dir := b.TempDir()
			l, err := audit.Open(dir, audit.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if on {
				x := Open(Options{Log: dir, Dir: filepath.Join(b.TempDir(), "index"), Recent: l.Recent()})
				defer x.Close()
			}
			records := manyApplied(b)
			cpu := veiltest.CPU(b)
			var all sync.WaitGroup
			for g := range 32 {
				all.Go(func() {
					for i := g; i < b.N; i += 32 {
						if err := l.Append(b.Context(), records[i%len(records)]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64((veiltest.CPU(b)-cpu).Nanoseconds())/float64(b.N), "cpu-ns")
		})
	}
}

// manyApplied are records of about a hundred applications each, as a ruleset orders them.
func manyApplied(b *testing.B) (all []*mask.Record) {
	b.Helper()
	ring, err := keys.NewKeyring(bytes.Repeat([]byte{7}, 64), "research")
	if err != nil {
		b.Fatal(err)
	}
	plan := &mask.Plan{Ruleset: "safe-harbor", Keys: ring}
	for i := range 300 {
		if _, err := plan.Add(mask.Action{
			Rule: fmt.Sprint("rule-", i/10), Category: string(rune('A' + i/18)), Path: fmt.Sprintf("Resource%d.element%d.value", i%12, i), Method: "remove",
		}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 100 {
		pass := mask.NewPass(plan)
		pass.Begin(mask.Origin{RequestID: fmt.Sprintf("%032d", i), Consumer: audittest.Consumers[i%3], Door: "fhir", Operation: "search Observation"})
		for n := range plan.Actions {
			if (n*7+i*n)%3 == 0 {
				pass.Counts[n] = uint64(1 + (n+i)%40) //nolint:gosec // small
			}
		}
		r := pass.Record("complete", "")
		r.Resources = []mask.Count{{Name: "Condition", N: 3}, {Name: "Observation", N: 17}}
		all = append(all, r)
	}
	return all
}
