package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// next returns the next line of a follower, copied, with its place; false at the end.
func next(t *testing.T, f *Follower) (Line, Place, bool) {
	t.Helper()
	l, at, err := f.Next()
	if errors.Is(err, io.EOF) {
		return Line{}, at, false
	}
	if err != nil {
		t.Fatal(err)
	}
	c := *l
	c.Resources, c.Applied = append([]mask.Count(nil), l.Resources...), append([]mask.Applied(nil), l.Applied...)
	return c, at, true
}

// scanned is next for Scan: the line has its applications and its hash, but not that of the
// line before it.
func scanned(t *testing.T, f *Follower) (followed, bool) {
	t.Helper()
	l, at, err := f.Scan()
	if errors.Is(err, io.EOF) {
		return followed{}, false
	}
	if err != nil {
		t.Fatal(err)
	}
	c := *l.Line
	c.Resources = append([]mask.Count(nil), l.Resources...)
	for _, u := range l.Uses {
		c.Applied = append(c.Applied, mask.Applied{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method, N: u.N})
	}
	c.Hash = string(l.Hash)
	return followed{c, at}, true
}

// followed is a line and its place.
type followed struct {
	Line
	Place
}

// without is a line as scanned returns it.
func (l followed) without() followed {
	l.Prev = ""
	return l
}

// inFiles are the lines of a log as they are read in its files.
func inFiles(t *testing.T, dir string) (all []followed) {
	t.Helper()
	f := Follow(dir, Place{})
	defer f.Close()
	for ends := 0; ends < 2; {
		l, at, ok := next(t, f)
		if !ok {
			ends++
			continue
		}
		all = append(all, followed{l, at})
	}
	return all
}

// TestRecentIsTheLog: what a follower reads in memory and in files, in turns as they come, is
// each line of the log once, in order and at its place. The log has small segments, is read
// from its beginning or from a place within, and outruns its follower.
func TestRecentIsTheLog(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 5} {
		dir := t.TempDir()
		l, err := Open(dir, Options{segmentBytes: 900_000})
		if err != nil {
			t.Fatal(err)
		}
		long := testRecord(0)
		long.Relations = make([]string, 300) // so that a few thousand are more than is kept
		for i := range long.Relations {
			long.Relations[i] = strings.Repeat("r", 20)
		}
		write := func(n int) {
			var all sync.WaitGroup
			for g := range 8 {
				all.Go(func() {
					for i := range n / 8 {
						r := *long
						r.RequestID = fmt.Sprint(g, "-", i)
						if err := l.Append(t.Context(), &r); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
		}
		write(8 * before)
		f := Follow(dir, Place{})
		f.From(l.Recent())
		var got []followed
		read := func() {
			for {
				l, ok := scanned(t, f)
				if !ok {
					return
				}
				got = append(got, l)
			}
		}
		read()
		for _, n := range []int{8, 16, 1000, 8, 400} { // of 7 KB each
			write(n)
			read()
		}
		var beside sync.WaitGroup
		beside.Go(func() { write(400) })
		for range 50 {
			read()
		}
		beside.Wait()
		read()
		want := inFiles(t, dir)
		if len(got) != len(want) || len(want) < 1000 {
			t.Fatalf("%d lines of %d", len(got), len(want))
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i].without()) {
				t.Fatalf("line %d: %+v\nwant %+v", i, got[i], want[i])
			}
		}
		within := want[len(want)/2]
		again := Follow(dir, within.Place)
		again.From(l.recent)
		if line, ok := scanned(t, again); !ok || line.Seq != within.Seq || line.Place != within.Place {
			t.Errorf("from a place within: %v at %v", line.Seq, line.Place)
		}
		again.Close()
		f.Close()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRecentNeedsNoFile: lines that are in memory are read without the files, which are gone
// here, also behind a segment that begins meanwhile.
func TestRecentNeedsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{segmentBytes: 3000})
	if err != nil {
		t.Fatal(err)
	}
	r := l.Recent()
	for i := range 20 {
		if err := l.Append(t.Context(), testRecord(i)); err != nil {
			t.Fatal(err)
		}
	}
	want := inFiles(t, dir)
	names, err := Segments(dir)
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f := Follow(dir, Place{})
	f.From(r)
	for i := range want {
		if l, ok := scanned(t, f); !ok || !reflect.DeepEqual(l, want[i].without()) {
			t.Fatalf("line %d: %v, %+v", i, ok, l)
		}
	}
	if _, ok := scanned(t, f); ok {
		t.Error("a line behind the last one")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestScanIsNext: what Scan gives beside the line is what Next has in it, of lines that are
// read by hand and of others.
func TestScanIsNext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{segmentBytes: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	live := Follow(dir, Place{})
	live.From(l.Recent())
	paths := []string{"\xff<", "Patient.name", "Patient.extension(http://e.org/\"q\",\"n\":1)", "é", `a\b`}
	pass := passOf(t, paths)
	for i := range 200 {
		r := testRecord(i)
		r.Used = nil
		for range i % 3 {
			r.Details = append(r.Details, mask.Detail{Resource: "Patient/x", Path: "a", Rule: "é"})
		}
		for j := range i % 7 {
			r.Used = append(r.Used, mask.NewUses(mask.Applied{Rule: "r" + fmt.Sprint(i*j%5), Category: []string{"", "A"}[j%2], Path: paths[(i+j)%5], Method: "m", N: uint64(i)})...)
		}
		if i%2 == 0 { // of a plan, and so the same actions again
			pass.Begin(mask.Origin{RequestID: r.RequestID})
			for j := range i % 7 {
				pass.Counts[(i+3*j)%len(pass.Counts)] += uint64(j) << (i % 36) //nolint:gosec // small
			}
			r = pass.Record("complete", "")
			if i%10 == 0 {
				r.Consumer = "<é>" // which is not read by hand
			}
		}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := Follow(dir, Place{})
	all := inFiles(t, dir)
	for _, f := range []*Follower{file, live} {
		checkScan(t, f, all)
		f.Close()
	}
	if len(live.p.plans) == 0 {
		t.Error("no line was in memory without its applications")
	}
}

// TestScanAndNextInTurns: whole lines from files and scanned ones from memory follow one
// another, in any turns.
func TestScanAndNextInTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{segmentBytes: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := Follow(dir, Place{})
	f.From(l.Recent())
	defer f.Close()
	pass := passOf(t, []string{"a", "b"})
	for i := range 300 {
		pass.Begin(mask.Origin{RequestID: fmt.Sprint(i)})
		pass.Counts[i%4]++
		if err := l.Append(t.Context(), pass.Record("complete", "")); err != nil {
			t.Fatal(err)
		}
	}
	turns := rand.New(rand.NewPCG(1, 2))
	for _, want := range inFiles(t, dir) {
		if turns.IntN(3) == 0 {
			if line, at, ok := next(t, f); !ok || !reflect.DeepEqual((followed{line, at}), want) {
				t.Fatalf("%+v\nwant %+v", line, want)
			}
			continue
		}
		if line, ok := scanned(t, f); !ok || !reflect.DeepEqual(line, want.without()) {
			t.Fatalf("%+v\nwant %+v", line, want)
		}
	}
}

// passOf is a pass of a plan with two actions for each path.
func passOf(t *testing.T, paths []string) *mask.Pass {
	t.Helper()
	ring, err := keys.NewKeyring(bytes.Repeat([]byte{7}, 64), "p")
	if err != nil {
		t.Fatal(err)
	}
	plan := &mask.Plan{Keys: ring}
	for i, path := range append(paths, paths...) {
		if _, err := plan.Add(mask.Action{Rule: "plan", Path: path, Method: "m" + fmt.Sprint(i%3)}); err != nil {
			t.Fatal(err)
		}
	}
	return mask.NewPass(plan)
}

func checkScan(t *testing.T, f *Follower, all []followed) {
	t.Helper()
	numbers := map[Application]int{}
	for _, want := range all {
		line, at, err := f.Scan()
		if err != nil || at != want.Place || line.Seq != want.Seq || line.Applied != nil || len(line.Uses) != len(want.Applied) || string(line.Hash) != want.Hash {
			t.Fatalf("%+v, %v\nwant %+v", line, err, want)
		}
		for i, u := range line.Uses {
			if got := (mask.Applied{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method, N: u.N}); got != want.Applied[i] {
				t.Errorf("got %+v, want %+v", got, want.Applied[i])
			}
			key := Application{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method}
			if n, known := numbers[key]; known && n != u.Number {
				t.Errorf("%+v has two numbers", key)
			}
			numbers[key] = u.Number
		}
	}
	if len(numbers) < 10 {
		t.Errorf("%d applications", len(numbers))
	}
}
