package background

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

type state struct {
	Progress
	fault string
}

func end(s *state, err error) {
	if err != nil {
		s.fault = err.Error()
	}
}

// wait waits for the work to end.
func (w *Work[S]) wait() S {
	<-w.done
	s, _ := w.State()
	return s
}

func TestWorkRunsOnceAtATime(t *testing.T) {
	t.Parallel()
	var w Work[state]
	if s, running := w.State(); running || s != (state{}) {
		t.Fatalf("before it begins: %+v, running %t", s, running)
	}
	goOn, begun := make(chan struct{}), make(chan bool, 8)
	run := func(context.Context) error {
		w.Change(func(s *state) { s.Read = 50 })
		<-goOn
		return nil
	}
	var all sync.WaitGroup
	for range cap(begun) {
		all.Go(func() { begun <- w.Begin(state{Progress: Progress{All: 200}}, run, end) })
	}
	all.Wait()
	close(begun)
	n := 0
	for b := range begun {
		if b {
			n++
		}
	}
	if _, running := w.State(); n != 1 || !running {
		t.Errorf("%d begun, running %t", n, running)
	}
	close(goOn)
	if s := w.wait(); s.Percent() != 25 || s.fault != "" {
		t.Errorf("at the end: %+v", s)
	}
	if !w.Begin(state{}, func(context.Context) error { return errors.New("no log") }, end) {
		t.Error("it does not begin again")
	}
	if s := w.wait(); s.fault != "no log" {
		t.Errorf("fault %q", s.fault)
	}
}

func TestCloseCancels(t *testing.T) {
	t.Parallel()
	var w Work[state]
	w.Begin(state{}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, end)
	w.Close()
	if s, running := w.State(); running || s.fault != context.Canceled.Error() {
		t.Errorf("after Close: %+v, running %t", s, running)
	}
	if w.Begin(state{}, func(context.Context) error { return nil }, end) {
		t.Error("it began after Close")
	}
	new(Work[state]).Close()
}

func TestPanicIsAnErrorWithoutItsText(t *testing.T) {
	t.Parallel()
	var w Work[state]
	w.Begin(state{}, func(context.Context) error { panic("Haddadin") }, end)
	if s := w.wait(); strings.Contains(s.fault, "Haddadin") || !strings.HasPrefix(s.fault, "internal error in ") || !strings.Contains(s.fault, "TestPanicIsAnErrorWithoutItsText") {
		t.Errorf("fault %q", s.fault)
	}
}
