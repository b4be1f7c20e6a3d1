// Package background runs work that a page of the console begins and then shows, such as the
// verification of a log: one piece of work at a time, until it ends or the console closes.
package background

import (
	"context"
	"errors"
	"sync"

	"github.com/veil-proxy/veil/internal/stack"
)

// Work is a piece of work with a state of type S. Its zero value has no state yet.
type Work[S any] struct {
	mu      sync.Mutex
	state   S
	running bool
	closed  bool
	cancel  context.CancelFunc
	done    chan struct{}
}

// State returns the state, and whether the work is running.
func (w *Work[S]) State() (state S, running bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.running
}

// Change changes the state of running work.
func (w *Work[S]) Change(change func(*S)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.state)
}

// Begin runs work, and then changes its state by end, which gets the error of run. It returns
// false if work is running already, or after Close.
func (w *Work[S]) Begin(state S, run func(context.Context) error, end func(*S, error)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running || w.closed {
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.state, w.running, w.cancel, w.done = state, true, cancel, make(chan struct{})
	go func() {
		defer close(w.done)
		defer cancel()
		err := recovered(ctx, run)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running = false
		end(&w.state, err)
	}()
	return true
}

// recovered runs work, and turns a panic into an error. The text of the panic can contain a
// value; the error only names functions.
func recovered(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("internal error in " + stack.OfPanic())
		}
	}()
	return run(ctx)
}

// Close cancels running work and waits until it has ended. No other work begins.
func (w *Work[S]) Close() {
	w.mu.Lock()
	w.closed = true
	cancel, done := w.cancel, w.done
	w.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// Progress is how much of the input was read, in bytes.
type Progress struct{ Read, All int64 }

// Percent is the share that was read, from 0 to 100.
func (p Progress) Percent() int64 {
	if p.All == 0 {
		return 0
	}
	return min(100*p.Read/p.All, 100)
}
