package index

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// benchmarkRecords is how many records the benchmark has, unless VEIL_AUDIT_RECORDS says so;
// docs/benchmarks.md has ten million.
const benchmarkRecords = 50_000

// BenchmarkIndex builds the index of a log, and then searches for random combinations of what
// a page offers: ns/op is the mean, p99-ms and max-ms are of single searches, cpu-ms the mean
// without what the rest of the machine takes.
func BenchmarkIndex(b *testing.B) {
	n := benchmarkRecords
	if text := os.Getenv("VEIL_AUDIT_RECORDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	l := audittest.New(b, dir, 64<<20)
	records := audittest.From(1, epoch)
	for range n {
		l.Write(records.Next()...)
	}
	l.Close()
	o := Options{Log: dir, Dir: filepath.Join(b.TempDir(), "index")}
	b.Run("build", func(b *testing.B) {
		begun := veiltest.CPU(b)
		for b.Loop() {
			if err := os.RemoveAll(o.Dir); err != nil {
				b.Fatal(err)
			}
			x := Open(o)
			if err := x.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
			x.Close()
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(float64(n)*float64(b.N)/(veiltest.CPU(b)-begun).Seconds(), "records/cpu-s")
		if info, err := os.Stat(o.file()); err == nil {
			b.ReportMetric(float64(info.Size())/float64(n), "B/record")
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			x := Open(o)
			if err := x.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
			x.Close()
		}
	})
	x := Open(o)
	defer x.Close()
	if err := x.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	span := time.Duration(n) * 1500 * time.Millisecond
	r := rand.New(rand.NewPCG(1, 1))
	b.Run("search", func(b *testing.B) {
		var took []time.Duration
		cpu := veiltest.CPU(b)
		for b.Loop() {
			f := randomFilter(r, nil)
			f.Limit = 50
			if r.IntN(3) == 0 {
				f.Since = epoch.Add(time.Duration(r.Int64N(int64(span)))).Truncate(time.Second)
			}
			if r.IntN(3) == 0 {
				f.Until = epoch.Add(time.Duration(r.Int64N(int64(span)))).Truncate(time.Second)
			}
			if r.IntN(2) == 0 {
				f.Before = 1 + r.Uint64N(uint64(n)) //nolint:gosec // positive
			}
			begun := time.Now()
			if _, err := x.Search(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begun))
		}
		b.ReportMetric(float64((veiltest.CPU(b)-cpu).Microseconds())/1000/float64(b.N), "cpu-ms")
		reportSlowest(b, took)
	})
	b.Run("request", func(b *testing.B) {
		var took []time.Duration
		p, err := x.Search(b.Context(), &Filter{Limit: 1, Before: uint64(n)}) //nolint:gosec // positive
		if err != nil || len(p.Records) != 1 {
			b.Fatal(err)
		}
		for b.Loop() {
			begun := time.Now()
			if p, err := x.Search(b.Context(), &Filter{RequestID: p.Records[0].Line.RequestID, Limit: 50}); err != nil || p.Total == 0 {
				b.Fatal(err)
			}
			took = append(took, time.Since(begun))
		}
		reportSlowest(b, took)
	})
	for name, step := range map[string]time.Duration{"hour": time.Minute, "day": 10 * time.Minute, "week": time.Hour} {
		b.Run("series of a "+name, func(b *testing.B) {
			to := epoch.Add(span)
			for b.Loop() {
				for m := Requests; m <= Latency; m++ {
					if _, err := x.Series(b.Context(), &SeriesQuery{Metric: m, From: to.Add(-168 * step), To: to, Step: step}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func reportSlowest(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
}
