// Package lend lends values that cost memory, such as maskers, for as long as a processor
// works with one.
//
//	l := lend.New[masker](runtime.GOMAXPROCS(0))
//	result := lend.To(l, newMasker, func(m *masker) int { … })
//
// Invariant: a value whose use a panic interrupted is not lent again.
package lend

import "sync"

// Lender lends values of one type. It creates them when they are needed, and never more
// than its limit. It is safe for concurrent use.
type Lender[T any] struct {
	places chan struct{}
	mu     sync.Mutex
	idle   []*T // last in, first out
}

// New returns a lender with n places.
func New[T any](n int) *Lender[T] { return &Lender[T]{places: make(chan struct{}, n)} }

// To waits for a place and calls f with a value: an idle one, or else one that fresh
// makes.
func To[T, R any](l *Lender[T], fresh func() *T, f func(*T) R) R {
	one := l.take(fresh)
	whole := false
	defer func() {
		if !whole { // a panic: its state may be inconsistent
			one = nil
		}
		l.put(one)
	}()
	r := f(one)
	whole = true
	return r
}

func (l *Lender[T]) take(fresh func() *T) *T {
	l.places <- struct{}{}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n > 0 {
		one := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return one
	}
	return fresh()
}

// put frees a place, and keeps its value unless that is nil.
func (l *Lender[T]) put(one *T) {
	if one != nil {
		l.mu.Lock()
		l.idle = append(l.idle, one)
		l.mu.Unlock()
	}
	<-l.places
}
