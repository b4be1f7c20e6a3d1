package index

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/audittest"
)

// TestSearchIsAPlainScan: whatever a filter has, pages, totals and exports are those of a
// scan of the log, and charts those of its sums; whether the index followed the log, was
// closed and opened again between, or was built from it at once.
func TestSearchIsAPlainScan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		dir := t.TempDir()
		l := audittest.New(t, dir, 20_000)
		records := audittest.From(seed, epoch)
		o := small(t, dir)
		l.Write(records.Next()...)
		l.Flush()
		x := opened(t, o)
		for i := range 400 {
			l.Write(records.Next()...)
			switch {
			case i%130 == 129:
				l.Flush()
				x.Close()
				x = opened(t, o)
			case i%70 == 0:
				l.Flush()
				if err := x.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				checkSearch(t, x, dir, seed+uint64(i), 2)
			}
		}
		l.Close()
		if err := x.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		built := opened(t, small(t, dir))
		for _, x := range []*Index{x, built} {
			checkSearch(t, x, dir, seed, 30)
			checkSeries(t, x, dir, seed, 30)
		}
	}
}

// TestRecordHasItsDetails reads each record by its number.
func TestRecordHasItsDetails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := audittest.New(t, dir, 10_000)
	records := audittest.From(9, epoch)
	for range 200 {
		l.Write(records.Next()...)
	}
	l.Close()
	x := opened(t, small(t, dir))
	details := 0
	for line, err := range audit.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		r, found, err := x.Record(t.Context(), line.Seq)
		if err != nil {
			t.Fatal(err)
		}
		switch line.Kind {
		case "detail":
			details++
			fallthrough
		case "header":
			if r != nil {
				t.Fatalf("line %d is no record", line.Seq)
			}
			continue
		}
		if r == nil || r.Err != nil || r.Line.Hash != line.Hash || len(found) != details {
			t.Fatalf("line %d: %+v, %d details of %d", line.Seq, r, len(found), details)
		}
		details = 0
	}
}

// TestRemovedSegmentsAreForgotten removes the oldest segments while the index follows, and
// while it is closed.
func TestRemovedSegmentsAreForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := audittest.New(t, dir, 8_000)
	records := audittest.From(4, epoch)
	o := small(t, dir)
	x := opened(t, o)
	remove := func(n int) {
		names, err := audit.Segments(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names[:n] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 4 {
		for range 150 {
			l.Write(records.Next()...)
		}
		l.Flush()
		if round%2 == 1 {
			x.Close()
			remove(5)
			x = opened(t, o)
		} else {
			if err := x.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			remove(3)
		}
		if err := x.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := x.Status(); s.Rebuilt != "" || s.Records != uint64(len(scan(t, dir))) {
			t.Fatalf("%+v, and the log has %d records", s, len(scan(t, dir)))
		}
		checkSearch(t, x, dir, uint64(round), 30)
		checkSeries(t, x, dir, uint64(round), 10)
	}
}
