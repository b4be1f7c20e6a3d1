package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

// journal is a log that a test writes.
type journal struct {
	*audit.Log
	dir string
	n   int
}

func newJournal(t *testing.T, signer note.Signer) *journal {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	l, err := audit.Open(dir, audit.Options{Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &journal{Log: l, dir: dir}
}

func (j *journal) write(t *testing.T, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		j.n++
		r := &mask.Record{Time: time.Now(), RequestID: fmt.Sprintf("request-%d.", j.n), Consumer: "ann", Project: "trial", Ruleset: "safe-harbor",
			Operation: []string{"read Patient", "search Patient"}[j.n%2], Result: []string{"complete", "complete", "refused", "failed"}[j.n%4]}
		all.Go(func() {
			if err := j.Append(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// took keeps what a target was sent and took.
type took struct {
	mu    sync.Mutex
	texts []string
}

func (k *took) take(text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.texts = append(k.texts, text)
}

// all reports whether all requests up to n were taken.
func (k *took) all(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := strings.Join(k.texts, "\n")
	for i := 1; i <= n; i++ {
		if !strings.Contains(text, fmt.Sprintf("request-%d.", i)) {
			return false
		}
	}
	return true
}

// target is one that a test has in its hands.
type target struct {
	took
	fail func(entries []Entry) error
}

func (g *target) Send(_ context.Context, entries []Entry) error {
	if g.fail != nil {
		if err := g.fail(entries); err != nil {
			return err
		}
	}
	for i := range entries {
		g.take(string(entries[i].Text))
	}
	return nil
}

func (g *target) Close() {}

func options(j *journal, g Target) Options {
	return Options{Log: j.dir, Name: "siem", Target: g, Logger: slog.New(slog.DiscardHandler), poll: time.Millisecond, leastPause: time.Millisecond, mostPause: 5 * time.Millisecond}
}

func begin(t *testing.T, o Options) *Shipper {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ended)
	})
	return s
}

// TestShips: all lines arrive once and in order, also those that are written meanwhile and
// after a restart.
func TestShips(t *testing.T) {
	t.Parallel()
	j, g := newJournal(t, nil), &target{}
	var sent atomic.Int64
	o := options(j, g)
	o.Sent = func(n int) { sent.Add(int64(n)) }
	j.write(t, 700)
	s := begin(t, o)
	j.write(t, 700)
	veiltest.Until(t, "all were sent", func() bool { return g.all(1400) && s.Lag() == 0 })
	s.Close(t.Context())
	j.write(t, 50)
	s = begin(t, o)
	s.Close(t.Context()) // sends what is there
	if !g.all(1450) || len(g.texts) != 1450 || sent.Load() != 1450 || s.Shipped() == 0 {
		t.Errorf("%d sent, %d counted", len(g.texts), sent.Load())
	}
	last := uint64(0)
	for _, text := range g.texts {
		var seq uint64
		if _, err := fmt.Sscanf(text, `{"seq":%d,`, &seq); err != nil || seq <= last {
			t.Fatalf("%d after %d: %v", seq, last, err)
		}
		last = seq
	}
}

// TestNothingIsLost: a target that fails has the same lines again, the log goes on, what
// waits is seen, and a process that ends meanwhile leaves the rest to the next one.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	j, g := newJournal(t, nil), &target{}
	var log veiltest.Buffer
	var down atomic.Bool
	var failed atomic.Int64
	g.fail = func(entries []Entry) error {
		if down.Load() || len(entries) > 3 && failed.Load()%3 != 2 {
			return errors.New("the target is down")
		}
		return nil
	}
	o := options(j, g)
	o.Logger, o.Failed = slog.New(slog.NewTextHandler(&log, nil)), func(n int) { failed.Add(int64(n)) }
	down.Store(true)
	s := begin(t, o)
	j.write(t, 300)
	veiltest.Until(t, "attempts fail", func() bool { return failed.Load() > 3 })
	j.write(t, 300)
	if s.Lag() <= 0 || s.Behind() <= 0 || s.Shipped() > 1 { // the header needs not be sent
		t.Errorf("lag %s, %d bytes behind, %d shipped", s.Lag(), s.Behind(), s.Shipped())
	}
	if n := strings.Count(log.String(), "could not be shipped"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s.Close(ended)
	down.Store(false)
	begin(t, o)
	j.write(t, 100)
	veiltest.Until(t, "all were sent", func() bool { return g.all(700) })
}

// TestFilters: each leaves out what it should, and what is said of the log itself is sent.
func TestFilters(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		filter Filter
		want   int
	}{
		"all":        {Filter{}, 40},
		"outcomes":   {Filter{Outcomes: []string{"refused", "failed"}}, 20},
		"operations": {Filter{Operations: []string{"read"}}, 20},
		"view":       {Filter{Views: []View{{"trial", "safe-harbor"}}}, 40},
		"other view": {Filter{Views: []View{{"trial", "research"}}}, 0},
		"both":       {Filter{Outcomes: []string{"refused"}, Operations: []string{"read"}}, 10},
		"whole":      {Filter{Whole: true}, 41},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, g := newJournal(t, nil), &target{}
			j.write(t, 40)
			o := options(j, g)
			o.Filter = tc.filter
			s := begin(t, o)
			s.Close(t.Context())
			if len(g.texts) != tc.want || s.Shipped() != 41 {
				t.Errorf("%d sent, want %d; shipped %d", len(g.texts), tc.want, s.Shipped())
			}
		})
	}
}

// TestFolderIsACopy: it verifies with the key, goes on after a restart, also one that forgot
// where it was, and is never written over another log.
func TestFolderIsACopy(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "test")
	j := newJournal(t, signer)
	to := filepath.Join(t.TempDir(), "copy")
	start := func() *Shipper {
		o := options(j, NewFolder(to, j.dir, true))
		o.Filter.Whole = true
		return begin(t, o)
	}
	s := start()
	j.write(t, 1500)
	s.Close(t.Context())
	if err := os.Remove(filepath.Join(j.dir, "ship-siem.json")); err != nil {
		t.Fatal(err)
	}
	s = start()
	j.write(t, 10)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	s.Close(t.Context())
	rep, err := audit.Verify(to, key)
	if err != nil || rep.Records != 1510 || rep.Checkpoint == 0 {
		t.Errorf("the copy: %v %+v", err, rep)
	}
	other, g := newJournal(t, nil), NewFolder(to, "", true)
	other.write(t, 1)
	before, err := os.ReadFile(filepath.Join(to, "veil-00000000000000000001.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var refused atomic.Value
	o := options(other, targetFunc(func(ctx context.Context, entries []Entry) error {
		err := g.Send(ctx, entries)
		refused.Store(fmt.Sprint(err))
		return err
	}))
	o.Filter.Whole = true
	begin(t, o)
	veiltest.Until(t, "another log is refused", func() bool { s, _ := refused.Load().(string); return strings.Contains(s, "another log") })
	if after, err := os.ReadFile(filepath.Join(to, "veil-00000000000000000001.jsonl")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the copy was written over: %v", err)
	}
}

type targetFunc func(context.Context, []Entry) error

func (f targetFunc) Send(ctx context.Context, entries []Entry) error { return f(ctx, entries) }

func (f targetFunc) Close() {}

// TestPositionIsDamaged: it is an error at the start, and says what to do.
func TestPositionIsDamaged(t *testing.T) {
	t.Parallel()
	j := newJournal(t, nil)
	if err := os.WriteFile(filepath.Join(j.dir, "ship-siem.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(options(j, &target{})); err == nil || !strings.Contains(err.Error(), "remove it to ship the log from its beginning") {
		t.Errorf("got %v", err)
	}
}
