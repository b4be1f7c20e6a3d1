package proxy

import (
	"context"
	"sync/atomic"
)

// Places bounds how many of something exist at once, such as connections. It is safe
// for concurrent use.
type Places struct {
	taken   chan struct{}
	waiting atomic.Int32
}

// NewPlaces returns n free places.
func NewPlaces(n int) *Places { return &Places{taken: make(chan struct{}, n)} }

// Try takes a place if one is free.
func (p *Places) Try() bool {
	select {
	case p.taken <- struct{}{}:
		return true
	default:
		return false
	}
}

// Take takes a place, waiting for one if necessary until ctx ends. It reports whether
// it got one.
func (p *Places) Take(ctx context.Context) bool {
	if p.Try() {
		return true
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.taken <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// Leave frees a place.
func (p *Places) Leave() { <-p.taken }

// Taken returns how many places are taken.
func (p *Places) Taken() int { return len(p.taken) }

// Full reports whether all places are taken.
func (p *Places) Full() bool { return len(p.taken) == cap(p.taken) }
